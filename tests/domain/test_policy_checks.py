"""Mistakes that only the whole policy shows."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.durations import PERMANENT, Calendar, Duration
from bot.domain.policy import (
    Approvals,
    Bundle,
    Company,
    Delivery,
    Group,
    Level,
    Policy,
    Provider,
    RequestRule,
    Risk,
    Role,
    System,
    Where,
)
from bot.domain.policy_checks import check_policy, urgent_mention
from bot.domain.policy_draft import Draft, Finding, KeyPath

HERE = Where("policies/some.yml", 1, 1)
SEAT = Bundle(licence="Salesforce", profile="Standard User")
RULE = RequestRule(by=("everyone",), approve=("manager",), longest=Duration(30))


def group(name: str, *members: str, backup: str | None = None) -> Group:
    return Group(id=name, members=members, backup=backup, where=HERE)


def role(name: str, *birthright: str) -> Role:
    return Role(id=name, department="any", birthright=birthright, where=HERE)


def level(
    name: str = "standard",
    *,
    rule: RequestRule | None = RULE,
    risk: Risk = Risk.HIGH,
    bundle: Bundle = SEAT,
    system: str = "crm",
) -> Level:
    return Level(
        id=f"{system}/{name}",
        system=system,
        says="Something.",
        risk=risk,
        bundle=bundle,
        where=HERE,
        request=rule,
    )


def policy(
    *levels: Level,
    roles: tuple[Role, ...] = (role("csm"),),
    groups: tuple[Group, ...] = (),
    approvals: Approvals = Approvals(),  # noqa: B008  # frozen
    provider: Provider = Provider.SALESFORCE,
    username: str = "{mail}",
    dri: str = "it",
) -> Policy:
    system = System(
        id="crm",
        title="CRM",
        provider=provider,
        dri=dri,
        delivery=Delivery.SSO,
        where=HERE,
        username=username,
        levels={one.name: one for one in levels},
    )
    every = (*groups, *(() if any(g.id == "it" for g in groups) else (group("it", "ann", "bob"),)))
    company = Company(
        id="acme",
        calendar=Calendar("UTC"),
        where=HERE,
        groups={one.id: one for one in every},
        approvals=approvals,
    )
    return Policy(
        commit="c", company=company, roles={one.id: one for one in roles}, systems={"crm": system}
    )


def written(made: Policy) -> Iterator[KeyPath]:
    """List the keys that a file would have for what is in a policy."""
    yield from (("company", "groups", name) for name in made.company.groups)
    yield from (("roles", "roles", name) for name in made.roles)
    for one in made.levels:
        path: KeyPath = ("systems", one.system, "levels", one.name)
        yield path
        if one.request:
            yield from ((*path, "request", key) for key in ("by", "not", "approve", "longest"))


def draft(made: Policy, *broken: KeyPath) -> Draft:
    keys = dict.fromkeys(written(made), HERE)
    return Draft(policy=made, keys=keys, values={}, broken=frozenset(broken))


def messages(made: Policy, *broken: KeyPath) -> list[str]:
    return [finding.message for finding in check_policy(draft(made, *broken))]


def rule(**changes: object) -> RequestRule:
    return replace(RULE, **changes)  # type: ignore[arg-type]  # a test names the fields


def test_a_sound_policy_has_no_findings() -> None:
    assert messages(policy(level())) == []


def test_a_birthright_must_name_a_level() -> None:
    made = policy(level(), roles=(role("csm", "crm/standrad", "hr/reader"),))

    assert messages(made) == [
        "unknown level 'crm/standrad' - did you mean 'crm/standard'?",
        "unknown level 'hr/reader' (known: crm/standard)",
    ]


def test_a_critical_level_is_nobodys_birthright() -> None:
    made = policy(level(risk=Risk.CRITICAL), roles=(role("csm", "crm/standard"),))

    (message,) = messages(made)

    assert message.startswith("crm/standard is critical: it is never given automatically")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (rule(by=("cms",)), "unknown role 'cms' - did you mean 'csm'?"),
        (rule(by=("xyz",)), "unknown role 'xyz' (known: csm, everyone)"),
        (rule(by=("it",)), "'it' is a group, and 'by' names roles of roles.yml"),
        (rule(not_=("everyone",)), "'everyone' in 'not' would refuse everybody"),
        (rule(by=()), "crm/standard: 'by' is empty, so nobody could ask"),
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
        "unknown group 'sec' (known: it, manager)",
    ]


def test_owners_backups_and_mentions_are_groups() -> None:
    made = policy(level(), dri="csm", groups=(group("gtm", "ann", "bob", backup="ops"),))

    assert messages(made) == [
        "'csm' is a role; write a group of company.yml",
        "unknown group 'ops' (known: gtm, it)",
    ]
    (mention,) = urgent_mention(draft(made), "crm", "gmt")
    assert mention == Finding(
        ("systems", "crm", "urgent", "mention"), "unknown group 'gmt' - did you mean 'gtm'?"
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
    ],
)  # fmt: skip
def test_every_group_can_answer(groups: tuple[Group, ...], expected: list[str]) -> None:
    found = messages(policy(level(), groups=groups))

    assert len(found) == len(expected)
    assert all(map(str.startswith, found, expected))


def test_no_role_is_called_everyone() -> None:
    (message,) = messages(policy(level(), roles=(role("everyone"),)))

    assert message.startswith("'everyone' has a meaning of its own")


def test_critical_access_ends() -> None:
    made = policy(level("admin", risk=Risk.CRITICAL, rule=rule(longest=PERMANENT)))

    assert messages(made) == ["crm/admin is critical: 'longest' may not be permanent"]


def test_a_level_without_request_needs_a_role_that_has_it() -> None:
    lonely = policy(level(rule=None))
    given = policy(level(rule=None), roles=(role("csm", "crm/standard"),))
    misspelt = policy(level(rule=None), roles=(role("csm", "crm/standrad"),))

    assert messages(lonely)[0].startswith("nobody may have crm/standard: write 'request'")
    assert messages(given) == []
    assert messages(misspelt) == ["unknown level 'crm/standrad' - did you mean 'crm/standard'?"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{mailname}@x", "unknown placeholder '{mailname}' - did you mean '{mail_name}'?"),
        ("{}@x", "unknown placeholder '{}' (write {mail}, {mail_name}, {id})"),
        ("{id!r}@x", "unknown placeholder '{id}'"),
        ("{mail", "'{mail' has a brace without its partner (write {mail}"),
        ("sales@x", "'sales@x' gives everybody the same user name (use {mail}"),
    ],
)
def test_a_user_name_pattern_gives_each_person_a_name(pattern: str, message: str) -> None:
    (found,) = messages(policy(level(), username=pattern))

    assert found.startswith(message)


def test_a_salesforce_level_needs_licence_and_profile() -> None:
    assert messages(policy(level(bundle=Bundle()))) == [
        "crm/standard: a Salesforce user needs 'licence' and 'profile' in 'bundle'"
    ]


def test_a_task_level_needs_steps_by_hand() -> None:
    steps = level(bundle=Bundle(by_hand=("Do it",)))

    assert messages(policy(level(), provider=Provider.TASK))[0].startswith("crm/standard has no")
    assert messages(policy(steps, provider=Provider.TASK)) == []


# ---- parts that could not be read ---------------------------------------------------------------


def test_what_stands_in_a_broken_part_is_not_told_again() -> None:
    made = policy(
        level(rule=rule(by=("cms",), approve=("secrity",)), bundle=Bundle()),
        roles=(role("csm", "crm/standrad"),),
        groups=(group("gtm", "ann"),),
    )

    request: KeyPath = ("systems", "crm", "levels", "standard")
    unread: list[KeyPath] = [("company",), ("roles",), (*request, "bundle"), (*request, "request")]

    assert messages(made, *unread) == []


def test_names_that_a_broken_part_may_declare_are_not_unknown() -> None:
    made = policy(level(rule=rule(by=("cms",), approve=("secrity",))), roles=(role("csm", "hr/x"),))

    assert messages(made, ("roles",), ("company", "groups"), ("systems", "hr")) == []


def test_doubt_within_a_part_silences_what_would_follow_from_it() -> None:
    made = policy(level(rule=None, bundle=Bundle()), groups=(group("gtm", "ann"),))
    in_level: KeyPath = ("systems", "crm", "levels", "standard", "reqest")

    told = messages(
        made, in_level, ("systems", "crm", "provider"), ("company", "groups", "gtm", "bckup")
    )

    assert told == []


def test_a_finding_is_placed_at_the_key_or_value_or_what_surrounds_it() -> None:
    at = {n: Where("f.yml", n, n) for n in range(1, 5)}
    spot = Draft(
        policy=policy(level()),
        keys={("a",): at[1], ("a", "b"): at[2]},
        values={("a",): at[3], ("a", "b"): at[4]},
    )

    assert spot.where(Finding(("a", "b"), "x")) == at[4]
    assert spot.where(Finding(("a", "b"), "x", at_key=True)) == at[2]
    assert spot.where(Finding(("a", "c"), "x")) == at[3]
    assert spot.where(Finding(("z",), "x")) == HERE
