"""The policy of the company in `office`."""

from dataclasses import replace

from bot.domain.durations import PERMANENT, Duration
from bot.domain.policy import (
    Bundle,
    Delivery,
    Level,
    Policy,
    Pool,
    Provider,
    RequestRule,
    Risk,
    System,
    Where,
)
from tests.factories import level, policy, role


def company_policy(*levels: Level) -> Policy:
    """Make the CRM with four levels, and desk phones that people set up by hand."""
    made = policy(*(levels or _crm_levels()), roles=(role("csm", "crm/standard", "phone/desk"),))
    crm = replace(
        made.systems["crm"], username="{mail_name}@crm.example", pools={"Crm": Pool(keep_free=0)}
    )
    return replace(made, systems={"crm": crm, "phone": _phones()})


def _crm_levels() -> tuple[Level, ...]:
    both = ("manager", "crm-owners")
    view = Bundle(licence="Crm", profile="Read Only")
    standard = Bundle(licence="Crm", profile="Standard User", permission_sets=("CrmUser",))
    sales = replace(
        standard,
        permission_sets=("CrmUser", "InboxUser"),
        permission_set_licences=("Inbox",),
        by_hand=("Add the user to the mail sync",),
    )
    return (
        level("view", longest=Duration(90), bundle=view, says="Read accounts."),
        level(
            "standard", approve=both, longest=PERMANENT, risk=Risk.HIGH, bundle=standard,
            says="Create and edit accounts.",
        ),
        level(
            "sales", approve=both, longest=PERMANENT, risk=Risk.HIGH, bundle=sales,
            says="Standard, plus mail sync.",
        ),
        level(
            "admin", approve=both, risk=Risk.CRITICAL, says="Full configuration.",
            bundle=Bundle(licence="Crm", profile="Admin"),
        ),
    )  # fmt: skip


def _phones() -> System:
    where = Where("policies/systems/phone.yml", 1)
    desk = Level(
        id="phone/desk",
        system="phone",
        says="A phone on your desk.",
        risk=Risk.LOW,
        bundle=Bundle(by_hand=("Plug the phone in", "Assign a number")),
        where=where,
        request=RequestRule(by=("everyone",), approve=("manager",), longest=PERMANENT),
    )
    return System(
        id="phone",
        title="Phones",
        provider=Provider.TASK,
        dri="it",
        delivery=Delivery.SSO,
        where=where,
        levels={"desk": desk},
    )
