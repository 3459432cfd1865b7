"""Each change of a rule is told once, at its place, as loosening, tightening or neither."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.durations import PERMANENT, Calendar, Duration, Unit
from bot.domain.people import Engagement
from bot.domain.policy import (
    Policy,
    Pool,
    QuestionForm,
    Removals,
    Risk,
    Role,
    Where,
)
from bot.domain.policy_change import Change, Effect, may_be_longer
from bot.domain.policy_diff import compare_policies
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights
from tests.domain.policy_pairs import (
    HEAD,
    HOUR,
    POLICY,
    RULE,
    SYSTEM,
    at,
    moved,
    of_approvals,
    of_auto,
    of_bundle,
    of_company,
    of_exception,
    of_glass,
    of_group,
    of_level,
    of_role,
    of_rule,
    of_separation,
    of_system,
    without,
)


def holding(key: str) -> Policy:
    return of_bundle(**{key: ("One",)})


def for_program(**rights: ObjectRights) -> Policy:
    return of_level(integration=IntegrationRights(objects=rights))


NAME, ALL_FIELDS = ObjectRights(read=("Name",)), ObjectRights(read=(ALL,))
LOOSENS, TIGHTENS, NEUTRAL = Effect.LOOSENS, Effect.TIGHTENS, Effect.NEUTRAL


# ---- what each change does ----------------------------------------------------------------------

# Rule, what HEAD is, and what that does; the way back does the opposite.
CASES: tuple[tuple[str, Callable[[], Policy], Effect], ...] = (
    ("crm/edit request.by", lambda: of_rule(by=("csm", "engineer", "seller")), LOOSENS),
    ("crm/edit request.not", lambda: of_rule(not_=()), LOOSENS),
    ("crm/edit request.longest", lambda: of_rule(longest=Duration(31)), LOOSENS),
    ("crm/edit request.longest", lambda: of_rule(longest=PERMANENT), LOOSENS),
    ("crm/edit request.approve", lambda: of_rule(approve=("manager",)), LOOSENS),
    ("crm/edit request.approve", lambda: of_rule(approve=()), LOOSENS),
    ("crm/edit request.questions", lambda: of_rule(questions=()), LOOSENS),
    (
        "company approvals.escalate_after",
        lambda: of_approvals(escalate_after=Duration(1, Unit.HOURS)),
        LOOSENS,
    ),
    ("crm/edit says", lambda: of_level(says="Edit it."), NEUTRAL),
    ("crm/edit risk", lambda: of_level(risk=Risk.LOW), LOOSENS),
    ("crm/edit risk", lambda: of_level(risk=Risk.CRITICAL), TIGHTENS),
    ("crm/edit bundle.permission_sets", lambda: of_bundle(permission_sets=("A", "B")), LOOSENS),
    ("crm/edit bundle.permission_set_groups", lambda: holding("permission_set_groups"), LOOSENS),
    (
        "crm/edit bundle.permission_set_licences",
        lambda: holding("permission_set_licences"),
        LOOSENS,
    ),
    ("crm/edit bundle.packages", lambda: holding("packages"), LOOSENS),
    ("crm/edit bundle.features", lambda: holding("features"), LOOSENS),
    ("crm/edit bundle.groups", lambda: holding("groups"), LOOSENS),
    ("crm/edit bundle.queues", lambda: holding("queues"), LOOSENS),
    ("crm/edit bundle.role", lambda: of_bundle(role="Sales"), LOOSENS),
    ("crm native_expiry", lambda: of_system(native_expiry=True), TIGHTENS),
    ("crm/edit bundle.by_hand", lambda: of_bundle(by_hand=("Tick it", "And it")), LOOSENS),
    ("crm/edit request", lambda: of_level(request=None), TIGHTENS),
    ("crm/edit break_glass", lambda: of_level(break_glass=None), TIGHTENS),
    ("crm/edit break_glass", lambda: of_glass(by=("it", "owners")), LOOSENS),
    ("crm/edit break_glass", lambda: of_glass(longest=Duration(2, Unit.HOURS)), LOOSENS),
    ("crm auto_approve.renew", lambda: of_system(auto_approve=()), TIGHTENS),
    ("crm auto_approve.renew levels", lambda: of_auto(levels=("edit", "view")), LOOSENS),
    ("crm auto_approve.renew when.longest", lambda: of_auto(longest=None), LOOSENS),
    ("crm auto_approve.renew when.longest", lambda: of_auto(longest=Duration(60)), LOOSENS),
    ("crm auto_approve.renew when.engagement", lambda: of_auto(engagement=None), LOOSENS),
    ("crm auto_approve.renew when.already_had", lambda: of_auto(already_had=None), LOOSENS),
    ("crm auto_approve.renew when.roles", lambda: of_auto(roles=()), LOOSENS),
    ("crm auto_approve.renew when.roles", lambda: of_auto(roles=("csm", "x")), LOOSENS),
    ("crm auto_approve.renew record", lambda: of_auto(record="acme/access#2"), NEUTRAL),
    ("crm pools", lambda: of_system(pools={"Full": Pool(keep_free=1)}), NEUTRAL),
    ("crm title", lambda: of_system(title="The CRM"), NEUTRAL),
    ("crm hand_over", lambda: of_system(hand_over={"Lead": "manager"}), NEUTRAL),
    ("separation.both", lambda: replace(POLICY, separations=()), LOOSENS),
    (
        "separation.both never_both",
        lambda: of_separation(never_both=("crm/edit", "crm/view", "crm/x")),
        TIGHTENS,
    ),
    ("separation.both why", lambda: of_separation(why="Because."), NEUTRAL),
    ("separation.both exception", lambda: of_separation(exception=None), TIGHTENS),
    ("separation.both exception", lambda: of_exception(approve=("it",)), LOOSENS),
    ("separation.both exception", lambda: of_exception(longest=Duration(8)), LOOSENS),
    ("company approvals.default", lambda: of_approvals(default=("manager", "it")), TIGHTENS),
    ("company approvals.critical_adds", lambda: of_approvals(critical_adds=()), LOOSENS),
    ("company approvals.remind_after", lambda: of_approvals(remind_after=HOUR), NEUTRAL),
    ("company revoke_within", lambda: of_company(revoke_within=Duration(2)), LOOSENS),
    ("company revoke_within", lambda: of_company(revoke_within=None), LOOSENS),
    ("company review_every", lambda: of_company(review_every=Duration(90)), TIGHTENS),
    ("company removals", lambda: of_company(removals=Removals(9, 9)), NEUTRAL),
    ("groups.it", lambda: of_group("it", members=("octo-ivy", "OCTO-IAN", "octo-x")), LOOSENS),
    ("groups.spare", lambda: of_group("spare", backup="it"), LOOSENS),
    ("roles.csm birthright", lambda: of_role("csm", birthright=()), TIGHTENS),
    ("roles.csm department", lambda: of_role("csm", department="any"), NEUTRAL),
)


@pytest.mark.parametrize(("rule", "make", "effect"), CASES)
def test_a_change_is_told_once_and_the_way_back_is_its_opposite(
    rule: str, make: Callable[[], Policy], effect: Effect
) -> None:
    there = compare_policies(POLICY, make())
    back = compare_policies(make(), POLICY)

    assert [(change.rule, change.effect) for change in there] == [(rule, effect)]
    assert [(change.rule, change.effect) for change in back] == [(rule, effect.opposite)]


# Both ways are in doubt, or nothing comes of it before another rule is changed as well.
ODD: tuple[tuple[str, Policy, Policy, list[Effect]], ...] = (
    ("another approver", POLICY, of_rule(approve=("manager", "it")), [LOOSENS, TIGHTENS]),
    ("another profile", POLICY, of_bundle(profile="Admin"), [LOOSENS]),
    ("no profile", POLICY, of_bundle(profile=""), [LOOSENS]),
    ("another role", of_bundle(role="Sales"), of_bundle(role="Chief"), [LOOSENS]),
    ("a program's from now on", POLICY, for_program(Lead=NAME), [LOOSENS, LOOSENS]),
    ("a program's no longer", for_program(Lead=NAME), POLICY, [LOOSENS]),
    ("a right more", for_program(Lead=NAME), for_program(Lead=ALL_FIELDS), [LOOSENS]),
    ("a right less", for_program(Lead=ALL_FIELDS), for_program(Lead=NAME), [TIGHTENS]),
    ("other rights", for_program(Lead=NAME), for_program(Case=NAME), [LOOSENS, TIGHTENS]),
    ("the same rights", for_program(Lead=NAME), for_program(Lead=NAME), []),
    ("another backup", POLICY, of_group("owners", backup="spare"), [LOOSENS]),
    ("no backup", POLICY, of_group("owners", backup=None), [TIGHTENS]),
    ("another condition", POLICY, of_auto(engagement=Engagement.CONSULTANT), [LOOSENS]),
    ("everyone", POLICY, of_rule(by=("everyone",)), [LOOSENS, TIGHTENS]),
    (
        "a role beside everyone",
        of_rule(by=("everyone",)),
        of_rule(by=("everyone", "csm")),
        [NEUTRAL],
    ),
    ("the same time in other words", POLICY, of_rule(longest=Duration(720, Unit.HOURS)), [NEUTRAL]),
    ("a member in other letters", POLICY, of_group("owners", members=("OCTO-GUS",)), []),
    ("nothing but places", POLICY, moved(POLICY), []),
    (
        "a new role",
        POLICY,
        replace(POLICY, roles={**POLICY.roles, "x": Role(id="x", department="any", where=at(22))}),
        [NEUTRAL],
    ),
    (
        "a new role with access",
        POLICY,
        replace(
            POLICY,
            roles={
                **POLICY.roles,
                "x": Role(id="x", department="any", where=at(22), birthright=("crm/view",)),
            },
        ),
        [LOOSENS],
    ),
    ("a role less", POLICY, replace(POLICY, roles=without(POLICY.roles, "csm")), [TIGHTENS]),
    (
        "a group less",
        POLICY,
        of_company(groups=without(POLICY.company.groups, "spare")),
        [TIGHTENS],
    ),
    (
        "a group more",
        of_company(groups=without(POLICY.company.groups, "spare")),
        POLICY,
        [NEUTRAL],
    ),
    ("a level less", POLICY, of_system(levels=without(SYSTEM.levels, "view")), [TIGHTENS]),
    ("a level more", of_system(levels=without(SYSTEM.levels, "view")), POLICY, [LOOSENS]),
    (
        "a level that can be taken in an emergency",
        of_system(levels=without(SYSTEM.levels, "edit")),
        POLICY,
        [LOOSENS, LOOSENS],
    ),
    (
        "a level that only comes with a role",
        of_system(levels={}),
        of_system(levels={"view": replace(SYSTEM.levels["view"], request=None)}),
        [NEUTRAL],
    ),
    (
        "a system less",
        POLICY,
        replace(POLICY, systems={}),
        [TIGHTENS, TIGHTENS, TIGHTENS, TIGHTENS],
    ),
    (
        "a system more",
        replace(POLICY, systems={}),
        POLICY,
        [LOOSENS, LOOSENS, LOOSENS, LOOSENS, NEUTRAL],
    ),
)


@pytest.mark.parametrize(
    ("base", "head", "effects"), [case[1:] for case in ODD], ids=[case[0] for case in ODD]
)
def test_what_is_in_doubt_loosens(base: Policy, head: Policy, effects: list[Effect]) -> None:
    assert [change.effect for change in compare_policies(base, head)] == effects


def test_a_change_stands_where_head_has_it() -> None:
    (change,) = compare_policies(POLICY, moved(of_rule(longest=PERMANENT)))

    assert change.where == Where(HEAD, 153)
    assert change.text == "30d → permanent"
    assert not change.is_in_base


@pytest.mark.parametrize(
    ("head", "where"),
    [
        (replace(POLICY, separations=()), at(70)),
        (of_separation(exception=None), at(71)),
        (of_system(auto_approve=()), at(60)),
        (of_level(break_glass=None), at(45)),
        (of_level(request=None), at(50)),
        (of_system(levels=without(SYSTEM.levels, "view")), at(40)),
        (replace(POLICY, roles=without(POLICY.roles, "csm")), at(20)),
        (of_company(groups=without(POLICY.company.groups, "spare")), at(4)),
    ],
)
def test_what_head_no_longer_has_stands_where_base_has_it(head: Policy, where: Where) -> None:
    (change,) = compare_policies(POLICY, moved(head))

    assert (change.where, change.is_in_base) == (where, True)


def test_what_loosens_comes_first() -> None:
    head = replace(of_rule(longest=PERMANENT, not_=("consultant", "csm")), separations=())
    worded = replace(head, company=replace(head.company, id="other"))

    effects = [change.effect for change in compare_policies(POLICY, worded)]

    assert effects == [LOOSENS, LOOSENS, TIGHTENS, NEUTRAL]


def test_logins_stand_beside_the_text_and_not_in_it() -> None:
    (change,) = compare_policies(POLICY, of_group("owners", members=("octo-gus", "octo-x")))

    assert change == Change(
        effect=LOOSENS,
        rule="groups.owners",
        text="1 member added",
        where=at(3),
        logins=("octo-x",),
    )


def test_other_owners_are_for_security_to_see_whoever_they_are() -> None:
    other, back = of_system(dri="it"), POLICY

    for before, after in ((POLICY, other), (other, back)):
        (change,) = compare_policies(before, after)
        assert (change.effect, change.rule) == (LOOSENS, "crm dri")


def test_every_form_of_question_counts_as_words() -> None:
    question = replace(RULE.questions[0], form=QuestionForm.LINK)

    assert [c.effect for c in compare_policies(POLICY, of_rule(questions=(question,)))] == [NEUTRAL]


def test_business_days_are_longer_whenever_they_can_be() -> None:
    day, business_day = Duration(1), Duration(1, Unit.BUSINESS_DAYS)

    assert may_be_longer(business_day, day)
    assert not may_be_longer(day, business_day)
    assert may_be_longer(Duration(30), business_day)
    assert not may_be_longer(business_day, Duration(30))
    assert not may_be_longer(PERMANENT, PERMANENT)
    assert may_be_longer(PERMANENT, Duration(999))
    assert not may_be_longer(Duration(999), PERMANENT)


@pytest.mark.parametrize("days", [1, 2, 5, 10, 30, 90])
def test_no_holidays_make_business_days_longer_than_is_reckoned_with(days: int) -> None:
    """The worst start: the Friday before a week of holidays."""
    winter = date(2026, 12, 21)
    holidays = frozenset(winter + timedelta(days=n) for n in (0, 1, 2, 3, 4))
    calendar = Calendar("Europe/Berlin", holidays)
    start = datetime(2026, 12, 18, 12, tzinfo=UTC)
    end = Duration(days, Unit.BUSINESS_DAYS).after(start, calendar)
    assert end is not None

    assert may_be_longer(Duration(days, Unit.BUSINESS_DAYS), Duration((end - start).days - 1))
