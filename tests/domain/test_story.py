"""What every card says to whom, and what it keeps to itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.domain.approvers import Need
from bot.domain.cards import Card, CardAction, Fact
from bot.domain.grant import EndReason, GrantState
from bot.domain.policy import Delivery, Risk
from bot.domain.request import ENDED, Request, RequestState, Task, Verdict
from bot.domain.story import Audience, card, headline
from tests.factories import approval, decision, grant, level, request, roster, story, system

S, G = RequestState, GrantState
DELIVERED = request(state=S.DELIVERED)
STEP = Task(position=0, text="Add to the call list")


def shown(audience: Audience, to: Request | None = None, **changes: object) -> Card:
    return card(story(to, **changes), audience)


def fact(of: Card, label: str) -> str | None:
    return next((one.text for one in of.facts if one.label == label), None)


# ---- every card ---------------------------------------------------------------------------------

GRANTS = (None, *(grant(state=state, note="DUPLICATE_USERNAME") for state in G))
CARDS = [
    (one, audience, card(one, audience))
    for state, audience, risk, held, known in product(S, Audience, Risk, GRANTS, (True, False))
    for one in [
        story(
            request(state=state, note="LICENSE_LIMIT_EXCEEDED"),
            level=level(risk=risk) if known else None,
            system=system() if known else None,
            grant=held,
        )
    ]
]


def test_every_card_says_how_it_stands_and_names_its_request() -> None:
    for one, _audience, made in CARDS:
        assert made.headline.startswith(headline(one))
        assert (made.request_id, made.digest) == ("r1", "as shown")
        assert all(made.notes)
        assert all(one.text for one in made.facts)


def test_answers_are_offered_only_while_they_are_waited_for_and_where_they_count() -> None:
    for one, audience, made in CARDS:
        is_waiting = one.request.state is S.AWAITING_APPROVAL
        is_low = one.level is not None and one.level.risk is Risk.LOW
        may_answer = audience is Audience.ISSUE or (audience is Audience.APPROVER and is_low)

        assert (CardAction.APPROVE in made.actions) is (is_waiting and may_answer)
        assert (CardAction.DENY in made.actions) is (CardAction.APPROVE in made.actions)


def test_only_the_requester_and_the_issue_offer_to_stop_or_to_give_back() -> None:
    for one, audience, made in CARDS:
        may_act = audience in (Audience.REQUESTER, Audience.ISSUE)
        is_active = one.grant is not None and one.grant.state is G.ACTIVE

        assert may_act or CardAction.CANCEL not in made.actions
        assert CardAction.CANCEL not in made.actions or one.request.state not in ENDED
        assert (CardAction.GIVE_BACK in made.actions) is (may_act and is_active)


def test_what_is_technical_stays_from_the_requester() -> None:
    for one, audience, made in CARDS:
        if audience is Audience.REQUESTER:
            assert "DUPLICATE_USERNAME" not in made.notes
            is_technical = one.request.state in (S.PROVISIONING, S.NEEDS_IT)
            assert ("LICENSE_LIMIT_EXCEEDED" in made.notes) is not is_technical
            assert fact(made, "Rule") is fact(made, "Risk") is None


def test_log_in_names_are_for_the_requester_alone_and_the_issue_links_not_to_itself() -> None:
    for _one, audience, made in CARDS:
        assert audience is Audience.REQUESTER or fact(made, "Log-in name") is None
        assert audience is not Audience.ISSUE or CardAction.OPEN_ISSUE not in made.actions


# ---- headlines ----------------------------------------------------------------------------------


def test_every_state_has_a_headline_of_its_own() -> None:
    assert len({headline(story(request(state=state))) for state in S}) == len(S)


def test_once_access_is_held_the_headline_is_about_the_access() -> None:
    said = {state: headline(story(DELIVERED, grant=grant(state=state))) for state in G}

    assert said[G.ACTIVE] == "Access is ready"
    assert said[G.ENDED] == "Access has ended"
    assert len(set(said.values())) == len(G)


def test_an_approved_joiner_reads_the_first_day_where_they_are() -> None:
    first_minute = datetime(2026, 11, 9, 6, 0, tzinfo=UTC)
    waiting = request(state=S.APPROVED, starts_at=first_minute - timedelta(minutes=1))

    assert headline(story(waiting)) == "Approved, starts on 2026-11-08"
    assert headline(story(waiting, roster=roster(without=["ann"]))) == (
        "Approved, starts on 2026-11-09"
    )


@pytest.mark.parametrize(
    ("done_by", "said"), [(None, "Waiting for a step by hand"), ("Gus Doe", "Setting it up")]
)
def test_a_step_by_hand_is_waited_for(done_by: str | None, said: str) -> None:
    steps = (replace(STEP, done_by=done_by),)

    assert headline(story(request(state=S.PROVISIONING, tasks=steps))) == said


# ---- facts --------------------------------------------------------------------------------------


def test_an_approver_sees_everything_that_the_answer_covers() -> None:
    made = shown(Audience.APPROVER, request(requester_id="bea"), level=level(risk=Risk.HIGH))

    assert made.headline == "Waiting for approval · CRM: standard"
    assert made.facts == (
        Fact("Level", "crm/standard: Work with accounts."),
        Fact("For", "Ann Doe (engineer)"),
        Fact("Asked by", "Bea Doe"),
        Fact("How long", "7 days"),
        Fact("Why", "To prepare the quarter's review"),
        Fact("Risk", "high"),
        Fact("Waiting for", "manager (Bea Doe)"),
        Fact("Rule", "crm/standard request.approve (policies/systems/crm.yml:14)"),
        Fact("Policy", "c0ffeec0ffeec0ffeec0"),
    )


def test_a_card_says_who_said_yes_and_whom_it_waits_for() -> None:
    needs = (
        Need(because="manager", from_=("bea",)),
        Need(because="crm-owners", from_=("gus", "gil")),
    )
    answers = (
        approval("bea"),
        approval("gus", digest="before"),
        approval("gil", verdict=Verdict.NO, digest="before"),
    )

    made = shown(Audience.ISSUE, request(decision=decision(*needs), approvals=answers))

    assert fact(made, "Said yes") == "Bea Doe (github)"
    assert fact(made, "Waiting for") == "crm-owners (Gus Doe or Gil Doe)"


def test_what_policy_and_roster_have_lost_is_shown_by_its_id() -> None:
    made = shown(
        Audience.APPROVER,
        request(decision=decision(where="")),
        level=None,
        system=None,
        roster=roster(without=["ann", "bea"]),
    )

    assert made.headline.endswith(" · crm/standard")
    assert fact(made, "Level") == "crm/standard"
    assert fact(made, "For") == "ann"
    assert fact(made, "Waiting for") == "manager (bea)"
    assert fact(made, "Rule") == "crm/standard request.approve"


def test_a_request_without_a_decision_yet_says_neither_rule_nor_approvers() -> None:
    made = shown(Audience.APPROVER, request(decision=None))

    assert fact(made, "Rule") is fact(made, "Waiting for") is None


def test_the_end_is_shown_where_the_person_is() -> None:
    made = shown(Audience.REQUESTER, DELIVERED, grant=grant())
    lost = shown(Audience.REQUESTER, DELIVERED, grant=grant(), roster=roster(without=["ann"]))
    for_good = shown(Audience.REQUESTER, DELIVERED, grant=grant(until=None))

    assert fact(made, "Until") == "2026-11-09 09:00 (America/Chicago)"
    assert fact(lost, "Until") == "2026-11-09 15:00 (UTC)"
    assert fact(for_good, "Until") is None


def test_the_log_in_name_is_shown_to_the_requester_once_there_is_one() -> None:
    made = shown(Audience.REQUESTER, DELIVERED, grant=grant())
    by_hand = shown(Audience.REQUESTER, DELIVERED, grant=grant(username=""))

    assert fact(made, "Log-in name") == "ann@acme.example.crm"
    assert fact(by_hand, "Log-in name") is None


# ---- notes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "audience", "note"),
    [
        (S.AWAITING_APPROVAL, Audience.REQUESTER, "have been asked"),
        (S.AWAITING_SEAT, Audience.REQUESTER, "as soon as a seat is free"),
        (S.NEEDS_IT, Audience.REQUESTER, "Please wait"),
        (S.NEEDS_IT, Audience.OWNER, "usher requests retry r1"),
        (S.LAPSED, Audience.REQUESTER, "ask again with /access"),
        (S.DENIED, Audience.REQUESTER, "ask again with /access"),
    ],
)
def test_a_card_says_what_comes_next(state: RequestState, audience: Audience, note: str) -> None:
    assert note in " ".join(shown(audience, request(state=state)).notes)


@pytest.mark.parametrize("state", [S.SUBMITTED, S.APPROVED, S.REFUSED])
def test_where_nothing_is_to_be_done_nothing_is_said(state: RequestState) -> None:
    assert shown(Audience.REQUESTER, request(state=state)).notes == ()


@pytest.mark.parametrize(("risk", "is_told"), [(Risk.LOW, False), (Risk.HIGH, True)])
def test_approvers_of_high_risk_are_sent_to_the_issue(risk: Risk, *, is_told: bool) -> None:
    made = shown(Audience.APPROVER, level=level(risk=risk))

    assert any("answered on the GitHub issue" in note for note in made.notes) is is_told
    assert CardAction.OPEN_ISSUE in made.actions


def test_a_request_that_takes_longer_says_so() -> None:
    slow, usual = (request(state=S.PROVISIONING, attempts=n) for n in (2, 0))

    assert "longer than usual" in " ".join(shown(Audience.REQUESTER, slow).notes)
    assert shown(Audience.REQUESTER, usual).notes == ()


def test_a_cancelled_request_says_by_whom() -> None:
    gone = request(state=S.CANCELLED, ended_by="Bea Doe")

    assert shown(Audience.ISSUE, gone).notes == ("Cancelled by Bea Doe.",)
    assert shown(Audience.ISSUE, replace(gone, ended_by="")).notes == ()


@pytest.mark.parametrize(
    ("delivery", "item", "note"),
    [
        (Delivery.ONEPASSWORD, "item", "1Password hand-off vault as «CRM»"),
        (Delivery.ONEPASSWORD, "", "Log in as before."),
        (Delivery.SSO, "", "single sign-on page"),
        (Delivery.VENDOR_EMAIL, "", "sends you a mail"),
    ],
)
def test_whoever_gets_access_reads_how_to_get_in(delivery: Delivery, item: str, note: str) -> None:
    crm = system(delivery=delivery)

    made = shown(Audience.REQUESTER, DELIVERED, system=crm, grant=grant(item_id=item))

    assert note in made.notes[0]


def test_how_to_get_in_is_left_out_when_nobody_can_say() -> None:
    assert shown(Audience.REQUESTER, DELIVERED).notes == ()
    assert shown(Audience.REQUESTER, DELIVERED, grant=grant(), system=None).notes == ()


@pytest.mark.parametrize("why", EndReason)
def test_access_that_ends_says_why(why: EndReason) -> None:
    ending = grant(state=G.ENDING, end_reason=why)

    assert len(shown(Audience.REQUESTER, DELIVERED, grant=ending).notes) == 1


def test_access_that_cannot_be_taken_away_tells_the_owners_what_to_run() -> None:
    stuck = grant(state=G.NEEDS_IT, note="crm: locked")

    for_owner = shown(Audience.OWNER, DELIVERED, grant=stuck).notes

    assert for_owner == ("crm: locked", "When it is mended, run: usher requests retry r1")
    assert shown(Audience.REQUESTER, DELIVERED, grant=stuck).notes == ()


def test_the_steps_of_giving_and_of_taking_away_are_one_checklist() -> None:
    off = grant(state=G.ENDING, tasks=(Task(position=0, text="Remove Ann"),))

    made = shown(Audience.ISSUE, request(state=S.DELIVERED, tasks=(STEP,)), grant=off)

    assert [task.text for task in made.tasks] == ["Add to the call list", "Remove Ann"]


@pytest.mark.parametrize("audience", Audience)
def test_what_would_have_to_be_true_is_for_those_who_can_act_on_it(audience: Audience) -> None:
    refused = request(state=S.REFUSED, note="Too long.", ways_out=("Ask for less.", "Wait."))

    notes = shown(audience, refused).notes

    told = ("Too long.", "What would have to be true (one of these):\n1. Ask for less.\n2. Wait.")
    is_theirs = audience in (Audience.REQUESTER, Audience.ISSUE)
    assert notes == (told if is_theirs else told[:1])
