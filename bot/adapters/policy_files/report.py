"""Print faults for people, or as annotations of a GitHub pull request."""

import re
from collections.abc import Iterable
from enum import StrEnum

_FAULT = re.compile(
    r"(?P<file>.*?)(:(?P<line>\d+)(:(?P<column>\d+))?)?: (?P<kind>error|note): (?P<message>.*)",
    re.DOTALL,
)
_COMMANDS = {"error": "error", "note": "notice"}


class FaultFormat(StrEnum):
    """How faults are printed."""

    TEXT = "text"
    GITHUB = "github"


def format_faults(faults: Iterable[str], form: FaultFormat = FaultFormat.TEXT) -> str:
    """Return the faults of a PolicyError, one on each line."""
    return "\n".join(
        _annotation(fault) if form is FaultFormat.GITHUB else fault for fault in faults
    )


def fault_facts(fault: str) -> dict[str, str | int | None]:
    """Take a fault apart for a script; what has no place has no line and column."""
    found = _FAULT.fullmatch(fault)
    if found is None:
        return {"file": None, "line": None, "column": None, "message": fault}
    line, column = (int(found[key]) if found[key] else None for key in ("line", "column"))
    return {"file": found["file"], "line": line, "column": column, "message": found["message"]}


def _annotation(fault: str) -> str:
    found = _FAULT.fullmatch(fault)
    if found is None:
        return f"::error::{_escaped(fault)}"
    line = f",line={found['line']}" if found["line"] else ""
    column = f",col={found['column']}" if found["column"] else ""
    place = f"file={_property(found['file'])}{line}{column}"
    return f"::{_COMMANDS[found['kind']]} {place}::{_escaped(found['message'])}"


def _escaped(text: str) -> str:
    """Escape a workflow command's data, % first."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
