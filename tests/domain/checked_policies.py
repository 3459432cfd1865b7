"""Small policies to be checked, written down as their files would say them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain.durations import Calendar, Duration
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
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import CRITICAL_ADDS, Draft, KeyPath

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
    **more: Any,
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
        **more,
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
    adds = [CRITICAL_ADDS] if made.company.approvals.critical_adds else []
    values = dict.fromkeys(adds, HERE)
    return Draft(policy=made, keys=keys, values=values, broken=frozenset(broken))


def messages(made: Policy, *broken: KeyPath) -> list[str]:
    return [finding.message for finding in check_policy(draft(made, *broken))]


def rule(**changes: object) -> RequestRule:
    return replace(RULE, **changes)  # type: ignore[arg-type]  # a test names the fields
