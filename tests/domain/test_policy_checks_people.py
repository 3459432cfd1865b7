"""Mistakes about people: who may ask, who must say yes, and groups that could never answer."""

from dataclasses import replace

import pytest

from bot.domain.durations import Duration, Unit
from bot.domain.policy import Approvals, Group, RequestRule, Risk
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import Finding, KeyPath
from tests.domain.checked_policies import (
    HERE,
    draft,
    group,
    level,
    messages,
    policy,
    role,
    rule,
)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (rule(by=("cms",)), "unknown role 'cms' - did you mean 'csm'?"),
        (rule(by=("xyz",)), "unknown role 'xyz' (known: csm, everyone)"),
        (rule(by=("it",)), "'it' is a group, and 'by' names roles of roles.yml"),
        (rule(not_=("everyone",)), "'everyone' in 'not' would refuse everybody"),
        (rule(by=()), "crm/standard: 'by' is empty, so nobody could ask"),
        (rule(not_=("core", "consultant")), "crm/standard: 'not' refuses everybody whom 'by'"),
        (rule(by=("csm",), not_=("csm",)), "crm/standard: 'not' refuses everybody whom 'by'"),
        (rule(approve=("everyone",)), "'everyone' is not a group; write a group of company.yml or"),
        (rule(approve=()), "crm/standard: 'approve' is empty: somebody must say yes"),
        (rule(approve=("mangaer",)), "unknown group 'mangaer' - did you mean 'manager'?"),
        (rule(approve=("csm",)), "'csm' is a role; write a group of company.yml or manager"),
    ],
)
def test_a_rule_names_roles_who_ask_and_groups_who_approve(
    wrong: RequestRule, message: str
) -> None:
    (found,) = messages(policy(level(rule=wrong)))

    assert found.startswith(message)


def test_not_may_name_an_engagement() -> None:
    assert messages(policy(level(rule=rule(not_=("consultant", "csm"))))) == []


def test_a_level_without_approve_leaves_the_fault_to_the_companys_default() -> None:
    made = policy(level(rule=rule(approve=("secrity",))))
    whole = draft(made)
    keys = {path: HERE for path in whole.keys if path[-1] != "approve"}

    assert check_policy(replace(whole, keys=keys)) == ()


def test_the_companys_approvals_name_groups() -> None:
    approvals = Approvals(default=(), critical_adds=("sec", "manager"))

    assert messages(policy(level(), approvals=approvals)) == [
        "'default' is empty: somebody must say yes (write [manager])",
        "unknown group 'sec' (known: it)",
        "'manager' is not a group; write a group of company.yml",
    ]


def test_nobody_is_added_for_critical_levels_only_where_that_is_not_written() -> None:
    made = policy(level())
    written = draft(made)
    values = {("company", "approvals", "critical_adds"): HERE}

    (finding,) = check_policy(replace(written, values=values))

    assert finding.message.startswith("'critical_adds' is empty: write the group of security")


def test_each_approver_is_named_once_and_they_are_not_many() -> None:
    names = tuple(f"g{number}" for number in range(11))
    teams = tuple(group(name, f"{name}-a", f"{name}-b") for name in names)

    assert messages(policy(level(rule=rule(approve=("it", "manager", "it"))))) == [
        "'it' stands here twice: remove one"
    ]
    assert messages(policy(level(rule=rule(approve=names)), groups=teams)) == [
        "over 10 of whom each must say yes: take some away"
    ]


def test_owners_backups_and_mentions_are_groups() -> None:
    made = policy(level(), dri="csm", groups=(group("gtm", "ann", "bob", backup="ops"),))

    assert sorted(messages(made)) == [
        "'csm' is a role; write a group of company.yml",
        "unknown group 'ops' (known: gtm, it)",
    ]
    sound = policy(level(), groups=(group("gtm", "ann", "bob"),))
    assert check_policy(replace(draft(sound), mentions={"crm": "gmt"})) == (
        Finding(
            ("systems", "crm", "urgent", "mention"), "unknown group 'gmt' - did you mean 'gtm'?"
        ),
    )


def test_a_missing_it_group_is_told_once() -> None:
    made = policy(level(rule=rule(approve=("it",))), groups=(group("gtm", "ann", "bob"),))
    company = replace(made.company, groups={"gtm": made.company.groups["gtm"]})

    (message,) = messages(replace(made, company=company))

    assert message.startswith("group 'it' is missing")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((group("gtm"),), ["group 'gtm' has no members: nobody could approve"]),
        ((group("gtm", "ann"),), ["group 'gtm' has one member and no backup: a request by that"]),
        ((group("gtm", "ann", backup="it"),), []),
        ((group("gtm", "ANN", backup="ops"), group("ops", "ann", backup="it")), []),
        (
            (group("gtm", "ann", backup="sec"), group("sec", "Ann")),
            ["group 'gtm' and its backup have only one", "group 'sec' has one member and no"],
        ),
        ((group("gtm", "ann", "Ann", backup="it"),), ["'Ann' is already a member"]),
        ((group("manager", "cid", "dee"),), ["'manager' has a meaning of its own"]),
        (
            (group("b", "x", "y", backup="c"), group("c", "x", "y", backup="a"),
             group("a", "x", "y", backup="b"), group("in", "x", "y", backup="a")),
            ["backups go in a circle: a → b → c → a (remove one 'backup')"],
        ),
        (
            tuple(group(f"g{n}", "x", "y", backup=f"g{(n + 1) % 7}") for n in range(7)),
            ["backups go in a circle: g0 → g1 → g2 → g3 → g4 → … → g0 (remove one 'backup')"],
        ),
    ],
)  # fmt: skip
def test_every_group_can_answer(groups: tuple[Group, ...], expected: list[str]) -> None:
    found = messages(policy(level(), groups=groups))

    assert len(found) == len(expected)
    assert all(map(str.startswith, found, expected))


SAME = (group("one", "ann", "bob", backup="it"), group("two", "Bob", "ann"))


def test_groups_of_the_same_people_cannot_all_say_yes() -> None:
    both = level(rule=rule(approve=("manager", "one", "two")))

    (message,) = messages(policy(both, groups=SAME))

    assert message == (
        "crm/standard: a request by 'ann' could never be approved: 'one' and 'two' must each say"
        " yes, one person counts once, and too few others are left (add members)"
    )


def test_it_steps_in_where_groups_have_the_same_people() -> None:
    both = level(rule=rule(approve=("manager", "one", "two")))
    it = group("it", "ivy", "ian")

    assert messages(policy(both, groups=(*SAME, it))) == []


def test_a_companys_default_that_nobody_could_meet_is_told_once() -> None:
    approvals = Approvals(default=("one", "two"))
    levels = [level(name, rule=rule(approve=("one", "two"))) for name in ("a", "b")]
    whole = draft(policy(*levels, groups=SAME, approvals=approvals))
    keys = {path: HERE for path in whole.keys if path[-1] != "approve"}

    (finding,) = check_policy(replace(whole, keys=keys))

    assert finding.path == ("company", "approvals", "default")


def test_critical_levels_need_enough_people_for_what_is_added() -> None:
    critical = level(risk=Risk.CRITICAL, rule=rule(approve=("one",)))
    approvals = Approvals(critical_adds=("two",))

    (message,) = messages(policy(critical, groups=SAME, approvals=approvals))

    assert message.startswith("crm/standard: a request by 'ann' could never be approved")
    assert messages(policy(level(), groups=SAME, approvals=approvals)) == []


def test_deadlocks_are_not_guessed_where_approvers_are_in_doubt() -> None:
    both = level(rule=rule(approve=("one", "two")))
    made = policy(both, groups=SAME)

    assert messages(made, ("company", "approvals", "defualt")) == []
    assert messages(policy(level(rule=rule(approve=("one", "tow"))), groups=SAME)) == [
        "unknown group 'tow' - did you mean 'two'?"
    ]


def test_no_role_is_called_everyone() -> None:
    (message,) = messages(policy(level(), roles=(role("everyone"),)))

    assert message.startswith("'everyone' has a meaning of its own")


@pytest.mark.parametrize(
    ("remind", "lapse", "is_refused"),
    [
        (Duration(8), Duration(7), True),
        (Duration(7), Duration(7), False),
        (Duration(9, Unit.HOURS), Duration(8, Unit.HOURS), True),
        (Duration(1), Duration(23, Unit.HOURS), True),
        (Duration(8, Unit.BUSINESS_DAYS), Duration(7), True),
        (Duration(5, Unit.BUSINESS_DAYS), Duration(7), False),
        (Duration(30), Duration(2, Unit.BUSINESS_DAYS), True),
        (Duration(9), Duration(2, Unit.BUSINESS_DAYS), False),
    ],
)
def test_a_request_does_not_lapse_before_anybody_is_reminded(
    remind: Duration, lapse: Duration, *, is_refused: bool
) -> None:
    made = policy(level(), approvals=Approvals(remind_after=remind, lapse_after=lapse))
    path: KeyPath = ("company", "approvals", "remind_after")

    found = check_policy(replace(draft(made), values={path: HERE}))

    expected = f"'remind_after' is {remind}, and a request lapses after {lapse}, so nobody would"
    assert [one.message.startswith(expected) for one in found] == [True] * is_refused
    assert all(one.path == path for one in found)
    assert messages(made, path) == []


def test_a_request_that_lapses_sooner_than_the_usual_reminder_is_told_where_it_is_written() -> None:
    made = policy(level(), approvals=Approvals(lapse_after=Duration(2, Unit.HOURS)))

    (finding,) = check_policy(draft(made))

    assert finding.path[-1] == "lapse_after"
    assert finding.message.endswith("write 4h or more, or a shorter 'remind_after'")
