"""Cards with honest defaults."""

from typing import Any

from bot.domain.cards import Card, CardAction, Fact


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
