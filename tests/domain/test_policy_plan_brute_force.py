"""The plan works with classes of people; here everybody is asked, about everything, twice."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import Duration, Unit
from bot.domain.grant import Basis, Grant, outlives
from bot.domain.people import Person
from bot.domain.policy import Level, Policy, QuestionForm
from bot.domain.policy_plan import plan
from bot.domain.policy_plan_values import PolicyPlan, Way
from tests.domain.policy_worlds import World, make_world
from tests.factories import NOW

FAST, ALL = 150, 1000
AN_HOUR = Duration(1, Unit.HOURS)
WORDS = {QuestionForm.TEXT: "so", QuestionForm.LINK: "https://a.example", QuestionForm.NUMBER: "1"}
WAYS = {
    Way.BIRTHRIGHT: {Answer.ALLOWED},
    Way.ASK: {Answer.ALLOWED, Answer.NEEDS_APPROVAL},
    Way.AUTOMATIC: {Answer.ALLOWED},
    Way.EMERGENCY: {Answer.ALLOWED},
}


@dataclass
class Found:
    """What a plan comes to, in a form that does not know how it was found."""

    shifts: Counter[tuple[str, Way, bool, str, str, str]] = field(default_factory=Counter)
    lengths: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    approvers: Counter[str] = field(default_factory=Counter)
    grants: set[str] = field(default_factory=set)


@pytest.mark.parametrize("first", range(0, FAST, 50))
def test_the_plan_equals_asking_everybody_about_everything(first: int) -> None:
    _compare(range(first, first + 50))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FAST, ALL, 50))
def test_the_plan_equals_asking_everybody_in_a_thousand_companies(first: int) -> None:
    _compare(range(first, first + 50))


def test_the_companies_are_not_dull() -> None:
    """What the comparison finds nowhere, it does not test."""
    found = [_brute_force(make_world(seed)) for seed in range(30)]

    assert {key[1:3] for one in found for key in one.shifts} == {
        (way, is_gain) for way in Way for is_gain in (True, False)
    }
    assert all(any(getattr(one, name) for one in found) for name in ("lengths", "approvers"))
    assert any(one.grants for one in found)


def _compare(seeds: range) -> None:
    for seed in seeds:
        world = make_world(seed)
        found = plan(world.base, world.head, world.roster, world.grants, world.requests, None, NOW)
        assert _told(found) == _brute_force(world), f"in world {seed}"


def _told(found: PolicyPlan) -> Found:
    told = Found()
    for s in found.shifts:
        told.shifts.update(
            (s.level_id, s.way, s.is_gain, s.role, s.engagement, id_) for id_ in s.people
        )
    for length in found.lengths:
        told.lengths[length.level_id, str(length.before), str(length.after)] += length.people
    for change in found.approvers:
        told.approvers[change.level_id] += change.people
    told.grants = {change.grant_id for change in found.grants}
    return told


# ---- asking everybody ---------------------------------------------------------------------------


def _brute_force(world: World) -> Found:
    found = Found()
    level_ids = {level.id for policy in (world.base, world.head) for level in policy.levels}
    for person in world.roster:
        for level_id in level_ids:
            _look(world, person, level_id, found)
    found.grants = {
        grant.id
        for grant in world.grants
        if _allows(world, world.base, grant) and not _allows(world, world.head, grant)
    }
    return found


def _look(world: World, person: Person, level_id: str, found: Found) -> None:
    before = _answers(world, world.base, person.id, level_id)
    after = _answers(world, world.head, person.id, level_id)
    for way, enough in WAYS.items():
        is_now = after[way].answer in enough
        if is_now is not (before[way].answer in enough):
            key = (level_id, way, is_now, person.role, person.engagement, person.id)
            found.shifts[key] += 1
    old, new = before[Way.ASK], after[Way.ASK]
    if Answer.REFUSED not in (old.answer, new.answer):
        one, other = world.base.level(level_id), world.head.level(level_id)
        lengths = _longest(one), _longest(other)
        if lengths[0] != lengths[1]:
            found.lengths[level_id, *lengths] += 1
    if old.answer is new.answer is Answer.NEEDS_APPROVAL and _asked(old) != _asked(new):
        found.approvers[level_id] += 1


def _answers(world: World, policy: Policy, person_id: str, level_id: str) -> dict[Way, Decision]:
    asked = _decide(world, policy, person_id, level_id, Way.ASK)
    return {
        Way.ASK: asked,
        Way.AUTOMATIC: asked,
        Way.BIRTHRIGHT: _decide(world, policy, person_id, level_id, Way.BIRTHRIGHT),
        Way.EMERGENCY: _decide(world, policy, person_id, level_id, Way.EMERGENCY),
    }


def _longest(level: Level | None) -> str:
    return str(level.request.longest) if level and level.request else ""


def _asked(decision: Decision) -> Counter[frozenset[str]]:
    return Counter(frozenset(need.from_) for need in decision.needs)


def _decide(world: World, policy: Policy, person_id: str, level_id: str, way: Way) -> Decision:
    level = policy.level(level_id)
    questions = level.request.questions if level and level.request else ()
    ask = Ask(
        requester_id=person_id,
        person_id=person_id,
        level_id=level_id,
        duration=AN_HOUR,
        held=_held(world, person_id, level_id),
        answers={question.id: WORDS[question.form] for question in questions},
        is_joining=way is Way.BIRTHRIGHT,
        is_emergency=way is Way.EMERGENCY,
    )
    return decide(ask, policy, world.roster, NOW)


def _held(world: World, person_id: str, level_id: str) -> dict[str, datetime | None]:
    return {
        grant.level_id: grant.until
        for grant in world.grants
        if grant.person_id == person_id and grant.level_id != level_id
    }


def _allows(world: World, policy: Policy, grant: Grant) -> bool:
    given = _decide(world, policy, grant.person_id, grant.level_id, Way.BIRTHRIGHT)
    if given.answer is Answer.ALLOWED:
        return True
    asked = _decide(world, policy, grant.person_id, grant.level_id, Way.ASK)
    if grant.basis is Basis.BIRTHRIGHT or asked.answer is Answer.REFUSED:
        return False
    level = policy.level(grant.level_id)
    assert level is not None
    assert level.request is not None
    held = _held(world, grant.person_id, grant.level_id)
    limits = [level.request.longest] + [
        rule.exception.longest
        for rule in policy.separations
        if rule.exception and level.id in rule.never_both and held.keys() & set(rule.never_both)
    ]
    calendar = policy.company.calendar
    return not any(outlives(grant.until, limit.after(grant.since, calendar)) for limit in limits)
