"""What changed in the systems of a policy: levels, their rules, and what is approved beforehand."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.domain.policy import (
    EVERYONE,
    IT_GROUP,
    AutoApproval,
    BreakGlass,
    Level,
    Policy,
    Question,
    RequestRule,
    Risk,
    System,
)
from bot.domain.policy_change import (
    Change,
    Effect,
    Spot,
    compare_lengths,
    compare_limits,
    compare_names,
    compare_words,
    matched,
)
from bot.domain.policy_checks_content import LISTS
from bot.domain.policy_integration import uncovered

_RISKS = tuple(Risk)


def compare_systems(base: Policy, head: Policy) -> Iterator[Change]:
    """List the changes of every system and level."""
    both, added, removed = matched(base.systems, head.systems)
    for before, after in both:
        yield from _system(before, after)
        yield from _levels(before.levels, after.levels, base, head)
        yield from _auto_approvals(before.auto_approve, after.auto_approve, after.id)
    for system in added:
        yield Spot(rule=system.id, where=system.where).change(Effect.NEUTRAL, "new system")
        yield from _levels({}, system.levels, base, head)
        yield from _auto_approvals((), system.auto_approve, system.id)
    for system in removed:
        spot = Spot(rule=system.id, where=system.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "system removed")
        yield from _levels(system.levels, {}, base, head)
        yield from _auto_approvals(system.auto_approve, (), system.id)


def _system(before: System, after: System) -> Iterator[Change]:
    for key in (
        "title",
        "provider",
        "delivery",
        "username",
        "url",
        "pools",
        "user_fields",
        "hand_over",
    ):
        spot = Spot(rule=f"{after.id} {key}", where=after.where)
        yield from compare_words(spot, getattr(before, key), getattr(after, key))
    if before.native_expiry is not after.native_expiry:
        # Without it nothing ends by itself while Usher is away.
        spot = Spot(rule=f"{after.id} native_expiry", where=after.where)
        text, effect = ("added", Effect.TIGHTENS)
        if before.native_expiry:
            text, effect = ("removed", Effect.LOOSENS)
        yield spot.change(effect, text)
    if before.dri != after.dri:
        # They tick the steps by hand, and are called when something is stuck.
        spot = Spot(rule=f"{after.id} dri", where=after.where)
        yield spot.change(Effect.LOOSENS, f"{before.dri} → {after.dri}")


# ---- levels -------------------------------------------------------------------------------------


def _levels(
    old: Mapping[str, Level], new: Mapping[str, Level], base: Policy, head: Policy
) -> Iterator[Change]:
    both, added, removed = matched(old, new)
    for before, after in both:
        yield from _level(before, after, base, head)
    for level in added:
        yield from _new_level(level)
    for level in removed:
        spot = Spot(rule=level.id, where=level.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "level removed")


def _new_level(level: Level) -> Iterator[Change]:
    spot = Spot(rule=level.id, where=level.where)
    if level.request is None:
        yield spot.change(Effect.NEUTRAL, "new level that nobody may ask for")
    else:
        asks = ", ".join(level.request.by)
        yield spot.change(Effect.LOOSENS, f"new level that may be asked for by: {asks}")
    if level.break_glass is not None:
        yield from _break_glass(level, None, level.break_glass)


def _level(before: Level, after: Level, base: Policy, head: Policy) -> Iterator[Change]:
    says = Spot(rule=f"{after.id} says", where=after.where)
    yield from compare_words(says, before.says, after.says)
    if before.risk is not after.risk:
        is_lower = _RISKS.index(after.risk) < _RISKS.index(before.risk)
        spot = Spot(rule=f"{after.id} risk", where=after.where)
        effect = Effect.LOOSENS if is_lower else Effect.TIGHTENS
        yield spot.change(effect, f"{before.risk} → {after.risk}")
    yield from _bundle(before, after)
    yield from _integration(before, after)
    yield from _request(before, after, base, head)
    yield from _break_glass(after, before.break_glass, after.break_glass)


def _bundle(before: Level, after: Level) -> Iterator[Change]:
    """More in the bundle is more access; another licence or profile may be, who knows."""
    one, other = before.bundle, after.bundle
    for key in ("licence", "profile"):
        old, new = getattr(one, key), getattr(other, key)
        if old != new:
            spot = Spot(rule=f"{after.id} bundle.{key}", where=after.where)
            yield spot.change(Effect.LOOSENS, f"{old or 'none'} → {new or 'none'}")
    if one.role != other.role:
        spot = Spot(rule=f"{after.id} bundle.role", where=after.where)
        # Who has a role sees what those below it see; without one a person sees less.
        effect = Effect.LOOSENS if other.role else Effect.TIGHTENS
        yield spot.change(effect, f"{one.role or 'none'} → {other.role or 'none'}")
    for key in (*LISTS, "by_hand"):
        spot = Spot(rule=f"{after.id} bundle.{key}", where=after.where)
        old, new = getattr(one, key), getattr(other, key)
        yield from compare_names(spot, old, new, more=Effect.LOOSENS)


def _integration(before: Level, after: Level) -> Iterator[Change]:
    """More rights are more access; without a list nothing says what the account may do."""
    spot = Spot(rule=f"{after.id} integration", where=after.where)
    one, other = before.integration, after.integration
    if one is not None and other is None:
        yield spot.change(Effect.LOOSENS, "the level is no longer for a program")
    elif other is not None:
        if one is None:
            yield spot.change(Effect.LOOSENS, "the level is now for a program")
        old, new = one.asked if one else (), other.asked
        if added := uncovered(new, old):
            yield spot.change(Effect.LOOSENS, f"added: {', '.join(map(str, added))}")
        if removed := uncovered(old, new):
            yield spot.change(Effect.TIGHTENS, f"removed: {', '.join(map(str, removed))}")


def _request(before: Level, after: Level, base: Policy, head: Policy) -> Iterator[Change]:
    one, other = before.request, after.request
    if one is None and other is not None:
        spot = Spot(rule=f"{after.id} request", where=after.mark("by"))
        yield spot.change(Effect.LOOSENS, f"may now be asked for by: {', '.join(other.by)}")
    elif one is not None and other is None:
        spot = Spot(rule=f"{after.id} request", where=before.mark("by"), is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "nobody may ask for it any more")
    elif one is not None and other is not None:
        yield from _who(after, one, other)
        yield from _approvers(before, after, base, head)
        yield from compare_lengths(_spot(after, "longest"), one.longest, other.longest)
        yield from _asked(_spot(after, "questions"), one.questions, other.questions)


def _asked(
    spot: Spot, before: Collection[Question], after: Collection[Question]
) -> Iterator[Change]:
    """Approvers decide with the answers: what need not be answered any more loosens."""
    must, must_now = ([one.id for one in some if one.is_required] for some in (before, after))
    if must != must_now:
        yield from compare_names(spot, must, must_now, more=Effect.TIGHTENS)
    else:
        yield from compare_words(spot, _wording(before), _wording(after))


def _wording(questions: Collection[Question]) -> list[tuple[str, str, str, bool]]:
    return [(one.id, one.asks, one.form, one.is_required) for one in questions]


def _spot(level: Level, key: str) -> Spot:
    return Spot(rule=f"{level.id} request.{key}", where=level.mark(key))


def _who(level: Level, one: RequestRule, other: RequestRule) -> Iterator[Change]:
    """Roles beside everyone change nothing, so that only `everyone` itself counts then."""
    both = EVERYONE in one.by and EVERYONE in other.by
    if both:
        yield from compare_words(_spot(level, "by"), set(one.by), set(other.by))
    else:
        yield from compare_names(_spot(level, "by"), one.by, other.by, more=Effect.LOOSENS)
    yield from compare_names(_spot(level, "not"), one.not_, other.not_, more=Effect.TIGHTENS)


def _approvers(before: Level, after: Level, base: Policy, head: Policy) -> Iterator[Change]:
    """A change of the company's default is told where it stands, not at each level again."""
    one = before.request.approve if before.request else ()
    other = after.request.approve if after.request else ()
    if one != other:
        old, new = one or default_approvers(base), other or default_approvers(head)
        yield from compare_names(_spot(after, "approve"), old, new, more=Effect.TIGHTENS)


def default_approvers(policy: Policy) -> tuple[str, ...]:
    """Return who approves where a level does not say."""
    return policy.company.approvals.default or (IT_GROUP,)


def _break_glass(
    level: Level, before: BreakGlass | None, after: BreakGlass | None
) -> Iterator[Change]:
    rule = f"{level.id} break_glass"
    if before and after:
        spot = Spot(rule=rule, where=after.where)
        yield from compare_names(spot, before.by, after.by, more=Effect.LOOSENS)
        yield from compare_lengths(spot, before.longest, after.longest)
    elif after:
        spot = Spot(rule=rule, where=after.where)
        yield spot.change(Effect.LOOSENS, f"added: {', '.join(after.by)}, at most {after.longest}")
    elif before:
        spot = Spot(rule=rule, where=before.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "removed")


# ---- approved beforehand ------------------------------------------------------------------------


def _auto_approvals(
    old: Sequence[AutoApproval], new: Sequence[AutoApproval], system_id: str
) -> Iterator[Change]:
    both, added, removed = matched({rule.id: rule for rule in old}, {rule.id: rule for rule in new})
    for before, after in both:
        yield from _auto_approval(f"{system_id} auto_approve.{after.id}", before, after)
    for rule in added:
        spot = Spot(rule=f"{system_id} auto_approve.{rule.id}", where=rule.where)
        yield spot.change(Effect.LOOSENS, f"added for: {', '.join(rule.levels)}")
    for rule in removed:
        name = f"{system_id} auto_approve.{rule.id}"
        spot = Spot(rule=name, where=rule.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "removed")


def _auto_approval(rule: str, one: AutoApproval, other: AutoApproval) -> Iterator[Change]:
    def spot(key: str) -> Spot:
        return Spot(rule=f"{rule} {key}", where=other.where)

    yield from compare_names(spot("levels"), one.levels, other.levels, more=Effect.LOOSENS)
    yield from compare_limits(spot("when.longest"), one.longest, other.longest)
    for key in ("already_had", "engagement"):
        yield from _condition(spot(f"when.{key}"), getattr(one, key), getattr(other, key))
    yield from _roles(spot("when.roles"), one.roles, other.roles)
    for key in ("approved_by", "approved_on", "record"):
        yield from compare_words(spot(key), getattr(one, key), getattr(other, key))


def _condition(spot: Spot, before: object, after: object) -> Iterator[Change]:
    """A condition less lets more people through, and another one lets other people through."""
    if before == after:
        return
    if before is None:
        yield spot.change(Effect.TIGHTENS, f"added: {_word(after)}")
    elif after is None:
        yield spot.change(Effect.LOOSENS, f"removed: {_word(before)}")
    else:
        yield spot.change(Effect.LOOSENS, f"{_word(before)} → {_word(after)}")


def _word(value: object) -> str:
    return str(value).lower()


def _roles(spot: Spot, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Change]:
    """No roles at all means every role."""
    if before and after:
        yield from compare_names(spot, before, after, more=Effect.LOOSENS)
    elif after:
        yield spot.change(Effect.TIGHTENS, f"only for: {', '.join(after)}")
    elif before:
        yield spot.change(Effect.LOOSENS, f"no longer only for: {', '.join(before)}")
