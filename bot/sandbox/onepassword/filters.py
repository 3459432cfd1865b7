"""The one SCIM expression Connect understands: attribute eq "text"."""

import json
import re

from bot.sandbox.onepassword.answers import bad_request

# "Vaults can only be filtered by name", "items … by title or tag" (Connect API reference).
# RFC 7644 §3.4.2.2 gives the string JSON's escapes and makes the operator case-insensitive.
_EQ = re.compile(r'\s*(\w+)\s+[eE][qQ]\s+("(?:[^"\\]|\\.)*")\s*')


def parse_filter(text: str, *, attributes: frozenset[str]) -> tuple[str, str]:
    """Return attribute and wanted value; anything but one eq on a known attribute is a 400."""
    match = _EQ.fullmatch(text)
    if match is None or match[1] not in attributes:
        raise bad_request(f"Invalid filter: only {' or '.join(sorted(attributes))} eq is supported")
    try:
        return match[1], str(json.loads(match[2]))
    except ValueError as error:
        raise bad_request("Invalid filter: the value is not a valid string") from error
