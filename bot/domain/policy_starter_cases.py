"""The cases of a first policy: what it answers as it is written, so that a change shows."""

from collections.abc import Iterator, Mapping

from bot.domain.durations import PERMANENT
from bot.domain.policy import MANAGER, Risk
from bot.domain.policy_starter import SYSTEM, Starter
from bot.domain.policy_starter_levels import StarterLevel
from bot.domain.policy_starter_yaml import comment, listed, scalar

_BOSS = "boss"
_LONGEST_ID = 90
# More would only say the same again, and make a file that nobody reads.
_MOST_ROLES = 3


def starter_cases(starter: Starter) -> Iterator[str]:
    """Write a case for every role, and for every level who may ask for it and who may not."""
    people = _people(starter)
    yield from comment("What the policy answers today. These people are made up for the cases.")
    yield "kind: tests"
    yield "people:"
    for role, id_ in people.items():
        yield f"  {scalar(id_)}: {{ role: {scalar(role)}, manager: {_BOSS} }}"
    yield f"  {_BOSS}: {{ role: {scalar(starter.roles[0].id)} }}"
    yield from _approvers(starter, {*people.values()})
    yield "cases:"
    for role, id_ in people.items():
        yield f"  - name: who starts as {role} has to ask for everything"
        yield f"    joined: {scalar(id_)}"
        yield "    expect: { grants: [] }"
    for level in starter.levels:
        yield f"  # ---- {level.name}"
        yield from _asking(level, starter, people)


def _people(starter: Starter) -> dict[str, str]:
    """Give each role somebody, under an id that is no group and no word of the language."""
    taken: set[str] = set()
    return {role.id: _free(f"{role.id[:_LONGEST_ID]}-1", taken) for role in starter.roles}


def _approvers(starter: Starter, taken: set[str]) -> Iterator[str]:
    """Yield the people of the groups, who must be there to be asked."""
    groups = (starter.it, starter.security) if starter.security else (starter.it,)
    logins = {login.casefold(): login for group in groups for login in group.members}
    for login in logins.values():
        person = starter.roster.by_github(login)
        role = person.role if person else starter.roles[0].id
        id_ = _free("approver-1", taken)
        yield f"  {scalar(id_)}: {{ role: {scalar(role)}, github: {scalar(login)} }}"


def _asking(level: StarterLevel, starter: Starter, people: Mapping[str, str]) -> Iterator[str]:
    level_id = f"{SYSTEM}/{level.name}"
    asked = [MANAGER, *([starter.critical_adds] if level.risk is Risk.CRITICAL else [])]
    who = f"the {' and '.join(asked)} {'agree' if asked[1:] else 'agrees'}"
    for role in [*level.roles][:_MOST_ROLES]:
        yield f"  - name: somebody in {role} may have {level.name} if {who}"
        yield _request(people[role], level_id, "1h")
        yield f"    expect: {{ decision: needs_approval, from: {listed(asked)} }}"
    others = [role for role in people if role not in level.roles]
    for role in others[:1]:
        yield f"  - name: somebody in {role} may not have {level.name}"
        yield _request(people[role], level_id, "1h")
        yield f'    expect: {{ decision: refused, rule: "{level_id} request.by" }}'
    if not level.longest.is_permanent:
        yield f"  - name: nobody has {level.name} for longer than {level.longest}"
        yield _request(people[next(iter(level.roles))], level_id, str(PERMANENT))
        yield f'    expect: {{ decision: refused, rule: "{level_id} request.longest" }}'


def _request(who: str, level_id: str, length: str) -> str:
    return f"    request: {{ who: {scalar(who)}, level: {level_id}, for: {length} }}"


def _free(name: str, taken: set[str]) -> str:
    stem, number = name.removesuffix("-1"), 1
    while f"{stem}-{number}" in taken:
        number += 1
    taken.add(f"{stem}-{number}")
    return f"{stem}-{number}"
