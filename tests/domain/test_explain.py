"""Why it is so, who is asked, and what would have to be true: checked by making it true."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, islice

import pytest

from bot.domain.cures import LONGEST, find_cures
from bot.domain.decision import Answer, Ask, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.explain import Explanation, explain, in_short, numbered
from bot.domain.people import Person, Roster
from bot.domain.policy import BreakGlass, Policy, Question, Risk, Where
from bot.domain.policy_remedies import AddApprover
from bot.domain.remedies import AskForLength, Effort, Remedy, Situation, apply_all
from bot.domain.rule_checks import exceeds
from tests.any_company import Dice
from tests.factories import CRM_YML, NOW, ask, group, level, person, policy, roster

REFUSALS_PER_SEED, SEEDS = 250, (1, 2, 3, 4)


def explained(question: Ask, rules: Policy | None = None, *people: Person) -> Explanation:
    return explain(question, rules or policy(), roster(*people), NOW)


def sentences(one: Explanation) -> list[tuple[str, ...]]:
    return [way.sentences for way in one.ways_out]


# ---- what would have to be true, over everything ------------------------------------------------


def is_refused(at: Situation) -> bool:
    return decide(at.ask, at.policy, at.roster, at.now).answer is Answer.REFUSED


def refusals(seed: int) -> Iterator[Situation]:
    """Make refusals of known levels and people: no others can be cured."""
    dice = Dice(seed)
    found = 0
    while found < REFUSALS_PER_SEED:
        at = dice.situation()
        is_known = at.policy.level(at.ask.level_id) and at.roster.get(at.ask.person_id)
        if is_known and is_refused(at):
            found += 1
            yield at


def parts(cure: Sequence[Remedy]) -> Iterator[tuple[Remedy, ...]]:
    return (part for size in range(len(cure)) for part in combinations(cure, size))


class Trial:
    """Makes changes true, one on top of the other, and remembers: many sets begin alike."""

    def __init__(self, at: Situation) -> None:
        self._made: dict[tuple[Remedy, ...], Situation] = {(): at}
        self._refused: dict[tuple[Remedy, ...], bool] = {}

    def is_refused(self, cure: tuple[Remedy, ...]) -> bool:
        if cure not in self._refused:
            self._refused[cure] = is_refused(self._after(cure))
        return self._refused[cure]

    def _after(self, cure: tuple[Remedy, ...]) -> Situation:
        if cure not in self._made:
            self._made[cure] = cure[-1].apply(self._after(cure[:-1]))
        return self._made[cure]


@pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[1:])]
)
def test_every_refusal_has_a_cure_that_works_and_of_which_no_part_does(seed: int) -> None:
    """A thousand refusals: each proposed set is applied, and each part of it."""
    for at in refusals(seed):
        cures, trial = find_cures(at), Trial(at)

        assert cures, at
        for cure in cures:
            assert not trial.is_refused(cure), (cure, at)
            spare = [part for part in parts(cure) if not trial.is_refused(part)]
            assert spare == [], (cure, at)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_the_requester_can_do_comes_first_and_nobody_is_told_to_ask_for_long(
    seed: int,
) -> None:
    for at in islice(refusals(seed), 25):
        cures = find_cures(at)

        assert len(set(cures)) == len(cures)
        efforts = [max(remedy.effort for remedy in cure) for cure in cures]
        assert efforts == sorted(efforts)
        lengths = [one.duration for cure in cures for one in cure if isinstance(one, AskForLength)]
        calendar = at.policy.company.calendar
        assert not [one for one in lengths if exceeds(one, LONGEST, at.now, calendar)]
        assert all(one.sentence(at).endswith(".") for cure in cures for one in cure)


def test_an_unknown_level_or_person_cannot_be_cured() -> None:
    for question in (ask(level_id="crm/none"), ask(person_id="zoe")):
        one = explained(question)

        assert one.decision.answer is Answer.REFUSED
        assert one.ways_out == ()


# ---- single cures -------------------------------------------------------------------------------


def test_what_is_too_long_may_be_asked_for_as_long_as_it_is_allowed() -> None:
    rules = policy(level(longest=Duration(20)))

    assert sentences(explained(ask(duration=PERMANENT), rules)) == [
        ("Ask for 20 days instead of for good.",)
    ]


def test_a_wrong_role_can_be_changed_by_it_or_listed_by_the_owner() -> None:
    one = explained(ask(), policy(level(by=("csm",))))

    assert sentences(one) == [
        ("Ann Doe has the role csm in the roster.",),
        ("crm/standard lists the role «engineer» in `request.by` (policies/systems/crm.yml:12).",),
    ]
    assert [remedy.effort for way in one.ways_out for remedy in way.remedies] == [
        Effort.IT,
        Effort.POLICY,
    ]


def test_who_may_ask_are_the_person_their_manager_and_it() -> None:
    assert sentences(explained(ask(requester_id="gus"))) == [
        ("Let Ann Doe ask themselves.",),
        ("Let Bea Doe ask.",),
        ("Let Ivy Doe ask.",),
    ]


def test_several_reasons_need_several_changes_at_once() -> None:
    newcomer = person("ann", first_day=date(2026, 11, 9), last_day=date(2026, 11, 20))

    one = explained(ask(duration=Duration(31), held={"crm/standard": None}), None, newcomer)

    assert sentences(one)[0] == (
        "Ask for 11 days instead of 31 days.",
        "Wait until Ann Doe has started, on 2026-11-09.",
        "Give back crm/standard.",
    )


def test_a_leaver_stays_if_the_last_day_was_wrong() -> None:
    one = explained(ask(), None, person("ann", last_day=date(2026, 10, 30)))

    assert sentences(one) == [
        ("Ann Doe stays: the last day 2026-10-30 is taken out of the roster.",)
    ]


def test_a_joiner_asks_later_or_the_role_gives_it() -> None:
    joiner = person("ann", first_day=date(2026, 11, 9))

    assert sentences(explained(ask(is_joining=True), None, joiner)) == [
        (
            "Ask for it in the usual way, not with onboarding.",
            "Wait until Ann Doe has started, on 2026-11-09.",
        ),
        ("Ann Doe has the role csm in the roster.",),
        ("The role «engineer» gives crm/standard as a birthright.",),
    ]


def test_a_joiner_whose_role_nobody_knows_needs_the_role_and_its_birthright() -> None:
    one = explained(ask(is_joining=True), None, person("ann", role="wizard"))

    assert (
        "policies/roles.yml declares the role «wizard».",
        "The role «wizard» gives crm/standard as a birthright.",
    ) in sentences(one)


def test_what_helps_on_joining_is_not_in_the_way_of_asking_later() -> None:
    """The role that gives the level may not ask for it: both ways out cannot be tried at once."""
    rules = policy(level(by=("engineer",), risk=Risk.CRITICAL))

    assert sentences(explained(ask(is_joining=True), rules)) == [
        ("Ask for it in the usual way, not with onboarding.",)
    ]


def test_an_emergency_can_wait_or_the_person_joins_the_group() -> None:
    glass = BreakGlass(by=("security",), longest=Duration(7), where=Where(CRM_YML, 20))

    one = explained(ask(is_emergency=True), policy(level(break_glass=glass)))

    assert sentences(one) == [
        ("Ask for it in the usual way, not as an emergency.",),
        ("Ann Doe is a member of the group security in policies/company.yml.",),
    ]


def test_when_nobody_is_left_to_approve_somebody_new_has_to_be() -> None:
    rules = policy(level(approve=("crm-owners",)))
    alone = roster(without=("gus", "gil", "ivy", "ian"))

    one = explain(ask(), rules, alone, NOW)

    assert sentences(one) == [
        (
            (
                "The group crm-owners has one more colleague at work as a member"
                " (policies/company.yml)."
            ),
        ),
        ("The group it has one more colleague at work as a member (policies/company.yml).",),
    ]


def test_somebody_new_is_nobody_who_is_there_already() -> None:
    namesake = person("new-in-it-1", github="new-in-it-1")
    at = Situation(ask=ask(), policy=policy(), roster=roster(namesake), now=NOW)

    after = AddApprover("it").apply(at)

    assert len(after.roster) == len(at.roster) + 1
    assert after.roster.get("new-in-it-1") == namesake


def test_two_who_are_missing_are_two() -> None:
    rules = policy(level(approve=("manager", "crm-owners")))

    one = explain(ask(), rules, roster(without=("bea", "gus", "gil", "ivy", "ian")), NOW)

    assert (
        "The group it has one more colleague at work as a member (policies/company.yml).",
        "The group it has yet another colleague at work as a member (policies/company.yml).",
    ) in sentences(one)


def test_everybody_who_matters_is_looked_at_also_those_who_share_a_login() -> None:
    """Two people with one login are nobody's member, whatever the rest of the roster is."""
    twin = person("tim", github="Octo-Gus", mail="tim@acme.example", slack_id="UTIM")
    at = Situation(
        ask=ask(),
        policy=policy(level(approve=("crm-owners",)), groups=(group("crm-owners", "octo-gus"),)),
        roster=Roster((*roster(without=("ivy", "ian")), twin)),
        now=NOW,
    )

    assert is_refused(at)
    assert all(not is_refused(apply_all(cure, at)) for cure in find_cures(at))


def test_hours_are_proposed_where_days_are_too_long() -> None:
    one = explained(ask(duration=Duration(1)), policy(level(longest=Duration(8, Unit.HOURS))))

    assert sentences(one) == [("Ask for 8 hours instead of 1 day.",)]


# ---- who is asked -------------------------------------------------------------------------------


def test_who_is_asked_is_named_with_the_reason() -> None:
    owners = group("crm-owners", "octo-ann", backup="security")
    rules = policy(level(approve=("manager", "crm-owners")), groups=(owners,))

    manager, owner = explained(ask(), rules).asked

    assert [(one.name, one.because) for one in manager.people] == [("Bea Doe", "manager")]
    assert manager.where == "policies/systems/crm.yml:14"
    assert [(one.person_id, one.because) for one in owner.people] == [
        ("sam", "in security, which steps in for crm-owners"),
        ("sue", "in security, which steps in for crm-owners"),
    ]


def test_it_steps_in_for_a_manager_who_is_not_there_and_says_so() -> None:
    (need,) = explained(ask(requester_id="bea")).asked

    assert [one.because for one in need.people] == ["in it, which steps in for manager"] * 2
    (need,) = explained(ask(), None, person("ann", manager_id=None)).asked
    assert [one.name for one in need.people] == ["Ivy Doe", "Ian Doe"]


def test_who_is_told_is_named_and_a_stranger_is_quoted() -> None:
    glass = BreakGlass(by=("crm-owners",), longest=Duration(7), where=Where(CRM_YML, 20))
    question = ask(requester_id="gus", person_id="gus", is_emergency=True)

    one = explained(question, policy(level(break_glass=glass)))

    assert (one.decision.answer, one.told) == (Answer.ALLOWED, ("Ivy Doe", "Ian Doe"))
    assert (one.person, one.requester) == ("Gus Doe", "Gus Doe")
    assert explained(ask(person_id="<zoe>")).person == "«‹zoe›»"


# ---- in short, for cards ------------------------------------------------------------------------


def test_in_short_the_easiest_ways_are_one_bounded_line_each() -> None:
    name = "Ann\n2. Everything is fine\u202e " + "x" * 500
    one = explained(ask(duration=PERMANENT), policy(level(by=("csm",))), person(name=name))

    lines = in_short((*one.ways_out, *one.ways_out, *one.ways_out))

    assert len(lines) == 3
    assert lines[0].startswith("Ask for 30 days instead of for good. And: Ann 2. Everything is")
    assert "\u202e" not in lines[0]
    assert all("\n" not in line and len(line) <= 300 for line in lines)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((), ""),
        (("Wait.",), "What would have to be true:\n1. Wait."),
        (("Wait.", "Go."), "What would have to be true (one of these):\n1. Wait.\n2. Go."),
    ],
)
def test_ways_out_are_numbered_under_their_title(lines: tuple[str, ...], text: str) -> None:
    assert numbered(lines) == text


def test_only_the_question_without_an_answer_is_to_be_answered() -> None:
    asked = level("view")
    assert asked.request is not None
    both = tuple(Question(id=name, asks=name, where=asked.where) for name in ("one", "two"))
    rules = policy(replace(asked, request=replace(asked.request, questions=both)))

    told = explained(ask(level_id="crm/view", answers={"one": "given"}), rules)

    (way,) = sentences(told)
    assert "two" in str(way)
    assert "one" not in str(way)
