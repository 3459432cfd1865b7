"""One policy with every word of the language in it, and ways to change each."""

from dataclasses import replace
from datetime import date
from typing import Any

from bot.domain.durations import Calendar, Duration, Unit
from bot.domain.people import Engagement
from bot.domain.policy import (
    Approvals,
    AutoApproval,
    BreakGlass,
    Bundle,
    Company,
    Delivery,
    Group,
    Level,
    Policy,
    Provider,
    Question,
    RequestRule,
    Risk,
    Role,
    Separation,
    SeparationException,
    System,
    Where,
)

BASE, HEAD = "base.yml", "head.yml"
HOUR = Duration(1, Unit.HOURS)


def at(line: int) -> Where:
    return Where(BASE, line)


RULE = RequestRule(
    by=("csm", "engineer"),
    not_=("consultant",),
    approve=("manager", "owners"),
    longest=Duration(30),
    questions=(Question(id="why", asks="Why?", where=at(41)),),
    marks={key: at(50 + n) for n, key in enumerate(("by", "not", "approve", "longest"))},
)
LEVEL = Level(
    id="crm/edit",
    system="crm",
    says="Edit.",
    risk=Risk.HIGH,
    bundle=Bundle(licence="Full", profile="User", permission_sets=("A",), by_hand=("Tick it",)),
    where=at(40),
    request=RULE,
    break_glass=BreakGlass(by=("it",), longest=HOUR, where=at(45)),
)
AUTO = AutoApproval(
    id="renew",
    levels=("edit",),
    approved_by="security",
    approved_on=date(2026, 1, 1),
    record="acme/access#1",
    where=at(60),
    already_had=True,
    longest=Duration(30),
    engagement=Engagement.CORE,
    roles=("csm",),
)
SYSTEM = System(
    id="crm",
    title="CRM",
    provider=Provider.TASK,
    dri="owners",
    delivery=Delivery.SSO,
    where=at(30),
    levels={"edit": LEVEL, "view": replace(LEVEL, id="crm/view", break_glass=None)},
    auto_approve=(AUTO,),
)
KEPT_APART = Separation(
    id="both",
    never_both=("crm/edit", "crm/view"),
    why="Too much for one.",
    where=at(70),
    exception=SeparationException(approve=("it", "owners"), longest=Duration(7), where=at(71)),
)
POLICY = Policy(
    commit="base",
    company=Company(
        id="acme",
        calendar=Calendar("America/Chicago"),
        where=at(1),
        approvals=Approvals(default=("manager",), critical_adds=("security",)),
        revoke_within=Duration(24, Unit.HOURS),
        groups={
            "it": Group(id="it", members=("Octo-Ivy", "octo-ian"), where=at(2)),
            "owners": Group(id="owners", members=("octo-gus",), where=at(3), backup="it"),
            "spare": Group(id="spare", members=("octo-sue",), where=at(4)),
        },
    ),
    roles={
        "csm": Role(id="csm", department="cs", where=at(20), birthright=("crm/view",)),
        "engineer": Role(id="engineer", department="any", where=at(21)),
    },
    systems={"crm": SYSTEM},
    separations=(KEPT_APART,),
)


def moved(value: Any) -> Any:
    """Move everything that knows its place to HEAD's file, and change nothing else."""
    if isinstance(value, Where):
        return Where(HEAD, value.line + 100)
    if isinstance(value, dict):
        return {key: moved(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(moved(one) for one in value)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, Duration | Calendar):
        return replace(value, **{name: moved(getattr(value, name)) for name in vars(value)})
    return value


def of_company(**changes: Any) -> Policy:
    return replace(POLICY, company=replace(POLICY.company, **changes))


def of_approvals(**changes: Any) -> Policy:
    return of_company(approvals=replace(POLICY.company.approvals, **changes))


def of_group(id_: str, **changes: Any) -> Policy:
    groups = POLICY.company.groups
    return of_company(groups={**groups, id_: replace(groups[id_], **changes)})


def of_role(id_: str, **changes: Any) -> Policy:
    return replace(POLICY, roles={**POLICY.roles, id_: replace(POLICY.roles[id_], **changes)})


def of_system(**changes: Any) -> Policy:
    return replace(POLICY, systems={"crm": replace(SYSTEM, **changes)})


def of_level(**changes: Any) -> Policy:
    return of_system(levels={**SYSTEM.levels, "edit": replace(LEVEL, **changes)})


def of_bundle(**changes: Any) -> Policy:
    return of_level(bundle=replace(LEVEL.bundle, **changes))


def of_rule(**changes: Any) -> Policy:
    return of_level(request=replace(RULE, **changes))


def of_glass(**changes: Any) -> Policy:
    assert LEVEL.break_glass is not None
    return of_level(break_glass=replace(LEVEL.break_glass, **changes))


def of_auto(**changes: Any) -> Policy:
    return of_system(auto_approve=(replace(AUTO, **changes),))


def of_separation(**changes: Any) -> Policy:
    return replace(POLICY, separations=(replace(KEPT_APART, **changes),))


def of_exception(**changes: Any) -> Policy:
    assert KEPT_APART.exception is not None
    return of_separation(exception=replace(KEPT_APART.exception, **changes))


def without(mapping: Any, name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}
