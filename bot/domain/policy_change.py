"""One difference between two versions of a policy, and whether it loosens a rule."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.domain.durations import Duration, Unit
from bot.domain.policy import Where

T = TypeVar("T")


class Effect(StrEnum):
    """What a change does to the rules; in doubt it loosens, because then security looks at it."""

    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    NEUTRAL = "neutral"

    @property
    def opposite(self) -> "Effect":
        if self is Effect.NEUTRAL:
            return self
        return Effect.TIGHTENS if self is Effect.LOOSENS else Effect.LOOSENS


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one rule; `where` is in HEAD, or in BASE for what HEAD no longer has.

    `logins` are the people whom it is about: not every reader of a comment may see them.
    """

    effect: Effect
    rule: str
    text: str
    where: Where
    is_in_base: bool = False
    logins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A rule, and the place to look at for a change of it."""

    rule: str
    where: Where
    is_in_base: bool = False

    def change(self, effect: Effect, text: str, logins: Collection[str] = ()) -> Change:
        return Change(
            effect=effect,
            rule=self.rule,
            text=text,
            where=self.where,
            is_in_base=self.is_in_base,
            logins=tuple(logins),
        )


def matched(
    before: Mapping[str, T], after: Mapping[str, T]
) -> tuple[list[tuple[T, T]], list[T], list[T]]:
    """Return what both versions have, what only HEAD has, and what only BASE has, by name."""
    both = [(one, after[name]) for name, one in before.items() if name in after]
    added = [one for name, one in after.items() if name not in before]
    removed = [one for name, one in before.items() if name not in after]
    return both, added, removed


def compare_names(
    spot: Spot, before: Collection[str], after: Collection[str], *, more: Effect
) -> Iterator[Change]:
    """Tell which names came and went; `more` is what one more name does to the rule."""
    if added := [name for name in after if name not in before]:
        yield spot.change(more, f"added: {', '.join(added)}")
    if removed := [name for name in before if name not in after]:
        yield spot.change(more.opposite, f"removed: {', '.join(removed)}")


def compare_lengths(
    spot: Spot, before: Duration, after: Duration, *, longer: Effect = Effect.LOOSENS
) -> Iterator[Change]:
    """Tell that a limit is another one; what may be longer on some day counts as longer."""
    if before == after:
        return
    if may_be_longer(after, before):
        effect = longer
    elif may_be_longer(before, after):
        effect = longer.opposite
    else:
        effect = Effect.NEUTRAL
    yield spot.change(effect, f"{before} → {after}")


def compare_limits(spot: Spot, before: Duration | None, after: Duration | None) -> Iterator[Change]:
    """Compare limits that may be missing, where no limit allows most."""
    if before is not None and after is not None:
        yield from compare_lengths(spot, before, after)
    elif after is not None:
        yield spot.change(Effect.TIGHTENS, f"added: {after}")
    elif before is not None:
        yield spot.change(Effect.LOOSENS, f"removed: {before}")


def compare_words(spot: Spot, before: object, after: object) -> Iterator[Change]:
    """Tell that something changed that neither loosens nor tightens a rule."""
    if before != after:
        yield spot.change(Effect.NEUTRAL, "changed")


def may_be_longer(one: Duration, other: Duration) -> bool:
    """Whether `one` can last longer than `other` on some day, however the holidays fall."""
    if other.amount is None:
        return False
    if one.amount is None:
        return True
    if one.unit is other.unit:
        return one.amount > other.amount
    return _hours(one, most=True) > _hours(other, most=False)


def _hours(duration: Duration, *, most: bool) -> int:
    """Count hours; business days are at least as many days, and at most so many with weekends."""
    amount = duration.amount or 0
    if duration.unit is Unit.HOURS:
        return amount
    if duration.unit is Unit.BUSINESS_DAYS and most:
        weekends = 2 * -(-amount // 5)
        holidays = 7 + amount // 10  # a week without work, with the weekend that it adds
        amount += weekends + holidays
    return 24 * amount
