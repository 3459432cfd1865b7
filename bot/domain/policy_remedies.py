"""What would have to be true: single changes to the policy, as values (see `remedies`)."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from bot.domain.durations import Duration
from bot.domain.people import Person, Roster
from bot.domain.policy import EVERYONE, Group, Level, RequestRule, Role
from bot.domain.quoting import quoted
from bot.domain.remedies import Effort, Situation


@dataclass(frozen=True)
class OpenLevel:
    """A level gets a request rule."""

    level_id: str
    longest: Duration
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        return _with_rule(to, self.level_id, RequestRule(by=(EVERYONE,), longest=self.longest))

    def sentence(self, _at: Situation) -> str:
        return f"{self.level_id} gets a `request` rule that names the role."


@dataclass(frozen=True)
class ListRole:
    """A level may be asked for by one more role."""

    level_id: str
    role: str
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        rule = _rule(to, self.level_id)
        return _with_rule(to, self.level_id, replace(rule, by=(*rule.by, self.role)))

    def sentence(self, at: Situation) -> str:
        where = _place(at, self.level_id, "by")
        return f"{self.level_id} lists the role {quoted(self.role)} in `request.by` ({where})."


@dataclass(frozen=True)
class StopBarring:
    """A level is no longer closed to a role or an engagement."""

    level_id: str
    name: str
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        rule = _rule(to, self.level_id)
        kept = tuple(name for name in rule.not_ if name != self.name)
        return _with_rule(to, self.level_id, replace(rule, not_=kept))

    def sentence(self, at: Situation) -> str:
        where = _place(at, self.level_id, "not")
        return f"{self.level_id} no longer names {self.name} in `request.not` ({where})."


@dataclass(frozen=True)
class DeclareRole:
    """Policy gets to know a role."""

    role: str
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        role = Role(id=self.role, department="any", where=to.policy.company.where)
        return replace(to, policy=replace(to.policy, roles={**to.policy.roles, self.role: role}))

    def sentence(self, _at: Situation) -> str:
        return f"policies/roles.yml declares the role {quoted(self.role)}."


@dataclass(frozen=True)
class GiveBirthright:
    """A level comes with a role."""

    role: str
    level_id: str
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        old = to.policy.roles.get(self.role)
        if old is None:
            return to
        role = replace(old, birthright=(*old.birthright, self.level_id))
        return replace(to, policy=replace(to.policy, roles={**to.policy.roles, self.role: role}))

    def sentence(self, _at: Situation) -> str:
        return f"The role {quoted(self.role)} gives {self.level_id} as a birthright."


@dataclass(frozen=True)
class JoinGroup:
    """Somebody becomes a member of a group."""

    group: str
    person_id: str
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        person = to.roster.get(self.person_id)
        return _with_member(to, self.group, (person.github if person else None) or "")

    def sentence(self, at: Situation) -> str:
        name = at.name(self.person_id)
        return f"{name} is a member of the group {self.group} in policies/company.yml."


@dataclass(frozen=True)
class AddApprover:
    """A group gets one more member at work, who is not concerned; `number` tells several apart."""

    group: str
    number: int = 1
    effort: ClassVar[Effort] = Effort.POLICY

    def apply(self, to: Situation) -> Situation:
        id_ = f"new-in-{self.group}-{self.number}"
        while to.roster.get(id_) or to.roster.by_github(id_):
            id_ += "-too"
        new = Person(
            id=id_,
            mail=f"{id_}@new.invalid",
            name="Somebody new",
            role="",
            first_day=date.min,
            timezone="UTC",
            github=id_,
        )
        return _with_member(replace(to, roster=Roster((*to.roster, new))), self.group, id_)

    def sentence(self, _at: Situation) -> str:
        more = "one more colleague" if self.number == 1 else "yet another colleague"
        return f"The group {self.group} has {more} at work as a member (policies/company.yml)."


def _with_member(to: Situation, name: str, login: str) -> Situation:
    company = to.policy.company
    old = company.groups.get(name) or Group(id=name, members=(), where=company.where)
    groups = {**company.groups, name: replace(old, members=(*old.members, login))}
    return replace(to, policy=replace(to.policy, company=replace(company, groups=groups)))


def _rule(at: Situation, level_id: str) -> RequestRule:
    level = at.policy.level(level_id)
    return (level.request if level else None) or RequestRule()


def _with_rule(to: Situation, level_id: str, rule: RequestRule) -> Situation:
    level = to.policy.level(level_id)
    return _with_level(to, replace(level, request=rule)) if level else to


def _with_level(to: Situation, level: Level) -> Situation:
    system = to.policy.system_of(level)
    system = replace(system, levels={**system.levels, level.name: level})
    systems = {**to.policy.systems, system.id: system}
    return replace(to, policy=replace(to.policy, systems=systems))


def _place(at: Situation, level_id: str, key: str) -> str:
    level = at.policy.level(level_id)
    return str(level.mark(key)) if level else ""
