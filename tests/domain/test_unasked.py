"""Access given without asking: who hears of it, and what is said."""

from typing import Any

import pytest

from bot.domain.cards import CardAction, Fact
from bot.domain.decision import Answer, Decision
from bot.domain.request import ENDED, Request, RequestState
from bot.domain.story import Audience, card, how_without_asking
from bot.domain.unasked import unasked
from tests.factories import decision, policy, request, story

RULE = "crm auto_approve.renew-view"


def free(**changes: Any) -> Decision:
    given = {"answer": Answer.ALLOWED, "rule": RULE, "needs": (), "told": ("bea", "gus")}
    return decision(**given | changes)


def given(**changes: Any) -> Request:
    return request(**{"state": RequestState.APPROVED, "decision": free()} | changes)


def test_those_who_would_have_been_asked_hear_who_got_what_and_by_which_rule() -> None:
    found = unasked(story(given()), policy())

    assert found is not None
    people, message = found
    assert people == ("bea", "gus")
    assert message.headline == "Given without asking you: CRM: standard for Ann Doe"
    assert f"Nobody had to approve this, by the rule {RULE}" in message.notes[0]
    assert message.actions == (CardAction.OPEN_ISSUE,)


def test_of_an_emergency_it_and_security_hear_too_but_not_the_one_who_broke_the_glass() -> None:
    hurried = given(emergency="The CRM is down", requester_id="ivy", person_id="ivy")

    found = unasked(story(hurried), policy())

    assert found is not None
    people, message = found
    assert people == ("bea", "gus", "ian", "sam", "sue")
    assert message.headline == "Emergency access: CRM: standard for Ivy Doe"
    assert Fact("Emergency", "The CRM is down") in message.facts


@pytest.mark.parametrize(
    "state", sorted(ENDED - {RequestState.DELIVERED} | {RequestState.SUBMITTED})
)
def test_what_was_not_given_is_not_told(state: RequestState) -> None:
    assert unasked(story(given(state=state)), policy()) is None


@pytest.mark.parametrize(
    "asked", [given(decision=decision()), given(decision=None), given(is_birthright=True)]
)
def test_what_was_asked_for_or_comes_with_the_role_is_not_told(asked: Request) -> None:
    assert unasked(story(asked), policy()) is None
    assert how_without_asking(asked) == ""


def test_without_an_issue_yet_none_is_linked() -> None:
    found = unasked(story(given(issue_number=None)), policy())

    assert found is not None
    assert found[1].actions == ()


def test_every_card_says_how_it_was_given_and_that_it_is_an_emergency() -> None:
    hurried = given(emergency="The CRM is down")

    for audience in Audience:
        shown = card(story(hurried), audience)
        assert shown.headline.startswith("Emergency: Approved")
        assert any(RULE in note for note in shown.notes)
        assert Fact("Emergency", "The CRM is down") in shown.facts
