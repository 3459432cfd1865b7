"""Mistakes about systems and separation that only the whole policy shows."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.durations import Duration
from bot.domain.people import Engagement
from bot.domain.policy import (
    Approvals,
    AutoApproval,
    Bundle,
    Level,
    Policy,
    Pool,
    Provider,
    RequestRule,
    Risk,
    Role,
    Separation,
    SeparationException,
)
from bot.domain.policy_checks import check_policy
from bot.domain.policy_checks_systems import OWN_FIELDS
from bot.domain.policy_draft import Draft, Finding, KeyPath
from tests import factories
from tests.factories import group, level, role

HERE = factories.system().where
ADDS: KeyPath = ("company", "approvals", "critical_adds")
WHEN: KeyPath = ("systems", "crm", "auto_approve", 0, "when")


def policy(
    *levels: Level, roles: tuple[Role, ...] = (), adds: tuple[str, ...] = ("security",), **crm: Any
) -> Policy:
    made = factories.policy(
        *(levels or (level(),)),
        roles=(role("csm"), *roles),
        groups=(group("everybody", "x", "y"),),
        approvals=Approvals(critical_adds=adds),
    )
    return replace(made, systems={"crm": replace(made.systems["crm"], **crm)})


def draft(made: Policy, *broken: KeyPath, values: tuple[KeyPath, ...] = (ADDS,)) -> Draft:
    keys: list[KeyPath] = [("company", "groups", name) for name in made.company.groups]
    keys += [("roles", "roles", name) for name in made.roles]
    keys += [("systems", one.system, "levels", one.name) for one in made.levels]
    return Draft(
        policy=made,
        keys=dict.fromkeys(keys, HERE),
        values=dict.fromkeys(values, HERE),
        broken=frozenset(broken),
    )


def messages(made: Policy, *broken: KeyPath, **more: Any) -> list[str]:
    return [finding.message for finding in check_policy(draft(made, *broken, **more))]


# ---- fields of the account ----------------------------------------------------------------------


def test_fields_are_filled_from_known_words_or_with_a_fixed_text() -> None:
    fields = {"Department": "{department}", "Title": "{role} {name}", "Country": "US"}

    assert messages(policy(user_fields=fields)) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Title": "{roel}"}, "unknown placeholder '{roel}' - did you mean '{role}'?"),
        ({"Title": "{role"}, "'{role' has a brace without its partner (write {mail}"),
        ({"username": "{mail}"}, "Usher takes care of the field Username itself: remove it"),
        ({"Title": "a", "TITLE": "b"}, "'TITLE' stands here twice"),
    ],
)
def test_a_field_is_none_that_usher_fills_itself(fields: dict[str, str], message: str) -> None:
    (found,) = messages(policy(user_fields=fields))

    assert found.startswith(message)


def test_a_task_has_no_fields_to_fill() -> None:
    made = policy(
        level(bundle=Bundle(by_hand=("Do it",))),
        provider=Provider.TASK,
        user_fields={"Title": "{role}"},
    )

    (message,) = messages(made)

    assert message.startswith("a task system has no API, so nobody would fill 'user_fields'")
    assert messages(made, ("systems", "crm", "provider")) == []


def test_every_field_of_a_new_salesforce_user_is_one_that_usher_fills() -> None:
    from bot.adapters.salesforce.fields import new_user
    from bot.domain.plan import Holder

    holder = Holder(
        person_id="ann",
        name="Ann Doe",
        mail="ann@acme.example",
        username="ann@acme.example.crm",
        timezone="UTC",
    )

    assert new_user(holder, "p1").keys() <= set(OWN_FIELDS)


# ---- pools and records --------------------------------------------------------------------------


def test_a_pool_keeps_no_more_seats_than_there_are() -> None:
    (finding,) = check_policy(draft(policy(pools={"Crm": Pool(keep_free=3, seats=2)})))

    assert finding == Finding(
        ("systems", "crm", "pools", "Crm", "keep_free"),
        "'keep_free' is 3, and the pool has 2 seats: write 2 or less",
    )
    assert messages(policy(pools={"Crm": Pool(keep_free=3, seats=3)})) == []


def test_a_pool_is_a_licence_that_a_level_uses() -> None:
    with_sets = level(
        bundle=Bundle(licence="Salesforce", profile="P", permission_sets=("Einstein",))
    )
    far, near = {"Einstein": Pool()}, {"Salesfroce": Pool()}

    assert messages(policy(pools=far)) == ["unknown pool 'Einstein' (known: Crm)"]
    assert messages(policy(with_sets, pools=far)) == []
    assert messages(policy(with_sets, pools=near)) == [
        "unknown pool 'Salesfroce' - did you mean 'Salesforce'?"
    ]
    assert messages(policy(pools=far), ("systems", "crm", "levels", "standrad")) == []


def test_records_go_to_the_manager_or_a_group() -> None:
    assert messages(policy(hand_over={"Lead": "manager", "Case": "security"})) == []
    assert messages(policy(hand_over={"Lead": "csm"})) == [
        "'csm' is a role; write a group of company.yml or manager"
    ]


# ---- what is approved beforehand ----------------------------------------------------------------


def request_rule(*barred: str) -> RequestRule:
    request = level().request
    assert request is not None
    return replace(request, not_=barred)


def criterion(**changes: Any) -> AutoApproval:
    default = AutoApproval(
        id="renew",
        levels=("standard",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#1",
        where=HERE,
        longest=Duration(30),
    )
    return replace(default, **changes)


def test_a_criterion_of_security_with_a_condition_is_sound() -> None:
    conditions: tuple[dict[str, Any], ...] = (
        {"longest": Duration(7)},
        {"longest": None, "already_had": True},
        {"longest": None, "engagement": Engagement.CORE},
        {"longest": None, "roles": ("csm",)},
    )
    for condition in conditions:
        assert messages(policy(auto_approve=(criterion(**condition),))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": ()}, "'levels' is empty"),
        ({"levels": ("standrad",)}, "unknown level of crm 'standrad' - did you mean 'standard'?"),
        ({"levels": ("crm/standard",)}, "levels of crm go by their names here: write standard"),
        ({"levels": ("admin",)}, "'admin' is critical: it can never be approved beforehand"),
        ({"levels": ("given",)}, "nobody may ask for 'given', so there is nothing to approve"),
        ({"already_had": False}, "already_had can only be true"),
        ({"longest": None}, "'when' has no condition, so everybody would be approved"),
        ({"roles": ("everyone",)}, "'everyone' is no condition: remove it"),
        ({"roles": ("cms",)}, "unknown role 'cms' - did you mean 'csm'?"),
        ({"roles": ("security",)}, "'security' is a group, and 'roles' names roles of roles.yml"),
        ({"approved_by": "manager"}, "'manager' is not a group"),
        ({"approved_by": "it"}, "'it' cannot approve beforehand, only 'security' can (policies/"),
    ],
)
def test_a_criterion_is_refused_for_what_it_loosens(changes: dict[str, Any], message: str) -> None:
    levels = (
        level(),
        level("admin", risk=Risk.CRITICAL),
        level("given", request=None),
    )
    made = policy(*levels, roles=(role("csm", "crm/given"),), auto_approve=(criterion(**changes),))

    (found,) = messages(made)

    assert found.startswith(message)


def test_two_criteria_have_two_ids() -> None:
    assert messages(policy(auto_approve=(criterion(), criterion()))) == [
        "duplicate auto_approve 'renew' (first at line 1): write another id"
    ]


def test_an_empty_list_of_roles_is_no_condition() -> None:
    made = policy(auto_approve=(criterion(longest=None),))

    (message,) = messages(made, values=(ADDS, (*WHEN, "roles")))

    assert message == "roles is empty: write roles of roles.yml, or remove the key"
    assert messages(made, (*WHEN, "longst")) == []


def test_without_a_security_group_nobody_approves_beforehand() -> None:
    made = policy(adds=(), auto_approve=(criterion(),))

    (message,) = messages(made, values=())

    assert message.startswith("nobody can approve beforehand, 'security' neither")
    critical = policy(level(), level("a", risk=Risk.CRITICAL), adds=(), auto_approve=(criterion(),))
    (told_there,) = messages(critical, values=())
    assert told_there.startswith("crm/a is critical: write approvals.critical_adds")
    assert messages(made, ADDS, values=()) == []
    assert len(messages(made)) == 1  # an empty list is told where it stands
    assert len(messages(policy(adds=("secruity",), auto_approve=(criterion(),)))) == 1


def test_a_criterion_may_name_a_level_that_could_not_be_read() -> None:
    made = policy(auto_approve=(criterion(levels=("other",)),))

    assert messages(made, ("systems", "crm", "levels", "other")) == []


def test_a_level_in_doubt_is_not_said_to_be_without_request() -> None:
    made = policy(level("given", request=None), auto_approve=(criterion(levels=("given",)),))

    assert messages(made, ("systems", "crm", "levels", "given", "reqest")) == []


def test_a_condition_that_the_level_bars_never_counts() -> None:
    barred = level(request=request_rule("csm", "core"))
    made = policy(
        barred,
        level("other"),
        auto_approve=(criterion(roles=("csm",), engagement=Engagement.CORE),),
    )
    request: KeyPath = ("systems", "crm", "levels", "standard", "request")
    both = replace(
        made,
        systems={
            "crm": replace(
                made.systems["crm"],
                auto_approve=(criterion(roles=("csm",), levels=("standard", "other")),),
            )
        },
    )

    found = check_policy(draft(made))

    assert [finding.path for finding in found] == [(*WHEN, "roles", 0), (*WHEN, "engagement")]
    assert found[0].message == (
        f"'csm' is barred by 'not' of crm/standard ({HERE.file}:13), so this never"
        " counts: remove it here, or there"
    )
    assert messages(made, request) == messages(both) == []


# ---- separation ---------------------------------------------------------------------------------


def separated(*rules: Separation, roles: tuple[Role, ...] = ()) -> Policy:
    made = policy(level("admin"), level("standard"), level("reader"), roles=roles)
    return replace(made, separations=rules)


def rule(*levels: str, **changes: Any) -> Separation:
    default = Separation(id="two-sides", never_both=levels, why="Because.", where=HERE)
    return replace(default, **changes)


def exception(*approve: str) -> SeparationException:
    return SeparationException(approve=approve, longest=Duration(14), where=HERE)


def test_a_rule_keeps_two_known_levels_apart() -> None:
    sound = rule("crm/admin", "crm/standard", exception=exception("security"))

    assert messages(separated(sound)) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (rule(), "'never_both' names no level: write two or more"),
        (rule("crm/admin"), "'never_both' names one level: write two or more"),
        (rule("crm/admin", "crm/admin"), "'crm/admin' stands here twice"),
        (rule("crm/admin", "crm/raeder"), "unknown level 'crm/raeder' - did you mean 'crm/reader'"),
        (rule("crm/admin", "crm/reader", exception=exception()), "'approve' is empty: write the"),
        (
            rule("crm/admin", "crm/reader", exception=exception("manager")),
            "'manager' is not a group",
        ),
    ],
)
def test_a_rule_names_two_levels_and_groups(wrong: Separation, message: str) -> None:
    (found,) = messages(separated(wrong))

    assert found.startswith(message)


def test_two_rules_have_two_ids() -> None:
    rules = (rule("crm/admin", "crm/reader"), rule("crm/admin", "crm/standard"))

    assert messages(separated(*rules)) == [
        "duplicate rule 'two-sides' (first at line 1): write another id"
    ]


def test_no_role_gets_on_day_one_what_a_rule_keeps_apart() -> None:
    three = rule("crm/admin", "crm/standard", "crm/reader")
    both = role("lead", "crm/reader", "crm/admin")
    one = role("csm", "crm/admin")

    (message,) = messages(separated(three, roles=(both, one)))

    assert message == (
        "lead gets crm/reader and crm/admin on day one as a birthright (policies/roles.yml:4):"
        " remove one there, or one of them here"
    )
