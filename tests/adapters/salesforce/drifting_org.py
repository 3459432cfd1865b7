"""A large org as the grants say, in which an administrator then changes one thing of each kind."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.drift import Company, findings
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot
from bot.domain.grant import Grant, GrantState
from bot.domain.people import Person, Roster
from bot.domain.policy import Bundle
from bot.sandbox.salesforce import SalesforceEmulator
from bot.workflows.seating import holder_of
from tests.factories import grant, level, person, policy, role, system

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=100)
PERSON_ID = "Usher_Person_Id__c"
SALES = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser", "InboxWithEinsteinActivityCapture"),
    permission_set_licences=("SalesforceCPQPsl",),
)
FULL = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser",),
    permission_set_groups=("AcmeSalesTeam",),
    packages=("acmesign",),
    features=("Marketing",),
    role="Sales_Rep",
    groups=("Acme_Sales",),
    queues=("Inbound_Leads",),
)
CRM = system(
    level("sales", bundle=SALES),
    level("full", bundle=FULL),
    username="{mail_name}@crowd.example",
    native_expiry=True,
)
POLICY = replace(policy(roles=(role("csm", "crm/sales"),)), systems={"crm": CRM})


class DriftingOrg:
    """The org, who holds what in it, and what has been changed behind Usher's back."""

    def __init__(self, emulator: SalesforceEmulator, size: int) -> None:
        self.emulator = emulator
        self.admin = emulator.admin
        self.people: dict[str, Person] = {}
        self.grants: dict[str, Grant] = {}
        self.in_flux: set[str] = set()
        self.expected: list[tuple[Kind, str, str]] = []
        self.ids = emulator.org.seed_users(
            size, sets=SALES.permission_sets, licences=SALES.permission_set_licences
        )
        for user_id in self.ids:
            user = emulator.org.user(user_id)
            assert user is not None
            self._join(f"c-{user_id[5:15]}", user.username.partition("@")[0])
        emulator.org.set_total("Salesforce", size + 50)
        # whom nobody ever told Usher of
        for name in ("nora.quist", "hal.mercer", "ida.fonseca", "tom.reyes"):
            self._expect(Kind.UNKNOWN_ACTIVE, self._id(f"{name}@acme.example.crm"))
        self.admin.change_total("SalesConsoleUserPsl", size)
        self._next = iter(self.ids)

    # ---- what differs ---------------------------------------------------------------------------

    def drift(self) -> None:
        """Change one thing of each kind."""
        self._drift_of_assignments()
        self._drift_of_users()
        self._drift_of_identities()
        self._drift_of_the_org()

    def _drift_of_assignments(self) -> None:
        admin = self.admin
        for act, name, kind in (
            (admin.unassign_set, "AcmeCrmUser", Kind.MISSING_SET),
            (admin.take_licence, "SalesforceCPQPsl", Kind.MISSING_SET_LICENCE),
            (admin.assign_set, "AcmeCrmAdmin", Kind.SURPLUS_SET),
            (admin.give_licence, "SalesConsoleUserPsl", Kind.SURPLUS_SET_LICENCE),
            (admin.assign_group, "AcmeCrmOwners", Kind.SURPLUS_SET_GROUP),
            (admin.give_package, "acmemaps", Kind.SURPLUS_PACKAGE),
            (admin.add_member, "Tier_1_Support", Kind.SURPLUS_MEMBERSHIP),
        ):
            user_id = next(self._next)
            act(user_id, name)
            self._expect(kind, user_id, name)
        user_id = next(self._next)
        admin.unassign_set(user_id, "AcmeCrmUser")
        admin.assign_set(user_id, "AcmeCrmUser", ends=NOW + timedelta(days=1))
        self._expect(Kind.WRONG_END, user_id, "AcmeCrmUser")
        user_id = self._somebody("full.one", "crm/full")
        admin.assign_set(user_id, "AcmeCrmUser")  # as granted, but by somebody else
        self._expect(Kind.FOREIGN_CHANGE, user_id)
        for kind, what in (
            (Kind.MISSING_SET_GROUP, "AcmeSalesTeam"),
            (Kind.MISSING_PACKAGE, "acmesign"),
            (Kind.MISSING_FEATURE, "Marketing"),
            (Kind.MISSING_MEMBERSHIP, "Acme_Sales"),
            (Kind.MISSING_MEMBERSHIP, "Inbound_Leads"),
            (Kind.WRONG_ROLE, ""),
        ):
            self._expect(kind, user_id, what)

    def _drift_of_users(self) -> None:
        admin = self.admin
        user_id = next(self._next)
        admin.change_profile(user_id, "Read Only")
        self._expect(Kind.WRONG_PROFILE, user_id, "Read Only")
        user_id = next(self._next)
        admin.change_role(user_id, "VP_Sales")
        self._expect(Kind.WRONG_ROLE, user_id, "VP_Sales")
        user_id = next(self._next)
        admin.change_user(user_id, UserPermissionsMarketingUser=True)
        self._expect(Kind.SURPLUS_FEATURE, user_id, "Marketing")
        user_id = next(self._next)
        admin.freeze(user_id)
        self._expect(Kind.FROZEN, user_id)
        user_id = next(self._next)
        admin.deactivate(user_id)
        self._expect(Kind.INACTIVE, user_id)
        user_id = next(self._next)
        del self.grants[self._person_of(user_id)]
        self._expect(Kind.UNGRANTED_ACTIVE, user_id)
        user_id = next(self._next)
        self._change(user_id, last_day=date(2026, 1, 1))
        self._expect(Kind.LEAVER_ACTIVE, user_id)
        user_id = next(self._next)
        del self.grants[self._person_of(user_id)]
        admin.deactivate(user_id)
        self._expect(Kind.RESIDUE, user_id)
        user_id = next(self._next)
        admin.change_role(user_id, "VP_Sales")
        admin.change_role(user_id, None)
        self._expect(Kind.FOREIGN_CHANGE, user_id)
        self._expect(Kind.UNKNOWN_ACTIVE, admin.create_user("mallory@acme.example.crm"))

    def _drift_of_identities(self) -> None:
        admin = self.admin
        user_id = next(self._next)
        admin.change_user(user_id, **{PERSON_ID: None})
        self._expect(Kind.PERSON_ID_MISSING, user_id)
        user_id = next(self._next)
        self.people["other"] = _colleague("other", "other")
        admin.change_user(user_id, Username="other@crowd.example")
        admin.change_mail(user_id, "other@acme.example")
        self._expect(Kind.PERSON_ID_ASTRAY, user_id)
        user_id = next(self._next)
        admin.change_user(user_id, Username="else@crowd.example")
        self._expect(Kind.WRONG_USERNAME, user_id)
        self._join("nobody", "nobody")
        self.expected.append((Kind.MISSING_ACCOUNT, "", ""))
        gus = self._id("gus.hale@acme.example.crm")
        self._join("gus", "gus")
        admin.change_user(gus, **{PERSON_ID: "gus"})
        self._expect(Kind.PROTECTED_DIFFERS, gus)

    def _drift_of_the_org(self) -> None:
        self.admin.change_total("SalesConsoleUserPsl", 0)
        self.admin.expire_pool("acmesign", status="Expired")
        self.expected.append((Kind.POOL_OVERSUBSCRIBED, "", "SalesConsoleUserPsl: 1 of 0 used"))
        self.expected.append((Kind.POOL_CLOSED, "", "package acmesign: 0 of 3 used"))

    # ---- what does not --------------------------------------------------------------------------

    def decoys(self) -> None:
        """Change what looks like drift and is none."""
        admin = self.admin
        admin.change_user(next(self._next), Email="pending@acme.example")
        self._assign_session_based(next(self._next))
        admin.create_user(
            "robot@acme.example.crm", profile="Minimum Access - API Only Integrations"
        )
        admin.create_user("chatter@acme.example.crm", profile="Chatter Free User")
        gone = admin.create_user("gone@acme.example.crm")
        admin.deactivate(gone)
        tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011  # later everywhere
        new = _colleague("new", "new.one", role="csm", first_day=tomorrow)
        self._make_user(new)
        self.people["new"] = new
        making, ending = next(self._next), next(self._next)
        admin.freeze(making)
        self.in_flux.add(self._person_of(making))
        admin.freeze(ending)
        person_id = self._person_of(ending)
        self.grants[person_id] = replace(self.grants[person_id], state=GrantState.ENDING)
        short = next(self._next)
        person_id = self._person_of(short)
        self.grants[person_id] = replace(self.grants[person_id], account=short[:15])

    def _assign_session_based(self, user_id: str) -> None:
        db = self.emulator.org.database
        row = {"Name": "HighAssurance", "Label": "High Assurance", "Type": "Session"}
        with self.emulator.org.locked():
            db.insert(db.entity("PermissionSet"), {**row, "HasActivationRequired": True})
        self.admin.assign_set(user_id, "HighAssurance")

    # ---- comparing ------------------------------------------------------------------------------

    def found(self, snapshot: OrgSnapshot) -> tuple[Finding, ...]:
        company = Company(
            policy=POLICY,
            system=CRM,
            roster=Roster(self.people.values()),
            holder_of=lambda one: holder_of(one, CRM),
            in_flux=self.in_flux,
        )
        return findings(snapshot, self.grants.values(), company, snapshot.taken_at)

    def told(self, found: Iterable[Finding]) -> list[tuple[Kind, str, str]]:
        """List findings as `expected` has them: what is told in sentences is not compared."""
        in_words = {
            Kind.FOREIGN_CHANGE, Kind.PROTECTED_DIFFERS, Kind.WRONG_USERNAME, Kind.RESIDUE
        }  # fmt: skip
        return sorted(
            (one.kind, one.user_id, "" if one.kind in in_words else one.what) for one in found
        )

    # ---- people ---------------------------------------------------------------------------------

    def _join(self, person_id: str, login: str, level_id: str = "crm/sales") -> None:
        self.people[person_id] = _colleague(person_id, login)
        self.grants[person_id] = grant(
            id=f"r-{person_id}",
            person_id=person_id,
            level_id=level_id,
            since=LONG_AGO,
            until=None,
            username="",
        )

    def _somebody(self, login: str, level_id: str) -> str:
        self._join(login, login, level_id)
        return self._make_user(self.people[login])

    def _make_user(self, who: Person) -> str:
        login = who.mail.partition("@")[0]
        facts = {"Email": who.mail, PERSON_ID: who.id.replace(".", "-")}
        user_id = self.admin.create_user(f"{login}@crowd.example", **facts)
        self.admin.change_user(user_id, **{PERSON_ID: who.id})
        return user_id

    def _change(self, user_id: str, **changes: Any) -> None:
        person_id = self._person_of(user_id)
        self.people[person_id] = replace(self.people[person_id], **changes)

    def _person_of(self, user_id: str) -> str:
        return f"c-{user_id[5:15]}"

    def _id(self, username: str) -> str:
        user = self.emulator.org.user(username)
        assert user is not None
        return user.id

    def _expect(self, kind: Kind, user_id: str, what: str = "") -> None:
        self.expected.append((kind, user_id, what))


def _colleague(person_id: str, login: str, **changes: Any) -> Person:
    mail = f"{login}@acme.example"
    return person(person_id, mail=mail, github=None, slack_id=None, manager_id=None, **changes)
