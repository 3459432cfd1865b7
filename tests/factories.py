"""Small honest values for tests: one company, where a test states only what matters to it.

Ann is an engineer and reports to Bea. Ivy and Ian are IT, Sam and Sue security, Gus and Gil look
after the crm. It is Monday morning in Chicago.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bot.domain.approvers import Need
from bot.domain.decision import Answer, Ask, Decision
from bot.domain.desk import OnboardingCall
from bot.domain.durations import Calendar, Duration
from bot.domain.grant import Basis, Grant, GrantState
from bot.domain.inbound import Surface
from bot.domain.people import Person, Roster
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
from bot.domain.request import Approval, Request, RequestState, Verdict
from bot.domain.story import Story

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
CHICAGO = "America/Chicago"
COMPANY_YML, ROLES_YML = "policies/company.yml", "policies/roles.yml"
CRM_YML = "policies/systems/crm.yml"
MARKS = {key: Where(CRM_YML, line, 9) for line, key in enumerate(("by", "not", "approve"), 12)}


# ---- people -------------------------------------------------------------------------------------


def person(id_: str = "ann", **changes: Any) -> Person:
    """Make somebody who has been here for long; Ann's manager is Bea, the others have none."""
    default = Person(
        id=id_,
        mail=f"{id_}@acme.example",
        name=f"{id_.capitalize()} Doe",
        role="engineer",
        first_day=date(2025, 1, 6),
        timezone=CHICAGO,
        manager_id="bea" if id_ == "ann" else None,
        github=f"octo-{id_}",
        slack_id=f"U{id_.upper()}",
    )
    return replace(default, **changes)


EVERYBODY = ("ann", "bea", "ivy", "ian", "sam", "sue", "gus", "gil")


def roster(*people: Person, without: Iterable[str] = ()) -> Roster:
    """Make the company's roster, with these people instead of, or beside, its own."""
    everybody = {id_: person(id_) for id_ in EVERYBODY} | {p.id: p for p in people}
    return Roster(p for p in everybody.values() if p.id not in without)


# ---- policy -------------------------------------------------------------------------------------


def level(
    name: str = "standard",
    *,
    by: tuple[str, ...] = ("everyone",),
    not_: tuple[str, ...] = (),
    approve: tuple[str, ...] = ("manager",),
    longest: Duration = Duration(30),  # frozen
    **changes: Any,
) -> Level:
    """Make a low-risk level of the crm that everybody may ask for and the manager approves."""
    marks = MARKS | {"longest": Where(CRM_YML, 15, 9)}
    default = Level(
        id=f"crm/{name}",
        system="crm",
        says="Work with accounts.",
        risk=Risk.LOW,
        bundle=Bundle(licence="Crm", profile="Standard User"),
        where=Where(CRM_YML, 10, 3),
        request=RequestRule(by=by, not_=not_, approve=approve, longest=longest, marks=marks),
    )
    return replace(default, **changes)


def group(id_: str, *members: str, backup: str | None = None) -> Group:
    return Group(id=id_, members=members, backup=backup, where=Where(COMPANY_YML, 5, 3))


def role(id_: str, *birthright: str) -> Role:
    return Role(id=id_, department="any", birthright=birthright, where=Where(ROLES_YML, 4, 3))


def system(*levels: Level, **changes: Any) -> System:
    """Make the crm, with its levels."""
    default = System(
        id="crm",
        title="CRM",
        provider=Provider.SALESFORCE,
        dri="crm-owners",
        delivery=Delivery.ONEPASSWORD,
        where=Where(CRM_YML, 1),
        url="https://crm.acme.example",
        levels={one.name: one for one in levels or (level(),)},
    )
    return replace(default, **changes)


def policy(
    *levels: Level,
    roles: tuple[Role, ...] = (),
    groups: tuple[Group, ...] = (),
    approvals: Approvals = Approvals(critical_adds=("security",)),  # noqa: B008  # frozen
) -> Policy:
    """Make a policy with the crm alone; given roles and groups replace its own of the same id."""
    own = (role("engineer"), role("csm", "crm/standard"), role("consultant"))
    teams = (
        group("it", "octo-ivy", "octo-ian"),
        group("security", "octo-sam", "octo-sue"),
        group("crm-owners", "octo-gus", "octo-gil"),
    )
    company = Company(
        id="acme",
        calendar=Calendar(CHICAGO, frozenset({date(2026, 11, 26)})),
        where=Where(COMPANY_YML, 1),
        approvals=approvals,
        groups={team.id: team for team in (*teams, *groups)},
    )
    return Policy(
        commit="c0ffee" * 4,
        company=company,
        roles={one.id: one for one in (*own, *roles)},
        systems={"crm": system(*levels)},
    )


# ---- requests, decisions, grants ----------------------------------------------------------------


def ask(**changes: Any) -> Ask:
    """Ann asks for a week of crm/standard for herself and holds nothing yet."""
    default = Ask(
        requester_id="ann",
        person_id="ann",
        level_id="crm/standard",
        duration=Duration(7),
        held={},
    )
    return replace(default, **changes)


def decision(*needs: Need, **changes: Any) -> Decision:
    """Make a decision that asks Bea, as Ann's manager."""
    default = Decision(
        answer=Answer.NEEDS_APPROVAL,
        rule="crm/standard request.approve",
        where=f"{CRM_YML}:14",
        policy_commit="c0ffee" * 4,
        needs=needs or (Need(because="manager", from_=("bea",)),),
    )
    return replace(default, **changes)


def approval(person_id: str = "bea", **changes: Any) -> Approval:
    """Make a yes on GitHub to the request as it is."""
    default = Approval(
        person_id=person_id,
        verdict=Verdict.YES,
        surface=Surface.GITHUB,
        digest="as shown",
        at=NOW,
    )
    return replace(default, **changes)


def request(**changes: Any) -> Request:
    """Make Ann's request, made in Slack and waiting for Bea."""
    default = Request(
        id="r1",
        person_id="ann",
        requester_id="ann",
        level_id="crm/standard",
        duration=Duration(7),
        reason="To prepare the quarter's review",
        source=Surface.SLACK,
        state=RequestState.AWAITING_APPROVAL,
        created_at=NOW,
        changed_at=NOW,
        digest="as shown",
        decision=decision(),
        issue_number=7,
    )
    return replace(default, **changes)


def grant(**changes: Any) -> Grant:
    """Make the access that Ann holds from her request, until a week from now."""
    default = Grant(
        id="r1",
        person_id="ann",
        level_id="crm/standard",
        basis=Basis.REQUEST,
        state=GrantState.ACTIVE,
        since=NOW,
        until=datetime(2026, 11, 9, 15, 0, tzinfo=UTC),
        account="005A",
        username="ann@acme.example.crm",
        vault_id="vault",
        item_id="item",
    )
    return replace(default, **changes)


def story(to: Request | None = None, **changes: Any) -> Story:
    """Make everything there is to tell about Ann's request, or about this one."""
    default = Story(request=to or request(), roster=roster(), level=level(), system=system())
    return replace(default, **changes)


def hire(**changes: Any) -> OnboardingCall:
    """Call the onboarding of somebody new."""
    usual: dict[str, Any] = {
        "caller": "hr",
        "idempotency_key": "hire-1",
        "fingerprint": "f1",
        "person_id": "new",
        "mail": "new@acme.example",
        "name": "New Doe",
        "role": "csm",
        "manager_id": "bea",
        "timezone": "America/Chicago",
        "first_day": date(2026, 11, 9),
        "slack_id": "UNEW",
        "handoff_vault": "vault-new",
    }
    return OnboardingCall(**usual | changes)
