"""Companies, policies and questions nobody would think of, from dice: the same seed, the same ones.

Most of each company is in order, or every question would end in the same few refusals.
"""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from bot.domain.decision import Ask
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import (
    Approvals,
    AutoApproval,
    BreakGlass,
    Bundle,
    Group,
    Level,
    Policy,
    Question,
    QuestionForm,
    Risk,
    Role,
    Separation,
    SeparationException,
    Where,
)
from bot.domain.remedies import Situation
from tests.factories import CRM_YML, NOW, group, level, person, policy, role

IDS = ("ann", "bea", "gus", "ivy", "sam")
ROLES = ("engineer", "csm", "consultant")
GROUPS = ("it", "security", "crm-owners")
NAMES = ("standard", "admin", "viewer")
LEVELS = tuple(f"crm/{name}" for name in NAMES)
LOGINS = (*(f"octo-{id_}" for id_ in IDS), "OCTO-ANN", "octo-Ivy", "octo-zoe")
HERE = Where(CRM_YML, 40)

T = TypeVar("T")


class Dice:
    """Makes one situation after the other."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)  # noqa: S311  # made-up data
        # Of their own, as no decision depends on what a level holds.
        self._contents = Random(seed)  # noqa: S311  # made-up data

    def situation(self) -> Situation:
        return Situation(
            ask=self.ask(),
            policy=self.policy(),
            roster=Roster(self._person(id_) for id_ in self._mostly(IDS, self._some(IDS))),
            now=NOW + timedelta(hours=self._dice.randrange(48)),
        )

    def ask(self) -> Ask:
        person_id = self._mostly("ann", self._one((*IDS, "zoe")))
        return Ask(
            requester_id=self._mostly(person_id, self._one((*IDS, "zoe"))),
            person_id=person_id,
            level_id=self._mostly(self._one(LEVELS), self._one(("crm/none", ""))),
            duration=self._mostly(Duration(7), self._duration()),
            held=dict.fromkeys(self._mostly((), self._some(LEVELS))),
            pending=frozenset(self._mostly((), self._some(LEVELS))),
            had=frozenset(self._some(LEVELS)),
            answers=self._answers(),
            is_joining=self._dice.random() < 0.15,
            is_escalated=self._dice.random() < 0.2,
            is_emergency=self._dice.random() < 0.2,
        )

    def policy(self) -> Policy:
        approvals = Approvals(default=self._approvers(), critical_adds=self._approvers())
        made = policy(
            *map(self._level, NAMES),
            groups=tuple(map(self._group, GROUPS)),
            roles=tuple(map(self._role, ROLES)),
            approvals=approvals,
        )
        crm = replace(made.systems["crm"], auto_approve=self._mostly((), (self._criterion(),)))
        separations = self._mostly((), tuple(self._separation(n) for n in range(2)))
        return replace(made, systems={"crm": crm}, separations=separations)

    # ---- parts ----------------------------------------------------------------------------------

    def _one(self, of: tuple[T, ...]) -> T:
        return self._dice.choice(of)

    def _some(self, of: tuple[T, ...], most: int = 9) -> tuple[T, ...]:
        return tuple(self._dice.sample(of, self._dice.randint(0, min(most, len(of)))))

    def _mostly(self, usual: T, odd: T) -> T:
        return odd if self._dice.random() < 0.1 else usual

    def _duration(self) -> Duration:
        length = Duration(self._dice.randint(1, 120), self._one(tuple(Unit)))
        return self._one((PERMANENT, length, length))

    def _answers(self) -> dict[str, str]:
        ids, texts = ("linkedin", "other"), ("https://example.com/ann", "7", " ", "…", "I sell")
        return {id_: self._one(texts) for id_ in self._mostly((), self._some(ids))}

    def _approvers(self) -> tuple[str, ...]:
        return self._some(("manager", *GROUPS, "no-such-group"), most=3)

    def _person(self, id_: str) -> Person:
        own = f"octo-{id_}"
        return person(
            id_,
            role=self._mostly("engineer", self._one((*ROLES, "wizard"))),
            engagement=self._mostly(Engagement.CORE, Engagement.CONSULTANT),
            manager_id=self._mostly(self._one(IDS), self._one((None, "zoe"))),
            github=self._mostly(own, self._one((None, "octo-sam", own.upper()))),
            first_day=self._mostly(person().first_day, self._day()),
            last_day=self._mostly(None, self._day()),
            timezone=self._one(("America/Chicago", "Pacific/Auckland", "UTC")),
            is_on_file=self._mostly(True, False),
        )

    def _day(self) -> date:
        return NOW.date() + timedelta(days=self._dice.randint(-2, 9))

    def _level(self, name: str) -> Level:
        names = (*ROLES, "everyone")
        usual = level(
            name,
            by=self._mostly(("everyone",), self._some(names, most=2)),
            not_=self._mostly((), self._some((*ROLES, "consultant", "core"), most=2)),
            approve=self._approvers(),
            longest=self._mostly(Duration(40), self._duration()),
            risk=self._one(tuple(Risk)),
            break_glass=self._one((None, self._glass())),
            bundle=self._bundle(),
        )
        assert usual.request
        asked = replace(usual, request=replace(usual.request, questions=self._questions()))
        return self._mostly(self._mostly(usual, asked), replace(usual, request=None))

    def _bundle(self) -> Bundle:
        names = ("One", "Two")
        some = [tuple(self._contents.sample(names, self._contents.randint(0, 2))) for _ in range(4)]
        return Bundle(
            licence="Crm",
            profile="Standard User",
            permission_set_groups=some[0],
            packages=some[1],
            features=self._contents.choice(((), ("Marketing",))),
            role=self._contents.choice(("", "Sales")),
            groups=some[2],
            queues=some[3],
        )

    def _glass(self) -> BreakGlass:
        by, longest = self._some(GROUPS) or ("it",), self._mostly(Duration(8), self._exceptional())
        return BreakGlass(by=by, longest=longest, where=HERE)

    def _questions(self) -> tuple[Question, ...]:
        return tuple(
            Question(
                id=id_,
                asks=f"What is your {id_}?",
                where=HERE,
                form=self._one(tuple(QuestionForm)),
                is_required=self._mostly(True, False),
            )
            for id_ in self._some(("linkedin", "wish"))
        )

    def _group(self, id_: str) -> Group:
        backup = self._mostly(None, self._one(("no-such", *GROUPS)))
        return group(id_, *self._some(LOGINS, most=3), backup=backup)

    def _role(self, id_: str) -> Role:
        return role(id_, *self._some(LEVELS))

    def _criterion(self) -> AutoApproval:
        return AutoApproval(
            id="again",
            levels=self._some(NAMES),
            approved_by="security",
            approved_on=NOW.date(),
            record="acme/access#1",
            where=HERE,
            already_had=self._one((None, True, False)),
            longest=self._one((None, Duration(10))),
            engagement=self._one((None, *Engagement)),
            roles=self._some(ROLES),
        )

    def _separation(self, number: int) -> Separation:
        exception = SeparationException(
            approve=self._some(GROUPS) or ("security",), longest=self._exceptional(), where=HERE
        )
        return Separation(
            id=f"apart-{number}",
            never_both=tuple(self._dice.sample(LEVELS, self._dice.randint(2, 3))),
            why="One hand must not know the other.",
            where=HERE,
            exception=self._one((None, exception)),
        )

    def _exceptional(self) -> Duration:
        return Duration(self._dice.randint(1, 20), self._one(tuple(Unit)))
