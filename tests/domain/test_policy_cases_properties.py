"""Whatever a policy answers: a case that says so passes; with one name changed it fails."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.durations import PERMANENT, Duration
from bot.domain.people import Roster
from bot.domain.policy import Policy, Risk, Where
from bot.domain.policy_case_report import as_expected, judge_case, told
from bot.domain.policy_cases import Asked, Event, Expected, Joined, Left, PolicyCase, RoleChanged
from bot.domain.policy_coverage import points, unreached
from tests.factories import NOW, level, person, policy, role, roster

NAMES = ("view", "standard", "sales", "admin")
ROLES = ("engineer", "csm", "consultant")
GROUPS = ("manager", "it", "security", "crm-owners")
PEOPLE = ("ann", "bea", "ivy", "sam", "gus", "nobody")
LEVELS = tuple(f"crm/{name}" for name in NAMES)


def some(names: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=least, unique=True).map(tuple)


@st.composite
def companies(draw: st.DrawFn) -> Policy:
    levels = [
        level(
            name,
            by=draw(some((*ROLES, "everyone"))),
            not_=draw(some(ROLES)),
            approve=draw(some(GROUPS, least=1)),
            longest=draw(st.sampled_from([Duration(7), Duration(30), PERMANENT])),
            risk=draw(st.sampled_from(Risk)),
        )
        for name in NAMES
    ]
    return policy(*levels, roles=tuple(role(name, *draw(some(LEVELS))) for name in ROLES))


PERSON = st.sampled_from(PEOPLE)
LENGTHS = st.sampled_from([Duration(1), Duration(7), Duration(31), PERMANENT])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Joined, PERSON),
    st.builds(Left, PERSON),
    st.builds(RoleChanged, PERSON, st.sampled_from(ROLES)),
    st.builds(
        Asked,
        person_id=PERSON,
        requester_id=PERSON,
        level_id=st.sampled_from((*LEVELS, "crm/none")),
        duration=LENGTHS,
        is_emergency=st.booleans(),
    ),
)


@st.composite
def cases(draw: st.DrawFn) -> PolicyCase:
    roles = {id_: draw(st.sampled_from(ROLES)) for id_ in PEOPLE if id_ != "nobody"}
    people: Roster = roster(*(person(id_, role=name) for id_, name in roles.items()))
    return PolicyCase(
        name="a case",
        where=Where("policies/tests/crm.yml", 3, 5),
        roster=people,
        event=draw(EVENTS),
        at=NOW,
        expected=Expected(),
        has=frozenset(draw(some(LEVELS))),
        approved_by=draw(some(PEOPLE)),
    )


def right(case: PolicyCase, company: Policy) -> PolicyCase:
    """Make a case that expects what comes out."""
    return replace(case, expected=as_expected(case, judge_case(case, company).outcome))


@settings(max_examples=40, deadline=None)
@given(companies(), cases())
def test_a_case_made_of_the_answer_passes(company: Policy, case: PolicyCase) -> None:
    result = judge_case(right(case, company), company)

    assert result.differences == ()


@settings(max_examples=40, deadline=None)
@given(companies(), cases(), st.data())
def test_a_case_with_one_name_changed_fails(
    company: Policy, case: PolicyCase, data: st.DataObject
) -> None:
    good = right(case, company)
    changed: dict[str, Any] = data.draw(st.sampled_from(_spoiled(good.expected)))

    result = judge_case(replace(good, expected=replace(good.expected, **changed)), company)

    assert [difference.key for difference in result.differences] == [
        "from" if key == "from_" else key for key in changed
    ]
    assert "FAIL" in told(result)


def _spoiled(expected: Expected) -> list[dict[str, Any]]:
    """List every way to change one name of an expectation."""
    found: list[dict[str, Any]] = []
    for key in ("grants", "revokes", "from_"):
        names = getattr(expected, key)
        if names is not None:
            found.append({key: (*names, "stranger")})
            found += [{key: tuple(one for one in names if one != name)} for name in names]
    if expected.decision is not None:
        found += [{"decision": one} for one in type(expected.decision) if one != expected.decision]
        found.append({"rule": "another rule"})
    if expected.approved is not None:
        found.append({"approved": not expected.approved})
    return found


@settings(max_examples=20, deadline=None)
@given(companies(), st.lists(cases(), max_size=8))
def test_more_cases_never_reach_less(company: Policy, suite: list[PolicyCase]) -> None:
    results = [judge_case(case, company) for case in suite]
    before = {point.name for point in points(company)}

    for count in range(len(results) + 1):
        missed = {point.name for point in unreached(company, results[:count])}
        assert missed <= before
        before = missed
