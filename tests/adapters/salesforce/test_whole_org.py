"""The whole org in few calls: what it says, what is missing when something fails, what it costs."""

from datetime import UTC, datetime

import pytest

from bot.adapters.salesforce.whole_org import WholeOrg, patient, unread
from bot.domain.changes import Part
from bot.domain.drift_snapshot import OrgSnapshot, Table
from bot.domain.errors import RateLimited, Unauthorized, Unavailable
from bot.domain.plan import Holder, Scope
from bot.domain.policy import Bundle
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

SCOPE = Scope(features=frozenset({"Marketing"}), has_ends=True)
FULL = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser", "InboxWithEinsteinActivityCapture"),
    permission_set_groups=("AcmeSalesTeam",),
    permission_set_licences=("SalesforceCPQPsl",),
    packages=("acmesign",),
    features=("Marketing",),
    role="Sales_Rep",
    groups=("Acme_Sales",),
    queues=("Inbound_Leads",),
)


def read(connected: Connected, scope: Scope = SCOPE, *, bulk_from: int = 60_000) -> OrgSnapshot:
    whole = WholeOrg(connected.reading, wait=lambda _: True, bulk_from=bulk_from)
    return whole.read(scope)


@pytest.mark.parametrize("bulk_from", [60_000, 1], ids=["composite", "bulk"])
def test_it_says_of_a_user_what_a_look_at_that_user_alone_says(
    salesforce: Connected, ann: Holder, bulk_from: int
) -> None:
    seat = salesforce.converge(ann, FULL).seat
    assert seat is not None
    salesforce.emulator.admin.freeze(ann.username)

    snapshot = read(salesforce, bulk_from=bulk_from)

    found = snapshot.users[seat.user_id]
    assert snapshot.is_complete
    assert (found.username, found.profile, found.licence) == (
        ann.username, FULL.profile, FULL.licence
    )  # fmt: skip
    assert found.parts == {part: names for part, names in seat.parts.items() if names}
    assert (found.role, found.features, found.ends) == (FULL.role, {"Marketing"}, {})
    assert (found.person_id, found.is_frozen, found.is_active) == (ann.person_id, True, True)
    assert found.created is not None
    assert found.last_login is None
    assert {*snapshot.users} >= {user.id for user in salesforce.emulator.org.users()}


def test_it_knows_the_pools_what_sets_bring_and_who_runs_the_org(
    salesforce: Connected, ann: Holder
) -> None:
    salesforce.converge(ann, FULL)

    snapshot = read(salesforce)

    inbox = frozenset({"InboxWithEinsteinActivityCapturePsl"})
    pools = {pool.name: pool for pool in snapshot.pools}
    assert [pool for pool in snapshot.pools if pool.name != "feature Marketing"] == list(
        salesforce.reader.pools()
    )
    assert pools["feature Marketing"].used == 1
    assert snapshot.brings[Part.SET, "InboxWithEinsteinActivityCapture"] == inbox
    assert snapshot.brings[Part.SET_GROUP, "AcmeInboxTeam"] == inbox
    assert snapshot.own_user_id in snapshot.admins
    assert len(snapshot.admins) == 2
    assert snapshot.labels[Part.SET, "AcmeCrmUser"] == "Acme CRM User"
    assert any("Ann Ortiz" in entry.text for entry in snapshot.trail)


def test_who_runs_the_org_is_known_by_the_rights_and_not_by_an_english_name(
    salesforce: Connected, ann: Holder
) -> None:
    seat = salesforce.converge(ann, Bundle(licence="Salesforce", profile="Read Only")).seat
    assert seat is not None
    org = salesforce.emulator.org
    rights = {"PermissionsManageUsers": True, "PermissionsModifyAllData": True}
    with org.locked():
        row = {"Name": "RunsTheOrg", "Label": "Runs the org", "Type": "Regular", **rights}
        org.database.insert(org.database.entity("PermissionSet"), row)
    before = read(salesforce).admins
    salesforce.emulator.admin.assign_set(ann.username, "RunsTheOrg")
    with org.locked():
        profiles = org.database.entity("Profile")
        (found,) = org.database.store.find(profiles, "Name", "System Administrator")
        org.database.store.put(profiles, {**found, "Name": "Systemadministrator"})

    assert len(before) == 2
    assert read(salesforce).admins == before | {seat.user_id}


def test_an_end_of_an_assignment_is_read_only_where_policy_wants_ends(
    salesforce: Connected, ann: Holder
) -> None:
    end = datetime(2031, 1, 1, tzinfo=UTC)
    seat = salesforce.converge(ann, Bundle(licence="Salesforce", profile="Read Only")).seat
    assert seat is not None
    salesforce.emulator.admin.assign_set(ann.username, "AcmeCrmUser", ends=end)

    with_ends, without = read(salesforce), read(salesforce, Scope())

    assert with_ends.users[seat.user_id].ends == {(Part.SET, "AcmeCrmUser"): end}
    assert without.users[seat.user_id].ends == {}


@pytest.mark.parametrize("bulk_from", [60_000, 1], ids=["composite", "bulk"])
def test_the_calls_are_counted_as_salesforce_counts_them(bench: Bench, bulk_from: int) -> None:
    bench.emulator.org.seed_users(3_000, sets=("AcmeCrmUser", "AcmeCrmReports"))
    connected = bench.connect()
    connected.reading.quota()  # which else would be asked first
    before = bench.emulator.api_calls

    snapshot = read(connected, bulk_from=bulk_from)
    connected.wire.close()

    assert snapshot.calls == bench.emulator.api_calls - before
    assert len(snapshot.users) == 3_008
    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)


def test_a_cursor_that_dies_costs_no_row(bench: Bench) -> None:
    ids = bench.emulator.org.seed_users(5_000, sets=("AcmeCrmUser", "AcmeCrmReports"))
    connected = bench.connect()
    pages = connected.reading.pages
    turns = 0

    def dying(asks: object) -> object:
        nonlocal turns
        turns += 1
        if turns == 3:
            bench.emulator.cursors.expire()
        return pages(asks)  # type: ignore[arg-type]  # handed on as it came

    connected.reading.pages = dying  # type: ignore[assignment,method-assign]  # the org's clock, not ours
    snapshot = read(connected)
    connected.wire.close()

    assert snapshot.is_complete
    both = {"AcmeCrmUser", "AcmeCrmReports"}
    assert all(snapshot.users[user_id].parts[Part.SET] == both for user_id in ids)


# ---- what cannot be read ------------------------------------------------------------------------


class Refusing:
    """A gateway to which one table of the org is closed."""

    def __init__(self, connected: Connected, table: str, error: Exception) -> None:
        self._pages, self._bulk = connected.reading.pages, connected.reading.bulk_query
        self._table, self._error = table, error
        connected.reading.pages = self.pages  # type: ignore[method-assign]  # one door is shut
        connected.reading.bulk_query = self.bulk  # type: ignore[method-assign]  # the same

    def pages(self, asks: object) -> object:
        if any(f"FROM {self._table}" in str(ask) for ask in asks.values()):  # type: ignore[attr-defined]  # a mapping
            raise self._error
        return self._pages(asks)  # type: ignore[arg-type]  # handed on as it came

    def bulk(self, query: str, *, wait: object) -> object:
        if f"FROM {self._table}" in query:
            raise self._error
        return self._bulk(query, wait=wait)  # type: ignore[arg-type]  # handed on as it came


@pytest.mark.parametrize("bulk_from", [60_000, 1], ids=["composite", "bulk"])
def test_a_table_that_cannot_be_read_is_named_and_the_rest_is_there(
    salesforce: Connected, ann: Holder, bulk_from: int
) -> None:
    salesforce.converge(ann, FULL)
    Refusing(salesforce, "PermissionSetLicenseAssign", Unavailable("It is closed."))

    snapshot = read(salesforce, bulk_from=bulk_from)

    assert snapshot.missing == {Table.SET_LICENCES: "It is closed."}
    assert not snapshot.has_read_part(Part.SET_LICENCE)
    (found,) = [one for one in snapshot.users.values() if one.person_id == ann.person_id]
    assert found.parts[Part.SET] == {*FULL.permission_sets}
    assert "permission set licence assignments: It is closed." in str(unread(snapshot))


def test_a_right_that_is_lacking_for_one_table_is_that_tables_gap(salesforce: Connected) -> None:
    Refusing(salesforce, "SetupAuditTrail", Unauthorized("Not yours."))

    assert read(salesforce).missing == {Table.TRAIL: "Not yours."}


def test_when_salesforce_has_enough_the_rest_is_missing(salesforce: Connected) -> None:
    Refusing(salesforce, "UserLogin", RateLimited("Later."))

    snapshot = read(salesforce)

    assert Table.LOGINS in snapshot.missing
    assert unread(snapshot) is not None


def test_an_org_that_answers_nothing_is_an_error_and_no_empty_org(salesforce: Connected) -> None:
    lost = Fault(route="POST /services/data/v62.0/composite", kind=FaultKind.DROP_BEFORE, times=9)
    salesforce.emulator.faults.add(lost)

    with pytest.raises(Unavailable):
        read(salesforce)


def test_a_whole_snapshot_lacks_nothing(salesforce: Connected) -> None:
    assert unread(read(salesforce)) is None


# ---- what it may cost ---------------------------------------------------------------------------


def test_the_share_of_others_is_not_touched(salesforce: Connected) -> None:
    salesforce.emulator.leave_api_calls(3_000)  # of 15,000, of which a fifth is for others

    with pytest.raises(RateLimited, match="reserves for others"):
        read(salesforce)


def test_a_read_that_would_run_into_the_share_of_others_stops_and_says_so(bench: Bench) -> None:
    bench.emulator.daily_api_limit = 1_000
    bench.emulator.org.seed_users(6_000, sets=("AcmeCrmUser", "AcmeCrmReports"))
    connected = bench.connect()
    pages = connected.reading.pages

    def busy(asks: object) -> object:
        answer = pages(asks)  # type: ignore[arg-type]  # handed on as it came
        bench.emulator.leave_api_calls(100)  # others are busy meanwhile
        return answer

    connected.reading.pages = busy  # type: ignore[assignment,method-assign]  # others, not us
    snapshot = read(connected)
    connected.wire.close()

    assert Table.SETS in snapshot.missing
    assert "reserves for others" in snapshot.missing[Table.SETS]


def test_a_job_is_looked_at_less_and_less_often_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("bot.adapters.salesforce.whole_org.time.sleep", pauses.append)

    assert [patient(look) for look in (1, 2, 30, 41)] == [True, True, True, False]
    assert pauses == [0.5, 1.0, 30.0, 30.0]
