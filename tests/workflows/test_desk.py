"""What doorways look up while somebody waits: levels, what I have, a preview; and onboardings."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from bot.domain.audit import Tag
from bot.domain.desk import OnboardingCall
from bot.domain.errors import InvalidRequest, NotPermitted, StaleApproval, Unavailable
from bot.domain.grant import Basis, GrantState
from bot.domain.inbound import Envelope, Submission, Surface
from bot.domain.request import RequestState
from bot.ports import Transaction
from bot.workflows.desk import FrontDesk
from tests.factories import hire
from tests.fakes.ledger import FlakyLedger
from tests.workflows.office import WHY, Office, on_github, on_slack


class OneWriteLedger(FlakyLedger):
    """Takes one more write, and is gone."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with super().begin() as tx:
            yield tx
        self.is_down = True


# ---- levels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("view", "crm/view"),
        ("STANDARD", "crm/standard"),
        ("mail sync", "crm/sales"),
        ("phone", "phone/desk"),
        ("phonne", "phone/desk"),
        ("crm adm", "crm/admin"),
    ],
)
def test_the_best_level_comes_first(office: Office, words: str, first: str) -> None:
    assert office.desk.search_levels(words, 5)[0].id == first


def test_no_words_list_all_that_may_be_asked_for(office: Office) -> None:
    found = [choice.id for choice in office.desk.search_levels("", 100)]

    assert found == ["crm/admin", "crm/sales", "crm/standard", "crm/view", "phone/desk"]
    assert len(office.desk.search_levels("", 2)) == 2
    office.change_level("crm/view", request=None)
    assert "crm/view" not in [choice.id for choice in office.desk.search_levels("", 100)]


def test_words_that_fit_nothing_find_nothing(office: Office) -> None:
    assert office.desk.search_levels("kubernetes", 5) == ()


# ---- preview and mine ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({}, None),
        ({"level": "crm/nope"}, "level"),
        ({"how_long": "200 days"}, "how_long"),
        ({"how_long": "ages"}, "how_long"),
        ({"why": "…"}, "why"),
        ({"for_whom": "nobody"}, "for_whom"),
    ],
)
def test_a_preview_names_the_field_to_blame(
    office: Office, words: dict[str, str], field: str | None
) -> None:
    usual: dict[str, Any] = {"level": "crm/view", "how_long": "7d", "why": WHY}
    submission = Submission(actor=on_slack("ann"), **usual | words)

    reasons = office.desk.preview(submission)

    assert [reason.field for reason in reasons] == ([field] if field else [])
    assert office.requests() == []


def test_a_preview_for_a_stranger_says_who_can_help(office: Office) -> None:
    submission = Submission(actor=on_slack("eve"), level="crm/view", how_long="7d", why=WHY)

    (reason,) = office.desk.preview(submission)

    assert "I do not know who you are" in reason.text
    assert reason.next_step.startswith("Ask IT")


def test_mine_lists_what_is_held_and_what_is_pending(office: Office) -> None:
    grant = office.granted()
    waiting = office.ask("crm/standard")

    mine = office.desk.mine(on_slack("ann"))

    assert [(h.grant_id, h.can_give_back) for h in mine.held] == [(grant.id, True)]
    assert [(p.request_id, p.state) for p in mine.pending] == [(waiting.id, waiting.state)]
    assert mine.timezone == "America/Chicago"
    assert office.desk.mine(on_github("bea")).held == ()
    with pytest.raises(NotPermitted):
        office.desk.mine(on_slack("eve"))


# ---- keeping messages ---------------------------------------------------------------------------


def test_a_message_that_is_not_kept_in_time_is_refused_and_given_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workflows.desk.INBOX_TIMEOUT_S", 0.01)
    never: Future[bool] = Future()

    def keep(
        delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Future[bool]:
        return never

    message = Submission(actor=on_slack("ann"), level="crm/view", how_long="7d", why=WHY)
    desk = FrontDesk(office.ctx, keep)

    with pytest.raises(Unavailable, match="too slow"):
        desk.receive(Envelope(source=Surface.SLACK, delivery_id="d", message=message))

    assert never.cancelled()


# ---- onboarding ---------------------------------------------------------------------------------


def test_a_newcomer_gets_the_levels_of_the_role_on_the_first_day(office: Office) -> None:
    status = office.desk.onboard(hire())
    office.work()

    assert status.is_new
    assert [item.level_id for item in status.items] == ["crm/standard", "phone/desk"]
    assert office.seats.seats == {}
    office.travel(days=6)
    assert office.seats.seats == {}

    office.travel(days=1)

    (grant,) = office.grants(GrantState.ACTIVE)
    assert (grant.person_id, grant.basis, grant.until) == ("new", Basis.BIRTHRIGHT, None)
    later = office.desk.onboarding(status.id)
    assert later is not None
    assert not later.is_new
    assert {item.level_id: item.state for item in later.items} == {
        "crm/standard": RequestState.DELIVERED,
        "phone/desk": RequestState.PROVISIONING,
    }
    assert len(office.cards("new", office.request(later.items[0].request_id))) == 1


def test_the_same_call_again_changes_nothing(office: Office) -> None:
    first = office.desk.onboard(hire())

    second = office.desk.onboard(hire())

    assert (second.id, second.is_new) == (first.id, False)
    assert len(office.requests()) == 2
    assert office.tags(first.id) == [Tag.ONBOARDING_TAKEN]


def test_one_key_with_two_bodies_is_refused(office: Office) -> None:
    office.desk.onboard(hire())

    with pytest.raises(StaleApproval, match="was used for another onboarding"):
        office.desk.onboard(hire(fingerprint="f2", name="Somebody Else"))

    assert len(office.requests()) == 2
    office.desk.onboard(hire(caller="another-system", fingerprint="f2"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"role": "astronaut"}, "person.role"),
        ({"manager_id": "nobody"}, "person.manager_id"),
        ({"person_id": "ann"}, "person.id"),
        ({"mail": "ann@acme.example"}, "person.id"),
    ],
)
def test_a_newcomer_who_contradicts_roster_or_policy_is_refused(
    office: Office, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        office.desk.onboard(hire(**changes))

    assert refused.value.field == field
    assert office.requests() == []
    assert office.people.roster().get("new") is None


def in_roster(office: Office, **changes: Any) -> OnboardingCall:
    """Let the roster's line of Sam say what the call for him says."""
    office.replace_person(
        "sam", role="csm", manager_id="bea", first_day=date(2026, 11, 9), handoff_vault="vault-sam"
    )
    usual = {"person_id": "sam", "mail": "sam@acme.example", "name": "Sam Doe"}
    return hire(**usual | {"slack_id": None, "handoff_vault": None} | changes)


def test_somebody_whom_the_roster_knows_keeps_the_rosters_line(office: Office) -> None:
    office.desk.onboard(in_roster(office))

    assert office.people.roster().get("sam").handoff_vault == "vault-sam"  # type: ignore[union-attr]  # is there
    assert {r.person_id for r in office.requests()} == {"sam"}
    with office.store.read() as tx:
        assert tx.people.all() == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"role": "engineer"}, "role"),
        ({"first_day": date(2026, 11, 10)}, "first_day"),
        ({"manager_id": "gus"}, "manager_id"),
        ({"timezone": "Europe/Berlin"}, "timezone"),
        ({"name": "Samuel Doe"}, "name"),
        ({"last_day": date(2027, 1, 8)}, "last_day"),
        ({"handoff_vault": "vault-new"}, "handoff_vault"),
        ({"name": "Samuel Doe", "role": "engineer"}, "name, role"),
    ],
)
@pytest.mark.parametrize("is_in_file", [True, False])
def test_a_call_that_contradicts_what_is_known_of_a_person_is_refused(
    office: Office, changes: dict[str, Any], fields: str, *, is_in_file: bool
) -> None:
    first = in_roster(office) if is_in_file else hire()
    office.desk.onboard(first)
    again = {"idempotency_key": "hire-2", "fingerprint": "f2"}
    if not is_in_file and "handoff_vault" in changes:
        changes = {"handoff_vault": "vault-sam"}

    with pytest.raises(InvalidRequest) as refused:
        office.desk.onboard(replace(first, **again | changes))

    assert f"({fields})" in refused.value.detail
    assert "roster" in refused.value.next_step
    assert refused.value.field == f"person.{fields.partition(',')[0]}"
    assert len(office.requests()) == 2


def test_a_known_person_whose_role_no_policy_knows_is_refused(office: Office) -> None:
    call = in_roster(office, role="astronaut")
    office.replace_person("sam", role="astronaut")

    with pytest.raises(InvalidRequest, match="No policy knows the role") as refused:
        office.desk.onboard(call)

    assert refused.value.field == "person.role"


@pytest.mark.parametrize("login", ["octo-gone", "OCTO-Gone"])
@pytest.mark.parametrize("knows_person", [True, False])
def test_nobody_becomes_an_approver_through_the_onboarding_api(
    office: Office, login: str, *, knows_person: bool
) -> None:
    groups = office.policies.now.company.groups
    it = replace(groups["it"], members=(*groups["it"].members, "octo-gone"))
    office.policies.now = office.with_groups({**groups, "it": it})
    call = in_roster(office, github=login) if knows_person else hire(github=login)

    with pytest.raises(InvalidRequest) as refused:
        office.desk.onboard(call)

    assert "it" in refused.value.detail
    assert (refused.value.field, bool(refused.value.next_step)) == ("person.github", True)
    assert office.people.roster().by_github("octo-gone") is None
    assert office.requests() == []


def test_an_approver_whom_the_roster_file_names_may_be_onboarded(office: Office) -> None:
    office.desk.onboard(in_roster(office, github="Octo-Sam"))

    assert {r.person_id for r in office.requests()} == {"sam"}


def test_an_approver_is_not_made_in_two_calls(office: Office) -> None:
    """A login that was nobody's when its bearer joined is still not the roster file's."""
    office.desk.onboard(hire(github="octo-new"))
    groups = office.policies.now.company.groups
    it = replace(groups["it"], members=("octo-new",))
    office.policies.now = office.with_groups({**groups, "it": it})

    with pytest.raises(InvalidRequest, match="octo-new"):
        office.desk.onboard(hire(github="octo-new", idempotency_key="hire-2"))


def test_an_onboarding_that_broke_off_goes_on_with_the_next_call(office: Office) -> None:
    dying = OneWriteLedger(office.store)
    office.ctx = replace(office.ctx, ledger=dying)
    office.bind()
    with pytest.raises(Unavailable):
        office.desk.onboard(hire())
    assert office.requests() == []
    assert office.people.roster().get("new") is not None

    dying.is_down = False
    status = office.desk.onboard(hire())

    assert status.is_new
    assert [item.level_id for item in status.items] == ["crm/standard", "phone/desk"]
    assert RequestState.REFUSED not in {item.state for item in status.items}


def test_nobody_gets_twice_what_the_role_gives(office: Office) -> None:
    office.desk.onboard(hire())

    status = office.desk.onboard(hire(idempotency_key="hire-2"))

    assert {item.state for item in status.items} == {RequestState.REFUSED}
    assert "already asked for" in status.items[0].note


def test_an_unknown_onboarding_is_none(office: Office) -> None:
    assert office.desk.onboarding("onb-nothing") is None


def test_a_database_that_is_gone_is_said_and_leaves_nobody_half_known(office: Office) -> None:
    office.break_database()

    with pytest.raises(Unavailable):
        office.desk.onboard(hire())

    assert office.people.roster().get("new") is None
