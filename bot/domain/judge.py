"""Many questions under one policy, roster and moment: what `decide` answers, without the repeats.

The judge gives the answer, its rule and file:line, all reasons for a no, and who must say yes. It
leaves `checks` empty, what was looked at and held: whoever wants one answer explained in full asks
`decide`.

Most questions are plain: somebody at work with no last day asks for themselves, and neither has nor
waits for what they ask for or what is kept apart from it. Of those

    who may ask         is the same for all of one role and engagement, at each level
    how long            is the same for all who ask for one length, at each level
    who must say yes    is the same for all with one manager who are in no group, at each level

so that they share one decision, found once; where the first two both refuse, their reasons are put
together. Every other question goes to `decide` as it is.

Memory is bounded whatever is asked: beside a few words for each level and person there are at most
MOST_KEPT decisions (about 140 MB), rows counted by their size; then it starts over.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import count

from bot.domain.decision import Case, check_people, check_rule, conclude, decide
from bot.domain.decision_values import Answer, Ask, Decision, Finding
from bot.domain.durations import Duration
from bot.domain.people import Person, Roster
from bot.domain.policy import Policy
from bot.domain.question_checks import answers_are_given

MOST_KEPT = 250_000
_CELLS_PER_DECISION = 32
"""So many cells of a row take as much memory as one decision."""

_NOTHING_AGAINST, _REFUSED = 1, 2
_NOT_FOUND_YET = Decision(answer=Answer.REFUSED, rule="", where="", policy_commit="")


class _Row:
    """What comes of one crowd, or of one length, at each level, by the level's number.

    What it says is a byte, 0 for not found yet, and looked at first: the bytes of all rows stay
    in the processor's cache, which the decisions do not.
    """

    __slots__ = ("first_cell", "pairs", "refusals", "says")

    def __init__(self, levels: int, number: int) -> None:
        self.says = bytearray(levels)
        self.refusals = [_NOT_FOUND_YET] * levels
        self.first_cell = number * levels
        self.pairs: dict[int, Decision] = {}
        """Of a crowd: what a length refuses too, by the number of the length's cell."""


_Asked = dict[int, Decision]
"""What comes of looking for the approvers of those with one tie, by the level's number."""

_Standing = tuple[Person, _Row, _Asked]


class Judge:
    """Answers as `decide` does, but for the checks, under one policy, one roster and one moment."""

    def __init__(
        self, policy: Policy, roster: Roster, now: datetime, *, most_kept: int = MOST_KEPT
    ) -> None:
        self._policy, self._roster, self._now = policy, roster, now
        self._most_kept = most_kept
        self._levels = policy.levels
        self._number_of = {level.id: number for number, level in enumerate(self._levels)}
        self._apart: dict[str, set[str]] = {}
        for rule in policy.separations:
            for level_id in rule.never_both:
                self._apart.setdefault(level_id, set()).update(rule.never_both)
        groups = policy.company.groups.values()
        self._in_groups = {one.id for group in groups for one in roster.members(group.members)}
        self._odd: set[str] = set()
        self._row_numbers = count()  # never the same again: an old row may outlive `_forget`
        self._forget()

    def _forget(self) -> None:
        self._kept = 0
        self._people: dict[str, _Standing] = {}
        self._crowds: dict[tuple[str, str], _Row] = {}
        self._ties: dict[tuple[str | None, str | None], _Asked] = {}
        self._lengths: dict[tuple[int | None, str], _Row] = {}

    def decide(self, ask: Ask) -> Decision:
        """Answer one question, in all but its checks."""
        number = self._number_of.get(ask.level_id)
        if (
            number is None
            or ask.person_id != ask.requester_id
            or ask.is_joining
            or ask.is_emergency
            or ask.is_escalated
            or ask.answers
            or ((ask.held or ask.pending) and self._matters(ask))
        ):
            return self._alone(ask)
        standing = self._people.get(ask.person_id) or self._meet(ask, number)
        if standing is None:
            return self._alone(ask)
        person, crowd, asked = standing
        duration = ask.duration
        length = self._lengths.get((duration.amount, duration.unit)) or self._measure(duration)
        who, long = crowd.says[number], length.says[number]
        if not who or not long:
            self._find(self._case(ask, number, person), number, crowd, length)
            who, long = crowd.says[number], length.says[number]
        if who == _REFUSED:
            if long == _REFUSED:
                pair = crowd.pairs.get(length.first_cell + number)
                return pair or self._pair(number, crowd, length)
            return crowd.refusals[number]
        if long == _REFUSED:
            return length.refusals[number]
        return asked.get(number) or self._ask(self._case(ask, number, person), number, asked)

    def _matters(self, ask: Ask) -> bool:
        """Whether something that the person has or waits for counts for this question."""
        names = {ask.level_id} | self._apart.get(ask.level_id, set())
        return any(name in ask.held or name in ask.pending for name in names)

    def _alone(self, ask: Ask) -> Decision:
        return replace(decide(ask, self._policy, self._roster, self._now), checks=())

    # ---- what is found once ---------------------------------------------------------------------

    def _meet(self, ask: Ask, number: int) -> _Standing | None:
        """Look a person up; None for strangers and for those of whom no question is plain."""
        person = self._roster.get(ask.person_id)
        if person is None or person.id in self._odd:
            return None
        findings = check_people(self._case(ask, number, person))
        if person.last_day is not None or any(finding.reason for finding in findings):
            self._odd.add(person.id)
            return None
        manager = self._roster.get(person.manager_id)
        # nobody says yes to their own request, so that members of groups are apart
        own = person.id if person.id in self._in_groups else None
        tie, role = (own, manager.id if manager else None), (person.role, person.engagement)
        crowd = self._crowds.get(role) or self._new_row()
        self._crowds[role] = crowd
        standing = self._people[person.id] = (person, crowd, self._ties.setdefault(tie, {}))
        return standing

    def _measure(self, duration: Duration) -> _Row:
        length = self._new_row()
        self._lengths[duration.amount, duration.unit] = length
        return length

    def _find(self, case: Case, number: int, crowd: _Row, length: _Row) -> None:
        """Check a level's own rule: the last finding is on the length, all before on who asks."""
        *by_whom, how_long = check_rule(
            case.level,
            self._policy,
            role=case.person.role,
            engagement=case.person.engagement,
            duration=case.ask.duration,
            kind=case.ask.kind,
            now=self._now,
        )
        self._put(crowd, number, case, by_whom)
        self._put(length, number, case, (how_long, *answers_are_given(case.level, {})))

    def _put(self, row: _Row, number: int, case: Case, findings: Iterable[Finding]) -> None:
        found = tuple(findings)
        if not any(finding.reason for finding in found):
            row.says[number] = _NOTHING_AGAINST
        elif not row.says[number]:
            self._make_room(1)
            row.refusals[number] = replace(conclude(case, found), checks=())
            row.says[number] = _REFUSED

    def _pair(self, number: int, crowd: _Row, length: _Row) -> Decision:
        """Refuse for who asks and for how long; the first reason names the rule to blame."""
        who, long = crowd.refusals[number], length.refusals[number]
        self._make_room(1)
        pair = replace(who, reasons=who.reasons + long.reasons)
        crowd.pairs[length.first_cell + number] = pair
        return pair

    def _ask(self, case: Case, number: int, asked: _Asked) -> Decision:
        """Look for the approvers; what may be approved beforehand rests on more and is not kept."""
        found = replace(conclude(case, ()), checks=())
        criteria = self._policy.system_of(case.level).auto_approve
        if not any(case.level.name in criterion.levels for criterion in criteria):
            self._make_room(1)
            asked[number] = found
        return found

    def _case(self, ask: Ask, number: int, person: Person) -> Case:
        return Case(
            ask=ask,
            level=self._levels[number],
            person=person,
            requester=person,
            policy=self._policy,
            roster=self._roster,
            now=self._now,
        )

    def _new_row(self) -> _Row:
        self._make_room(1 + len(self._levels) // _CELLS_PER_DECISION)
        return _Row(len(self._levels), next(self._row_numbers))

    def _make_room(self, decisions: int) -> None:
        if self._kept + decisions > self._most_kept:
            self._forget()
        self._kept += decisions
