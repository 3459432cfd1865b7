"""A first policy from what there is: the roster, and the accounts of an org."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import PolicyError
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import EVERYONE, IT_GROUP
from bot.domain.policy_pools import pools_of
from bot.domain.policy_starter_accounts import Census, Inventory, Placed, take_census
from bot.domain.policy_starter_levels import StarterLevel, levels_held, slug
from bot.domain.quoting import quoted
from bot.domain.seats import PoolCount

SECURITY_GROUP = "security"
SYSTEM = "salesforce"
_MEMBERS_NEEDED = 2
_MOST_LISTED = 20
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_IT_WORDS = frozenset({"it", "helpdesk", "sysadmin", "ict", "edv"})
_SECURITY_WORDS = frozenset({"security", "infosec", "cybersecurity"})


@dataclass(frozen=True, kw_only=True)
class StarterGroup:
    """Who answers, by GitHub login; `is_guess` if nobody has named them."""

    id: str
    members: tuple[str, ...]
    is_guess: bool


@dataclass(frozen=True, kw_only=True)
class StarterRole:
    """A role of the roster; `departments` are all in which people of this role work."""

    id: str
    departments: tuple[str, ...]
    people: int


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Everything that a first policy says; `security` is None if nobody there is known."""

    company: str
    timezone: str
    it: StarterGroup
    security: StarterGroup | None
    roles: tuple[StarterRole, ...]
    levels: tuple[StarterLevel, ...]
    pools: tuple[PoolCount, ...]
    username: str
    url: str
    is_sso: bool
    roster: Roster
    inventory: Inventory
    census: Census

    @property
    def critical_adds(self) -> str:
        return self.security.id if self.security else IT_GROUP

    @property
    def strangers(self) -> tuple[str, ...]:
        """List logins of groups that belong to nobody in the roster, who cannot answer yet."""
        logins = (*self.it.members, *(self.security.members if self.security else ()))
        return tuple(login for login in dict.fromkeys(logins) if not self.roster.by_github(login))

    @property
    def unrecognised(self) -> tuple[Placed, ...]:
        """List accounts that Usher would not dare to adopt, as their keys do not say enough."""
        return tuple(one for one in self.census.placed if not self._is_recognised(one))

    @property
    def odd_usernames(self) -> tuple[Placed, ...]:
        """List accounts whose user name is not made by the pattern."""
        return tuple(one for one in self.census.placed if _pattern(one) != self.username)

    def _is_recognised(self, one: Placed) -> bool:
        account, person = one.account, one.person
        if account.seat.person_id or _same(account.sso, person.mail):
            return True
        return _pattern(one) == self.username and _same(account.mail, person.mail)


def start_policy(
    roster: Roster,
    inventory: Inventory,
    now: datetime,
    *,
    it: Iterable[str] = (),
    security: Iterable[str] = (),
    url: str = "",
) -> Starter:
    """Put a first policy together; raises PolicyError with everything that is in its way."""
    census = take_census(inventory, roster, now)
    here = [person for person in roster if not person.has_left(now)]
    team = _group(IT_GROUP, it, here, _IT_WORDS)
    guards = _group(SECURITY_GROUP, security, here, _SECURITY_WORDS)
    faults = (*_role_faults(roster), *_group_faults(team, guards), *_account_faults(census))
    if faults:
        count = "1 thing is" if len(faults) == 1 else f"{len(faults)} things are"
        raise PolicyError(f"No policy can be written yet: {count} in the way.", faults=faults)
    levels = levels_held(census, inventory)
    used = {name for one in levels for name in pools_of(one.bundle)}
    return Starter(
        company=_company(here),
        timezone=_most_common(person.timezone for person in here),
        it=team,
        security=guards if guards.members else None,
        roles=tuple(_roles(roster, here)),
        levels=levels,
        pools=tuple(pool for pool in inventory.pools if pool.name in used),
        username=_usernames(census),
        url=url,
        is_sso=2 * sum(bool(one.account.sso) for one in census.placed) > len(census.placed),
        roster=roster,
        inventory=inventory,
        census=census,
    )


# ---- what is in the way -------------------------------------------------------------------------


def _role_faults(roster: Roster) -> Iterator[str]:
    people = Counter(person.role for person in roster)
    for role, count in sorted(people.items()):
        who = "1 person has" if count == 1 else f"{count} people have"
        if role == EVERYONE:
            yield f"roster: {who} the role '{EVERYONE}', which means all roles: rename it"
        elif not _NAME.fullmatch(role) or len(role) > 100:  # noqa: PLR2004  # as in the files
            write = slug(role) or "words such as account-executive"
            text = f"roster: {who} the role {quoted(role)}, which cannot be a name in the policy"
            yield f"{text}: write {write} in the roster"


def _group_faults(team: StarterGroup, guards: StarterGroup) -> Iterator[str]:
    for group in (team, guards):
        for login in group.members:
            if not _LOGIN.fullmatch(login):
                yield f"--{group.id}: {quoted(login)} is not a GitHub login"
    if len(team.members) < _MEMBERS_NEEDED:
        found = f"only {team.members[0]}" if team.members else "nobody"
        yield (
            f"IT answers when nobody else can, and two people are needed for that; {found} was"
            " found. Name them: --it login-1,login-2 (or give two people of IT a GitHub login in"
            " the roster)"
        )


def _account_faults(census: Census) -> Iterator[str]:
    if census.placed:
        return
    listed = (
        f"\n    {quoted(one.account.seat.username)}: {one.says}"
        for one in census.unplaced[:_MOST_LISTED]
    )
    yield (
        "no active account belongs to somebody of the roster, so there is no level to write: see"
        f" that mail addresses in the roster and in Salesforce are the same{''.join(listed)}"
    )


# ---- people -------------------------------------------------------------------------------------


def _group(
    id_: str, named: Iterable[str], here: Iterable[Person], words: frozenset[str]
) -> StarterGroup:
    """Take the logins that somebody has named, or those of people who seem to be meant."""
    logins = [login.strip().removeprefix("@") for login in named]
    given = [login for login in logins if login]
    found = given or sorted(
        person.github
        for person in here
        if person.github
        and person.engagement is Engagement.CORE
        and words & set(slug(f"{person.role} {person.department}").split("-"))
    )
    members: dict[str, str] = {}
    for login in found:
        members.setdefault(login.casefold(), login)
    return StarterGroup(id=id_, members=tuple(members.values()), is_guess=not given)


def _company(here: Iterable[Person]) -> str:
    domain = _most_common(person.mail.partition("@")[2].casefold() for person in here)
    return slug(domain.partition(".")[0]) or "company"


def _roles(roster: Roster, here: Iterable[Person]) -> Iterator[StarterRole]:
    people = Counter(person.role for person in here)
    for role in sorted({person.role for person in roster}):
        departments = Counter(p.department for p in roster if p.role == role and p.department)
        ranked = sorted(departments, key=lambda name: (-departments[name], name))
        yield StarterRole(id=role, departments=tuple(ranked), people=people[role])


def _most_common(values: Iterable[str]) -> str:
    """Return what there is most of; of several the first by name."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


# ---- accounts -----------------------------------------------------------------------------------


def _usernames(census: Census) -> str:
    found = [pattern for pattern in map(_pattern, census.placed) if pattern]
    return _most_common(found) if found else "{mail}"


def _pattern(one: Placed) -> str:
    """Say how a user name is made of what the roster knows; empty if it is not."""
    username, person = one.account.seat.username.casefold(), one.person
    words = {
        "{mail}": person.mail,
        "{mail_name}": f"{person.mail_name}@",
        "{id}": f"{person.id}@",
    }
    for word, text in words.items():
        rest = username.removeprefix(text.casefold())
        if rest != username and (text != person.mail or rest[:1] in ("", ".")):
            at = "@" if text.endswith("@") else ""
            return f"{word}{at}{rest.replace('{', '{{').replace('}', '}}')}"
    return ""


def _same(one: str, other: str) -> bool:
    return bool(one) and one.casefold() == other.casefold()
