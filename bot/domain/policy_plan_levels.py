"""Level by level: who gains and loses which way to it, for how long, and who is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import Duration
from bot.domain.people import Engagement
from bot.domain.policy import Level, Policy, QuestionForm
from bot.domain.policy_crowds import Crowd, Population, Tie
from bot.domain.policy_plan_given import birthright_changes, given_levels
from bot.domain.policy_plan_values import ApproverChange, LengthChange, Shift, Way
from bot.domain.policy_reach import SHORTEST, Part, Reach, Reaches, approver_names, asked_people
from bot.domain.policy_separated import Held, Separated

_ANSWERS = {
    QuestionForm.TEXT: "words",
    QuestionForm.LINK: "https://acme.example/",
    QuestionForm.NUMBER: "1",
}
_NOTHING: Mapping[str, datetime | None] = {}


class _Key(NamedTuple):
    way: Way
    is_gain: bool
    role: str
    engagement: Engagement


class Pair(NamedTuple):
    """A level in both policies, and those who hold what a separation may keep from it in either.

    `is_kept_otherwise` says that the separations of the level are not the same.
    """

    id: str
    before: Level | None
    after: Level | None
    kept_apart: frozenset[str]
    is_kept_otherwise: bool


class Standing(NamedTuple):
    """What a level is to somebody under one policy."""

    reach: Reach
    is_birthright: bool


class _Kind(NamedTuple):
    """Who gets the same answers about a level from both policies, but in an emergency."""

    level_id: str
    crowd: Crowd
    tie: Tie
    held_beside: frozenset[str]


class _Answers(NamedTuple):
    """What both policies say to somebody, and whether other people are asked than before."""

    before: Answer
    after: Answer
    is_asked_anew: bool


class Levels:
    """Compares every level of two policies; `held` are the levels that people hold now."""

    def __init__(
        self,
        base: Policy,
        head: Policy,
        *,
        population: Population,
        held: Held,
        now: datetime,
    ) -> None:
        self.reaches = Reaches(base, head, population, now)
        self._base, self._head, self._now = base, head, now
        self._population, self._roster = population, population.roster
        self._held = held
        self._separated = Separated(base, head, population, held)
        self._given_before, self._given_after = given_levels(base), given_levels(head)
        self._birthrights = birthright_changes(self._given_before, self._given_after)
        self._login_of = _logins_of(population)
        self._logins = _by_login(self._login_of)
        self._pairs: dict[str, Pair] = {}
        self._untouched: dict[str, bool] = {}
        self._standings: dict[_Kind, tuple[Standing, Standing]] = {}
        self._answers_to: dict[tuple[_Kind, Way], _Answers] = {}
        self._parts_apart: dict[tuple[str, bool], tuple[Part, ...]] = {}

    def pairs(self) -> Iterator[Pair]:
        ids = dict.fromkeys(level.id for level in (*self._base.levels, *self._head.levels))
        return map(self.pair, ids)

    def pair(self, level_id: str) -> Pair:
        if level_id not in self._pairs:
            self._pairs[level_id] = Pair(
                level_id,
                self._base.level(level_id),
                self._head.level(level_id),
                self._separated.people(level_id),
                self._separated.is_otherwise(level_id),
            )
        return self._pairs[level_id]

    def knows(self, person_id: str) -> bool:
        """Whether the roster has this person, and they have not left."""
        return person_id in self._population.crowd_of

    def is_untouched(self, level_id: str) -> bool:
        """Whether a level is to everybody what it was."""
        if level_id not in self._untouched:
            pair = self.pair(level_id)
            self._untouched[level_id] = (
                pair.before is not None
                and pair.after is not None
                and self._is_settled(pair)
                and level_id not in self._birthrights
                and _longest(pair.before) == _longest(pair.after)
            )
        return self._untouched[level_id]

    def standing(self, level_id: str, person_id: str) -> tuple[Standing, Standing]:
        """Say what a level is to one person, before and after."""
        kind = self._kind(level_id, person_id)
        if kind not in self._standings:
            is_apart = bool(kind.held_beside)
            find = self._standing_apart if is_apart else self._standing_of_crowd
            self._standings[kind] = find(self.pair(level_id), person_id)
        return self._standings[kind]

    def _kind(self, level_id: str, person_id: str) -> _Kind:
        return _Kind(
            level_id,
            self._population.crowd_of[person_id],
            self._population.tie_of(person_id),
            self._separated.held_beside(level_id, person_id),
        )

    def _standing_apart(self, pair: Pair, person_id: str) -> tuple[Standing, Standing]:
        given = self._answers(pair, person_id, Way.BIRTHRIGHT)
        asked = self._answers(pair, person_id, Way.ASK)
        return (
            Standing(_REACHES[asked.before], given.before is Answer.ALLOWED),
            Standing(_REACHES[asked.after], given.after is Answer.ALLOWED),
        )

    def _standing_of_crowd(self, pair: Pair, person_id: str) -> tuple[Standing, Standing]:
        role = self._population.crowd_of[person_id].role
        before, after = self.reaches.of_person(pair.before, pair.after, person_id)
        return (
            Standing(before, pair.id in self._given_before.get(role, ())),
            Standing(after, pair.id in self._given_after.get(role, ())),
        )

    # ---- ways to a level ------------------------------------------------------------------------

    def shifts(self, pair: Pair) -> Iterator[Shift]:
        """Tell who gains and loses a way to a level."""
        found: dict[_Key, list[Sequence[str]]] = {}
        for key, people in self._ways(pair):
            if people:
                found.setdefault(key, []).append(people)
        for key, groups in found.items():
            yield Shift(level_id=pair.id, people=_joined(groups), **key._asdict())

    def _ways(self, pair: Pair) -> Iterator[tuple[_Key, Sequence[str]]]:
        yield from self._given(pair)
        yield from self._asking(self.parts(pair))
        yield from self._breaking_glass(pair)

    def _given(self, pair: Pair) -> Iterator[tuple[_Key, Sequence[str]]]:
        changes = self._birthrights.get(pair.id, ())
        for role, is_gain in changes:
            for crowd in self._population.by_role.get(role, ()):
                key = _Key(Way.BIRTHRIGHT, is_gain, crowd.role, crowd.engagement)
                yield key, _without(self._population.people(crowd), pair.kept_apart)
        if changes or pair.is_kept_otherwise:
            given = (id_ for id_ in sorted(pair.kept_apart) if self._is_ever_given(pair.id, id_))
            yield from self._one_by_one(pair, given, Way.BIRTHRIGHT)

    def _is_ever_given(self, level_id: str, person_id: str) -> bool:
        role = self._population.crowd_of[person_id].role
        both = (self._given_before, self._given_after)
        return any(level_id in given.get(role, ()) for given in both)

    def _asking(self, parts: Iterable[Part]) -> Iterator[tuple[_Key, Sequence[str]]]:
        for crowd, people, before, after, _is_anew in parts:
            for way, reaches in _ASKS.items():
                is_now = after in reaches
                if is_now is not (before in reaches):
                    yield _Key(way, is_now, crowd.role, crowd.engagement), people

    def _breaking_glass(self, pair: Pair) -> Iterator[tuple[_Key, Sequence[str]]]:
        one = _logins(_glass(pair.before), self._base)
        other = _logins(_glass(pair.after), self._head)
        if one == other and self._is_settled(pair):
            return
        people = {id_ for login in one | other for id_ in self._logins.get(login, ())}
        yield from self._one_by_one(pair, sorted(people & pair.kept_apart), Way.EMERGENCY)
        for person_id in sorted(people - pair.kept_apart):
            crowd = self._population.crowd_of[person_id]
            login = self._login_of[person_id]
            before = login in one and _may_help_themselves(pair.before, crowd, self._base)
            is_now = login in other and _may_help_themselves(pair.after, crowd, self._head)
            if is_now is not before:
                yield _Key(Way.EMERGENCY, is_now, crowd.role, crowd.engagement), (person_id,)

    def _one_by_one(
        self, pair: Pair, people: Iterable[str], way: Way
    ) -> Iterator[tuple[_Key, Sequence[str]]]:
        for person_id in people:
            before, after, _is_asked_anew = self._answers(pair, person_id, way)
            is_now = after is Answer.ALLOWED
            if is_now is not (before is Answer.ALLOWED):
                crowd = self._population.crowd_of[person_id]
                yield _Key(way, is_now, crowd.role, crowd.engagement), (person_id,)

    def _answers(self, pair: Pair, person_id: str, way: Way) -> _Answers:
        """Ask both policies, once for everybody of a kind."""
        if way is Way.EMERGENCY:  # only here a login counts that several people share
            return self._answered(pair, person_id, way)
        key = (self._kind(pair.id, person_id), way)
        if key not in self._answers_to:
            self._answers_to[key] = self._answered(pair, person_id, way)
        return self._answers_to[key]

    def _answered(self, pair: Pair, person_id: str, way: Way) -> _Answers:
        before = self._answer(self._base, pair.id, person_id, way)
        after = self._answer(self._head, pair.id, person_id, way)
        is_asked_anew = _people_asked(before) != _people_asked(after)
        return _Answers(before.answer, after.answer, is_asked_anew)

    def _answer(self, policy: Policy, level_id: str, person_id: str, way: Way) -> Decision:
        """Ask a policy itself, for one person with what they hold beside the level."""
        held = self._held.get(person_id, _NOTHING)
        ask = Ask(
            requester_id=person_id,
            person_id=person_id,
            level_id=level_id,
            duration=SHORTEST,
            held={id_: until for id_, until in held.items() if id_ != level_id},
            answers=_answers(policy.level(level_id)),
            is_joining=way is Way.BIRTHRIGHT,
            is_emergency=way is Way.EMERGENCY,
        )
        return decide(ask, policy, self._roster, self._now)

    # ---- asking for it --------------------------------------------------------------------------

    def parts(self, pair: Pair, *, of_everybody: bool = False) -> Iterable[Part]:
        """List who may do what; whom a separation may keep from the level is asked one by one."""
        if not pair.kept_apart:
            return self.reaches.parts(pair.before, pair.after, of_everybody=of_everybody)
        # Where anything is another answer than before, everybody is asked anyway.
        key = (pair.id, of_everybody or not self._is_settled(pair))
        if key not in self._parts_apart:
            self._parts_apart[key] = tuple(self._with_kept_apart(pair, of_everybody=key[1]))
        return self._parts_apart[key]

    def _with_kept_apart(self, pair: Pair, *, of_everybody: bool) -> Iterator[Part]:
        parts = self.reaches.parts(pair.before, pair.after, of_everybody=of_everybody)
        for part in parts:
            yield part._replace(people=_without(part.people, pair.kept_apart))
        if of_everybody:
            yield from (self._part(pair, person_id) for person_id in sorted(pair.kept_apart))

    def _is_settled(self, pair: Pair) -> bool:
        """Whether nothing about asking for the level can be another answer than before."""
        is_alike = self.reaches.is_alike(pair.before, pair.after)
        return is_alike and not pair.is_kept_otherwise and not self.reaches.newly_judged

    def _part(self, pair: Pair, person_id: str) -> Part:
        before, after, is_asked_anew = self._answers(pair, person_id, Way.ASK)
        crowd = self._population.crowd_of[person_id]
        return Part(crowd, (person_id,), _REACHES[before], _REACHES[after], is_asked_anew)

    def length(self, pair: Pair) -> LengthChange | None:
        """Tell how many people may have a level for another time than before."""
        one = pair.before.request if pair.before else None
        other = pair.after.request if pair.after else None
        if one is None or other is None or one.longest == other.longest:
            return None
        people = sum(
            len(part.people)
            for part in self.parts(pair, of_everybody=True)
            if part.before is not Reach.NONE and part.after is not Reach.NONE
        )
        if not people:
            return None
        return LengthChange(
            level_id=pair.id, before=one.longest, after=other.longest, people=people
        )

    def approvers(self, pair: Pair) -> ApproverChange | None:
        """Tell how many people who ask for a level would have other approvers."""
        people = sum(
            len(part.people)
            for part in self.parts(pair)
            if part.is_asked_anew and part.before is part.after is Reach.APPROVAL
        )
        if not people or pair.before is None or pair.after is None:
            return None
        before = approver_names(pair.before, self._base)
        after = approver_names(pair.after, self._head)
        old, new = self._people_in(before, self._base), self._people_in(after, self._head)
        return ApproverChange(
            level_id=pair.id,
            before=before,
            after=after,
            people=people,
            newly_asked=tuple(sorted(new - old)),
            no_longer_asked=tuple(sorted(old - new)),
        )

    def _people_in(self, names: Iterable[str], policy: Policy) -> set[str]:
        return {
            person.id
            for group in map(policy.group, names)
            if group is not None
            for person in self._roster.members(group.members)
            if person.is_active(self._now)
        }


_ASKS = {Way.ASK: {Reach.APPROVAL, Reach.AUTOMATIC}, Way.AUTOMATIC: {Reach.AUTOMATIC}}
_REACHES = {
    Answer.REFUSED: Reach.NONE,
    Answer.NEEDS_APPROVAL: Reach.APPROVAL,
    Answer.ALLOWED: Reach.AUTOMATIC,
}


def _people_asked(decision: Decision) -> tuple[tuple[str, ...], ...]:
    return asked_people(need.from_ for need in decision.needs)


def _answers(level: Level | None) -> dict[str, str]:
    """Answer a level's own questions in the right form: the plan asks about people, not texts."""
    questions = level.request.questions if level is not None and level.request is not None else ()
    return {question.id: _ANSWERS[question.form] for question in questions}


def _without(people: Sequence[str], others: frozenset[str]) -> Sequence[str]:
    return tuple(id_ for id_ in people if id_ not in others) if others else people


def _joined(groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(groups[0]) if len(groups) == 1 else tuple(id_ for ids in groups for id_ in ids)


def _longest(level: Level) -> Duration | None:
    return level.request.longest if level.request is not None else None


def _glass(level: Level | None) -> tuple[str, ...]:
    return level.break_glass.by if level is not None and level.break_glass is not None else ()


def _logins(groups: Iterable[str], policy: Policy) -> frozenset[str]:
    found = (policy.group(name) for name in groups)
    return frozenset(
        login.casefold() for group in found if group is not None for login in group.members
    )


def _may_help_themselves(level: Level | None, crowd: Crowd, policy: Policy) -> bool:
    """Whether members of the level's emergency groups may have it if they are of this crowd."""
    if level is None or level.request is None:
        return False
    is_barred = crowd.role in level.request.not_ or crowd.engagement in level.request.not_
    return crowd.can_ask and crowd.role in policy.roles and not is_barred


def _logins_of(population: Population) -> Mapping[str, str]:
    """Map everybody whose membership of a group counts to their login."""
    return {
        person.id: person.github.casefold()
        for person in population.roster
        if person.github and person.is_on_file and person.id in population.crowd_of
    }


def _by_login(login_of: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Find people by login, also those who share one: each may help themselves in an emergency."""
    found: dict[str, list[str]] = {}
    for person_id, login in login_of.items():
        found.setdefault(login, []).append(person_id)
    return found
