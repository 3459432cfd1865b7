"""Rows to domain values and back."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.decision import Decision
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.grant import Basis, EndReason, Grant, GrantState
from bot.domain.handover import Leaving
from bot.domain.inbound import Surface
from bot.domain.people import Person
from bot.domain.policy_version import PolicyFiles, PolicyVersion, VersionState
from bot.domain.request import Approval, Request, RequestState, Task, Verdict
from bot.domain.shown_plan import IdleSeats, ShownPlan

_DECISION = TypeAdapter(Decision)
_PERSON = TypeAdapter(Person)
_LEAVING = TypeAdapter(Leaving)
_SHOWN_PLAN = TypeAdapter(ShownPlan)
_IDLE_SEATS = TypeAdapter(IdleSeats)

Row = sa.RowMapping


def duration_from(text: str) -> Duration:
    if text == "permanent":
        return PERMANENT
    unit = next(u for u in sorted(Unit, key=len, reverse=True) if text.endswith(u))
    return Duration(int(text.removesuffix(unit)), unit)


def request_columns(request: Request) -> dict[str, Any]:
    """Return every column of the request's own row (not its approvals and tasks)."""
    return {
        "person_id": request.person_id,
        "requester_id": request.requester_id,
        "level_id": request.level_id,
        "duration": str(request.duration),
        "reason": request.reason,
        "answers": json.dumps(dict(request.answers), ensure_ascii=False),
        "source": request.source,
        "state": request.state,
        "is_birthright": request.is_birthright,
        "emergency": request.emergency,
        "digest": request.digest,
        "form_digest": request.form_digest,
        "read_digest": request.read_digest,
        "decision": _DECISION.dump_json(request.decision).decode() if request.decision else None,
        "starts_at": request.starts_at,
        "due_at": request.due_at,
        "reminders": request.reminders,
        "edition": request.edition,
        "asked_at": request.asked_at,
        "edited_at": request.edited_at,
        "issue_number": request.issue_number,
        "run": request.run,
        "revision": request.revision,
        "attempts": request.attempts,
        "note": request.note,
        "ways_out": json.dumps(request.ways_out, ensure_ascii=False),
        "shown_plan": shown_plan_to_text(request.shown_plan) if request.shown_plan else None,
        "idle_seats": _IDLE_SEATS.dump_json(request.idle_seats).decode()
        if request.idle_seats
        else None,
        "ended_by": request.ended_by,
        "origin": request.origin,
        "created_at": request.created_at,
        "changed_at": request.changed_at,
    }


def request_from(row: Row, approvals: Sequence[Row], tasks: Sequence[Row]) -> Request:
    return Request(
        id=row["id"],
        person_id=row["person_id"],
        requester_id=row["requester_id"],
        level_id=row["level_id"],
        duration=duration_from(row["duration"]),
        reason=row["reason"],
        source=Surface(row["source"]),
        state=RequestState(row["state"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        answers=json.loads(row["answers"]),
        is_birthright=row["is_birthright"],
        emergency=row["emergency"],
        digest=row["digest"],
        form_digest=row["form_digest"],
        read_digest=row["read_digest"],
        decision=_DECISION.validate_json(row["decision"]) if row["decision"] else None,
        approvals=tuple(map(approval_from, approvals)),
        tasks=tuple(map(task_from, tasks)),
        starts_at=row["starts_at"],
        due_at=row["due_at"],
        reminders=row["reminders"],
        edition=row["edition"],
        asked_at=row["asked_at"],
        edited_at=row["edited_at"],
        issue_number=row["issue_number"],
        run=row["run"],
        revision=row["revision"],
        attempts=row["attempts"],
        note=row["note"],
        ways_out=tuple(json.loads(row["ways_out"])),
        ended_by=row["ended_by"],
        origin=row["origin"],
        shown_plan=_SHOWN_PLAN.validate_json(row["shown_plan"]) if row["shown_plan"] else None,
        idle_seats=_IDLE_SEATS.validate_json(row["idle_seats"]) if row["idle_seats"] else None,
    )


def shown_plan_to_text(plan: ShownPlan) -> str:
    return _SHOWN_PLAN.dump_json(plan).decode()


def approval_from(row: Row) -> Approval:
    return Approval(
        person_id=row["person_id"],
        verdict=Verdict(row["verdict"]),
        surface=Surface(row["surface"]),
        digest=row["digest"],
        at=row["at"],
        reason=row["reason"],
    )


def task_from(row: Row) -> Task:
    return Task(position=row["position"], text=row["text"], done_by=row["done_by"])


def grant_columns(grant: Grant) -> dict[str, Any]:
    """Return every column of the grant's own row (not its tasks)."""
    return {
        "person_id": grant.person_id,
        "level_id": grant.level_id,
        "basis": grant.basis,
        "state": grant.state,
        "since": grant.since,
        "until": grant.until,
        "account": grant.account,
        "username": grant.username,
        "vault_id": grant.vault_id,
        "item_id": grant.item_id,
        "end_reason": grant.end_reason,
        "ended_by": grant.ended_by,
        "ended_at": grant.ended_at,
        "due_at": grant.due_at,
        "run": grant.run,
        "attempts": grant.attempts,
        "note": grant.note,
        "leaving": _LEAVING.dump_json(grant.leaving).decode() if grant.leaving else None,
    }


def grant_from(row: Row, tasks: Sequence[Row]) -> Grant:
    columns = {key: value for key, value in row.items() if key != "id"}
    return Grant(
        id=row["id"],
        **{
            **columns,
            "basis": Basis(row["basis"]),
            "state": GrantState(row["state"]),
            "end_reason": EndReason(row["end_reason"]) if row["end_reason"] else None,
            "leaving": _LEAVING.validate_json(row["leaving"]) if row["leaving"] else None,
        },
        tasks=tuple(map(task_from, tasks)),
    )


def version_columns(version: PolicyVersion) -> dict[str, Any]:
    """Return the row of a policy version; its files are compressed, with every byte as it was."""
    return {
        "commit": version.commit,
        "name": version.content.name,
        "files": _packed(version.content.files),
        "at": version.at,
        "state": version.state,
        "faults": json.dumps(version.faults, ensure_ascii=False),
        "source": version.source,
    }


def version_from(row: Row) -> PolicyVersion:
    return PolicyVersion(
        commit=row["commit"],
        content=PolicyFiles(name=row["name"], files=_unpacked(row["files"])),
        at=row["at"],
        state=VersionState(row["state"]),
        faults=tuple(json.loads(row["faults"])),
        source=row["source"],
    )


def _packed(files: Mapping[str, bytes]) -> bytes:
    # A refused file need not be UTF-8; escaped surrogates carry its other bytes through JSON.
    text = {name: content.decode("utf-8", "surrogateescape") for name, content in files.items()}
    return zlib.compress(json.dumps(text).encode("ascii"), level=9)


def _unpacked(packed: bytes) -> dict[str, bytes]:
    text: dict[str, str] = json.loads(zlib.decompress(packed))
    return {name: content.encode("utf-8", "surrogateescape") for name, content in text.items()}


def person_to_text(person: Person) -> str:
    return _PERSON.dump_json(person).decode()


def person_from(text: str) -> Person:
    return _PERSON.validate_json(text)
