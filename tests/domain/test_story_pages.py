"""What the issue of a request, the news and the hand-off note say."""

from datetime import UTC, datetime

import pytest

from bot.domain.decision import Answer
from bot.domain.durations import PERMANENT
from bot.domain.grant import EndReason, GrantState
from bot.domain.handoff import handoff_for
from bot.domain.inbound import Surface
from bot.domain.request import ENDED, Request, RequestState, Task
from bot.domain.story import headline, issue_page, news
from tests.factories import approval, decision, grant, person, request, roster, story, system

S, G = RequestState, GrantState
DELIVERED = request(state=S.DELIVERED)
STEP = Task(position=0, text="Add to the call list")


# ---- issue --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S)
def test_an_issue_is_open_until_its_request_has_ended(state: RequestState) -> None:
    page = issue_page(story(request(state=state)))

    assert page.is_open is (state not in ENDED)
    assert page.is_completed is (state is S.DELIVERED)
    assert page.title == "CRM: standard for Ann Doe"


@pytest.mark.parametrize(
    ("state", "is_open"),
    [(G.ACTIVE, False), (G.ENDING, True), (G.NEEDS_IT, True), (G.ENDED, False)],
)
def test_an_issue_is_open_again_while_access_is_taken_away(
    state: GrantState, *, is_open: bool
) -> None:
    assert issue_page(story(DELIVERED, grant=grant(state=state))).is_open is is_open


def test_an_issue_with_an_open_step_stays_open() -> None:
    assert issue_page(story(request(state=S.DELIVERED, tasks=(STEP,)))).is_open
    assert not issue_page(story(request(state=S.CANCELLED, tasks=(STEP,)))).is_open


@pytest.mark.parametrize(("source", "is_ours"), [(Surface.GITHUB, False), (Surface.SLACK, True)])
def test_an_issue_that_a_person_wrote_is_theirs(source: Surface, *, is_ours: bool) -> None:
    assert issue_page(story(request(source=source))).is_ours is is_ours


def test_the_first_page_of_an_issue_holds_what_was_asked_and_nothing_that_will_change() -> None:
    early, late = (
        issue_page(story(request(state=state, approvals=answers), grant=held)).card
        for state, answers, held in (
            (S.SUBMITTED, (), None),
            (S.DELIVERED, (approval("bea"),), grant(state=G.ENDED)),
        )
    )

    assert early == late
    assert early.headline == "CRM: standard"
    assert [one.label for one in early.facts] == ["Level", "For", "How long", "Why"]
    assert (early.actions, early.tasks) == ((), ())


# ---- news ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S)
def test_what_ends_the_waiting_is_news(state: RequestState) -> None:
    said = news(story(request(state=state)))

    assert (said is not None) is (state in {S.DELIVERED, S.DENIED, S.LAPSED})
    if said is not None:
        word, made = said
        assert word == state
        assert made.headline == f"{headline(story(request(state=state)))} · CRM: standard"
        assert (made.facts, made.actions) == ((), ())


@pytest.mark.parametrize(
    ("state", "why", "word"),
    [
        (G.ACTIVE, None, "delivered"),
        (G.ENDING, EndReason.EXPIRED, None),
        (G.NEEDS_IT, EndReason.EXPIRED, None),
        (G.ENDED, EndReason.EXPIRED, "ended"),
        (G.ENDED, EndReason.REVOKED, "ended"),
        (G.ENDED, EndReason.GIVEN_BACK, None),
        (G.ENDED, EndReason.REPLACED, None),
    ],
)
def test_the_end_of_access_is_news_unless_the_person_ended_it(
    state: GrantState, why: EndReason | None, word: str | None
) -> None:
    said = news(story(DELIVERED, grant=grant(state=state, end_reason=why)))

    assert (said[0] if said else None) == word


# ---- hand-off -----------------------------------------------------------------------------------


def note_of(to: Request, **changes: object) -> str:
    return handoff_for(to, grant(**changes), system(), person(), roster(), "vault").note


def test_a_hand_off_says_who_approved_and_until_when_where_the_person_is() -> None:
    late = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)

    made = handoff_for(
        request(approvals=(approval("bea"), approval("zoe"))),
        grant(until=late),
        system(),
        person(),
        roster(),
        "vault",
    )

    assert made.title == "CRM"
    assert made.note == (
        "crm/standard, approved by Bea Doe, zoe. Ends: 2026-11-09 21:00 (America/Chicago). "
        "Change the password when you log in for the first time. "
        "What has changed since: type /access mine in Slack."
    )
    assert (made.username, made.url, made.tag, made.vault_id) == (
        "ann@acme.example.crm",
        "https://crm.acme.example",
        "req-r1",
        "vault",
    )


def test_a_hand_off_does_not_name_who_said_yes_to_something_else() -> None:
    answers = (approval("gus", digest="before"), approval("bea"))

    assert "approved by Bea Doe." in note_of(request(approvals=answers))


def test_a_hand_off_of_a_birthright_for_good_says_so() -> None:
    joined = request(duration=PERMANENT, is_birthright=True)

    note = note_of(joined, until=None)

    assert "approved by policy (comes with the role). Ends: no end date." in note
    assert handoff_for(joined, grant(until=None), system(), person(), roster(), "v").title == "CRM"


def test_a_hand_off_of_what_nobody_had_to_approve_says_by_which_rule() -> None:
    free = decision(answer=Answer.ALLOWED, rule="crm auto_approve.again", needs=())

    assert "crm/standard, given by the rule crm auto_approve.again." in note_of(
        request(decision=free)
    )
    assert "crm/standard, given by policy." in note_of(request(decision=None))


def test_a_hand_off_in_an_emergency_says_so() -> None:
    hurried = request(emergency="The CRM is down")

    assert "crm/standard, given in an emergency without an approval." in note_of(hurried)
