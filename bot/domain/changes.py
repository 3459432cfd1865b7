"""What can be changed about an account, as values, and the calls that it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

ROWS_A_BATCH = 40
"""Salesforce takes 200 rows at once, but keeps seats taken when 50 or more go at once (D15)."""
BATCHES_A_CALL = 5
"""Collections in one composite call (REST API guide, composite)."""


class Part(StrEnum):
    """What hangs on an account in rows of its own, in the order in which it is taken away."""

    SET = "permission set"
    SET_GROUP = "permission set group"
    SET_LICENCE = "permission set licence"
    PACKAGE = "package licence"
    GROUP = "public group"
    QUEUE = "queue"


# Rows of one kind travel together, and no others with them (D9).
_ROWS_OF_ONE_KIND = (
    (Part.SET, Part.SET_GROUP),
    (Part.SET_LICENCE,),
    (Part.PACKAGE,),
    (Part.GROUP, Part.QUEUE),
)

Parts: TypeAlias = tuple[tuple[Part, tuple[str, ...]], ...]
"""Names by part, without empty ones."""


@dataclass(frozen=True)
class CreateUser:
    """Make the account, active, with licence, profile, role and features in one call."""

    profile: str
    licence: str = ""
    role: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UpdateUser:
    """Change fields of the account, and only those that differ.

    An empty profile stays; a role that is None stays, and an empty one is taken away.
    """

    profile: str = ""
    role: str | None = None
    features_on: tuple[str, ...] = ()
    features_off: tuple[str, ...] = ()
    is_activated: bool = False
    is_adopted: bool = False


@dataclass(frozen=True)
class Freeze:
    """Stop log-in at once; the seat stays taken."""


@dataclass(frozen=True)
class Unfreeze:
    """Allow log-in again."""


@dataclass(frozen=True)
class Assign:
    """Assign these, the sets among them until `until` if it is given."""

    parts: Parts
    until: datetime | None = None


@dataclass(frozen=True)
class Redate:
    """Let sets that are assigned already end then: to assign them again would not (D12)."""

    parts: Parts
    until: datetime | None


@dataclass(frozen=True)
class Remove:
    """Take these away."""

    parts: Parts


@dataclass(frozen=True)
class Deactivate:
    """Make the account inactive, which frees the user licence and the feature licences."""


Change: TypeAlias = (
    CreateUser | UpdateUser | Freeze | Unfreeze | Assign | Redate | Remove | Deactivate
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Changes in order, the calls they will cost, and a digest of them and of where they start.

    A plan that was shown still stands if one made now has the same digest.
    """

    changes: tuple[Change, ...]
    calls: int
    digest: str


def together(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    """Say which changes go in one call: taking rights away goes with the freeze before it.

    The rows of both are of setup objects, which one composite call may hold; deactivation is apart,
    as there are records to be handed over before it.
    """
    waiting: tuple[Change, ...] = ()
    for change in changes:
        if isinstance(change, Remove):
            yield (*waiting, change)
            waiting = ()
            continue
        if waiting:
            yield waiting
        waiting = (change,) if isinstance(change, Freeze) else ()
        if not waiting:
            yield (change,)
    if waiting:
        yield waiting


def calls_of(changes: Sequence[Change]) -> int:
    """Say how many API calls changes cost at most, without the looks before and after."""
    return sum(max(map(_calls_of, few)) for few in together(changes))


def _calls_of(change: Change) -> int:
    match change:
        case Assign(parts) | Redate(parts) | Remove(parts):
            rows = {part: len(names) for part, names in parts}
            together = (sum(rows.get(part, 0) for part in kind) for kind in _ROWS_OF_ONE_KIND)
            batches = sum(_ceil(number, ROWS_A_BATCH) for number in together)
            return _ceil(batches, BATCHES_A_CALL)
        case _:
            return 1


def _ceil(number: int, size: int) -> int:
    return -(-number // size)
