"""Who a message would notify: the control sequences that Slack resolves in text."""

import re
from collections.abc import Iterator
from typing import Any

# messaging/formatting-message-text: <!channel>, <!here>, <!everyone>, <@U…>, <!subteam^S…>, each
# with |label
_SEQUENCE = re.compile(
    r"<(?P<what>!channel|!here|!everyone|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(\|[^<>]*)?>"
)


def in_text(text: str) -> tuple[str, ...]:
    """Return the notifying sequences of one mrkdwn text, labels cut off, in order.

    Escaped text (&lt;!channel&gt;) has none. Sequences in code spans count: better a false alarm
    than a ping.
    """
    return tuple(f"<{found['what']}>" for found in _SEQUENCE.finditer(text))


def in_blocks(blocks: Any) -> tuple[str, ...]:
    return tuple(found for text in _mrkdwn(blocks) for found in in_text(text))


def _mrkdwn(value: Any) -> Iterator[str]:
    """Yield every text that is formatted: mrkdwn objects and markdown blocks, never plain_text."""
    if isinstance(value, list):
        for one in value:
            yield from _mrkdwn(one)
    elif isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "markdown"} and isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            yield from _mrkdwn(part)
