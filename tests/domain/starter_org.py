"""A roster and an org around it, in the hands of tests about first policies."""

from dataclasses import replace
from datetime import date
from typing import Any

from bot.domain.changes import Part
from bot.domain.people import Roster
from bot.domain.plan import Seat
from bot.domain.policy_starter import Starter, start_policy
from bot.domain.policy_starter_accounts import Account, Inventory
from bot.domain.seats import PoolCount
from tests.factories import NOW, person

YESTERDAY = date(2026, 11, 1)
ANN = person("ann")
BEA = person("bea", role="manager", manager_id=None)
IVY = person("ivy", role="it-specialist", department="it")
IAN = person("ian", role="it-specialist", department="it")
SAM = person("sam", role="security-engineer", department="security")
SUE = person("sue", role="security-engineer", department="security")
ROSTER = Roster((ANN, BEA, IVY, IAN, SAM, SUE))


def account(who: str = "ann", **changes: Any) -> Account:
    """Make an active account; Ann's has her work mail, and her user name comes from it."""
    mail = changes.pop("mail", f"{who}@acme.example")
    sso = changes.pop("sso", "")
    sets = frozenset(changes.pop("sets", ()))
    groups = frozenset(changes.pop("groups", ()))
    licences = frozenset(changes.pop("licences", ()))
    seat = Seat(
        user_id=f"005{who:0>12}AAA",
        username=f"{who}@acme.example.crm",
        is_active=True,
        is_frozen=False,
        licence="Salesforce",
        profile="Standard User",
        person_id=None,
        parts={Part.SET: sets, Part.SET_GROUP: groups, Part.SET_LICENCE: licences},
    )
    return Account(seat=replace(seat, **changes), mail=mail, sso=sso)


def org(*accounts: Account, **changes: Any) -> Inventory:
    facts = Inventory(
        own_user_id="0050000000usher",
        accounts=accounts,
        pools=(PoolCount(name="Salesforce", total=12, used=3),),
    )
    return replace(facts, **changes)


def started(*accounts: Account, roster: Roster = ROSTER, **words: Any) -> Starter:
    return start_policy(roster, org(*(accounts or (account(),))), NOW, **words)
