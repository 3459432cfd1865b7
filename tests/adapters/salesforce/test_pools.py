"""Pools as the org counts them: four kinds, run out, unlimited, lagging, and held by the idle."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.adapters.salesforce.pools import Counting, moment
from bot.adapters.salesforce.seats import SalesforceSeats
from bot.domain.changes import Part
from bot.domain.plan import Holder, Scope
from bot.domain.policy import Bundle, Pool
from bot.domain.policy_pools import with_bought
from bot.domain.seats import UNLIMITED, Idle, PoolCount, PoolKind, availability
from bot.sandbox.salesforce import SalesforceEmulator
from tests.adapters.salesforce.org_bench import Bench, Connected, person

DAY = 86_400
WHOLE = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_set_licences=("SalesforceCPQPsl",),
    packages=("acmesign", "acmemaps", "oldtool"),
    features=("Marketing",),
)
WHOLE_BUT_OLD = replace(WHOLE, packages=("acmesign",))


def by_name(pools: tuple[PoolCount, ...]) -> dict[str, PoolCount]:
    return {pool.name: pool for pool in pools}


def test_every_kind_of_pool_is_counted(salesforce: Connected, ann: Holder) -> None:
    found = by_name(salesforce.reader.observe(ann, WHOLE).pools)

    assert {name: pool.kind for name, pool in found.items()} == {
        "Salesforce": PoolKind.LICENCE,
        "SalesforceCPQPsl": PoolKind.SET_LICENCE,
        "package acmesign": PoolKind.PACKAGE,
        "package acmemaps": PoolKind.PACKAGE,
        "package oldtool": PoolKind.PACKAGE,
        "feature Marketing": PoolKind.FEATURE,
    }
    assert found["package acmemaps"].total == UNLIMITED
    assert not found["package oldtool"].is_active
    assert (found["feature Marketing"].total, found["feature Marketing"].used) == (UNLIMITED, 0)


def test_all_pools_of_the_org_are_counted_in_one_call(bench: Bench, salesforce: Connected) -> None:
    salesforce.reading.run_as()
    before = len(bench.calls)

    kinds = {pool.kind for pool in salesforce.reader.pools()}

    assert kinds == {PoolKind.LICENCE, PoolKind.SET_LICENCE, PoolKind.PACKAGE}
    assert len(bench.calls) == before + 1


def test_a_feature_has_the_seats_that_policy_says(salesforce: Connected, ann: Holder) -> None:
    salesforce.converge(ann, WHOLE_BUT_OLD)
    (pool,) = [
        pool
        for pool in with_bought(
            salesforce.reader.observe(person("p005", "Bob Ray"), WHOLE_BUT_OLD).pools,
            {"feature Marketing": Pool(seats=1)},
        )
        if pool.kind is PoolKind.FEATURE
    ]

    assert (pool.total, pool.used) == (1, 1)
    assert availability([pool], reserved={}, keep_free={}).free == 0


def test_a_counter_that_lags_is_made_up_for_by_counting(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    salesforce.emulator.org.lag_counters()
    before = salesforce.reader.observe(ann, view_only).pools[0]
    salesforce.converge(ann, view_only)

    after = salesforce.reader.observe(ann, view_only).pools[0]

    assert after.used == before.used
    assert after.taken == before.taken + 1


@pytest.mark.parametrize("pool", ["SalesforceCPQPsl", "acmesign"])
@pytest.mark.parametrize(
    ("day", "is_active"), [(date(2026, 5, 4), False), (date(2026, 5, 6), True)]
)
def test_a_pool_that_has_run_out_has_no_seats(
    salesforce: Connected, ann: Holder, pool: str, day: date, *, is_active: bool
) -> None:
    salesforce.emulator.org.close_pool(pool, status="Active", ends=day)
    reader = SalesforceSeats(salesforce.reading, lambda: datetime(2026, 5, 5, 12, tzinfo=UTC))

    found = by_name(reader.observe(ann, WHOLE_BUT_OLD).pools)

    name = f"package {pool}" if pool == "acmesign" else pool
    assert found[name].is_active is is_active


@pytest.mark.parametrize("pool", ["Salesforce", "SalesforceCPQPsl", "acmesign"])
def test_a_pool_that_is_closed_has_no_seats(salesforce: Connected, ann: Holder, pool: str) -> None:
    salesforce.emulator.org.close_pool(pool)

    found = salesforce.reader.observe(ann, WHOLE_BUT_OLD).pools

    assert [one.name for one in found if not one.is_active] in (
        [pool],
        [f"package {pool}"],
    )


@pytest.mark.parametrize(
    ("status", "is_open"),
    [("Active", True), ("Free", True), ("Trial", True), ("Expired", False)],
)
def test_a_package_is_open_as_its_status_says(status: str, *, is_open: bool) -> None:
    row = {
        "NamespacePrefix": "x",
        "Status": status,
        "AllowedLicenses": 3,
        "UsedLicenses": 1,
        "ExpirationDate": None,
    }

    assert Counting(lambda: datetime.now(UTC)).package(row).is_active is is_open


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (None, None),
        ("", None),
        ("2026-12-01T10:00:00.000+0000", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_the_orgs_moments_are_read(text: str | None, read: datetime | None) -> None:
    assert moment(text) == read


# ---- who is idle in it --------------------------------------------------------------------------

OF_ALL = Holder(
    person_id="p004",
    name="Ann Ortiz",
    mail="ann.ortiz@acme.example",
    username="ann.ortiz@acme.example.crm",
    timezone="America/New_York",
    scope=Scope(parts=frozenset({Part.PACKAGE}), features=frozenset({"Marketing"})),
)


@dataclass
class Hours:
    """A clock that a test turns on."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def ageing(hours: Hours, tmp_path: Path) -> Iterator[Bench]:
    emulator = SalesforceEmulator(clock=hours)
    ca_file = tmp_path / "ageing.pem"
    ca_file.write_bytes(emulator.ca_pem)
    yield Bench(emulator, emulator.serve_tls(), ca_file)
    emulator.close()


@pytest.fixture
def old_org(ageing: Bench) -> Iterator[Connected]:
    connected = ageing.connect()
    yield connected
    connected.wire.close()


@pytest.mark.parametrize("name", ["SalesforceCPQPsl", "package acmesign", "feature Marketing"])
def test_who_holds_a_seat_without_logging_in_is_named(
    ageing: Bench, old_org: Connected, hours: Hours, name: str
) -> None:
    view = old_org.converge(OF_ALL, WHOLE_BUT_OLD)
    pool = by_name(view.pools)[name]
    before = len(ageing.calls)

    fresh = old_org.reader.idle(pool, 30)
    calls = len(ageing.calls) - before
    hours.now += 40 * DAY
    idle = old_org.reader.idle(pool, 30)

    assert fresh == ()
    assert idle == (Idle(username=OF_ALL.username, last_login=None),)
    assert calls == 1


def test_programs_and_the_bot_are_not_called_idle(
    ageing: Bench, old_org: Connected, hours: Hours
) -> None:
    pool = by_name(old_org.reader.pools())["Salesforce"]
    hours.now += 40 * DAY

    names = {one.username for one in old_org.reader.idle(pool, 30)}

    assert len(names) == 5
    assert "autoproc@acme.example.crm" not in names
    assert ageing.emulator.bot_username not in names


def test_a_feature_that_the_org_lacks_is_held_by_nobody(salesforce: Connected) -> None:
    pool = PoolCount(name="feature Telepathy", total=1, used=1, kind=PoolKind.FEATURE)

    assert salesforce.reader.idle(pool, 30) == ()
