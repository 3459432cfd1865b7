"""An org that is exactly what the grants say, to be changed in one place at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.domain.changes import Part
from bot.domain.drift import Company, findings
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser, Table, TrailEntry, whole_id
from bot.domain.durations import Duration
from bot.domain.grant import Grant
from bot.domain.people import Person, Roster
from bot.domain.plan import parts_of
from bot.domain.policy import Bundle, Policy
from bot.workflows.seating import holder_of
from tests.factories import NOW, grant, level, person, policy, role, system

SALES = Bundle(
    licence="Crm",
    profile="Standard User",
    permission_sets=("CrmUser", "Inbox"),
    permission_set_groups=("Desk",),
    permission_set_licences=("CpqPsl",),
    packages=("SBQQ",),
    features=("Marketing",),
    role="Seller",
    groups=("AllSales",),
    queues=("Leads",),
)
VIEW = Bundle(licence="Crm", profile="Read Only")
BRINGS = {
    (Part.SET, "Inbox"): frozenset({"InboxPsl"}),
    (Part.SET_GROUP, "Desk"): frozenset({"DeskPsl"}),
}
LATER = NOW + timedelta(days=30)
LONG_AGO = NOW - timedelta(days=100)
OWN, ADMIN = "005000000000001AAA", "005000000000002AAA"


def the_policy() -> Policy:
    made = policy(roles=(role("csm", "crm/sales"),))
    crm = system(level("sales", bundle=SALES), level("view", bundle=VIEW), native_expiry=True)
    company = replace(made.company, unused_after=Duration(60))
    return replace(made, company=company, systems={"crm": crm})


POLICY = the_policy()


def user(number: int, **changes: Any) -> OrgUser:
    """Make an active user of nobody who holds nothing."""
    usual = OrgUser(
        id=whole_id(f"005{number:012}"),
        username=f"u{number}@acme.example",
        name=f"User {number}",
        mail=f"u{number}@acme.example",
        person_id=None,
        sso="",
        is_active=True,
        is_frozen=False,
        profile="Read Only",
        licence="Crm",
        role="",
        user_type="Standard",
        created=LONG_AGO,
        last_login=NOW,
        features=frozenset(),
        parts={},
        ends={},
    )
    return replace(usual, **changes)


def account(number: int, owner: Person, held: Grant | None) -> OrgUser:
    """Make the user that a person has who holds this."""
    granted = POLICY.level(held.level_id) if held else None
    bundle = granted.bundle if granted else VIEW
    named = parts_of(bundle)
    parts = {part: frozenset(names) for part, names in named.items()}
    things = {(part, name) for part, names in named.items() for name in names}
    implied = frozenset(psl for thing in things for psl in BRINGS.get(thing, ()))
    if implied:
        parts[Part.SET_LICENCE] = parts.get(Part.SET_LICENCE, frozenset()) | implied
    until = held.until if held else None
    dated = [thing for thing in things if thing[0] in (Part.SET, Part.SET_GROUP)]
    return user(
        number,
        username=holder_of(owner, POLICY.systems["crm"]).username,
        name=owner.name,
        mail=owner.mail,
        person_id=owner.id,
        profile=bundle.profile,
        role=bundle.role,
        features=frozenset(bundle.features),
        parts=parts,
        ends=dict.fromkeys(dated, until) if until else {},
    )


@dataclass
class World:
    """Grants, people and the org that follows from them."""

    people: dict[str, Person] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    users: dict[str, OrgUser] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    in_flux: set[str] = field(default_factory=set)

    def add(self, id_: str, level_id: str = "crm/sales", **changes: Any) -> OrgUser:
        """Let somebody hold a level, and have the account for it."""
        owner = self.people[id_] = person(id_)
        usual = {"since": LONG_AGO, "until": LATER, "username": "", "account": ""}
        held = grant(id=f"r-{id_}", person_id=id_, level_id=level_id, **{**usual, **changes})
        self.grants.append(held)
        made = account(10 + len(self.users), owner, held)
        self.users[made.id] = made
        return made

    def put(self, changed: OrgUser, **changes: Any) -> OrgUser:
        changed = replace(changed, **changes)
        self.users[changed.id] = changed
        return changed

    def say(self, text: str, *, action: str, by: str = ADMIN, at: datetime = NOW) -> None:
        """Write a line of the setup audit trail."""
        self.more["trail"] = (*self.more.get("trail", ()), TrailEntry(at, by, action, text))

    def snapshot(self) -> OrgSnapshot:
        both = {
            OWN: user(1, id=OWN, username="usher@acme.example"),
            ADMIN: user(2, id=ADMIN, username="gus@acme.example", user_type="CsnOnly"),
        }
        usual: dict[str, Any] = {"brings": BRINGS, "admins": frozenset({OWN})}
        return OrgSnapshot(
            taken_at=NOW, own_user_id=OWN, users=both | self.users, **{**usual, **self.more}
        )

    def findings(self, made: Policy = POLICY) -> tuple[Finding, ...]:
        crm = made.systems["crm"]
        company = Company(
            policy=made,
            system=crm,
            roster=Roster(self.people.values()),
            holder_of=lambda one: holder_of(one, crm),
            in_flux=self.in_flux,
        )
        return findings(self.snapshot(), self.grants, company, NOW)

    def kinds(self, made: Policy = POLICY) -> list[tuple[Kind, str]]:
        return [(one.kind, one.what) for one in self.findings(made)]

    def miss(self, *tables: Table) -> None:
        self.more["missing"] = dict.fromkeys(tables, "503")


def holding(one: OrgUser, part: Part, names: Iterable[str]) -> dict[Part, frozenset[str]]:
    return {**one.parts, part: frozenset(names)}


# ---- changes behind Usher's back ----------------------------------------------------------------


def without(part: Part, name: str) -> Callable[[World, OrgUser], Any]:
    def change(world: World, one: OrgUser) -> None:
        parts = holding(one, part, one.parts[part] - {name})
        ends = {thing: end for thing, end in one.ends.items() if thing != (part, name)}
        world.put(one, parts=parts, ends=ends)

    return change


def with_(part: Part, name: str) -> Callable[[World, OrgUser], Any]:
    def change(world: World, one: OrgUser) -> None:
        world.put(one, parts=holding(one, part, one.parts.get(part, frozenset()) | {name}))

    return change


def as_(**changes: Any) -> Callable[[World, OrgUser], Any]:
    return lambda world, one: world.put(one, **changes)


def leave(world: World, one: OrgUser) -> None:
    id_ = str(one.person_id)
    world.people[id_] = replace(world.people[id_], last_day=date(2026, 10, 1))


def lose(world: World, one: OrgUser) -> None:
    del world.users[one.id]


def forget(world: World, one: OrgUser) -> None:
    world.grants = [each for each in world.grants if each.person_id != one.person_id]
