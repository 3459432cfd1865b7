"""Small companies made up at random, with every word of the policy language, in two versions."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from bot.domain.durations import PERMANENT, Calendar, Duration, Unit
from bot.domain.grant import Basis, Grant
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import (
    Approvals,
    AutoApproval,
    BreakGlass,
    Bundle,
    Company,
    Delivery,
    Group,
    Level,
    Policy,
    Provider,
    Question,
    QuestionForm,
    RequestRule,
    Risk,
    Role,
    Separation,
    SeparationException,
    System,
    Where,
)
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights
from bot.domain.policy_pools import Feature
from bot.domain.request import Approval, Request, RequestState
from tests.factories import NOW, approval, grant, request

T = TypeVar("T")

PEOPLE = tuple(f"p{number}" for number in range(7))
ROLES = ("csm", "engineer", "seller")
GROUPS = ("it", "security", "owners")
SYSTEMS = ("crm", "wiki")
LEVELS = ("view", "edit", "admin")
LEVEL_IDS = tuple(f"{system}/{level}" for system in SYSTEMS for level in LEVELS)
LENGTHS = (Duration(4, Unit.HOURS), Duration(2, Unit.BUSINESS_DAYS), Duration(30), PERMANENT)
_WHERE = Where("policies/x.yml", 7, 3)


@dataclass(frozen=True, kw_only=True)
class World:
    """Two versions of a policy, and a company in which it matters."""

    base: Policy
    head: Policy
    roster: Roster
    grants: tuple[Grant, ...]
    requests: tuple[Request, ...]


def make_world(seed: int) -> World:
    dice = _Dice(seed)
    base = _policy(dice, "base")
    return World(
        base=base,
        head=_changed(dice, base),
        roster=Roster(_person(dice, id_) for id_ in PEOPLE),
        grants=tuple(_grants(dice)),
        requests=tuple(_request(dice, number) for number in range(dice.upto(3))),
    )


class _Dice(random.Random):
    def maybe(self, chance: float = 0.5) -> bool:
        return self.random() < chance

    def upto(self, most: int) -> int:
        return self.randint(0, most)

    def some(self, among: Sequence[T], least: int = 0, most: int = 2) -> tuple[T, ...]:
        return tuple(self.sample(among, self.randint(least, most)))


# ---- policies -----------------------------------------------------------------------------------


def _policy(dice: _Dice, commit: str) -> Policy:
    return Policy(
        commit=commit,
        company=_company(dice),
        roles={id_: _role(dice, id_) for id_ in ROLES if dice.maybe(0.9)},
        systems={id_: _system(dice, id_) for id_ in SYSTEMS},
        separations=tuple(_separation(dice, str(number)) for number in range(dice.upto(2))),
    )


def _changed(dice: _Dice, base: Policy) -> Policy:
    """Make up some parts anew and leave the others as they are."""
    other = _policy(dice, "head")
    systems = {
        id_: other.systems[id_] if dice.maybe(0.2) else _changed_system(dice, system, other)
        for id_, system in base.systems.items()
        if dice.maybe(0.95)
    }
    return replace(
        other,
        company=other.company if dice.maybe(0.3) else base.company,
        roles=other.roles if dice.maybe(0.3) else base.roles,
        systems=systems,
        separations=other.separations if dice.maybe(0.3) else base.separations,
    )


def _changed_system(dice: _Dice, system: System, other: Policy) -> System:
    levels = {
        name: other.systems[system.id].levels.get(name, level) if dice.maybe(0.3) else level
        for name, level in system.levels.items()
    }
    auto = other.systems[system.id].auto_approve if dice.maybe(0.2) else system.auto_approve
    return replace(system, levels=levels, auto_approve=auto)


def _company(dice: _Dice) -> Company:
    groups = {id_: _group(dice, id_) for id_ in GROUPS if id_ == "it" or dice.maybe(0.9)}
    return Company(
        id="acme",
        calendar=Calendar("America/Chicago"),
        where=_WHERE,
        approvals=Approvals(
            default=dice.some(("manager", *GROUPS)), critical_adds=dice.some(GROUPS, 0, 1)
        ),
        groups=groups,
    )


def _group(dice: _Dice, id_: str) -> Group:
    backup = dice.choice([None, *(name for name in GROUPS if name != id_)])
    members = tuple(f"Octo-{person}" for person in dice.some(PEOPLE, 0, 3))
    return Group(id=id_, members=members, where=_WHERE, backup=backup)


def _role(dice: _Dice, id_: str) -> Role:
    return Role(id=id_, department="any", where=_WHERE, birthright=dice.some(LEVEL_IDS))


def _system(dice: _Dice, id_: str) -> System:
    return System(
        id=id_,
        title=id_,
        provider=Provider.TASK,
        dri="it",
        delivery=Delivery.SSO,
        where=_WHERE,
        levels={name: _level(dice, id_, name) for name in LEVELS if dice.maybe(0.9)},
        auto_approve=tuple(_auto(dice, str(number)) for number in range(dice.upto(1))),
        native_expiry=dice.maybe(0.2),
    )


def _level(dice: _Dice, system: str, name: str) -> Level:
    glass = BreakGlass(by=dice.some(GROUPS, 1), longest=LENGTHS[0], where=_WHERE)
    return Level(
        id=f"{system}/{name}",
        system=system,
        says=dice.choice(("Read.", "Write.")),
        risk=dice.choice(tuple(Risk)),
        bundle=_bundle(dice),
        integration=IntegrationRights(objects={"Lead": _rights(dice)}) if dice.maybe(0.1) else None,
        where=_WHERE,
        request=_rule(dice) if dice.maybe(0.85) else None,
        break_glass=glass if dice.maybe(0.3) else None,
    )


def _bundle(dice: _Dice) -> Bundle:
    return Bundle(
        licence=dice.choice(("", "Full", "Light")),
        permission_set_groups=dice.some(("Team", "Chiefs")),
        packages=dice.some(("SBQQ", "dlrs")),
        features=dice.some(tuple(map(str, Feature))),
        role=dice.choice(("", "Sales", "Chief")),
        groups=dice.some(("All", "Some")),
        queues=dice.some(("Inbound", "Late")),
    )


def _rights(dice: _Dice) -> ObjectRights:
    fields = ("Name", "Phone")
    return ObjectRights(
        read=dice.some(fields),
        create=dice.some(fields),
        edit=dice.choice(((ALL,), dice.some(fields))),
        delete=dice.maybe(),
        view_all=dice.maybe(),
    )


def _rule(dice: _Dice) -> RequestRule:
    form = dice.choice(tuple(QuestionForm))
    question = Question(id="why", asks="Why?", where=_WHERE, form=form)
    return RequestRule(
        by=dice.some(ROLES, 1) if dice.maybe(0.6) else ("everyone",),
        not_=dice.some((*ROLES, *Engagement), 0, 1),
        approve=dice.some(("manager", *GROUPS)),
        longest=dice.choice(LENGTHS),
        questions=(question,) if dice.maybe(0.2) else (),
    )


def _auto(dice: _Dice, id_: str) -> AutoApproval:
    return AutoApproval(
        id=id_,
        levels=dice.some(LEVELS, 1),
        approved_by="security",
        approved_on=date(2026, 1, 1),
        record="acme/access#1",
        where=_WHERE,
        already_had=dice.choice((None, None, True, False)),
        longest=dice.choice((None, *LENGTHS[:3])),
        engagement=dice.choice((None, *Engagement)),
        roles=dice.some(ROLES),
    )


def _separation(dice: _Dice, id_: str) -> Separation:
    exception = SeparationException(
        approve=dice.some(GROUPS, 1), longest=dice.choice(LENGTHS[:3]), where=_WHERE
    )
    return Separation(
        id=id_,
        never_both=dice.some(LEVEL_IDS, 2, 3),
        why="Nobody does both.",
        where=_WHERE,
        exception=exception if dice.maybe() else None,
    )


# ---- people, and what they have -----------------------------------------------------------------


def _person(dice: _Dice, id_: str) -> Person:
    today = NOW.date()
    return Person(
        id=id_,
        mail=f"{id_}@acme.example",
        name=id_.upper(),
        role=dice.choice((*ROLES, *ROLES, "unheard-of")),
        first_day=date(2025, 1, 6) if dice.maybe(0.9) else today + timedelta(days=3),
        timezone=dice.choice(("America/Chicago", "Asia/Tokyo")),
        engagement=dice.choice(tuple(Engagement)),
        manager_id=dice.choice((None, "nobody", *PEOPLE)),
        last_day=dice.choice((None,) * 5 + tuple(today + timedelta(days=n) for n in (-1, 0, 5))),
        github=dice.choice((f"octo-{id_}",) * 8 + ("octo-p0", None)),
        is_on_file=dice.maybe(0.9),
    )


def _grants(dice: _Dice) -> list[Grant]:
    return [
        grant(
            id=f"g{person}{number}",
            person_id=person,
            level_id=level_id,
            basis=dice.choice(tuple(Basis)),
            since=datetime(2026, 10, 30, 15, tzinfo=UTC),
            until=dice.choice((None, NOW + timedelta(hours=1), NOW + timedelta(days=20))),
        )
        for person in PEOPLE
        for number, level_id in enumerate(dice.some((*LEVEL_IDS, "gone/level")))
    ]


def _request(dice: _Dice, number: int) -> Request:
    person = dice.choice(PEOPLE)
    return request(
        id=f"r{number}",
        person_id=person,
        requester_id=person if dice.maybe(0.8) else dice.choice(PEOPLE),
        level_id=dice.choice(LEVEL_IDS),
        state=dice.choice(tuple(RequestState)),
        duration=dice.choice(LENGTHS),
        reminders=dice.upto(2),
        is_birthright=dice.maybe(0.2),
        approvals=tuple(_approvals(dice)),
    )


def _approvals(dice: _Dice) -> list[Approval]:
    return [approval(person) for person in dice.some(PEOPLE)]
