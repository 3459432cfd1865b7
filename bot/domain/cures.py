"""Which smallest sets of changes would make a no something else.

Every change that could matter is made at once, which cures any refusal of a known level and a known
person. Then what is not needed is taken away again, the changes of policy first and those of the
requester last, until no part of the rest is enough. Ruling out one of its changes after the other
finds the next sets.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import combinations
from zoneinfo import ZoneInfo

from bot.domain.approvers import approver_names
from bot.domain.decision import Answer, Kind, decide
from bot.domain.durations import Duration, Unit
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import EVERYONE, IT_GROUP, MANAGER, Level, QuestionForm, RequestRule, Risk
from bot.domain.policy_remedies import (
    AddApprover,
    DeclareRole,
    GiveBirthright,
    JoinGroup,
    ListRole,
    OpenLevel,
    StopBarring,
)
from bot.domain.question_checks import answer_problem
from bot.domain.remedies import (
    AnswerQuestion,
    AskForLength,
    AskInUsualWay,
    ChangeEngagement,
    ChangeManager,
    ChangeRole,
    DropLastDay,
    GiveBack,
    LeaveOutAnswer,
    LetAsk,
    Remedy,
    Situation,
    WaitUntil,
    Withdraw,
)
from bot.domain.rule_checks import exceeds

LONGEST = Duration(90)
"""Nobody is told to ask for longer than this."""

_MOST_SETS = 5
_MOST_VARIANTS = 3
_CHECKED_IN_FULL = 9
_SHORTEST = Duration(1, Unit.HOURS)
_LENGTHS = (
    *(Duration(days) for days in (90, 60, 30, 14, 7, 5, 4, 3, 2, 1)),
    *(Duration(hours, Unit.HOURS) for hours in (12, 8, 4, 2)),
    _SHORTEST,
)
_EXAMPLES = {
    QuestionForm.TEXT: "a few words",
    QuestionForm.LINK: "https://www.example.com/me",
    QuestionForm.NUMBER: "1",
}

Cure = tuple[Remedy, ...]
Slot = tuple[Remedy, ...]
"""Changes of one thing, the best first and the one that helps most surely last."""


def find_cures(situation: Situation) -> tuple[Cure, ...]:
    """List sets of changes, each enough and without one to spare; the easiest comes first.

    There is at least one for every refusal, unless the level or the person is unknown.
    """
    level = situation.policy.level(situation.ask.level_id)
    person = situation.roster.get(situation.ask.person_id)
    if level is None or person is None:
        return ()
    near = replace(situation, roster=_those_who_matter(situation, person))
    found = _Search(near, tuple(_slots(near, level, person))).cures()
    return tuple(sorted(found, key=_effort))


def _effort(cure: Cure) -> tuple[int, int]:
    return max(remedy.effort for remedy in cure), len(cure)


def _those_who_matter(at: Situation, person: Person) -> Roster:
    """Leave out everybody whom no check looks at: copies of a big roster take long."""
    groups = at.policy.company.groups.values()
    logins = {login.casefold() for group in groups for login in group.members}
    logins |= {(person.github or "").casefold()} - {""}
    ids = {person.id, at.ask.requester_id, person.manager_id}
    return Roster(
        one for one in at.roster if one.id in ids or (one.github or "").casefold() in logins
    )


# ---- searching ----------------------------------------------------------------------------------


class _Search:
    """Looks for sets of changes in one situation, and remembers what it has tried."""

    def __init__(self, situation: Situation, slots: Sequence[Slot]) -> None:
        self._situations: dict[Cure, Situation] = {(): situation}
        self._slots = slots
        self._tried: dict[Cure, bool] = {}

    def cures(self) -> tuple[Cure, ...]:
        found: dict[Cure, None] = {}
        ruled_out: list[frozenset[int]] = [frozenset()]
        for without in ruled_out:  # grows while it is read
            places = [place for place in range(len(self._slots)) if place not in without]
            if len(found) >= _MOST_SETS:
                break
            needed = places
            if self._helps(self._surest(places)):
                needed = self._needed(places)
                for cure in self._variants(needed):
                    found.setdefault(self._smallest(cure))
            elif without:
                continue
            # If all at once does not help, one change is in the way of the others.
            more = (without | {place} for place in needed)
            ruled_out += [one for one in more if one not in ruled_out]
        return tuple(found)[:_MOST_SETS]

    def _helps(self, remedies: Cure) -> bool:
        if remedies not in self._tried:
            at = self._after(remedies)
            answer = decide(at.ask, at.policy, at.roster, at.now).answer
            self._tried[remedies] = answer is not Answer.REFUSED
        return self._tried[remedies]

    def _after(self, remedies: Cure) -> Situation:
        """Make the changes, each on top of those before it, which are often the same."""
        if remedies not in self._situations:
            self._situations[remedies] = remedies[-1].apply(self._after(remedies[:-1]))
        return self._situations[remedies]

    def _surest(self, places: Sequence[int]) -> Cure:
        return tuple(self._slots[place][-1] for place in places)

    def _needed(self, places: Sequence[int]) -> list[int]:
        """Take away what is not needed, the hardest first."""
        needed = list(places)
        for place in reversed(places):
            rest = [one for one in needed if one != place]
            if self._helps(self._surest(rest)):
                needed = rest
        return needed

    def _variants(self, places: Sequence[int]) -> Iterator[Cure]:
        """Put the best changes in place of the surest, then the next best of each, one by one."""
        best = self._surest(places)
        for index, place in enumerate(places):
            options = (_with(best, index, one) for one in self._slots[place])
            best = next(option for option in options if self._helps(option))
        yield best
        for index, place in enumerate(places):
            if isinstance(best[index], LetAsk | ChangeRole):  # of others, the best is enough to say
                options = (_with(best, index, one) for one in self._slots[place][:_MOST_VARIANTS])
                yield from (option for option in options if self._helps(option))

    def _smallest(self, cure: Cure) -> Cure:
        """Return a part that is enough and has itself no such part."""
        for index in reversed(range(len(cure))):
            rest = (*cure[:index], *cure[index + 1 :])
            cure = rest if self._helps(rest) else cure
        # Single steps cannot see that two changes are of no use without each other.
        sizes = range(1, len(cure)) if len(cure) <= _CHECKED_IN_FULL else ()
        parts = (part for size in sizes for part in combinations(cure, size))
        return _renumbered(next((part for part in parts if self._helps(part)), cure))


def _renumbered(cure: Cure) -> Cure:
    """Count the new members of each group from one, so that equal sets look equal."""
    counts: Counter[str] = Counter()
    renumbered: list[Remedy] = []
    for remedy in cure:
        if isinstance(remedy, AddApprover):
            counts[remedy.group] += 1
            renumbered.append(AddApprover(remedy.group, counts[remedy.group]))
        else:
            renumbered.append(remedy)
    return tuple(renumbered)


def _with(cure: Cure, index: int, remedy: Remedy) -> Cure:
    return (*cure[:index], remedy, *cure[index + 1 :])


# ---- what could matter --------------------------------------------------------------------------


def _slots(at: Situation, level: Level, person: Person) -> Iterator[Slot]:
    """Yield all changes that could matter, those of the requester first."""
    slots = (
        *_of_asking(at, person),
        *_of_answers(at, level),
        *_of_access(at, level),
        *_of_roster(at, level, person),
        *_of_rule(at, level, person),
        *_of_approvers(at, level),
    )
    yield from (slot for slot in slots if slot)


def _of_asking(at: Situation, person: Person) -> Iterator[Slot]:
    if at.ask.kind is not Kind.ASKING:
        yield (AskInUsualWay(),)
    if at.ask.requester_id != person.id:
        team = at.policy.group(IT_GROUP)
        colleagues = at.roster.members(team.members if team else ())
        ids = (person.manager_id, *(one.id for one in colleagues))
        known = (id_ for id_ in dict.fromkeys(ids) if id_ and at.roster.get(id_))
        others = (id_ for id_ in known if id_ not in (person.id, at.ask.requester_id))
        yield (LetAsk(person.id), *map(LetAsk, others), LetAsk(person.id))
    yield tuple(_lengths(at, person))
    if not person.has_started(at.now):
        morning = datetime.combine(person.first_day, time(9), ZoneInfo(person.timezone))
        yield (WaitUntil(morning),)


def _lengths(at: Situation, person: Person) -> Iterator[Remedy]:
    """Yield shorter times, the longest first."""
    calendar = at.policy.company.calendar
    start = max(person.first_day, person.today(at.now))
    days = (person.last_day - start).days if person.last_day else 0
    until = (Duration(number) for number in (days, days - 1) if number > 0)
    shorter = {
        length
        for length in (*_LENGTHS, *_limits(at), *until)
        if not length.is_permanent
        and exceeds(at.ask.duration, length, at.now, calendar)
        and not exceeds(length, LONGEST, at.now, calendar)
    }

    def end(length: Duration) -> tuple[datetime, str]:
        return length.after(at.now, calendar) or at.now, str(length)

    yield from map(AskForLength, sorted(shorter, key=end, reverse=True))


def _limits(at: Situation) -> Iterator[Duration]:
    level = at.policy.level(at.ask.level_id)
    if level is not None and level.request is not None:
        yield level.request.longest
    if level is not None and level.break_glass is not None:
        yield level.break_glass.longest
    yield from (rule.exception.longest for rule in at.policy.separations if rule.exception)


def _of_answers(at: Situation, level: Level) -> Iterator[Slot]:
    questions = level.request.questions if level.request else ()
    for question in questions:
        if answer_problem(question, at.ask.answers.get(question.id, "")):
            yield (AnswerQuestion(question.id, _EXAMPLES[question.form]),)
    for unknown in sorted(at.ask.answers.keys() - {question.id for question in questions}):
        yield (LeaveOutAnswer(unknown),)


def _of_access(at: Situation, level: Level) -> Iterator[Slot]:
    apart = (rule.never_both for rule in at.policy.separations if level.id in rule.never_both)
    for id_ in dict.fromkeys((level.id, *(one for names in apart for one in names))):
        if id_ in at.ask.held:
            yield (GiveBack(id_),)
        if id_ in at.ask.pending:
            yield (Withdraw(id_),)


def _of_roster(at: Situation, level: Level, person: Person) -> Iterator[Slot]:
    barred = level.request.not_ if level.request else ()
    yield tuple(ChangeRole(person.id, role) for role in _better_roles(at, level, person))
    if person.engagement in barred:
        others = (one for one in Engagement if one is not person.engagement and one not in barred)
        yield tuple(ChangeEngagement(person.id, one) for one in others)
    if person.last_day is not None:
        yield (DropLastDay(person.id),)
    concerned = (person.id, at.ask.requester_id, person.manager_id)
    if any(name == MANAGER for name, _ in approver_names(level, at.policy)):
        managers = (p for p in at.roster if p.is_on_file and p.is_active(at.now))
        ids = [one.id for one in managers if one.id not in concerned]
        yield tuple(ChangeManager(person.id, id_) for id_ in ids[:_MOST_VARIANTS])


def _better_roles(at: Situation, level: Level, person: Person) -> Iterator[str]:
    """Yield roles that may have the level, if the person's may not."""
    roles, rule = at.policy.roles, level.request or RequestRule()

    def may_ask(role: str) -> bool:
        return role not in rule.not_ and (role in rule.by or EVERYONE in rule.by)

    if at.ask.is_joining:
        yield from (id_ for id_, role in roles.items() if level.id in role.birthright)
    if person.role not in roles or not may_ask(person.role):
        found = [id_ for id_ in roles if may_ask(id_) and id_ != person.role]
        yield from found[:_MOST_VARIANTS]


def _of_rule(at: Situation, level: Level, person: Person) -> Iterator[Slot]:
    role = at.policy.roles.get(person.role)
    if role is None:
        yield (DeclareRole(person.role),)
    if at.ask.is_joining and (role is None or level.id not in role.birthright):
        yield (GiveBirthright(person.role, level.id),)
    rule = level.request
    if rule is None:
        is_endless = at.ask.duration.is_permanent and level.risk is Risk.CRITICAL
        yield (OpenLevel(level.id, LONGEST if is_endless else at.ask.duration),)
        return
    for name in dict.fromkeys((person.role, str(person.engagement))):
        if name in rule.not_:
            yield (StopBarring(level.id, name),)
    if person.role not in rule.by and EVERYONE not in rule.by:
        yield (ListRole(level.id, person.role),)
    if at.ask.is_emergency and level.break_glass is not None:
        yield tuple(JoinGroup(group, person.id) for group in level.break_glass.by)


def _of_approvers(at: Situation, level: Level) -> Iterator[Slot]:
    """Yield more members for the groups that are asked, and for IT, which steps in for all."""
    rules = (rule for rule in at.policy.separations if level.id in rule.never_both)
    exceptions = tuple(rule.exception for rule in rules if rule.exception)
    names = [name for name, _ in approver_names(level, at.policy, exceptions)]
    for name in dict.fromkeys(names):
        if at.policy.group(name) and name != IT_GROUP:
            yield (AddApprover(name),)
    for number in range(1, len(names) + 1):
        yield (AddApprover(IT_GROUP, number),)
