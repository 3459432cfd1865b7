"""What would have to be true: single changes to a question or to the roster, as values.

Applying one changes nothing outside: it makes the situation as it would be.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import ClassVar, Protocol

from bot.domain.decision_values import Ask
from bot.domain.durations import Duration
from bot.domain.people import Engagement, Roster
from bot.domain.policy import Policy
from bot.domain.quoting import quoted


class Effort(IntEnum):
    """Who has to act, from the one who asks to those who own the rules."""

    REQUESTER = 1
    IT = 2
    POLICY = 3


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A question with everything that it is judged by."""

    ask: Ask
    policy: Policy
    roster: Roster
    now: datetime

    def name(self, person_id: str) -> str:
        """Name somebody for a sentence."""
        person = self.roster.get(person_id)
        return person.name if person else quoted(person_id)


class Remedy(Protocol):
    """One change: who has to make it, what it makes of a situation, and how to say it."""

    effort: ClassVar[Effort]

    def apply(self, to: Situation, /) -> Situation: ...

    def sentence(self, at: Situation, /) -> str: ...


def apply_all(remedies: Iterable[Remedy], to: Situation) -> Situation:
    """Make several changes, one after the other."""
    for remedy in remedies:
        to = remedy.apply(to)
    return to


# ---- what the one who asks can change -----------------------------------------------------------


@dataclass(frozen=True)
class AskInUsualWay:
    """Neither as an emergency nor as onboarding."""

    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        return replace(to, ask=replace(to.ask, is_emergency=False, is_joining=False))

    def sentence(self, at: Situation) -> str:
        what = "with onboarding" if at.ask.is_joining else "as an emergency"
        return f"Ask for it in the usual way, not {what}."


@dataclass(frozen=True)
class AskForLength:
    """For another time."""

    duration: Duration
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        return replace(to, ask=replace(to.ask, duration=self.duration))

    def sentence(self, at: Situation) -> str:
        asked = at.ask.duration.in_words()
        return f"Ask for {self.duration.in_words()} instead of {asked}."


@dataclass(frozen=True)
class LetAsk:
    """Somebody else asks: the person, their manager or IT."""

    requester_id: str
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        return replace(to, ask=replace(to.ask, requester_id=self.requester_id))

    def sentence(self, at: Situation) -> str:
        themselves = " themselves" if self.requester_id == at.ask.person_id else ""
        return f"Let {at.name(self.requester_id)} ask{themselves}."


@dataclass(frozen=True)
class AnswerQuestion:
    """One of the level's own questions gets an answer; this one is an example of its form."""

    question_id: str
    answer: str
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        answers = {**to.ask.answers, self.question_id: self.answer}
        return replace(to, ask=replace(to.ask, answers=answers))

    def sentence(self, _at: Situation) -> str:
        return f"Answer the question {self.question_id}, such as «{self.answer}»."


@dataclass(frozen=True)
class LeaveOutAnswer:
    """An answer that nobody asked for is left out."""

    question_id: str
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        kept = {id_: text for id_, text in to.ask.answers.items() if id_ != self.question_id}
        return replace(to, ask=replace(to.ask, answers=kept))

    def sentence(self, at: Situation) -> str:
        return f"Leave out the answer to {quoted(self.question_id)}: {at.ask.level_id} has no such."


@dataclass(frozen=True)
class GiveBack:
    """A level that is held is given back."""

    level_id: str
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        held = {id_: end for id_, end in to.ask.held.items() if id_ != self.level_id}
        return replace(to, ask=replace(to.ask, held=held))

    def sentence(self, _at: Situation) -> str:
        return f"Give back {self.level_id}."


@dataclass(frozen=True)
class Withdraw:
    """Another request is cancelled."""

    level_id: str
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        return replace(to, ask=replace(to.ask, pending=to.ask.pending - {self.level_id}))

    def sentence(self, _at: Situation) -> str:
        return f"Cancel the other request for {self.level_id}."


@dataclass(frozen=True)
class WaitUntil:
    """The same question, later."""

    moment: datetime
    effort: ClassVar[Effort] = Effort.REQUESTER

    def apply(self, to: Situation) -> Situation:
        return replace(to, now=self.moment)

    def sentence(self, at: Situation) -> str:
        return f"Wait until {at.name(at.ask.person_id)} has started, on {self.moment:%Y-%m-%d}."


# ---- what IT can change in the roster -----------------------------------------------------------


@dataclass(frozen=True)
class ChangeRole:
    """Somebody gets another role."""

    person_id: str
    role: str
    effort: ClassVar[Effort] = Effort.IT

    def apply(self, to: Situation) -> Situation:
        return _with_person(to, self.person_id, role=self.role)

    def sentence(self, at: Situation) -> str:
        return f"{at.name(self.person_id)} has the role {self.role} in the roster."


@dataclass(frozen=True)
class ChangeEngagement:
    """Somebody belongs to the company in another way."""

    person_id: str
    engagement: Engagement
    effort: ClassVar[Effort] = Effort.IT

    def apply(self, to: Situation) -> Situation:
        return _with_person(to, self.person_id, engagement=self.engagement)

    def sentence(self, at: Situation) -> str:
        return f"{at.name(self.person_id)} has the engagement {self.engagement} in the roster."


@dataclass(frozen=True)
class DropLastDay:
    """Somebody stays."""

    person_id: str
    effort: ClassVar[Effort] = Effort.IT

    def apply(self, to: Situation) -> Situation:
        return _with_person(to, self.person_id, last_day=None)

    def sentence(self, at: Situation) -> str:
        person = at.roster.get(self.person_id)
        day = f" {person.last_day}" if person and person.last_day else ""
        return f"{at.name(self.person_id)} stays: the last day{day} is taken out of the roster."


@dataclass(frozen=True)
class ChangeManager:
    """Somebody reports to a person who is at work."""

    person_id: str
    manager_id: str
    effort: ClassVar[Effort] = Effort.IT

    def apply(self, to: Situation) -> Situation:
        return _with_person(to, self.person_id, manager_id=self.manager_id)

    def sentence(self, at: Situation) -> str:
        manager = at.name(self.manager_id)
        return f"{at.name(self.person_id)} has a manager at work in the roster, such as {manager}."


def _with_person(to: Situation, person_id: str, **changes: object) -> Situation:
    people = (
        replace(person, **changes) if person.id == person_id else person  # type: ignore[arg-type]  # its own fields
        for person in to.roster
    )
    return replace(to, roster=Roster(people))
