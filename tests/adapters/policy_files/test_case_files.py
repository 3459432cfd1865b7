"""The files in tests/ become cases; what cannot be meant is told with its place."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from bot.adapters.policy_files.case_loader import load_cases
from bot.domain.decision import Answer
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.errors import PolicyError
from bot.domain.people import Engagement
from bot.domain.policy import EVERYONE, Level, Policy, Where
from bot.domain.policy_case_report import as_expected, judge_case, written
from bot.domain.policy_case_report import told as told_result
from bot.domain.policy_cases import Asked, Joined, Left, PolicyCase, RoleChanged
from bot.domain.policy_coverage import unreached

SHIPPED = Path(__file__).parents[3] / "policies"
HEAD = """\
kind: tests
people:
  ann: { role: engineer, manager: bea, github: octo-ann }
  bea: { role: engineering-manager }
cases:
"""
USUAL = "request: { who: ann, level: gong/listener, days: 7 }"


Load = Callable[..., tuple[Policy, tuple[PolicyCase, ...]]]


@pytest.fixture
def load(policies: Path) -> Load:
    """Load these cases, and no others, with the shipped policies."""

    def with_cases(*lines: str, head: str = HEAD) -> tuple[Policy, tuple[PolicyCase, ...]]:
        _write(policies, lines, head)
        return load_cases(policies)

    return with_cases


@pytest.fixture
def told(load: Load) -> Callable[..., list[str]]:
    """Load these cases, which must be refused, and return what is told of them."""

    def faults(*lines: str, head: str = HEAD) -> list[str]:
        with pytest.raises(PolicyError) as caught:
            load(*lines, head=head)
        return [fault.removeprefix("policies/tests/one.yml:") for fault in caught.value.faults]

    return faults


def _write(policies: Path, lines: tuple[str, ...], head: str) -> None:
    folder = policies / "tests"
    for path in folder.glob("*.yml"):
        path.unlink()
    folder.mkdir(exist_ok=True)
    cases = (
        f"  - {{ name: {letter}, {one} }}\n" for letter, one in zip("abcdefgh", lines, strict=False)
    )
    (folder / "one.yml").write_text(head + "".join(cases))


# ---- what is understood -------------------------------------------------------------------------


def test_each_thing_that_can_happen_is_a_case(load: Load) -> None:
    _, (joined, left, moved, asked) = load(
        "joined: ann, expect: { grants: [] }",
        "left: ann, has: [gong/listener], expect: { revokes: [gong/listener] }",
        "role_changed: { who: ann, to: csm }, expect: { grants: [salesforce/standard] }",
        f"{USUAL}, expect: {{ decision: needs_approval, from: [manager], rule: a }}",
    )

    assert joined.event == Joined("ann")
    assert (left.event, left.has) == (Left("ann"), frozenset({"gong/listener"}))
    assert moved.event == RoleChanged("ann", "csm")
    assert asked.event == Asked(
        person_id="ann", requester_id="ann", level_id="gong/listener", duration=Duration(7)
    )
    assert asked.expected.decision is Answer.NEEDS_APPROVAL
    assert (asked.expected.from_, asked.expected.rule) == (("manager",), "a")
    assert (joined.expected.grants, joined.expected.revokes) == ((), None)
    assert asked.where == Where("policies/tests/one.yml", 9, 5)


def test_a_request_says_everything_that_a_request_can(
    load: Load, edit: Callable[[str, str, str], None]
) -> None:
    asking = "questions: [{ id: linkedin, asks: Where are you }]"
    edit("systems/gong.yml", "longest: 180d", f"longest: 180d, {asking}")

    _, (case,) = load(
        "request: { who: ann, by: bea, level: gong/listener, for: 8h, answers: { linkedin: a },"
        " emergency: true }, has: [gong/recorder], had: [gong/listener], approved_by: [bea],"
        ' at: "2026-07-06T10:30", expect: { approved: false, says: own }'
    )

    assert case.event == Asked(
        person_id="ann",
        requester_id="bea",
        level_id="gong/listener",
        duration=Duration(8, Unit.HOURS),
        answers={"linkedin": "a"},
        is_emergency=True,
    )
    assert case.has == {"gong/recorder"}
    assert case.had == {"gong/listener"}
    assert case.approved_by == ("bea",)
    assert case.at == datetime(2026, 7, 6, 15, 30, tzinfo=UTC)
    assert (case.expected.approved, case.expected.says) == (False, "own")


def test_without_a_time_it_is_a_working_morning_of_the_company(load: Load) -> None:
    _, (case,) = load("request: { who: ann, level: gong/listener, for: permanent },"
                    " expect: { decision: refused }")  # fmt: skip

    assert case.at.isoformat() == "2026-11-02T09:00:00-06:00"
    assert isinstance(case.event, Asked)
    assert case.event.duration == PERMANENT


def test_people_are_as_most_people_are_unless_the_file_says_otherwise(load: Load) -> None:
    head = dedent("""\
        kind: tests
        people:
          ann: { role: engineer }
          kim:
            role: consultant
            manager: ann
            engagement: consultant
            department: design
            github: octo-kim
            first_day: "2026-02-02"
            last_day: "2026-12-31"
            timezone: Europe/Warsaw
        cases:
        """)

    _, (case,) = load("joined: ann, expect: { grants: [] }", head=head)
    ann, kim = case.roster.get("ann"), case.roster.get("kim")

    assert ann is not None
    assert kim is not None
    assert (ann.engagement, ann.manager_id, ann.last_day) == (Engagement.CORE, None, None)
    assert (ann.department, ann.timezone) == ("engineering", "America/Chicago")
    assert ann.has_started(case.at)
    assert (kim.engagement, kim.manager_id, kim.github) == (
        Engagement.CONSULTANT,
        "ann",
        "octo-kim",
    )
    assert (kim.first_day, kim.last_day) == (date(2026, 2, 2), date(2026, 12, 31))
    assert (kim.department, kim.timezone) == ("design", "Europe/Warsaw")


def test_what_a_failing_case_says_to_write_makes_it_pass(load: Load) -> None:
    """The words that are told are put into the file, as an owner of the policy would."""
    wrong = (
        "joined: ann, expect: { grants: [gong/listener] }",
        "left: ann, has: [gong/listener], expect: { revokes: [] }",
        "role_changed: { who: ann, to: csm }, expect: { grants: [] }",
        f"{USUAL}, expect: {{ decision: allowed }}",
        f"{USUAL}, approved_by: [bea], expect: {{ approved: false }}",
        f"{USUAL}, approved_by: [ann], expect: {{ approved: true }}",
        "request: { who: ann, level: salesforce/sales, days: 7 }, expect: { decision: allowed }",
    )
    policy, cases = load(*wrong)
    results = [judge_case(case, policy) for case in cases]

    _, right = load(
        *(
            f"{text.partition(', expect')[0]}, {written(as_expected(result.case, result.outcome))}"
            for text, result in zip(wrong, results, strict=True)
        )
    )

    assert [result.is_passed for result in results] == [False] * len(wrong)
    assert [judge_case(case, policy).differences for case in right] == [()] * len(wrong)


# ---- what cannot be meant -----------------------------------------------------------------------

DECIDED = "expect: { decision: refused }"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "has: [gong/listener], expect: { grants: [] }",
            "a case needs what happens: write one of joined, left, role_changed, request",
        ),
        (
            "joined: ann, ^left: ann, expect: { grants: [] }",
            "only one thing happens in a case: keep one of joined, left",
        ),
        (
            "joined: ann, expect: ^{ }",
            "expect is empty: write what must come out (grants, rule, says)",
        ),
        (
            f"{USUAL}, expect: {{ ^grants: [] }}",
            (
                "'grants' does not go with 'request': "
                "write one of decision, from, rule, says, approved"
            ),
        ),
        (
            "joined: ann, expect: { ^from: [bea] }",
            "'from' does not go with 'joined': write one of grants, rule, says",
        ),
        (
            "left: ann, expect: { revokes: [], ^grants: [] }",
            "'grants' does not go with 'left': write one of revokes",
        ),
        (
            "joined: ann, ^approved_by: [bea], expect: { grants: [] }",
            "'approved_by' goes with a request only: remove it",
        ),
        (
            "left: ann, ^had: [gong/listener], expect: { revokes: [] }",
            "'had' goes with a request only: remove it",
        ),
        (
            f"{USUAL}, ^approved_by: [bea], {DECIDED}",
            "'approved_by' has no effect: write approved: true or false in 'expect'",
        ),
        (
            f"request: ^{{ who: ann, level: gong/listener }}, {DECIDED}",
            "a request needs how long: write days: 30, or for: permanent",
        ),
        (
            f"request: {{ who: ann, level: gong/listener, days: 7, ^for: 7d }}, {DECIDED}",
            "both 'days' and 'for' say how long: keep one",
        ),
        (
            f'{USUAL}, at: ^"2026-03-08T02:30", {DECIDED}',
            "this time does not come in America/Chicago: the clocks skip it",
        ),
        (
            "role_changed: { who: ann, to: ^engineer }, expect: { grants: [] }",
            "'ann' is engineer already: write another role",
        ),
    ],
)
def test_what_does_not_go_together_is_told_at_its_place(
    told: Callable[..., list[str]], line: str, message: str
) -> None:
    column = len("  - { name: a, ") + line.find("^") + 1 if "^" in line else len("  - {")

    assert told(line.replace("^", "")) == [f"6:{column}: error: {message}"]


def test_a_login_of_two_people_is_told(told: Callable[..., list[str]]) -> None:
    head = HEAD.replace("engineering-manager }", "engineering-manager, github: Octo-Ann }")

    found = told("joined: ann, expect: { grants: [] }", head=head)

    assert found == ["4:45: error: 'Octo-Ann' is already the login of 'ann'"]


@pytest.mark.parametrize(
    "line",
    [
        "joined: nobody, expect: { grants: [] }",
        "role_changed: { who: ann, to: pirate }, expect: { grants: [] }",
        f"request: {{ who: ann, level: gong/none, days: 7 }}, {DECIDED}",
        "joined: ann, expect: { grants: [gong/none] }",
        f"{USUAL}, expect: {{ from: [nobody] }}",
        f"{USUAL}, approved_by: [nobody], expect: {{ approved: true }}",
        f"{USUAL}, has: [gong/none], {DECIDED}",
        f'{USUAL}, at: "2026-02-30T09:00", {DECIDED}',
        f"{USUAL}, at: 2026-11-02T09:00, {DECIDED}",
        f"request: {{ who: ann, level: gong/listener, days: 0 }}, {DECIDED}",
        "joined: [ann], expect: { grants: [] }",
        "joined: ann, expect: []",
        "joined: ann",
    ],
)
def test_an_unknown_name_or_a_wrong_value_is_one_error_at_its_line(
    told: Callable[..., list[str]], line: str
) -> None:
    (fault,) = told(line, "joined: ann, expect: { grants: [] }")

    assert fault.startswith("6:")


def test_one_mistake_does_not_hide_another(told: Callable[..., list[str]]) -> None:
    found = told(
        "joined: ann, left: ann, expect: { grants: [] }",
        "joined: bea, expect: { grants: [] }",
        f"request: {{ who: ann, level: gong/listener }}, {DECIDED}",
        "joined: nobody, expect: { grants: [] }",
    )

    assert [fault.partition(":")[0] for fault in found] == ["6", "8", "9"]


def test_a_mistake_in_the_policy_is_told_before_any_case_is_played(
    told: Callable[..., list[str]], edit: Callable[[str, str, str], None]
) -> None:
    edit("roles.yml", "gong/recorder", "gong/record")

    assert any("roles.yml" in fault for fault in told("joined: ann, expect: { grants: [] }"))


def test_a_policy_without_cases_has_none(policies: Path) -> None:
    shutil.rmtree(policies / "tests")

    policy, cases = load_cases(policies)

    assert policy.levels
    assert cases == ()


# ---- the company's own cases --------------------------------------------------------------------


def test_each_role_of_the_shipped_policy_has_a_case_and_each_case_a_role() -> None:
    policy, cases = load_cases(SHIPPED)
    happening = {case.roster.get(case.event.person_id) for case in cases}
    roles = {person.role for person in happening if person}
    moved = {case.event.to for case in cases if isinstance(case.event, RoleChanged)}

    assert roles == set(policy.roles)
    assert moved <= set(policy.roles)


def test_the_shipped_cases_pass_and_leave_nothing_out() -> None:
    policy, cases = load_cases(SHIPPED)
    results = [judge_case(case, policy) for case in cases]

    assert [told_result(result) for result in results if not result.is_passed] == []
    assert [point.name for point in unreached(policy, results)] == []


def test_every_shipped_rule_is_held_by_a_case(policies: Path) -> None:
    """Loosening or tightening any one line makes some case fail: the cases are worth something."""
    policy, cases = load_cases(policies)
    levels = [level for level in policy.levels if level.request is not None]

    for level in levels:
        for changed in _spoiled(level):
            results = [judge_case(case, _with(policy, changed)) for case in cases]
            assert not all(result.is_passed for result in results), changed.request


def _spoiled(level: Level) -> Iterator[Level]:
    """Change one thing about a level's rule in each way that matters."""
    rule = level.request
    assert rule is not None
    if EVERYONE not in rule.by:
        yield replace(level, request=replace(rule, by=(EVERYONE,)))
    yield replace(level, request=replace(rule, by=("no-such-role",)))
    if rule.not_:
        yield replace(level, request=replace(rule, not_=()))
    if not rule.longest.is_permanent:
        yield replace(level, request=replace(rule, longest=PERMANENT))
    yield replace(level, request=replace(rule, approve=("security",)))


def _with(policy: Policy, level: Level) -> Policy:
    system = policy.system_of(level)
    changed = replace(system, levels={**system.levels, level.name: level})
    return replace(policy, systems={**policy.systems, system.id: changed})
