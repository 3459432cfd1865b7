"""Why a request is answered as it is, who is asked, and what would have to be true instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approvers import Need
from bot.domain.cures import Cure, find_cures
from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.people import Roster
from bot.domain.policy import MANAGER, Policy, WhenFull
from bot.domain.remedies import Situation
from bot.domain.seats import Availability


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
    """Everything there is to say about one question; `seats` is a sentence, if they were counted.

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
    seats: str = ""


def explain(
    ask: Ask, policy: Policy, roster: Roster, now: datetime, *, seats: Availability | None = None
) -> Explanation:
    """Decide, and say everything about it."""
    situation = Situation(ask=ask, policy=policy, roster=roster, now=now)
    decision = decide(ask, policy, roster, now)
    is_refused = decision.answer is Answer.REFUSED
    cures = find_cures(situation) if is_refused else ()
    return Explanation(
        ask=ask,
        at=now,
        person=situation.name(ask.person_id),
        requester=situation.name(ask.requester_id),
        decision=decision,
        asked=tuple(_asked(need, situation) for need in decision.needs),
        told=tuple(map(situation.name, decision.told)),
        ways_out=tuple(_way_out(cure, situation) for cure in cures),
        seats=_seats(seats, situation) if seats and not is_refused else "",
    )


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


def _way_out(cure: Cure, at: Situation) -> WayOut:
    return WayOut(remedies=cure, sentences=tuple(remedy.sentence(at) for remedy in cure))


def _seats(seats: Availability, at: Situation) -> str:
    if seats.free is None:
        return "No pool limits the seats."
    if seats.is_free:
        return f"{seats.pool}: {seats.free} of {seats.total} seats free."
    level = at.policy.level(at.ask.level_id)
    pools = at.policy.system_of(level).pools if level else {}
    pool = pools.get(seats.pool)
    asks = pool is not None and pool.when_full is WhenFull.ASK
    then = "The owner is asked to buy one." if asks else "It would wait for the next one."
    return f"{seats.pool}: none of {seats.total} seats is free. {then}"
