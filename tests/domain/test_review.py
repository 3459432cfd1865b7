"""An approver's answer: who may give it, where, and what it leads to."""

from datetime import date
from typing import Any

import pytest

from bot.domain.approvers import Need
from bot.domain.decision import Answer, Reason, decide
from bot.domain.errors import NotPermitted, RequestRejected, StaleApproval
from bot.domain.inbound import Surface
from bot.domain.policy import Risk
from bot.domain.request import Request, RequestEvent, RequestState, Verdict
from bot.domain.review import Reviewed, review, still_missing
from tests.factories import NOW, approval, ask, decision, level, person, policy, request, roster

BEA, GUS = Need(because="manager", from_=("bea",)), Need(because="crm-owners", from_=("gus", "gil"))
GITHUB, SLACK = Surface.GITHUB, Surface.SLACK


def answered(
    by: str = "bea",
    verdict: Verdict = Verdict.YES,
    *,
    to: Request | None = None,
    **facts: Any,
) -> Reviewed:
    to = to or request()
    usual = {
        "surface": GITHUB,
        "level": level(),
        "decision": to.decision,
        "digest": to.digest,
        "now": NOW,
    }
    return review(to, person(by), verdict, **(usual | facts))


def test_the_only_yes_that_is_needed_approves() -> None:
    outcome = answered(reason="Fine")

    assert outcome.event is RequestEvent.APPROVE
    assert outcome.approval == approval("bea", reason="Fine")


def test_of_two_needed_the_first_yes_says_whose_is_missing() -> None:
    outcome = answered(to=request(decision=decision(BEA, GUS)))

    assert outcome.event is None
    assert outcome.text == "Thank you. Still needed: crm-owners."


def test_the_last_yes_approves() -> None:
    waiting = request(decision=decision(BEA, GUS), approvals=(approval("bea"),))

    assert answered("gil", to=waiting).event is RequestEvent.APPROVE


def test_one_no_ends_it_whatever_the_others_said() -> None:
    waiting = request(decision=decision(BEA, GUS), approvals=(approval("bea"),))

    outcome = answered("gus", Verdict.NO, to=waiting, reason="Not now")

    assert outcome.event is RequestEvent.DENY
    assert outcome.approval.reason == "Not now"


def test_whoever_said_yes_may_still_say_no() -> None:
    waiting = request(decision=decision(BEA, GUS), approvals=(approval("bea"),))

    assert answered("bea", Verdict.NO, to=waiting).event is RequestEvent.DENY


def test_a_second_yes_of_the_same_person_counts_for_nothing() -> None:
    either = Need(because="crm-owners", from_=("bea", "gus"))
    waiting = request(decision=decision(BEA, either), approvals=(approval("bea"),))

    with pytest.raises(StaleApproval, match="already said yes"):
        answered("bea", to=waiting)
    assert still_missing(decision(BEA, either), waiting.approvals, "as shown") == ("crm-owners",)


def test_a_yes_to_an_earlier_version_is_void_and_can_be_given_again() -> None:
    changed = request(approvals=(approval("bea", digest="before"),))

    assert answered("bea", to=changed).event is RequestEvent.APPROVE


@pytest.mark.parametrize("concerned", ["person_id", "requester_id"])
@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_answers_their_own_request(concerned: str, verdict: Verdict) -> None:
    mine = request(**{concerned: "bea"})

    with pytest.raises(NotPermitted, match="own request"):
        answered("bea", verdict, to=mine)


def test_strangers_are_told_who_is_asked() -> None:
    with pytest.raises(NotPermitted) as no:
        answered("sam", to=request(decision=decision(BEA, GUS)))

    assert no.value.next_step == "It needs: manager, crm-owners."
    assert no.value.rule == "crm/standard request.approve, policies/systems/crm.yml:14"


@pytest.mark.parametrize(
    "away", [{"last_day": date(2026, 11, 1)}, {"first_day": date(2026, 11, 3)}]
)
def test_an_approver_who_has_left_since_is_no_approver(away: dict[str, date]) -> None:
    today = decide(ask(), policy(), roster(person("bea", **away)), NOW)

    with pytest.raises(NotPermitted, match="not one of those"):
        answered("bea", decision=today)


def test_when_policy_says_no_by_now_the_answer_is_stale_and_says_why() -> None:
    no = decision(answer=Answer.REFUSED, reasons=(Reason(text="Too long.", next_step="Ask less."),))

    with pytest.raises(StaleApproval, match=r"no longer allows this request\. Too long\. Ask less"):
        answered(decision=no)


def test_what_changed_since_it_was_shown_cannot_be_approved() -> None:
    with pytest.raises(StaleApproval, match="rules for this level changed"):
        answered(digest="another")


@pytest.mark.parametrize(
    "state", [s for s in RequestState if s is not RequestState.AWAITING_APPROVAL]
)
def test_an_answer_after_the_end_or_the_decision_is_too_late(state: RequestState) -> None:
    with pytest.raises(StaleApproval) as late:
        answered(to=request(state=state, ended_by="Gus Doe"))

    words = state.words
    assert late.value.detail == f"This request is already {words} by Gus Doe."


def test_nobody_is_named_for_a_request_that_lapsed() -> None:
    with pytest.raises(StaleApproval, match=r"already lapsed\."):
        answered(to=request(state=RequestState.LAPSED))


@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.CRITICAL])
@pytest.mark.parametrize("verdict", Verdict)
def test_high_risk_is_answered_on_github_only(risk: Risk, verdict: Verdict) -> None:
    with pytest.raises(NotPermitted) as no:
        answered(verdict=verdict, level=level(risk=risk), surface=SLACK)

    assert no.value.next_step == "Open issue #7 and comment /approve or /deny."
    assert answered(level=level(risk=risk), surface=GITHUB).event is RequestEvent.APPROVE


@pytest.mark.parametrize("surface", [SLACK, GITHUB])
def test_low_risk_is_answered_in_either_place(surface: Surface) -> None:
    assert answered(surface=surface).approval.surface is surface


def test_every_refusal_of_an_answer_says_what_to_do_next() -> None:
    refusals = []
    for facts in (
        {"by": "ann"},
        {"by": "sam"},
        {"digest": "another"},
        {"surface": SLACK, "level": level(risk=Risk.HIGH)},
        {"to": request(state=RequestState.DENIED)},
    ):
        with pytest.raises(RequestRejected) as no:
            answered(**facts)
        refusals.append(no.value)

    assert all(no.detail and no.next_step for no in refusals)
