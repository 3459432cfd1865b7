"""What may be mended without asking, and the breaker that stops a run from taking away too much."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.changes import Assign, Change, Deactivate, Freeze, Plan, Redate, Remove, UpdateUser
from bot.domain.drift_kinds import Finding
from bot.domain.policy import Removals


@dataclass(frozen=True, kw_only=True)
class Healing:
    """What is to be done about one account: its plan, or the end of a leaver's grant."""

    person_id: str
    user_id: str
    username: str
    grant_id: str
    kinds: tuple[str, ...]
    plan: Plan

    @property
    def takes_away(self) -> bool:
        """Whether somebody may be able to do less afterwards."""
        return any(
            isinstance(change, Remove | Freeze | Deactivate)
            or (
                isinstance(change, UpdateUser)
                and bool(change.profile or change.role is not None or change.features_off)
            )
            for change in self.plan.changes
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What goes ahead and what is held back; `why` is empty when nothing is."""

    allowed: tuple[Healing, ...]
    held_back: tuple[Healing, ...] = ()
    why: str = ""


def healings(found: Iterable[Finding]) -> tuple[Healing, ...]:
    """Gather what is to be done, one healing for each account."""
    by_account: dict[str, list[Finding]] = {}
    for one in found:
        if one.plan is not None:
            by_account.setdefault(one.user_id, []).append(one)
    return tuple(
        Healing(
            person_id=several[0].person_id,
            user_id=user_id,
            username=several[0].username,
            grant_id=several[0].grant_id,
            kinds=tuple(dict.fromkeys(one.kind.value for one in several)),
            plan=several[0].plan,
        )
        for user_id, several in by_account.items()
        if several[0].plan is not None
    )


def judge(
    wanted: Iterable[Healing], limit: Removals | None, governed: int, *, is_complete: bool
) -> Verdict:
    """Let through what one run may do; as soon as it would take away too much, nothing is taken.

    Without a limit in the policy nothing is ever taken away. After a read with a gap nothing is
    done at all.
    """
    everything = tuple(wanted)
    if not everything:
        return Verdict(allowed=())
    if not is_complete:
        why = "The org could not be read whole, so nothing is mended."
        return Verdict(allowed=(), held_back=everything, why=why)
    taking = tuple(one for one in everything if one.takes_away)
    most = most_removals(limit, governed)
    if len(taking) <= most:
        return Verdict(allowed=everything)
    rule = f"limits.removals allows {most}" if limit else "the policy sets no limits.removals"
    why = f"{len(taking)} accounts would lose something, and {rule}: nothing is taken away."
    giving = tuple(one for one in everything if not one.takes_away)
    return Verdict(allowed=giving, held_back=taking, why=why)


def most_removals(limit: Removals | None, governed: int) -> int:
    """Say from how many accounts one run may take something: the smaller of count and percent."""
    return min(limit.count, governed * limit.percent // 100) if limit else 0


def deeds_of(changes: Iterable[Change]) -> frozenset[str]:
    """Take changes apart into what each does to one thing, to be compared as text.

    What is left of a plan half carried out has fewer of these, and none that it had not.
    """
    return frozenset(deed for change in changes for deed in _deeds(change))


def _deeds(change: Change) -> Iterator[str]:
    match change:
        case Remove(parts) | Assign(parts) | Redate(parts):
            until = "" if isinstance(change, Remove) else str(change.until)
            for part, names in parts:
                yield from (f"{type(change).__name__} {part} {name} {until}" for name in names)
        case UpdateUser():
            yield from (f"on {name}" for name in change.features_on)
            yield from (f"off {name}" for name in change.features_off)
            if change.profile:
                yield f"profile {change.profile}"
            if change.role is not None:
                yield f"role {change.role}"
            if change.is_activated:
                yield "activated"
            if change.is_adopted:
                yield "adopted"
        case _:
            yield repr(change)
