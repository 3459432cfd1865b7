"""The inbox, the journal of outbound writes, the audit log, onboarded people and the cursors."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.adapters.store import rows, tables
from bot.adapters.store.transaction import insert_new, insert_once
from bot.domain.audit import Entry, Tag
from bot.domain.desk import Onboarding, OnboardingCall
from bot.domain.journal import Kept, Write
from bot.domain.people import Person
from bot.domain.policy_version import PolicyVersion, VersionState


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A message on its way into the inbox."""

    delivery_id: str
    source: str
    message: str
    at: datetime
    needs_handling: bool = True


def inbox_columns(posted: Posted) -> dict[str, Any]:
    """Return the row of a message as it comes in."""
    done_at = None if posted.needs_handling else posted.at
    return {
        "delivery_id": posted.delivery_id,
        "source": posted.source,
        "message": posted.message,
        "received_at": posted.at,
        "handled_at": done_at,
        "reply": None,
        "answered_at": done_at,
        "attempts": 0,
        "due_at": None,
        "note": "",
    }


class InboxRows:
    """Messages as they came in, once per delivery id."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def keep(self, posted: Sequence[Posted]) -> set[str]:
        """Keep messages and return the delivery ids that were not known."""
        values = [inbox_columns(p) for p in posted]
        return insert_new(self._db, tables.inbox, tables.inbox.c.delivery_id, values)

    def get(self, delivery_id: str, *, lock: bool = False) -> Kept | None:
        query = sa.select(tables.inbox).where(tables.inbox.c.delivery_id == delivery_id)
        row = self._db.execute(query.with_for_update() if lock else query).mappings().one_or_none()
        return _kept(row) if row else None

    def handled(self, delivery_id: str, reply: str | None, at: datetime) -> None:
        self._set(
            delivery_id,
            handled_at=at,
            reply=reply,
            answered_at=None if reply else at,
            due_at=None,
        )

    def answered(self, delivery_id: str, at: datetime) -> None:
        self._set(delivery_id, answered_at=at, due_at=None)

    def postpone(self, delivery_id: str, until: datetime, note: str, *, attempts: int) -> None:
        """Leave a message alone until then; `attempts` is how often it has failed by now."""
        self._set(delivery_id, due_at=until, note=note, attempts=attempts)

    def open(self, received_before: datetime, now: datetime, limit: int) -> list[Kept]:
        """List messages that should have been handled and answered by now."""
        table = tables.inbox
        is_open = sa.and_(
            table.c.answered_at.is_(None),
            table.c.received_at < received_before,
            sa.or_(table.c.due_at.is_(None), table.c.due_at <= now),
        )
        query = sa.select(table).where(is_open).order_by(table.c.received_at).limit(limit)
        return [_kept(row) for row in self._db.execute(query).mappings()]

    def forget(self, before: datetime) -> int:
        """Delete answered messages older than that and return how many."""
        table = tables.inbox
        old = sa.and_(table.c.answered_at.is_not(None), table.c.received_at < before)
        return self._db.execute(sa.delete(table).where(old)).rowcount

    def _set(self, delivery_id: str, **values: object) -> None:
        table = tables.inbox
        self._db.execute(
            sa.update(table).where(table.c.delivery_id == delivery_id).values(**values)
        )


def _kept(row: rows.Row) -> Kept:
    return Kept(
        delivery_id=row["delivery_id"],
        message=row["message"],
        received_at=row["received_at"],
        handled_at=row["handled_at"],
        reply=row["reply"],
        answered_at=row["answered_at"],
        attempts=row["attempts"],
    )


class WriteRows:
    """The journal: intended before, settled after."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def get(self, key: str) -> Write | None:
        query = sa.select(tables.writes).where(tables.writes.c.key == key)
        row = self._db.execute(query).mappings().one_or_none()
        return Write(**row) if row else None

    def intend(self, write: Write) -> bool:
        """Note down what is about to be written; False when somebody has just done so."""
        values = {
            "key": write.key,
            "owner": write.owner,
            "content": write.content,
            "intended_at": write.intended_at,
        }
        return insert_once(self._db, tables.writes, values) > 0

    def settle(self, key: str, address: str, content: str) -> None:
        table = tables.writes
        self._db.execute(
            sa.update(table).where(table.c.key == key).values(address=address, content=content)
        )

    def withdraw(self, key: str) -> None:
        """Forget an intent that surely came to nothing; a settled write stays."""
        table = tables.writes
        self._db.execute(sa.delete(table).where(table.c.key == key, table.c.address.is_(None)))

    def undo(self, key: str) -> None:
        """Forget a write whose effect has been taken away again, so that it may be made anew."""
        self._db.execute(sa.delete(tables.writes).where(tables.writes.c.key == key))

    def forget(self, before: datetime) -> int:
        """Forget old replies and whispers; what was made for a request stays with it."""
        table = tables.writes
        is_answer = sa.or_(table.c.owner == "whisper", table.c.owner.startswith("issue:"))
        return self._db.execute(
            sa.delete(table).where(is_answer, table.c.intended_at < before)
        ).rowcount

    def of_owner(self, owner: str) -> list[Write]:
        query = sa.select(tables.writes).where(tables.writes.c.owner == owner)
        return [Write(**row) for row in self._db.execute(query).mappings()]


class AuditRows:
    """The audit log, append-only."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def write(self, entry: Entry) -> None:
        values = {
            "at": entry.at,
            "tag": entry.tag,
            "subject": entry.subject,
            "actor": entry.actor,
            "facts": json.dumps(dict(entry.facts), ensure_ascii=False),
            "policy_commit": entry.policy_commit,
        }
        self._db.execute(sa.insert(tables.audit).values(values))

    def of_subject(self, subject: str) -> list[Entry]:
        table = tables.audit
        query = sa.select(table).where(table.c.subject == subject).order_by(table.c.sequence)
        return [_entry(row) for row in self._db.execute(query).mappings()]

    def newest(self, tag: Tag, limit: int) -> Iterator[Entry]:
        """Yield the entries with this tag, newest first; few at a time are in memory."""
        table = tables.audit
        query = sa.select(table).where(table.c.tag == tag).order_by(table.c.sequence.desc())
        options = {"yield_per": 500}
        found = self._db.execute(query.limit(limit), execution_options=options)
        yield from (_entry(row) for row in found.mappings())


def _entry(row: rows.Row) -> Entry:
    return Entry(
        at=row["at"],
        tag=Tag(row["tag"]),
        subject=row["subject"],
        actor=row["actor"],
        facts=json.loads(row["facts"]),
        policy_commit=row["policy_commit"],
    )


class PolicyRows:
    """Every version of the policy that was ever in force or refused, once per commit."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def add(self, version: PolicyVersion) -> bool:
        """Keep a version; False, and nothing changes, when its commit is known."""
        return insert_once(self._db, tables.policies, rows.version_columns(version)) > 0

    def has(self, commit: str) -> bool:
        query = sa.select(tables.policies.c.at).where(tables.policies.c.commit == commit)
        return self._db.execute(query).one_or_none() is not None

    def get(self, commit: str) -> PolicyVersion | None:
        query = sa.select(tables.policies).where(tables.policies.c.commit == commit)
        row = self._db.execute(query).mappings().one_or_none()
        return rows.version_from(row) if row else None

    def put(self, version: PolicyVersion) -> None:
        """Keep a version as the newest of its source; one that is known gets its new facts."""
        columns = rows.version_columns(version)
        if insert_once(self._db, tables.policies, columns) == 0:
            is_it = tables.policies.c.commit == version.commit
            self._db.execute(sa.update(tables.policies).where(is_it).values(columns))

    def commit_of(self, source: str, state: VersionState | None = None) -> str | None:
        """Return the newest commit of a source; cheap enough to ask every few seconds."""
        table = tables.policies
        has_state = sa.true() if state is None else table.c.state == state
        query = sa.select(table.c.commit).where(table.c.source == source, has_state)
        return self._db.execute(query.order_by(table.c.at.desc()).limit(1)).scalar_one_or_none()


class PeopleRows:
    """People who came through onboarding and are not in the roster file yet."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def add(self, person: Person, at: datetime) -> None:
        values = {"id": person.id, "person": rows.person_to_text(person), "added_at": at}
        insert_once(self._db, tables.people, values)

    def all(self) -> list[Person]:
        query = sa.select(tables.people.c.person).order_by(tables.people.c.id)
        return [rows.person_from(text) for text in self._db.execute(query).scalars()]

    def remove(self, person_id: str) -> None:
        """Forget a person whom the roster file knows by now; nobody is fine too."""
        self._db.execute(sa.delete(tables.people).where(tables.people.c.id == person_id))


class OnboardingRows:
    """Onboardings, once per caller and idempotency key."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def add(self, onboarding_id: str, call: OnboardingCall, at: datetime) -> bool:
        values = {
            "id": onboarding_id,
            "caller": call.caller,
            "idempotency_key": call.idempotency_key,
            "fingerprint": call.fingerprint,
            "person_id": call.person_id,
            "first_day": call.first_day,
            "created_at": at,
        }
        return insert_once(self._db, tables.onboardings, values) > 0

    def get(self, onboarding_id: str) -> Onboarding | None:
        query = sa.select(tables.onboardings).where(tables.onboardings.c.id == onboarding_id)
        row = self._db.execute(query).mappings().one_or_none()
        if row is None:
            return None
        names = ("id", "caller", "fingerprint", "person_id", "first_day")
        return Onboarding(**{name: row[name] for name in names})


class WorkerRows:
    """Which workers are alive, by the machines' own clocks (seconds since the epoch)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def beat(self, worker: str, at: float) -> None:
        insert_once(self._db, tables.workers, {"id": worker, "beat_at": at})
        table = tables.workers
        self._db.execute(sa.update(table).where(table.c.id == worker).values(beat_at=at))

    def alive(self, since: float) -> set[str]:
        query = sa.select(tables.workers.c.id).where(tables.workers.c.beat_at >= since)
        return set(self._db.execute(query).scalars())

    def forget(self, before: float) -> None:
        """Delete workers that have not been heard of since then."""
        table = tables.workers
        self._db.execute(sa.delete(table).where(table.c.beat_at < before))


class CursorRows:
    """How far we have read somewhere."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def get(self, name: str) -> datetime | None:
        query = sa.select(tables.cursors.c.at).where(tables.cursors.c.name == name)
        return self._db.execute(query).scalar_one_or_none()

    def set(self, name: str, at: datetime) -> None:
        insert_once(self._db, tables.cursors, {"name": name, "at": at})
        table = tables.cursors
        self._db.execute(sa.update(table).where(table.c.name == name).values(at=at))
