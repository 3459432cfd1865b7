"""Who gets a leaver's records: the plan that is shown, approved, and held against the world."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.blockers import Blocker
from bot.domain.people import Person, Roster
from bot.domain.policy import MANAGER, Policy

KINDS = ("Opportunity", "Lead", "Case", "Account", "Contact", "Task", "Event")
"""In the order in which they are moved: what depends on an account goes after it."""
RECORDS_A_CALL = 200
_ROWS_A_PAGE = 2000
_QUERIES_A_CALL = 5
MOST_FAILURES = 20
_ENDED_OTHERWISE = "the access ended in another way before that"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who gets records; `because` is policy's name for them."""

    person_id: str
    user_id: str
    name: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Move:
    """Records of one kind that somebody gets."""

    kind: str
    count: int
    to: Recipient


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """Records of one kind that policy gives to somebody who cannot have them, and why."""

    kind: str
    count: int
    why: str


@dataclass(frozen=True, kw_only=True)
class HandOverPlan:
    """What is moved to whom, what nobody can be given yet, and what stays where it is."""

    moves: tuple[Move, ...] = ()
    questions: tuple[Unanswered, ...] = ()
    stays: tuple[tuple[str, int], ...] = ()
    calls: int = 0
    digest: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.moves and not self.questions

    @property
    def total(self) -> int:
        return sum(move.count for move in self.moves)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A record that could not be handed over."""

    kind: str
    record_id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """What a leaver leaves behind: open records by kind, and what depends on the user.

    `blockers` is None when they could not be read; `unread` says why.
    """

    owned: Mapping[str, int]
    blockers: tuple[Blocker, ...] | None
    unread: str = ""


class HandOverState(StrEnum):
    """Where a hand-over stands."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    OVERDUE = "overdue"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """A hand-over on its way; `left` is how many records are still to be moved, as last read.

    `stayed` counts by kind what was approved and could not be moved; `failures` lists a few of it.
    `shown_at` is when the question could be read on the issue; `why` says what keeps it from going
    on, or what it was ended by if not by an answer or its deadline.
    """

    state: HandOverState
    plan: HandOverPlan
    asked_at: datetime
    deadline: datetime
    answered_by: str = ""
    left: int = 0
    stayed: tuple[tuple[str, int], ...] = ()
    failures: tuple[Failure, ...] = ()
    shown_at: datetime | None = None
    why: str = ""

    @property
    def is_over(self) -> bool:
        return self.state not in (HandOverState.ASKED, HandOverState.AGREED)


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """What taking an account away needs beside the account: its records, and what depends on it.

    `looks` counts how often its deactivation was found to be blocked; `seats` names the pools that
    get a seat back, each with how many were used before.
    """

    hand_over: HandOver | None = None
    blockers: tuple[Blocker, ...] = ()
    looks: int = 0
    seats: tuple[tuple[str, int], ...] = ()

    @property
    def is_asking(self) -> bool:
        return self.hand_over is not None and self.hand_over.state is HandOverState.ASKED

    def once_inactive(self) -> "Leaving":
        """Leave out what kept the user active, and wait for no answer: it ended in another way."""
        hand = self.hand_over
        if hand is not None and not hand.is_over:
            hand = replace(hand, state=HandOverState.OVERDUE, why=_ENDED_OTHERWISE)
        soft = tuple(one for one in self.blockers if not one.is_hard)
        return replace(self, hand_over=hand, blockers=soft)


def plan_hand_over(
    owned: Mapping[str, int],
    wanted: Mapping[str, str],
    recipients: Mapping[str, Recipient | str],
) -> HandOverPlan:
    """Say who gets what a leaver owns: to each kind the recipient under policy's name for it.

    A recipient that is a text says why there is nobody: then it is a question, and nothing moves.
    What policy does not mention stays.
    """
    moves: list[Move] = []
    questions: list[Unanswered] = []
    stays: list[tuple[str, int]] = []
    for kind in sorted((kind for kind, count in owned.items() if count > 0), key=_order):
        if kind not in wanted:
            stays.append((kind, owned[kind]))
            continue
        to = recipients.get(wanted[kind], f"nobody is known as {wanted[kind]}")
        if isinstance(to, str):
            questions.append(Unanswered(kind=kind, count=owned[kind], why=to))
        else:
            moves.append(Move(kind=kind, count=owned[kind], to=to))
    return HandOverPlan(
        moves=tuple(moves),
        questions=tuple(questions),
        stays=tuple(stays),
        calls=_calls(moves),
        digest=_digest(moves, questions),
    )


def covers(shown: HandOverPlan, now: HandOverPlan) -> bool:
    """Whether a yes to what was shown is a yes to this: nothing more, and to nobody else.

    Fewer records are fine: people close and move them all the time, and so did an earlier try.
    """
    said = {(move.kind, move.to.user_id): move.count for move in shown.moves}
    is_within = all(move.count <= said.get((move.kind, move.to.user_id), 0) for move in now.moves)
    return is_within and {q.kind for q in now.questions} <= {q.kind for q in shown.questions}


def candidates(
    name: str, leaver: Person | None, policy: Policy, roster: Roster, now: datetime
) -> tuple[Person, ...]:
    """List who may get records under a name of policy: the manager, or a group in its order."""
    group = policy.group(name)
    if name == MANAGER:
        manager = roster.get(leaver.manager_id) if leaver else None
        found: Sequence[Person] = (manager,) if manager else ()
    else:
        found = roster.members(group.members) if group else ()
    own = leaver.id if leaver else ""
    return tuple(p for p in found if p.is_active(now) and p.is_on_file and p.id != own)


def recipient(name: str, people: Iterable[Person], users: Mapping[str, str]) -> Recipient | str:
    """Pick the first of these who has a user to keep; `users` maps person ids to user ids."""
    known = tuple(people)
    for person in known:
        if person.id in users:
            user_id = users[person.id]
            return Recipient(person_id=person.id, user_id=user_id, name=person.name, because=name)
    if not known:
        whose = "there is no manager" if name == MANAGER else f"group {name} has nobody"
        return f"{whose} at work"
    names = ", ".join(person.name for person in known[:3])
    return f"none of {name} has an active user in the system, not frozen and to stay ({names})"


def pages(number: int) -> int:
    """Count the calls that it takes to read so many ids."""
    return _pages(number, _ROWS_A_PAGE)


def batches(record_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Cut ids into what one call takes."""
    starts = range(0, len(record_ids), RECORDS_A_CALL)
    return (record_ids[start : start + RECORDS_A_CALL] for start in starts)


def _order(kind: str) -> tuple[int, str]:
    return (KINDS.index(kind) if kind in KINDS else len(KINDS), kind)


def _calls(moves: Sequence[Move]) -> int:
    """Count the writes, the reads of ids, and the reading back."""
    writes = sum(_pages(move.count, RECORDS_A_CALL) for move in moves)
    reads = sum(pages(move.count) for move in moves)
    return writes + reads + _pages(len(moves), _QUERIES_A_CALL)


def _pages(number: int, size: int) -> int:
    return -(-number // size)


def _digest(moves: Iterable[Move], questions: Iterable[Unanswered]) -> str:
    content = [
        [[move.kind, move.count, move.to.user_id] for move in moves],
        [[question.kind, question.count] for question in questions],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
