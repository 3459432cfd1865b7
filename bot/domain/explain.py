"""Why a request is answered as it is, who is asked, and what would have to be true instead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approvers import Need
from bot.domain.cures import Cure, find_cures
from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.people import Roster
from bot.domain.policy import MANAGER, Policy
from bot.domain.remedies import Situation
from bot.domain.text import clean

_MOST_TOLD = 3
_LONGEST_TOLD = 300


@dataclass(frozen=True, kw_only=True)
class Approver:
    """Somebody who may say yes, and as whom: the manager, or a member of a group."""

    person_id: str
    name: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One yes that is needed, from any one of these people, and where policy says so."""

    because: str
    where: str
    people: tuple[Approver, ...]


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """Changes that together would be enough, each in a sentence; none of them is to spare."""

    remedies: Cure
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything there is to say about one question.

    `ways_out` come for a refusal only, the easiest first. A refusal of an unknown level or person
    has none: nobody can say what they were meant to be.
    """

    ask: Ask
    at: datetime
    person: str
    requester: str
    decision: Decision
    asked: tuple[Asked, ...] = ()
    told: tuple[str, ...] = ()
    ways_out: tuple[WayOut, ...] = ()


def explain(ask: Ask, policy: Policy, roster: Roster, now: datetime) -> Explanation:
    """Decide, and say everything about it."""
    situation = Situation(ask=ask, policy=policy, roster=roster, now=now)
    decision = decide(ask, policy, roster, now)
    is_refused = decision.answer is Answer.REFUSED
    return Explanation(
        ask=ask,
        at=now,
        person=situation.name(ask.person_id),
        requester=situation.name(ask.requester_id),
        decision=decision,
        asked=tuple(_asked(need, situation) for need in decision.needs),
        told=tuple(map(situation.name, decision.told)),
        ways_out=ways_out(situation) if is_refused else (),
    )


def ways_out(at: Situation) -> tuple[WayOut, ...]:
    """List what would have to be true instead of a refusal, the easiest first."""
    return tuple(
        WayOut(remedies=cure, sentences=tuple(remedy.sentence(at) for remedy in cure))
        for cure in find_cures(at)
    )


def in_short(ways: Sequence[WayOut]) -> tuple[str, ...]:
    """Say the easiest ways out in one bounded line each, fit to be kept with the request."""
    lines = (" And: ".join(way.sentences) for way in ways[:_MOST_TOLD])
    return tuple(clean(" ".join(line.split()), _LONGEST_TOLD) for line in lines)


def ways_title(number: int) -> str:
    """Say what stands above so many ways out."""
    return "What would have to be true" + (" (one of these)" if number > 1 else "")


def numbered(lines: Sequence[str]) -> str:
    """Write ways out under their title; empty when there are none."""
    if not lines:
        return ""
    rows = (f"{number}. {line}" for number, line in enumerate(lines, 1))
    return "\n".join((f"{ways_title(len(lines))}:", *rows))


def _asked(need: Need, at: Situation) -> Asked:
    people = tuple(
        Approver(person_id=id_, name=at.name(id_), because=_because(id_, need, at))
        for id_ in need.from_
    )
    return Asked(because=need.because, where=need.where, people=people)


def _because(person_id: str, need: Need, at: Situation) -> str:
    """Say as whom somebody answers: the name that policy writes, or a backup of it."""
    if person_id in _bearers(need.because, at):
        return "manager" if need.because == MANAGER else f"in {need.because}"
    steps_in = next(name for name in need.backups if person_id in _bearers(name, at))
    return f"in {steps_in}, which steps in for {need.because}"


def _bearers(name: str, at: Situation) -> Iterator[str]:
    person, group = at.roster.get(at.ask.person_id), at.policy.group(name)
    if name == MANAGER and person is not None and person.manager_id:
        yield person.manager_id
    elif name != MANAGER and group is not None:
        yield from (member.id for member in at.roster.members(group.members))
