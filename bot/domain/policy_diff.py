"""Every change between two versions of a policy, and which of them loosen a rule."""

from collections.abc import Iterator, Sequence

from bot.domain.policy import Group, Policy, Role, Separation, SeparationException
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
from bot.domain.policy_diff_systems import compare_systems, default_approvers


def compare_policies(base: Policy, head: Policy) -> tuple[Change, ...]:
    """List what HEAD changes, what loosens a rule first."""
    changes = [
        *_company(base, head),
        *_groups(base, head),
        *_roles(base, head),
        *compare_systems(base, head),
        *_separations(base, head),
    ]
    order = tuple(Effect)
    return tuple(sorted(changes, key=lambda change: order.index(change.effect)))


# ---- the company --------------------------------------------------------------------------------

_COMPANY_WORDS = (
    "id",
    "calendar",
    "answer_within",
    "unused_after",
    "removals",
    "help_slack",
    "help_github_label",
)


def _company(base: Policy, head: Policy) -> Iterator[Change]:
    before, after = base.company, head.company

    def spot(key: str) -> Spot:
        return Spot(rule=f"company {key}", where=after.where)

    yield from compare_names(
        spot("approvals.default"),
        default_approvers(base),
        default_approvers(head),
        more=Effect.TIGHTENS,
    )
    yield from compare_names(
        spot("approvals.critical_adds"),
        before.approvals.critical_adds,
        after.approvals.critical_adds,
        more=Effect.TIGHTENS,
    )
    # Leavers keep their access, and access stays unreviewed, for as long as these two say.
    yield from compare_limits(spot("revoke_within"), before.revoke_within, after.revoke_within)
    yield from compare_limits(spot("review_every"), before.review_every, after.review_every)
    for key in _COMPANY_WORDS:
        yield from compare_words(spot(key), getattr(before, key), getattr(after, key))
    for key in ("remind_after", "lapse_after"):
        one, other = getattr(before.approvals, key), getattr(after.approvals, key)
        yield from compare_words(spot(f"approvals.{key}"), one, other)
    # The sooner it escalates, the sooner the backups may answer.
    yield from compare_lengths(
        spot("approvals.escalate_after"),
        before.approvals.escalate_after,
        after.approvals.escalate_after,
        longer=Effect.TIGHTENS,
    )


def _groups(base: Policy, head: Policy) -> Iterator[Change]:
    both, added, removed = matched(base.company.groups, head.company.groups)
    for before, after in both:
        yield from _group(Spot(rule=f"groups.{after.id}", where=after.where), before, after)
    for group in added:
        # A new group has no power until a rule names it, and that rule's change says so.
        spot = Spot(rule=f"groups.{group.id}", where=group.where)
        yield spot.change(Effect.NEUTRAL, "new group", group.members)
    for group in removed:
        spot = Spot(rule=f"groups.{group.id}", where=group.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "group removed", group.members)


def _group(spot: Spot, before: Group, after: Group) -> Iterator[Change]:
    old = {member.casefold(): member for member in before.members}
    new = {member.casefold(): member for member in after.members}
    if added := [new[login] for login in new if login not in old]:
        yield spot.change(Effect.LOOSENS, f"{_members(added)} added", added)
    if removed := [old[login] for login in old if login not in new]:
        yield spot.change(Effect.TIGHTENS, f"{_members(removed)} removed", removed)
    if before.backup == after.backup:
        return
    if after.backup is None:
        yield spot.change(Effect.TIGHTENS, f"backup {before.backup} removed")
    else:
        yield spot.change(Effect.LOOSENS, f"backup {before.backup or 'none'} → {after.backup}")


def _members(logins: Sequence[str]) -> str:
    return "1 member" if len(logins) == 1 else f"{len(logins)} members"


# ---- roles --------------------------------------------------------------------------------------


def _roles(base: Policy, head: Policy) -> Iterator[Change]:
    both, added, removed = matched(base.roles, head.roles)
    for before, after in both:
        yield from _role(before, after)
    for role in added:
        yield from _new_role(role)
    for role in removed:
        spot = Spot(rule=f"roles.{role.id}", where=role.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "role removed")


def _new_role(role: Role) -> Iterator[Change]:
    spot = Spot(rule=f"roles.{role.id}", where=role.where)
    if role.birthright:
        text = f"new role that gives on day one: {', '.join(role.birthright)}"
        yield spot.change(Effect.LOOSENS, text)
    else:
        yield spot.change(Effect.NEUTRAL, "new role")


def _role(before: Role, after: Role) -> Iterator[Change]:
    spot = Spot(rule=f"roles.{after.id} birthright", where=after.where)
    yield from compare_names(spot, before.birthright, after.birthright, more=Effect.LOOSENS)
    department = Spot(rule=f"roles.{after.id} department", where=after.where)
    yield from compare_words(department, before.department, after.department)


# ---- separation ---------------------------------------------------------------------------------


def _separations(base: Policy, head: Policy) -> Iterator[Change]:
    both, added, removed = matched(
        {rule.id: rule for rule in base.separations}, {rule.id: rule for rule in head.separations}
    )
    for before, after in both:
        yield from _separation(f"separation.{after.id}", before, after)
    for rule in added:
        # Written at once with its rule, an exception takes nothing away that was there before.
        spot = Spot(rule=f"separation.{rule.id}", where=rule.where)
        yield spot.change(Effect.TIGHTENS, f"added: never both {', '.join(rule.never_both)}")
    for rule in removed:
        spot = Spot(rule=f"separation.{rule.id}", where=rule.where, is_in_base=True)
        yield spot.change(Effect.LOOSENS, f"removed: never both {', '.join(rule.never_both)}")


def _separation(rule: str, before: Separation, after: Separation) -> Iterator[Change]:
    spot = Spot(rule=f"{rule} never_both", where=after.where)
    yield from compare_names(spot, before.never_both, after.never_both, more=Effect.TIGHTENS)
    yield from compare_words(Spot(rule=f"{rule} why", where=after.where), before.why, after.why)
    yield from _exception(f"{rule} exception", before.exception, after.exception)


def _exception(
    rule: str, before: SeparationException | None, after: SeparationException | None
) -> Iterator[Change]:
    if before and after:
        spot = Spot(rule=rule, where=after.where)
        yield from compare_names(spot, before.approve, after.approve, more=Effect.TIGHTENS)
        yield from compare_lengths(spot, before.longest, after.longest)
    elif after:
        spot = Spot(rule=rule, where=after.where)
        text = f"added: {', '.join(after.approve)} may allow both for {after.longest}"
        yield spot.change(Effect.LOOSENS, text)
    elif before:
        spot = Spot(rule=rule, where=before.where, is_in_base=True)
        yield spot.change(Effect.TIGHTENS, "removed")
