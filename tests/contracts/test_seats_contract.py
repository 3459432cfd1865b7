"""What the workflows count on in SeatReader and SeatWriter, of the fake and of Salesforce alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import stamina

from bot.domain.changes import CreateUser, Part
from bot.domain.errors import Conflict, OutcomeUnknown, SeatsExhausted
from bot.domain.plan import Holder, Seat, SeatState, SeatView, parts_of, plan_seat
from bot.domain.policy import Bundle
from bot.domain.secret import Secret
from bot.ports import SeatReader, SeatWriter
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.salesforce import SalesforceEmulator
from tests.adapters.salesforce.org_bench import Bench as OrgBench
from tests.adapters.salesforce.org_bench import person
from tests.fakes.seats import FakeSeats

SALES = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser",),
    permission_set_licences=("SalesforceCPQPsl",),
)
WHOLE = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_set_groups=("AcmeSalesTeam",),
    packages=("acmesign",),
    features=("Marketing",),
    role="Sales_Rep",
    groups=("Acme_Sales",),
    queues=("Inbound_Leads",),
)
VIEW = Bundle(licence="Salesforce", profile="Read Only")
PROFILES = dict.fromkeys(("Read Only", "Standard User"), "Salesforce")


@dataclass
class Bench:
    """An implementation and ways to make trouble."""

    reader: SeatReader
    writer: SeatWriter
    set_total: Callable[[str, int], None]
    lose_answer: Callable[[], None]

    def converge(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        view = self.reader.observe(holder, bundle)
        for change in plan_seat(view, holder, bundle).changes:
            view = self.writer.apply(change, holder, view)
        return self.reader.observe(holder, bundle)


@pytest.fixture(params=["fake", "salesforce"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "fake":
        totals = {
            "Salesforce": 12,
            "SalesforceCPQPsl": 5,
            "package acmesign": 3,
            "feature Marketing": 2,
        }
        names = {"AcmeCrmUser", "AcmeSalesTeam", "Acme_Sales", "Inbound_Leads"}
        fake = FakeSeats(totals=totals, profiles=PROFILES, sets=names)
        yield Bench(fake, fake, fake.totals.__setitem__, lambda: fake.troubles.lose("CreateUser"))
        return
    emulator = SalesforceEmulator()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(emulator.ca_pem)
    connected = OrgBench(emulator, emulator.serve_tls(), ca_file).connect()
    lost = Fault(route="PATCH /services/data/*/sobjects/User/*", kind=FaultKind.DROP_AFTER)
    with stamina.set_testing(testing=True, attempts=2, cap=True):
        yield Bench(
            connected.reader,
            connected.writer,
            emulator.org.set_total,
            lambda: emulator.faults.add(lost),
        )
    connected.wire.close()
    emulator.close()


@pytest.fixture
def ann() -> Holder:
    return person("p004", "Ann Ortiz")


def seat_of(view: SeatView) -> Seat:
    assert view.seat is not None
    return view.seat


def test_somebody_new_has_no_seat_and_the_pools_are_counted(bench: Bench, ann: Holder) -> None:
    view = bench.reader.observe(ann, SALES)

    assert view.seat is None
    assert (view.refusal, view.unknown) == ("", ())
    assert [pool.name for pool in view.pools] == ["Salesforce", "SalesforceCPQPsl"]
    assert view.pools_to_draw == view.pools


def test_all_pools_are_counted_whoever_holds_what(bench: Bench, ann: Holder) -> None:
    before = {pool.name: pool for pool in bench.reader.pools()}
    bench.converge(ann, SALES)
    bench.set_total("SalesforceCPQPsl", 7)

    after = {pool.name: pool for pool in bench.reader.pools()}

    for name in ("Salesforce", "SalesforceCPQPsl"):
        assert after[name].used == before[name].used + 1
        assert after[name].is_active
    assert (before["Salesforce"].total, after["SalesforceCPQPsl"].total) == (12, 7)
    assert bench.reader.observe(ann, VIEW).pools == (after["Salesforce"],)


def test_a_plan_that_is_carried_out_leaves_nothing_to_do(bench: Bench, ann: Holder) -> None:
    view = bench.converge(ann, SALES)

    seat = seat_of(view)
    assert (seat.is_active, seat.profile, seat.licence) == (True, "Standard User", "Salesforce")
    assert (seat.username, seat.person_id) == (ann.username, ann.person_id)
    assert seat.held(Part.SET) == {"AcmeCrmUser"}
    assert plan_seat(view, ann, SALES).changes == ()
    assert view.pools_to_draw == ()


def test_a_level_may_hold_everything_and_all_of_it_goes(bench: Bench, ann: Holder) -> None:
    seat = seat_of(bench.converge(ann, WHOLE))

    assert {part: {*names} for part, names in parts_of(WHOLE).items()} == {
        part: {*names} for part, names in seat.parts.items()
    }
    assert seat.role == "Sales_Rep"
    assert plan_seat(bench.reader.observe(ann, WHOLE), ann, WHOLE).changes == ()
    held = bench.reader.observe(ann, None).pools
    assert [pool.name for pool in held if pool.used] == ["Salesforce", "package acmesign"]
    assert bench.converge(ann, None).state is SeatState.INACTIVE


def test_nobody_is_idle_on_their_first_day(bench: Bench, ann: Holder) -> None:
    pool = bench.converge(ann, VIEW).pools[0]

    assert bench.reader.idle(pool, 30) == ()


def test_another_level_changes_the_same_account(bench: Bench, ann: Holder) -> None:
    before = seat_of(bench.converge(ann, SALES))

    after = seat_of(bench.converge(ann, VIEW))

    assert (after.user_id, after.profile) == (before.user_id, "Read Only")
    assert not any(after.parts.values())


def test_taking_away_frees_the_seat_and_coming_back_finds_the_account(
    bench: Bench, ann: Holder
) -> None:
    used = bench.reader.observe(ann, SALES).pools[0].used
    before = seat_of(bench.converge(ann, SALES))

    gone = bench.converge(ann, None)

    assert not seat_of(gone).is_active
    assert plan_seat(gone, ann, None).changes == ()
    assert bench.reader.observe(ann, SALES).pools[0].used == used
    back = seat_of(bench.converge(ann, SALES))
    assert (back.user_id, back.is_active, back.is_frozen) == (before.user_id, True, False)


def test_a_change_made_again_changes_nothing(bench: Bench, ann: Holder) -> None:
    first = bench.reader.observe(ann, SALES)
    plan = plan_seat(first, ann, SALES).changes
    made = bench.converge(ann, SALES)

    view = first
    for change in plan:
        view = bench.writer.apply(change, ann, view)

    assert bench.reader.observe(ann, SALES).seat == made.seat


@pytest.mark.parametrize("pool", ["Salesforce", "SalesforceCPQPsl"])
def test_a_full_pool_is_named(bench: Bench, ann: Holder, pool: str) -> None:
    bench.set_total(pool, 0)

    with pytest.raises(SeatsExhausted) as full:
        bench.converge(ann, SALES)

    assert full.value.pool == pool


def test_a_lost_answer_is_unknown_and_the_next_look_knows(bench: Bench, ann: Holder) -> None:
    bench.lose_answer()

    with pytest.raises(OutcomeUnknown):
        bench.converge(ann, SALES)

    assert seat_of(bench.reader.observe(ann, SALES)).is_active
    assert plan_seat(bench.converge(ann, SALES), ann, SALES).changes == ()


def test_names_the_system_does_not_have_are_listed(bench: Bench, ann: Holder) -> None:
    bundle = replace(SALES, permission_sets=("AcmeCrmUser", "NoSuchSet"))

    (unknown,) = bench.reader.observe(ann, bundle).unknown
    assert unknown.endswith("NoSuchSet")


def test_an_account_that_must_not_be_touched_is_not(bench: Bench, ann: Holder) -> None:
    view = replace(bench.reader.observe(ann, SALES), refusal="Somebody else's.")

    with pytest.raises(Conflict, match="Somebody else's"):
        bench.writer.apply(CreateUser("Standard User"), ann, view)

    assert bench.reader.observe(ann, SALES).seat is None


def test_a_password_can_be_set(bench: Bench, ann: Holder) -> None:
    seat = seat_of(bench.converge(ann, VIEW))

    bench.writer.set_password(seat.user_id, Secret("Long-enough-4-everybody"))
