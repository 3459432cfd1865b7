"""One emulated org as tests and the tour see it: snapshots of users, counters, and ways to make
trouble.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.salesforce.assignments import LicenceAssignmentRules, SetAssignmentRules
from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.objects import FEATURES, PERSON_ID
from bot.sandbox.salesforce.passwords import Mail, Passwords
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.schema import Record, SObject
from bot.sandbox.salesforce.sessions import Sessions
from bot.sandbox.salesforce.users import AccountRules, PoolRules, UserLoginRules, UserRules


@dataclass(frozen=True, kw_only=True)
class UserSnapshot:
    """One user at one moment; `permission_sets` are names, without the profile's own set and
    expired ones.
    """

    id: str
    username: str
    email: str
    is_active: bool
    is_frozen: bool
    profile: str
    licence: str
    external_id: str | None
    federation_id: str | None
    permission_sets: tuple[str, ...]
    permission_set_licences: tuple[str, ...]
    expirations: dict[str, datetime | None]
    last_password: str | None = field(repr=False)
    passwords_set: int


@dataclass(frozen=True, kw_only=True)
class PoolSnapshot:
    """One pool of licences at one moment; a `total` of -1 is unlimited."""

    kind: str
    name: str
    total: int
    used: int


class Org:
    """The state of one org; every method takes the emulator's lock."""

    def __init__(
        self, *, clock: Callable[[], float], registry: UsernameRegistry, lock: threading.RLock
    ) -> None:
        self._lock = lock
        self.number = registry.new_org()
        self.database = Database(clock=clock, registry=registry, owner=f"org {self.number}")
        self.outbox: list[Mail] = []
        self.passwords = Passwords(self.database, self.outbox)
        self.sessions = Sessions(clock)
        self.pending_emails: dict[str, str] = {}
        self._blockers: dict[str, str] = {}
        self._add_rules()

    # ---- looking

    def user(self, key: str) -> UserSnapshot | None:
        """Find a user by user name, record id (15 or 18) or external id."""
        with self._lock:
            row = self._find_user(key)
            return self._snapshot(row) if row is not None else None

    def users(self) -> tuple[UserSnapshot, ...]:
        """Return all users but the platform's own, oldest first."""
        with self._lock:
            rows = self.database.store.rows(self._entity("User"))
            return tuple(self._snapshot(row) for row in rows if row["ProfileId"] is not None)

    def licence(self, name: str) -> tuple[int, int]:
        """Return (total, used) of a user licence by its name."""
        with self._lock:
            row = self._pool("UserLicense", name)
            return row["TotalLicenses"], self.database.seats.used_licences(row["Id"])

    def psl(self, name: str) -> tuple[int, int]:
        """Return (total, used) of a permission set licence by its developer name."""
        with self._lock:
            row = self._pool("PermissionSetLicense", name)
            return row["TotalLicenses"], self.database.seats.used_psl(row["Id"])

    def feature(self, flag: str) -> tuple[int, int]:
        """Return (total, used) of a feature licence by its field on User."""
        with self._lock:
            seats = self.database.seats
            return seats.feature_totals[flag], seats.used_feature(flag)

    def pools(self) -> tuple[PoolSnapshot, ...]:
        """Return all pools with their true use: user, permission set and feature licences."""
        with self._lock:
            rows, seats = self.database.store.rows, self.database.seats
            found = [
                ("user licence", one["Name"], one["TotalLicenses"], seats.used_licences(one["Id"]))
                for one in rows(self._entity("UserLicense"))
            ]
            for one in rows(self._entity("PermissionSetLicense")):
                used = seats.used_psl(one["Id"])
                name = one["DeveloperName"]
                found.append(("permission set licence", name, one["TotalLicenses"], used))
            for flag, label in FEATURES.items():
                total, used = seats.feature_totals[flag], seats.used_feature(flag)
                found.append(("feature licence", label, total, used))
        return tuple(
            PoolSnapshot(kind=kind, name=name, total=total, used=used)
            for kind, name, total, used in found
        )

    @property
    def reset_emails(self) -> list[Mail]:
        return [mail for mail in self.outbox if mail.kind == "reset"]

    # ---- making trouble

    def set_total(self, pool: str, total: int) -> None:
        """Buy or lose licences; fewer than are used makes an oversubscribed pool, -1 an unlimited
        one.
        """
        with self._lock:
            if pool in FEATURES:
                self.database.seats.feature_totals[pool] = total
                return
            for name in ("UserLicense", "PermissionSetLicense"):
                for row in self.database.store.rows(self._entity(name)):
                    if pool in {row.get("Name"), row.get("DeveloperName")}:
                        self.database.store.put(self._entity(name), {**row, "TotalLicenses": total})
                        return
            raise KeyError(pool)

    def lag_counters(self, *, is_lagging: bool = True) -> None:
        """Keep UsedLicenses as shown now while the true use moves on, or show the truth again."""
        with self._lock:
            self.database.seats.lag(self.database.now() if is_lagging else None)

    def require_validation_rule(self, message: str) -> None:
        """Let every create and update of a user fail with this message of the org's own validation
        rule.
        """
        with self._lock:
            self.database.validation_rule = message

    def clear_validation_rule(self) -> None:
        with self._lock:
            self.database.validation_rule = None

    def occupy_username(self, name: str) -> None:
        """Register a user name in another org."""
        self.database.registry.claim(name, "an org elsewhere")

    def lock_rows(self, times: int) -> None:
        """Let the next writes lose their lock: UNABLE_TO_LOCK_ROW."""
        with self._lock:
            self.database.lost_locks = times

    def revoke_tokens(self) -> None:
        """End all sessions; new tokens work."""
        with self._lock:
            self.sessions.revoke()

    def deny_tokens(self, flag: bool = True) -> None:  # noqa: FBT001, FBT002  # one switch
        """Answer 401 to every data call, with fresh tokens too."""
        with self._lock:
            self.sessions.is_denying = flag

    def require_app_approval(self, flag: bool = True) -> None:  # noqa: FBT001, FBT002  # the same
        """Withdraw the app's pre-authorisation for the run-as user, or give it back."""
        with self._lock:
            self.sessions.is_approved = not flag

    def add_blocker(self, user: str, message: str) -> None:
        """Refuse the user's deactivation with this message (default owner, hierarchy field, …)."""
        with self._lock:
            self._blockers[self._user(user)["Id"]] = message

    def remove_blocker(self, user: str) -> None:
        with self._lock:
            self._blockers.pop(self._user(user)["Id"], None)

    def confirm_email(self, user: str) -> None:
        """Click the link in the mail about a changed address."""
        with self._lock:
            row = self._user(user)
            changed = {**row, "Email": self.pending_emails.pop(row["Id"])}
            self.database.store.put(self._entity("User"), changed)

    # ---- inside

    def _add_rules(self) -> None:
        db = self.database
        db.rules = {
            "User": UserRules(db, blockers=self._blockers, email_changed=self._email_changed),
            "UserLogin": UserLoginRules(),
            "PermissionSetAssignment": SetAssignmentRules(db),
            "PermissionSetLicenseAssign": LicenceAssignmentRules(db),
            "UserLicense": PoolRules(db),
            "PermissionSetLicense": PoolRules(db),
            "Account": AccountRules(db),
        }

    def _email_changed(self, user: Record, address: str) -> None:
        before = self.pending_emails.get(user["Id"])
        mail = Mail("confirm address", address, user["Id"], self.database.now())
        self.pending_emails[user["Id"]] = address
        self.outbox.append(mail)

        def undo() -> None:
            self.outbox.remove(mail)
            self.pending_emails.pop(user["Id"])
            if before is not None:
                self.pending_emails[user["Id"]] = before

        self.database.store.on_rollback(undo)

    def _entity(self, name: str) -> SObject:
        return self.database.entity(name)

    def _pool(self, entity: str, name: str) -> Record:
        rows = self.database.store.rows(self._entity(entity))
        return next(row for row in rows if name in {row.get("Name"), row.get("DeveloperName")})

    def _user(self, key: str) -> Record:
        row = self._find_user(key)
        if row is None:
            raise KeyError(key)
        return row

    def _find_user(self, key: str) -> Record | None:
        store, users = self.database.store, self._entity("User")
        row = store.get(users, normal_id(key) or "")
        if row is not None:
            return row
        found = store.find(users, "Username", key) or store.find(users, PERSON_ID, key)
        return found[0] if found else None

    def _snapshot(self, row: Record) -> UserSnapshot:
        store = self.database.store
        profile = store.get(self._entity("Profile"), row["ProfileId"] or "")
        licence_id = self.database.seats.licence_of(row["ProfileId"]) or ""
        licence = store.get(self._entity("UserLicense"), licence_id)
        login = store.find(self._entity("UserLogin"), "UserId", row["Id"])
        sets = self._assigned_sets(row["Id"])
        return UserSnapshot(
            id=row["Id"],
            username=row["Username"],
            email=row["Email"],
            is_active=row["IsActive"],
            is_frozen=any(one["IsFrozen"] for one in login),
            profile=profile["Name"] if profile else "",
            licence=licence["Name"] if licence else "",
            external_id=row[PERSON_ID],
            federation_id=row["FederationIdentifier"],
            permission_sets=tuple(sets),
            permission_set_licences=self._assigned_licences(row["Id"]),
            expirations=sets,
            last_password=self.passwords.last(row["Id"]),
            passwords_set=self.passwords.times_set(row["Id"]),
        )

    def _assigned_sets(self, user_id: str) -> dict[str, datetime | None]:
        entity, found = self._entity("PermissionSetAssignment"), {}
        for one in self.database.store.find(entity, "AssigneeId", user_id):
            row = self.database.store.get(self._entity("PermissionSet"), one["PermissionSetId"])
            is_active = self.database.value(entity, one, "IsActive")
            if row is not None and is_active and not row["IsOwnedByProfile"]:
                found[row["Name"]] = one["ExpirationDate"]
        return dict(sorted(found.items()))

    def _assigned_licences(self, user_id: str) -> tuple[str, ...]:
        rows = self.database.store.find(
            self._entity("PermissionSetLicenseAssign"), "AssigneeId", user_id
        )
        entity = self._entity("PermissionSetLicense")
        held = (self.database.store.get(entity, one["PermissionSetLicenseId"]) for one in rows)
        return tuple(sorted(one["DeveloperName"] for one in held if one is not None))

    def is_locked_out(self, user_id: str) -> bool:
        """Say whether the user may not log in: frozen or inactive."""
        row = self.database.store.get(self._entity("User"), user_id)
        login = self.database.store.find(self._entity("UserLogin"), "UserId", user_id)
        return row is None or not row["IsActive"] or any(one["IsFrozen"] for one in login)
