"""Cards with honest defaults."""

from typing import Any

from bot.domain.cards import Card, CardAction, Fact
from bot.domain.durations import PERMANENT, Duration
from bot.domain.explain import explain, in_short
from bot.domain.request import RequestState
from bot.domain.story import Audience
from bot.domain.story import card as told
from tests.factories import NOW, ask, level, person, policy, request, roster, story


def card(**changes: Any) -> Card:
    given: dict[str, Any] = {
        "request_id": "r-1",
        "digest": "d1g3st",
        "headline": "Ann Ortiz asks for salesforce/standard",
        "facts": (Fact("Level", "salesforce/standard"), Fact("Why", "Quarter's numbers")),
        "notes": ("Bea Kline can approve.",),
        "actions": (CardAction.APPROVE, CardAction.DENY, CardAction.OPEN_ISSUE),
        "issue_number": 7,
    }
    return Card(**given | changes)


def refusal_of(name: str) -> Card:
    """Make the card of a refusal with three ways out, about somebody who is called so."""
    ann = person(name=(name * 1000)[:1000], role="csm")
    rules = policy(level(by=("engineer", "consultant"), longest=Duration(2)))
    ways = explain(ask(duration=PERMANENT), rules, roster(ann), NOW).ways_out
    refused = request(state=RequestState.REFUSED, note=name * 1000, ways_out=in_short(ways))
    return told(story(refused, roster=roster(ann)), Audience.ISSUE)
