"""The rows that a change of what hangs on a user makes, changes or deletes."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.batches import Batch, changing, changing_one, creating, deleting
from bot.adapters.salesforce.handles import ROWS, Handle, handles_of, known_id
from bot.domain.changes import Assign, Freeze, Part, Redate, Remove, Unfreeze
from bot.domain.plan import SeatView
from bot.domain.policy_pools import package_pool


def batches_of(
    change: Freeze | Unfreeze | Assign | Redate | Remove, user_id: str, view: SeatView
) -> Iterator[Batch]:
    """Say what is to be written for a change of what hangs on a user."""
    match change:
        case Freeze() | Unfreeze():
            # A user without this row has never had a log-in to stop; deactivation follows and needs
            # no row.
            fields = {"IsFrozen": isinstance(change, Freeze)}
            for login_id in handles_of(view, Handle.LOGIN):
                yield changing_one("UserLogin", login_id, fields)
        case Assign():
            yield from _assignments(change, user_id, view)
        case Redate():
            yield from _new_ends(change, view)
        case Remove():
            yield from _removals(change, view)


def _assignments(change: Assign, user_id: str, view: SeatView) -> Iterator[Batch]:
    rows: dict[str, list[tuple[Record, str]]] = {}
    for part, names in change.parts:
        of = ROWS[part]
        end = {"ExpirationDate": _text(change.until)} if change.until and _ends(part) else {}
        for name in names:
            fields = {of.user: user_id, of.thing: known_id(view, Handle.THING, name, part), **end}
            rows.setdefault(of.kind, []).append((fields, _pool(view, part, name)))
    for kind, some in rows.items():
        yield from creating(kind, some)


def _new_ends(change: Redate, view: SeatView) -> Iterator[Batch]:
    end = _text(change.until) if change.until else None
    row_ids = (
        row_id
        for part, names in change.parts
        for name in names
        for row_id in handles_of(view, Handle.ROW, name, part)
    )
    return changing(
        ROWS[Part.SET].kind, [{"Id": row_id, "ExpirationDate": end} for row_id in row_ids]
    )


def _removals(change: Remove, view: SeatView) -> Iterator[Batch]:
    """Delete the rows by their ids; a name without an id is not assigned, which was wanted."""
    row_ids: dict[str, list[str]] = {}
    for part, names in change.parts:
        for name in names:
            some = row_ids.setdefault(ROWS[part].kind, [])
            some.extend(handles_of(view, Handle.ROW, name, part))
    for several in row_ids.values():
        yield from deleting(several)


def _pool(view: SeatView, part: Part, name: str) -> str:
    """Name the pool from which a part draws, for the case that it is empty."""
    if part is Part.SET_LICENCE:
        return name
    if part is Part.PACKAGE:
        return package_pool(name)
    return next(handles_of(view, Handle.POOL, name, part), "")


def _ends(part: Part) -> bool:
    return part in (Part.SET, Part.SET_GROUP)


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
