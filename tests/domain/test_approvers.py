"""Who must say yes: today's people, never those concerned, and each of them once."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approvers import Need, fill, unfillable, unfilled
from bot.domain.decision import Answer, Decision, decide
from bot.domain.people import Person
from bot.domain.policy import Approvals, Group, Level, Risk
from tests.factories import NOW, ask, group, level, person, policy, roster


def decided(
    one: Level,
    *people: Person,
    groups: tuple[Group, ...] = (),
    without: tuple[str, ...] = (),
    **question: object,
) -> Decision:
    rules = policy(one, groups=groups)
    return decide(ask(**question), rules, roster(*people, without=without), NOW)


def asked(decision: Decision) -> list[tuple[str, tuple[str, ...]]]:
    return [(need.because, need.from_) for need in decision.needs]


OWNED = level(approve=("manager", "crm-owners"))


def test_each_name_of_the_rule_is_a_yes_of_its_own() -> None:
    assert asked(decided(OWNED)) == [("manager", ("bea",)), ("crm-owners", ("gus", "gil"))]


@pytest.mark.parametrize("name", ["bea", "gus"])
def test_nobody_approves_whom_only_the_onboarding_api_has_named(name: str) -> None:
    answer = decided(OWNED, replace(roster().get(name), is_on_file=False))  # type: ignore[type-var]  # known

    assert name not in {one for _because, from_ in asked(answer) for one in from_}
    assert len(asked(answer)) == 2


def test_a_level_that_names_nobody_follows_the_companys_default() -> None:
    rules = policy(level(approve=()), approvals=Approvals(default=("crm-owners",)))

    assert asked(decide(ask(), rules, roster(), NOW)) == [("crm-owners", ("gus", "gil"))]


def test_where_nobody_is_named_at_all_it_must_say_yes() -> None:
    rules = policy(level(approve=()), approvals=Approvals(default=()))

    assert asked(decide(ask(), rules, roster(), NOW)) == [("it", ("ivy", "ian"))]


def test_critical_levels_add_security_and_name_the_file_that_says_so() -> None:
    answer = decided(level(risk=Risk.CRITICAL))

    assert asked(answer) == [("manager", ("bea",)), ("security", ("sam", "sue"))]
    assert [need.where for need in answer.needs] == [
        "policies/systems/crm.yml:14",
        "policies/company.yml:1",
    ]


def test_security_is_added_once_and_only_to_critical_levels() -> None:
    named = level(approve=("security",), risk=Risk.CRITICAL)

    assert asked(decided(named)) == [("security", ("sam", "sue"))]
    assert asked(decided(level(risk=Risk.HIGH))) == [("manager", ("bea",))]


def test_nobody_is_asked_about_their_own_request_in_any_spelling() -> None:
    mine = group("crm-owners", "OCTO-ANN", "octo-Ann", "octo-gus")

    answer = decided(level(approve=("crm-owners",)), groups=(mine,))

    assert asked(answer) == [("crm-owners", ("gus",))]


def test_neither_the_person_nor_whoever_asks_for_them_is_asked() -> None:
    team = group("crm-owners", "octo-ann", "octo-bea", "octo-gus")

    answer = decided(level(approve=("crm-owners",)), groups=(team,), requester_id="bea")

    assert asked(answer) == [("crm-owners", ("gus",))]


def test_a_member_in_two_spellings_is_one_person() -> None:
    team = group("crm-owners", "octo-gus", "Octo-Gus")

    assert asked(decided(level(approve=("crm-owners",)), groups=(team,))) == [
        ("crm-owners", ("gus",))
    ]


@pytest.mark.parametrize(
    "away", [{"last_day": date(2026, 11, 1)}, {"first_day": date(2026, 11, 3)}, {"github": None}]
)
def test_who_has_left_or_not_started_or_has_no_login_is_not_asked(away: dict[str, object]) -> None:
    answer = decided(level(approve=("crm-owners",)), person("gus", **away))

    assert asked(answer) == [("crm-owners", ("gil",))]


def test_a_group_that_no_policy_knows_is_nobody_and_so_it_steps_in() -> None:
    assert asked(decided(level(approve=("no-such-group",)))) == [("no-such-group", ("ivy", "ian"))]


@pytest.mark.parametrize(
    "manager",
    [None, "zoe", "ann"],
    ids=["no manager", "a manager not in the roster", "their own manager"],
)
def test_it_steps_in_for_a_manager_who_is_not_there(manager: str | None) -> None:
    assert asked(decided(level(), person("ann", manager_id=manager))) == [
        ("manager", ("ivy", "ian"))
    ]


@pytest.mark.parametrize(
    "away", [{"last_day": date(2026, 11, 1)}, {"first_day": date(2026, 11, 3)}]
)
def test_it_steps_in_for_a_manager_who_has_left_or_not_started(away: dict[str, date]) -> None:
    assert asked(decided(level(), person("bea", **away))) == [("manager", ("ivy", "ian"))]


def test_it_steps_in_when_the_manager_asks_for_their_own_report() -> None:
    assert asked(decided(level(), requester_id="bea")) == [("manager", ("ivy", "ian"))]


def test_a_backup_steps_in_before_it_and_its_own_backup_after_it() -> None:
    chain = (
        group("crm-owners", "octo-ann", backup="first"),
        group("first", "octo-zoe", backup="second"),
        group("second", "octo-sam"),
    )

    answer = decided(level(approve=("crm-owners",)), groups=chain)

    assert asked(answer) == [("crm-owners", ("sam",))]


def test_backups_in_a_circle_end_with_it() -> None:
    circle = (
        group("crm-owners", "octo-ann", backup="other"),
        group("other", "octo-ann", backup="crm-owners"),
    )

    assert asked(decided(level(approve=("crm-owners",)), groups=circle)) == [
        ("crm-owners", ("ivy", "ian"))
    ]


def test_a_backup_is_not_asked_while_the_group_can_answer() -> None:
    team = group("crm-owners", "octo-gus", backup="security")

    assert asked(decided(level(approve=("crm-owners",)), groups=(team,))) == [
        ("crm-owners", ("gus",))
    ]


def test_backups_may_answer_once_the_request_is_escalated_but_not_it_for_being_it() -> None:
    team = group("crm-owners", "octo-gus", backup="security")

    answer = decided(OWNED, groups=(team,), is_escalated=True)

    assert asked(answer) == [("manager", ("bea",)), ("crm-owners", ("gus", "sam", "sue"))]


def test_one_person_counts_once_so_that_a_second_one_is_found() -> None:
    """Gus is Ann's manager and the only member of the group."""
    only_gus = group("crm-owners", "octo-gus", backup="security")

    answer = decided(OWNED, person("ann", manager_id="gus"), groups=(only_gus,))

    assert asked(answer) == [("manager", ("gus",)), ("crm-owners", ("gus", "sam", "sue"))]


def test_when_nobody_is_left_the_request_is_refused_and_never_approved() -> None:
    answer = decided(OWNED, without=("gus", "gil", "ivy", "ian"))

    assert answer.answer is Answer.REFUSED
    assert [reason.text for reason in answer.reasons] == [
        "Nobody is left who could approve as crm-owners."
    ]
    assert (answer.rule, answer.where) == (
        "crm/standard request.approve",
        "policies/systems/crm.yml:14",
    )
    assert answer.needs == ()


def test_a_request_by_the_last_member_of_it_is_refused() -> None:
    answer = decided(
        level(approve=("it",)),
        without=("ian",),
        person_id="ivy",
        requester_id="ivy",
    )

    assert answer.answer is Answer.REFUSED


# ---- matching -----------------------------------------------------------------------------------

PEOPLE = ("a", "b", "c", "d")
needs_lists = st.lists(
    st.builds(
        Need,
        because=st.just("group"),
        from_=st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True).map(tuple),
    ),
    max_size=4,
).map(tuple)


def best_by_trying_everything(needs: tuple[Need, ...], people: set[str]) -> int:
    """Count how many needs can be filled at most, by giving people to needs in every way."""
    seats = [*people, *[None] * len(needs)]
    return max(
        sum(
            1
            for need, one in zip(needs, order, strict=False)
            if one is not None and one in need.from_
        )
        for order in set(permutations(seats, len(needs)))
    )


@given(needs_lists, st.sets(st.sampled_from(PEOPLE)))
def test_matching_gives_needs_to_distinct_people_as_many_as_can_be(
    needs: tuple[Need, ...], people: set[str]
) -> None:
    filled = fill(needs, people)

    assert all(one in people and one in needs[index].from_ for index, one in filled.items())
    assert len(set(filled.values())) == len(filled)
    assert len(filled) == best_by_trying_everything(needs, people)


@given(needs_lists)
def test_needs_are_fillable_exactly_when_each_can_have_a_person_of_its_own(
    needs: tuple[Need, ...],
) -> None:
    everybody = {one for need in needs for one in need.from_}

    is_fillable = best_by_trying_everything(needs, everybody) == len(needs)
    assert (unfilled(needs) == ()) is is_fillable
    assert unfillable(needs) == (unfilled(needs) or (None,))[0]
