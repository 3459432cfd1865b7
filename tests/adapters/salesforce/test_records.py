"""A leaver's records and what depends on their user, as the org tells and takes them."""

import pytest

from bot.adapters.salesforce.records import SalesforceRecords, SalesforceRecordWriter
from bot.adapters.salesforce.refusals import refusal_of
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.changes import Deactivate, Freeze
from bot.domain.errors import Blocked, Conflict, Unauthorized
from bot.domain.handover import KINDS
from bot.sandbox.salesforce import Org
from bot.sandbox.salesforce.blockers import Blocker as Setting
from tests.adapters.salesforce.org_bench import Bench, Connected, person

HAL, IDA = "hal.mercer@acme.example.crm", "ida.fonseca@acme.example.crm"
TOM, ZOE = "tom.reyes@acme.example.crm", "zoe.wild@acme.example.crm"


@pytest.fixture
def org(bench: Bench) -> Org:
    return bench.emulator.org


@pytest.fixture
def records(salesforce: Connected) -> SalesforceRecords:
    return SalesforceRecords(salesforce.reading)


@pytest.fixture
def writer(salesforce: Connected) -> SalesforceRecordWriter:
    return SalesforceRecordWriter(salesforce.writing)


@pytest.fixture
def hal(org: Org) -> str:
    return id_of(org, HAL)


def id_of(org: Org, user: str) -> str:
    found = org.user(user)
    assert found is not None
    return found.id


def test_all_kinds_are_counted_in_two_calls(
    bench: Bench, org: Org, records: SalesforceRecords, hal: str
) -> None:
    org.seed_records(HAL, 3)
    org.seed_records(IDA, 2)
    records.count(hal, ["Lead"])
    before = len(bench.calls)

    assert records.count(hal, KINDS) == dict.fromkeys(KINDS, 3)

    assert len(bench.calls) - before == 2


def test_batches_of_200_of_one_kind_change_hands(
    bench: Bench, org: Org, records: SalesforceRecords, writer: SalesforceRecordWriter, hal: str
) -> None:
    org.seed_records(HAL, 250, ["Opportunity"])
    ida = id_of(org, IDA)
    ids = records.ids(hal, "Opportunity")
    before = len(bench.calls)

    assert writer.give("Opportunity", ids[:200], ida) == ()
    assert writer.give("Opportunity", ids[200:], ida) == ()

    assert len(bench.calls) - before == 2
    assert records.count(hal, ["Opportunity"]) == {"Opportunity": 0}
    assert records.count(ida, ["Opportunity"]) == {"Opportunity": 250}
    with pytest.raises(ValueError, match="200"):
        writer.give("Opportunity", ids, ida)


def test_what_is_refused_is_named_and_the_rest_is_done(
    org: Org, records: SalesforceRecords, writer: SalesforceRecordWriter, hal: str
) -> None:
    made = org.seed_records(HAL, 2, ["Case"])["Case"]
    gone = made[0][:-3][:-1] + ("A" if made[0][14] != "A" else "B")

    (failure,) = writer.give("Case", [gone, made[1]], id_of(org, IDA))

    assert (failure.kind, failure.record_id) == ("Case", gone)
    assert "Salesforce" in failure.why
    assert records.ids(hal, "Case") == (made[0],)


def test_an_inactive_user_gets_nothing(
    org: Org, records: SalesforceRecords, writer: SalesforceRecordWriter, hal: str
) -> None:
    (lead,) = org.seed_records(HAL, 1, ["Lead"])["Lead"]

    (failure,) = writer.give("Lead", [lead], id_of(org, ZOE))

    assert "the user is inactive" in failure.why
    assert records.ids(hal, "Lead") == (lead,)


def test_only_active_users_who_surely_are_the_person_are_found(
    bench: Bench, org: Org, records: SalesforceRecords
) -> None:
    hal = person("px1", "Hal Mercer")
    zoe = person("px2", "Zoe Wild")
    stranger = person("px3", "Nobody Here")
    own = person("px4", "Bot", username=bench.emulator.bot_username)

    assert records.users([hal, zoe, stranger, own]) == {"px1": id_of(org, HAL)}
    assert records.users([]) == {}


def test_a_frozen_user_gets_nothing(
    org: Org, salesforce: Connected, records: SalesforceRecords
) -> None:
    hal, ida = person("px1", "Hal Mercer"), person("px2", "Ida Fonseca")
    assert set(records.users([hal, ida])) == {"px1", "px2"}

    salesforce.writer.apply(Freeze(), hal, salesforce.reader.observe(hal, None))

    assert records.users([hal, ida]) == {"px2": id_of(org, IDA)}


def test_what_can_wait_leaves_others_their_calls(records: SalesforceRecords) -> None:
    assert records.may_spend(1)
    assert not records.may_spend(10**9)


def test_what_the_bot_cannot_see_is_an_error_and_not_nothing(
    records: SalesforceRecords, hal: str
) -> None:
    with pytest.raises(Unauthorized):
        records.count(hal, ["No_Such_Thing__c"])


@pytest.mark.parametrize("hostile", ["//evil", "../Account", "001", "' OR Name != '", "x" * 10_000])
def test_a_hostile_id_or_kind_reaches_no_query(
    bench: Bench, records: SalesforceRecords, hal: str, hostile: str
) -> None:
    before = len(bench.calls)

    for act in (
        lambda: records.count(hostile, ["Lead"]),
        lambda: records.count(hal, [hostile + " "]),
        lambda: records.ids(hal, hostile + " "),
        lambda: records.look(hostile, ()),
    ):
        with pytest.raises(Conflict):
            act()

    assert bench.calls[before:] == []


# ---- what depends on a user ---------------------------------------------------------------------


@pytest.fixture
def depended_on(org: Org, salesforce: Connected, hal: str) -> str:
    tom = id_of(org, TOM)
    fields = {"Team_Lead__c": hal, "ManagerId": hal}
    salesforce.writing.update("User", tom, fields)
    org.blockers.ask_approval(HAL, org.seed_records(IDA, 1, ["Account"])["Account"][0])
    org.blockers.schedule_job(HAL, "Nightly *sync* @here")
    org.blockers.run_dashboard(HAL, "Pipeline")
    return hal


def test_everything_that_can_be_asked_is_asked_in_one_call(
    bench: Bench, records: SalesforceRecords, depended_on: str
) -> None:
    first = records.look(depended_on, ()).blockers
    assert first is not None
    before = len(bench.calls)
    assert records.look(depended_on, ()).blockers == first
    assert len(bench.calls) - before == 1

    found = {one.kind: one for one in first}
    assert set(found) == {
        BlockerKind.HIERARCHY,
        BlockerKind.APPROVAL,
        BlockerKind.JOB,
        BlockerKind.DASHBOARD,
        BlockerKind.REPORTS,
    }
    assert found[BlockerKind.HIERARCHY].what == ("Tom Reyes: Team_Lead__c",)
    assert [kind for kind, one in found.items() if one.is_hard] == [BlockerKind.HIERARCHY]
    assert all(one.where.startswith("https://") for one in first)


def test_nothing_depends_on_a_user_of_no_consequence(records: SalesforceRecords, hal: str) -> None:
    assert records.look(hal, ()).blockers == ()


@pytest.mark.parametrize("setting", list(Setting), ids=lambda one: one.name)
def test_the_refusal_to_deactivate_names_the_setting(
    salesforce: Connected, org: Org, setting: Setting
) -> None:
    org.blockers.put(setting, HAL)
    hal = person("px1", "Hal Mercer")
    view = salesforce.reader.observe(hal, None)

    with pytest.raises(Blocked) as caught:
        salesforce.writer.apply(Deactivate(), hal, view)

    (blocker,) = caught.value.blockers
    assert blocker.kind is not BlockerKind.OTHER
    assert blocker.where.startswith("https://")
    assert blocker.is_hard


def test_a_refusal_in_unknown_words_is_a_blocker_too(salesforce: Connected, org: Org) -> None:
    org.add_blocker(HAL, "Ask <!channel> first")
    hal = person("px1", "Hal Mercer")
    view = salesforce.reader.observe(hal, None)

    with pytest.raises(Blocked) as caught:
        salesforce.writer.apply(Deactivate(), hal, view)

    (blocker,) = caught.value.blockers
    assert blocker.kind is BlockerKind.OTHER
    assert "channel" not in repr(caught.value.blockers)


@pytest.mark.parametrize(
    ("words", "kind", "what"),
    [
        (
            "Cannot inactivate user that is the value of a hierarchy field: Deal Desk.",
            BlockerKind.HIERARCHY,
            ("Deal Desk",),
        ),
        ("You cannot disable the Web to Lead Default Creator.", BlockerKind.LEAD_CREATOR, ()),
        (
            "You cannot deactivate a user who is the default owner of cases",
            BlockerKind.CASE_OWNER,
            (),
        ),
        ("You cannot deactivate the Default Workflow User", BlockerKind.WORKFLOW_USER, ()),
    ],
)
def test_the_vendors_own_words_are_understood(
    words: str, kind: BlockerKind, what: tuple[str, ...]
) -> None:
    # Salesforce Help 000384962, 000384761, 000384586
    found = refusal_of(words)

    assert isinstance(found, Blocker)
    assert (found.kind, found.what) == (kind, what)


@pytest.mark.parametrize("words", ["", "Required fields are missing: [LastName]", "x" * 100_000])
def test_other_words_are_no_blocker(words: str) -> None:
    assert refusal_of(words) is None
