"""One database transaction, seen as the small repositories that the inside works with."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from bot.adapters.store import rows, tables
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.request import Approval, Request, RequestState, Task, Verdict
from bot.domain.shown_plan import ShownPlan

_ENDED_WELL = (EndReason.EXPIRED, EndReason.GIVEN_BACK, EndReason.REPLACED)
_MOST_KEYS = 10_000
"""Databases bound what one query may name: SQLite 32,766, PostgreSQL 65,535."""


def insert_once(
    connection: sa.Connection, table: sa.Table, values: Mapping[str, Any] | list[dict[str, Any]]
) -> int:
    """Insert rows whose key is new and return how many were, on both databases."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).values(values).on_conflict_do_nothing()
    # Without this option SQLAlchemy does not know the count of an INSERT on PostgreSQL and says -1.
    options = {"preserve_rowcount": True}
    return connection.execute(statement, execution_options=options).rowcount


def insert_new(
    connection: sa.Connection,
    table: sa.Table,
    key: sa.Column[str],
    values: Sequence[Mapping[str, Any]],
) -> set[str]:
    """Insert rows whose key is new, many at once, and return the keys of those."""
    if not values:
        return set()
    statement = insert_new_statement(connection.dialect.name, table, key)
    return set(connection.execute(statement, values).scalars())


@cache  # making it and asking for its cache key costs as much as running it
def insert_new_statement(
    dialect: str, table: sa.Table, key: sa.Column[str]
) -> ReturningInsert[Any]:
    """Make the statement that inserts a row whose key is new and then returns the key."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing().returning(key)


class RequestRows:
    """Requests with their approvals and tasks."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def add(self, request: Request) -> bool:
        """Insert a request; False when its id is there already."""
        columns = rows.request_columns(request)
        extra = {"id": request.id, "told_revision": -1, "tell_attempts": 0, "tell_at": None}
        added = insert_once(self._db, tables.requests, {**columns, **extra}) > 0
        if added:
            TaskRows(self._db).replace(request.id, request.tasks)
        return added

    def get(self, request_id: str, *, lock: bool = False) -> Request | None:
        """Read a request; `lock` keeps others from changing it until this transaction ends."""
        return self._one(tables.requests.c.id == request_id, lock=lock)

    def by_issue(self, number: int, *, lock: bool = False) -> Request | None:
        return self._one(tables.requests.c.issue_number == number, lock=lock)

    def save(self, request: Request, *, was: Request) -> bool:
        """Write back what changed; False when the row has gone on since `was` was read."""
        table = tables.requests
        statement = (
            sa.update(table)
            .where(
                table.c.id == request.id,
                table.c.run == was.run,
                table.c.state == was.state,
                table.c.revision == was.revision,
            )
            .values(**rows.request_columns(request))
        )
        if request.revision != was.revision:
            statement = statement.values(tell_at=None, tell_attempts=0)
        saved = self._db.execute(statement).rowcount == 1
        if saved and request.tasks != was.tasks:
            TaskRows(self._db).replace(request.id, request.tasks)
        return saved

    def add_approval(self, request_id: str, approval: Approval) -> bool:
        """Record an answer; False when this person already answered this version."""
        values = {
            "request_id": request_id,
            "person_id": approval.person_id,
            "verdict": approval.verdict,
            "surface": approval.surface,
            "digest": approval.digest,
            "reason": approval.reason,
            "at": approval.at,
        }
        return insert_once(self._db, tables.approvals, values) > 0

    def due(self, now: datetime, limit: int) -> list[Request]:
        table = tables.requests
        return self._many(table.c.due_at <= now, order=table.c.due_at, limit=limit)

    def untold(self, now: datetime, limit: int) -> list[Request]:
        """List requests whose latest revision people have not seen, and whose next try is due."""
        table = tables.requests
        waiting = sa.and_(
            table.c.told_revision < table.c.revision,
            sa.or_(table.c.tell_at.is_(None), table.c.tell_at <= now),
        )
        return self._many(waiting, order=table.c.changed_at, limit=limit)

    def mark_told(self, request_id: str, revision: int) -> None:
        table = tables.requests
        self._db.execute(
            sa.update(table)
            .where(table.c.id == request_id, table.c.told_revision < revision)
            .values(told_revision=revision, tell_at=None, tell_attempts=0)
        )

    def tell_attempts(self, request_id: str) -> int:
        query = sa.select(tables.requests.c.tell_attempts).where(tables.requests.c.id == request_id)
        return int(self._db.execute(query).scalar_one())

    def tell_later(self, request_id: str, at: datetime, attempts: int) -> None:
        table = tables.requests
        self._db.execute(
            sa.update(table)
            .where(table.c.id == request_id)
            .values(tell_at=at, tell_attempts=attempts)
        )

    def set_issue(self, request_id: str, number: int) -> None:
        """Remember which issue is this request's record."""
        table = tables.requests
        self._db.execute(
            sa.update(table).where(table.c.id == request_id).values(issue_number=number)
        )

    def show_plan(self, request_id: str, plan: ShownPlan) -> None:
        """Keep what people are shown of a plan, if the request is still what it was made for."""
        table = tables.requests
        is_it = sa.and_(table.c.id == request_id, table.c.digest == plan.asked)
        text = rows.shown_plan_to_text(plan)
        self._db.execute(sa.update(table).where(is_it).values(shown_plan=text))

    def of_person(self, person_id: str) -> list[Request]:
        table = tables.requests
        return self._many(table.c.person_id == person_id, order=table.c.created_at, limit=500)

    def of_origin(self, origin: str) -> list[Request]:
        table = tables.requests
        return self._many(table.c.origin == origin, order=table.c.level_id, limit=500)

    def select(self, states: Iterable[RequestState], limit: int) -> list[Request]:
        table = tables.requests
        return self._many(
            table.c.state.in_([str(s) for s in states]),
            order=table.c.created_at.desc(),
            limit=limit,
        )

    def _one(self, condition: sa.ColumnElement[bool], *, lock: bool) -> Request | None:
        query = sa.select(tables.requests).where(condition)
        row = self._db.execute(query.with_for_update() if lock else query).mappings().one_or_none()
        return self._filled([row])[0] if row else None

    def _many(self, condition: Any, *, order: Any, limit: int) -> list[Request]:
        query = sa.select(tables.requests).where(condition).order_by(order).limit(limit)
        return self._filled(self._db.execute(query).mappings().all())

    def _filled(self, found: Sequence[rows.Row]) -> list[Request]:
        ids = [row["id"] for row in found]
        approvals = _grouped(self._db, tables.approvals, "request_id", ids, tables.approvals.c.id)
        tasks = _grouped(self._db, tables.tasks, "owner", ids, tables.tasks.c.position)
        return [
            rows.request_from(r, approvals.get(r["id"], []), tasks.get(r["id"], [])) for r in found
        ]


class GrantRows:
    """Grants with their tasks (owned as `end:<grant id>`)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def add(self, grant: Grant) -> bool:
        return (
            insert_once(self._db, tables.grants, {"id": grant.id, **rows.grant_columns(grant)}) > 0
        )

    def get(self, grant_id: str, *, lock: bool = False) -> Grant | None:
        query = sa.select(tables.grants).where(tables.grants.c.id == grant_id)
        row = self._db.execute(query.with_for_update() if lock else query).mappings().one_or_none()
        return self._filled([row])[0] if row else None

    def save(self, grant: Grant, *, was: Grant) -> bool:
        """Write back what changed; False when the row has gone on since `was` was read."""
        table = tables.grants
        statement = (
            sa.update(table)
            .where(table.c.id == grant.id, table.c.run == was.run, table.c.state == was.state)
            .values(**rows.grant_columns(grant))
        )
        saved = self._db.execute(statement).rowcount == 1
        if saved and grant.tasks != was.tasks:
            TaskRows(self._db).replace(f"end:{grant.id}", grant.tasks)
        return saved

    def due(self, now: datetime, limit: int) -> list[Grant]:
        table = tables.grants
        return self._many(table.c.due_at <= now, order=table.c.due_at, limit=limit)

    def of_person(self, person_id: str) -> list[Grant]:
        """List what the person holds or may still hold (all but ended)."""
        table = tables.grants
        held = sa.and_(table.c.person_id == person_id, table.c.state != GrantState.ENDED)
        return self._many(held, order=table.c.since, limit=500)

    def ended_since(self, person_id: str, at: datetime) -> list[Grant]:
        """List what the person held that has ended since then."""
        table = tables.grants
        is_over = sa.and_(table.c.state == GrantState.ENDED, table.c.ended_at >= at)
        theirs = sa.and_(table.c.person_id == person_id, is_over)
        return self._many(theirs, order=table.c.ended_at, limit=500)

    def levels_had(self, person_id: str) -> frozenset[str]:
        """Return the levels that a person had with approval, which were not taken away since.

        Such a grant was approved by people, as it was in the end (nobody approves an emergency,
        what a rule gave or what came with a role), and has expired, was given back or was replaced.
        It counts until a grant of the same level is revoked, even one that nobody had approved;
        then people must approve it anew.
        """
        table, later = tables.grants, tables.grants.alias()
        revoked_since = sa.exists().where(
            later.c.person_id == table.c.person_id,
            later.c.level_id == table.c.level_id,
            later.c.end_reason == EndReason.REVOKED,
            later.c.since >= table.c.since,  # nobody holds a level twice at a time
        )
        query = sa.select(table.c.level_id).where(
            table.c.person_id == person_id,
            table.c.state == GrantState.ENDED,
            table.c.end_reason.in_(_ENDED_WELL),
            _was_approved(table.c.id),
            ~revoked_since,
        )
        return frozenset(self._db.execute(query.distinct()).scalars())

    def select(self, states: Iterable[GrantState], limit: int) -> list[Grant]:
        table = tables.grants
        return self._many(
            table.c.state.in_([str(s) for s in states]), order=table.c.since.desc(), limit=limit
        )

    def _many(self, condition: Any, *, order: Any, limit: int) -> list[Grant]:
        query = sa.select(tables.grants).where(condition).order_by(order).limit(limit)
        return self._filled(self._db.execute(query).mappings().all())

    def _filled(self, found: Sequence[rows.Row]) -> list[Grant]:
        owners = [f"end:{row['id']}" for row in found]
        tasks = _grouped(self._db, tables.tasks, "owner", owners, tables.tasks.c.position)
        return [rows.grant_from(row, tasks.get(f"end:{row['id']}", [])) for row in found]


class TaskRows:
    """Checklists of requests and grants."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def replace(self, owner: str, tasks: Sequence[Task]) -> None:
        table = tables.tasks
        self._db.execute(sa.delete(table).where(table.c.owner == owner))
        values = [
            {"owner": owner, "position": t.position, "text": t.text, "done_by": t.done_by}
            for t in tasks
        ]
        if values:
            self._db.execute(sa.insert(table), values)


class SeatRows:
    """Seats spoken for by requests that are on their way."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def lock(self, system: str) -> None:
        """Let only one transaction at a time count and reserve seats of a system."""
        if self._db.dialect.name == "postgresql":  # SQLite writers hold the whole file already
            key = sa.func.hashtext(f"seats:{system}")
            self._db.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def reserve(self, request_id: str, system: str, pools: Iterable[str], at: datetime) -> None:
        for pool in pools:
            values = {"request_id": request_id, "pool": pool, "system": system, "at": at}
            insert_once(self._db, tables.reservations, values)

    def release(self, request_id: str) -> None:
        table = tables.reservations
        self._db.execute(sa.delete(table).where(table.c.request_id == request_id))

    def has(self, request_id: str) -> bool:
        """Say whether this request has been given its seats."""
        table = tables.reservations
        query = sa.select(sa.func.count()).where(table.c.request_id == request_id)
        return bool(self._db.execute(query).scalar_one())

    def reserved(self, system: str, *, except_for: str) -> dict[str, int]:
        """Count reservations per pool, but for this request's own."""
        table = tables.reservations
        query = (
            sa.select(table.c.pool, sa.func.count())
            .where(table.c.system == system, table.c.request_id != except_for)
            .group_by(table.c.pool)
        )
        return {str(pool): int(count) for pool, count in self._db.execute(query)}


def _was_approved(request_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Make the condition that somebody approved a request as it stands, and waited for that."""
    request, approval = tables.requests, tables.approvals
    return sa.exists().where(
        request.c.id == request_id,
        request.c.emergency == "",
        approval.c.request_id == request.c.id,
        approval.c.verdict == Verdict.YES,
        approval.c.digest == request.c.digest,
    )


def _grouped(
    connection: sa.Connection, table: sa.Table, column: str, keys: Sequence[str], order: Any
) -> dict[str, list[rows.Row]]:
    found: dict[str, list[rows.Row]] = {}
    for start in range(0, len(keys), _MOST_KEYS):
        some = keys[start : start + _MOST_KEYS]
        query = sa.select(table).where(table.c[column].in_(some)).order_by(order)
        for row in connection.execute(query).mappings():
            found.setdefault(row[column], []).append(row)
    return found
