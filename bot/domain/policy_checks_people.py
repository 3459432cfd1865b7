"""Mistakes about people: who may ask, who must say yes, and groups that could never answer."""

from collections.abc import Iterator, Mapping

from bot.domain.approvers import Need, unfillable
from bot.domain.durations import Duration, Unit
from bot.domain.people import Engagement
from bot.domain.policy import EVERYONE, IT_GROUP, MANAGER, Group, Level, Policy, RequestRule, Risk
from bot.domain.policy_checks_names import check_group, check_groups, check_role
from bot.domain.policy_draft import (
    APPROVALS,
    CRITICAL_ADDS,
    GROUPS,
    ROLES,
    Draft,
    Finding,
    KeyPath,
    level_path,
    system_path,
)

_APPROVERS_NEEDED = 2
_MOST_APPROVERS = 10
_MOST_SHOWN = 5
_HOLIDAYS = 9


def rules(policy: Policy) -> Iterator[tuple[Level, RequestRule, KeyPath]]:
    """Yield each level that can be asked for, with its rule and where the rule stands."""
    for level in policy.levels:
        if level.request is not None:
            yield level, level.request, (*level_path(level.id), "request")


# ---- who may ask --------------------------------------------------------------------------------


def role_names(draft: Draft) -> Iterator[Finding]:
    """No role has a name that means something else."""
    if EVERYONE in draft.policy.roles:
        yield Finding(
            (*ROLES, EVERYONE),
            f"'{EVERYONE}' has a meaning of its own in this language: rename this role",
            at_key=True,
        )


def requesters(draft: Draft) -> Iterator[Finding]:
    """`by` and `not` name roles; `by` may say everyone, `not` an engagement; somebody is left."""
    for level, rule, path in rules(draft.policy):
        if not rule.by:
            yield Finding(
                (*path, "by"),
                f"{level.id}: 'by' is empty, so nobody could ask (write [{EVERYONE}] or roles,"
                " or remove 'request')",
            )
        elif draft.is_whole((*path, "by")) and _is_nobody(rule):
            text = f"{level.id}: 'not' refuses everybody whom 'by' names, so nobody could ask"
            yield Finding((*path, "not"), f"{text} (remove some of 'not', or remove 'request')")
        for index, name in enumerate(rule.by):
            yield from check_role(draft, (*path, "by", index), name, also=(EVERYONE,))
        for index, name in enumerate(rule.not_):
            yield from _barred(draft, (*path, "not", index), name)


def _is_nobody(rule: RequestRule) -> bool:
    by, barred = set(rule.by), set(rule.not_)
    return by <= barred - {EVERYONE} or set(Engagement) <= barred


def _barred(draft: Draft, path: KeyPath, name: str) -> Iterator[Finding]:
    if name == EVERYONE:
        text = f"'{EVERYONE}' in 'not' would refuse everybody (remove 'request' instead)"
        yield Finding(path, text)
    else:
        yield from check_role(draft, path, name, also=tuple(Engagement))


# ---- who must say yes ---------------------------------------------------------------------------


def approvers(draft: Draft) -> Iterator[Finding]:
    """`approve` names groups or the manager, and at least one."""
    for level, rule, path in rules(draft.policy):
        # A level without `approve` follows the company's default, which is checked where it stands.
        if (*path, "approve") in draft.keys:
            yield from _approver_list(draft, (*path, "approve"), rule.approve, f"{level.id}: ")


def company_approvals(draft: Draft) -> Iterator[Finding]:
    """The company's approvals name groups, and by default perhaps the manager."""
    approvals = draft.policy.company.approvals
    yield from _approver_list(draft, (*APPROVALS, "default"), approvals.default, "")
    if not approvals.critical_adds and CRITICAL_ADDS in draft.values:
        text = "'critical_adds' is empty: write the group of security, such as [security]"
        yield Finding(CRITICAL_ADDS, text)
    yield from _repeated_approvers(CRITICAL_ADDS, approvals.critical_adds)
    yield from check_groups(draft, CRITICAL_ADDS, approvals.critical_adds)


def clocks(draft: Draft) -> Iterator[Finding]:
    """Whoever does not answer is reminded before the request lapses."""
    approvals = draft.policy.company.approvals
    remind, lapse = (*APPROVALS, "remind_after"), (*APPROVALS, "lapse_after")
    if not (draft.is_whole(remind) and draft.is_whole(lapse)):
        return
    if _shortest_h(approvals.remind_after) > _longest_h(approvals.lapse_after):
        text = (
            f"'remind_after' is {approvals.remind_after}, and a request lapses after"
            f" {approvals.lapse_after}, so nobody would be reminded"
        )
        if remind in draft.values:
            yield Finding(remind, f"{text}: write {approvals.lapse_after} or less")
        else:
            write = f"write {approvals.remind_after} or more, or a shorter 'remind_after'"
            yield Finding(lapse, f"{text}: {write}")


def _shortest_h(duration: Duration) -> int:
    return (duration.amount or 0) * (1 if duration.unit is Unit.HOURS else 24)


def _longest_h(duration: Duration) -> int:
    """Bound the hours that may go by: weekends, and a week of holidays, hold up business days."""
    if duration.unit is Unit.BUSINESS_DAYS:
        return 24 * (2 * (duration.amount or 0) + _HOLIDAYS)
    return _shortest_h(duration)


def _approver_list(
    draft: Draft, path: KeyPath, names: tuple[str, ...], prefix: str
) -> Iterator[Finding]:
    if not names:
        yield Finding(
            path, f"{prefix}'{path[-1]}' is empty: somebody must say yes (write [{MANAGER}])"
        )
    yield from _repeated_approvers(path, names)
    yield from check_groups(draft, path, names, also=(MANAGER,))


def _repeated_approvers(path: KeyPath, names: tuple[str, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Finding((*path, index), f"'{name}' stands here twice: remove one")
        seen.add(name)
    if len(names) > _MOST_APPROVERS:
        text = f"over {_MOST_APPROVERS} of whom each must say yes: take some away"
        yield Finding((*path, _MOST_APPROVERS), text)


def owners(draft: Draft) -> Iterator[Finding]:
    """Each system's DRI is a group, and so is the one whom it mentions in urgent cases."""
    for system_id, system in draft.policy.systems.items():
        path = system_path(system_id)
        yield from check_group(draft, (*path, "dri"), system.dri)
        if system_id in draft.mentions:
            mention = draft.mentions[system_id]
            yield from check_group(draft, (*path, "urgent", "mention"), mention)


# ---- groups -------------------------------------------------------------------------------------


def groups(draft: Draft) -> Iterator[Finding]:
    """Every group can answer: known backups without circles, and two people who can say yes."""
    if not draft.declares((*GROUPS, IT_GROUP)):
        yield Finding(
            GROUPS,
            f"group '{IT_GROUP}' is missing: it steps in when nobody else can approve"
            f" (write {IT_GROUP}: {{ members: [login-1, login-2] }})",
        )
    answering = _answering(draft)
    for group in draft.policy.company.groups.values():
        path = (*GROUPS, group.id)
        if group.id in (MANAGER, EVERYONE):
            text = f"'{group.id}' has a meaning of its own in this language: rename this group"
            yield Finding(path, text, at_key=True)
        yield from _twice(group, path)
        if group.backup is not None:
            yield from check_group(draft, (*path, "backup"), group.backup)
        people = answering[group.id]
        if people is not None and len(people) < _APPROVERS_NEEDED:
            blamed = path if people else (*path, "members")
            yield Finding(blamed, _too_few(group, len(people)), at_key=bool(people))
    yield from _circles(draft)


def _twice(group: Group, path: KeyPath) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, login in enumerate(group.members):
        if login.casefold() in seen:
            text = f"'{login}' is already a member: one person counts once"
            yield Finding((*path, "members", index), text)
        seen.add(login.casefold())


def _circles(draft: Draft) -> Iterator[Finding]:
    """Backups must end: each circle is told once, at the first of its groups by name."""
    every, walk_of = draft.policy.company.groups, dict[str, int]()
    for number, start in enumerate(every):
        walk: list[str] = []
        name: str | None = start
        while name is not None and name in every and name not in walk_of:
            walk_of[name] = number
            walk.append(name)
            name = every[name].backup
        if name is not None and walk_of.get(name) == number:
            circle = walk[walk.index(name) :]
            first = circle.index(min(circle))
            names = [*circle[first:], *circle[:first]]
            shown = [*names[:_MOST_SHOWN], *(["…"] if len(names) > _MOST_SHOWN else []), names[0]]
            text = f"backups go in a circle: {' → '.join(shown)} (remove one 'backup')"
            yield Finding((*GROUPS, names[0], "backup"), text)


def _answering(draft: Draft) -> Mapping[str, frozenset[str] | None]:
    """Map groups to who can answer for them or their backups; of many two, of doubtful ones None.

    One walk along the backups serves every group on it, however long the chain.
    """
    every = draft.policy.company.groups
    found: dict[str, frozenset[str] | None] = {}
    for start in every:
        walk: dict[str, None] = {}
        name: str | None = start
        while name is not None and name in every and name not in found and name not in walk:
            walk[name] = None
            name = every[name].backup
        people = frozenset[str]() if name is None else found.get(name)
        for name in reversed(walk):
            if people is not None and draft.is_whole((*GROUPS, name)):
                logins = {login.casefold() for login in every[name].members}
                people = frozenset(sorted(people | logins)[:_APPROVERS_NEEDED])
            else:
                people = None
            found[name] = people
    return found


def _too_few(group: Group, people: int) -> str:
    if people == 0:
        return f"group '{group.id}' has no members: nobody could approve (write members: [login])"
    if group.backup is None:
        return (
            f"group '{group.id}' has one member and no backup: a request by that member could never"
            f" be approved (write backup: {IT_GROUP}, or another member)"
        )
    return (
        f"group '{group.id}' and its backup have only one member together: a request by that member"
        " could never be approved (write another member)"
    )


# ---- several groups at once ---------------------------------------------------------------------


def deadlocks(draft: Draft) -> Iterator[Finding]:
    """Where several groups must say yes there are enough people, whoever of them asks."""
    answering = _answering(draft).values()
    if any(people is None or len(people) < _APPROVERS_NEEDED for people in answering):
        return  # told already, and one mistake is one finding
    if not draft.is_whole(APPROVALS):
        return
    problems: dict[tuple[str, ...], str | None] = {}
    is_default_told = False
    for level, rule, path in rules(draft.policy):
        names = _groups_asked(level, rule, draft.policy)
        if names not in problems:
            problems[names] = _stuck(names, draft.policy)
        problem, own = problems[names], (*path, "approve")
        if problem is not None and own in draft.keys:
            yield Finding(own, f"{level.id}: {problem}")
        elif problem is not None and not is_default_told:
            is_default_told = True
            yield Finding((*APPROVALS, "default"), f"{level.id}: {problem}")


def _groups_asked(level: Level, rule: RequestRule, policy: Policy) -> tuple[str, ...]:
    """List the groups that must say yes; who the manager is shows only when somebody asks."""
    adds = policy.company.approvals.critical_adds if level.risk is Risk.CRITICAL else ()
    return tuple(name for name in dict.fromkeys((*rule.approve, *adds)) if name != MANAGER)


def _stuck(names: tuple[str, ...], policy: Policy) -> str | None:
    """Say whose request could never be approved, as one person counts once."""
    is_told = len(names) > 2 * _MOST_APPROVERS or any(policy.group(n) is None for n in names)
    if is_told or len(names) < _APPROVERS_NEEDED:
        return None
    people = {name: _with_backups(name, policy) for name in names}
    # A group with more people than there are groups always has one of its own, whoever asks.
    small = [name for name in names if len(people[name]) <= len(names)]
    for login in sorted({login for name in small for login in people[name]}):
        needs = [Need(because=name, from_=tuple(sorted(people[name] - {login}))) for name in small]
        if unfillable(needs):
            groups = " and ".join(f"'{name}'" for name in dict.fromkeys(small))
            return (
                f"a request by '{login}' could never be approved: {groups} must each say yes, one"
                " person counts once, and too few others are left (add members)"
            )
    return None


def _with_backups(name: str, policy: Policy) -> frozenset[str]:
    """List the logins of a group, of its backups, and of `it`, which steps in at last."""
    chain: dict[str, Group] = {}
    step: str | None = name
    while step is not None and step not in chain and (group := policy.group(step)) is not None:
        chain[step] = group
        step = group.backup
    last = policy.group(IT_GROUP)
    groups = (*chain.values(), *((last,) if last else ()))
    return frozenset(login.casefold() for group in groups for login in group.members)
