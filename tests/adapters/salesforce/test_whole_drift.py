"""Drift seeded by an administrator in a large org: all of it found, typed right, and no more."""

import pytest

from bot.adapters.salesforce.whole_org import WholeOrg
from bot.domain.drift_kinds import Kind
from bot.domain.plan import scope_of
from tests.adapters.salesforce.drifting_org import CRM, DriftingOrg
from tests.adapters.salesforce.org_bench import Bench


def _check(bench: Bench, size: int, *, bulk_from: int) -> None:
    bench.emulator.daily_api_limit = 100_000
    bench.emulator.longest_kept = 0
    org = DriftingOrg(bench.emulator, size)
    org.drift()
    org.decoys()
    connected = bench.connect()
    whole = WholeOrg(connected.reading, wait=lambda _: True, bulk_from=bulk_from)

    snapshot = whole.read(scope_of(CRM))
    found = org.found(snapshot)
    connected.wire.close()

    assert snapshot.missing == {}
    assert org.told(found) == sorted(org.expected)
    assert len({one.kind for one in found}) >= 20
    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)
    by = {one.kind: one.by for one in found if one.by}
    gus = "gus.hale@acme.example.crm"
    for kind in (Kind.SURPLUS_SET, Kind.FROZEN, Kind.WRONG_PROFILE, Kind.FOREIGN_CHANGE):
        assert by[kind] == gus


@pytest.mark.parametrize("bulk_from", [60_000, 100], ids=["composite", "bulk"])
def test_drift_of_an_org_of_five_hundred_is_found_and_nothing_else(
    bench: Bench, bulk_from: int
) -> None:
    _check(bench, 500, bulk_from=bulk_from)


@pytest.mark.slow
def test_drift_of_an_org_of_ten_thousand_is_found_and_nothing_else(bench: Bench) -> None:
    _check(bench, 10_000, bulk_from=60_000)
