"""Reading a check run as it was sent: first its schema, then the rules of its annotations.

The messages are those of public bug reports; the documentation only says what is refused.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.sandbox.github import errors, inputs

MOST_TEXT = 65_535  # docs "Create a check run": of summary and text; GitHub counts bytes as well
MOST_ANNOTATIONS = 50  # the same page: in one request
MOST_MESSAGE_BYTES = 65_536  # the same page: 64 KB of message and raw_details
MOST_TITLE = 255  # the same page: an annotation's title
LEVELS = ("notice", "warning", "failure")
STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "timed_out",
)
_FIELDS = (
    "name",
    "details_url",
    "external_id",
    "started_at",
    "status",
    "conclusion",
    "completed_at",
    "output",
)
_TEXTS = ("name", "head_sha", "details_url", "external_id")
_ANNOTATION = frozenset(
    {
        "path",
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "annotation_level",
        "message",
        "title",
        "raw_details",
    }
)
_NEEDED = ("annotation_level", "end_line", "message", "path", "start_line")


def read_check(*, is_new: bool) -> dict[str, Any]:
    """Return the fields that were given; times become seconds."""
    fields = inputs.read_object(*_FIELDS, *(("head_sha",) if is_new else ()))
    if is_new:
        _supplied(fields, ("head_sha", "name"))
    found: dict[str, Any] = {name: inputs.text(fields, name) for name in _TEXTS if name in fields}
    for name, allowed in (("status", STATUSES), ("conclusion", CONCLUSIONS)):
        if fields.get(name) is not None:
            found[name] = _member(name, inputs.text(fields, name), allowed)
    for name in ("started_at", "completed_at"):
        if fields.get(name) is not None:
            found[name] = _seconds(inputs.text(fields, name))
    ends = found.get("status") == "completed" or "completed_at" in found
    if ends and "conclusion" not in found:
        raise errors.malformed('"conclusion" wasn\'t supplied.')
    if fields.get("output") is not None:
        found["output"] = _output(fields["output"], is_new=is_new)
    return found


def _output(output: Any, *, is_new: bool) -> dict[str, Any]:
    if not isinstance(output, dict):
        raise errors.malformed(f"For 'properties/output', {json.dumps(output)} is not an object.")
    inputs.only_modelled(output, {"title", "summary", "text", "annotations"}, "output")
    _supplied(output, ("summary", "title") if is_new else ("summary",))
    found: dict[str, Any] = {}
    for name in ("title", "summary", "text"):
        if output.get(name) is not None:
            found[name] = inputs.text(output, name)
    for name in ("summary", "text"):
        _check_length(name, found.get(name, ""))
    if output.get("annotations") is not None:
        found["annotations"] = _annotations(output["annotations"])
    return found


def _check_length(name: str, text: str) -> None:
    """Count characters in the schema, and then bytes, as was reported to the documentation."""
    if len(text) > MOST_TEXT:
        raise errors.malformed(
            f"Only {MOST_TEXT} characters are allowed; {len(text)} were supplied."
        )
    if len(text.encode()) > MOST_TEXT:
        message = f"{name} exceeds a maximum bytesize of {MOST_TEXT}"
        raise errors.invalid("CheckRun", name, "custom", message=message)


def _annotations(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise errors.malformed(
            "For 'properties/annotations', the value is not an array of objects."
        )
    if len(given) > MOST_ANNOTATIONS:
        raise errors.malformed(
            f"No more than {MOST_ANNOTATIONS} items are allowed; {len(given)} were supplied."
        )
    for one in given:
        inputs.only_modelled(one, _ANNOTATION, "an annotation")
        _supplied(one, _NEEDED)
        _member("annotation_level", inputs.text(one, "annotation_level"), LEVELS)
        for name in ("start_line", "end_line", "start_column", "end_column"):
            value = one.get(name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
                raise errors.malformed(
                    f"For 'properties/{name}', {json.dumps(value)} is not an integer."
                )
        for name in ("path", "message", "title", "raw_details"):
            inputs.optional_text(one, name)
    kept = [{name: value for name, value in one.items() if value is not None} for one in given]
    if not all(map(_is_placed, kept)):
        raise errors.invalid("CheckRun", "annotations", "invalid")
    return kept


def _is_placed(annotation: dict[str, Any]) -> bool:
    """Say whether GitHub takes it: lines and columns from 1 on, columns in pairs on one line."""
    first, last = annotation["start_line"], annotation["end_line"]
    columns = [annotation[name] for name in ("start_column", "end_column") if name in annotation]
    if not annotation["path"] or not annotation["message"] or not 1 <= first <= last:
        return False
    if len(annotation["message"].encode()) > MOST_MESSAGE_BYTES:
        return False
    if len((annotation.get("raw_details") or "").encode()) > MOST_MESSAGE_BYTES:
        return False
    if len(annotation.get("title") or "") > MOST_TITLE:
        return False
    if not columns:
        return True
    return len(columns) == 2 and first == last and 1 <= columns[0] <= columns[1]


def _supplied(fields: dict[str, Any], needed: Sequence[str]) -> None:
    missing = [json.dumps(name) for name in needed if fields.get(name) is None]
    if missing:
        verb = "wasn't" if len(missing) == 1 else "weren't"
        raise errors.malformed(f"{', '.join(missing)} {verb} supplied.")


def _member(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        listed = json.dumps(list(allowed))
        raise errors.malformed(f"For 'properties/{name}', {value} is not a member of {listed}.")
    return value


def _seconds(written: str) -> int:
    try:
        return int(datetime.fromisoformat(written).timestamp())
    except ValueError as exc:
        raise errors.malformed(f"{written} is not a valid date-time.") from exc
