"""One emulated org as tests and the tour see it: snapshots of users, counters, and ways to make
trouble.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from bot.sandbox.salesforce.assignments import remove_expired
from bot.sandbox.salesforce.blockers import Blockers
from bot.sandbox.salesforce.business import BusinessSettings, seed_records
from bot.sandbox.salesforce.crowd import Crowd
from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.email_changes import EmailChanges
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.objects import FEATURES, PERSON_ID
from bot.sandbox.salesforce.passwords import Mail, Passwords
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.rules import all_rules
from bot.sandbox.salesforce.schema import Record, SObject
from bot.sandbox.salesforce.seats import POOLS, total_of
from bot.sandbox.salesforce.sessions import Sessions
from bot.sandbox.salesforce.settings import Settings
from bot.sandbox.salesforce.snapshots import PoolSnapshot, Snapshots, UserSnapshot, name_of
from bot.sandbox.salesforce.tables_business import OWNED


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
        self.email_changes = EmailChanges(self.database, self.outbox)
        self._snapshots = Snapshots(self.database, self.passwords)
        self.blockers = Blockers(self.database, lock, self._user)
        self.business = BusinessSettings()
        self.database.rules = all_rules(
            self.database,
            blockers=self.blockers,
            business=self.business,
            email_changed=self.email_changes.ask,
        )

    # ---- looking

    def user(self, key: str) -> UserSnapshot | None:
        """Find a user by user name, record id (15 or 18) or external id."""
        with self._lock:
            row = self._find_user(key)
            return self._snapshots.user(row) if row is not None else None

    def users(self) -> tuple[UserSnapshot, ...]:
        """Return all users but the platform's own, oldest first."""
        with self._lock:
            rows = self.database.store.rows(self._entity("User"))
            return tuple(self._snapshots.user(row) for row in rows if row["ProfileId"] is not None)

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

    def package(self, namespace: str) -> tuple[int, int]:
        """Return (total, used) of a managed package by its namespace."""
        with self._lock:
            row = self._pool("PackageLicense", namespace)
            return total_of(row), self.database.seats.used_package(row["Id"])

    def pools(self) -> tuple[PoolSnapshot, ...]:
        """Return all pools with their true use: licences, packages and features."""
        with self._lock:
            return tuple(self._snapshots.pools())

    @property
    def settings(self) -> Settings:
        """The switches that an admin of the org, or the vendor, may have set otherwise."""
        return self.database.settings

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
            entity, row = self._any_pool(pool)
            name = "AllowedLicenses" if entity.name == "PackageLicense" else "TotalLicenses"
            self.database.store.put(entity, {**row, name: total})

    def close_pool(self, pool: str, *, status: str = "Disabled", ends: date | None = None) -> None:
        """Let a pool that has a record run out: its Status, and its ExpirationDate if it has one
        (a moment for packages, a day for permission set licences).
        """
        with self._lock:
            entity, row = self._any_pool(pool)
            more = {"ExpirationDate": ends} if ends is not None else {}
            self.database.store.put(entity, {**row, "Status": status, **more})

    def lock_groups(self, times: int) -> None:
        """Let the next writes to roles and groups find the group membership lock taken."""
        with self._lock:
            self.database.group_lock.lost = times

    def hold_group_lock(self, *, is_held: bool = True) -> None:
        """Keep the group membership lock, as a long change of the role hierarchy does."""
        with self._lock:
            self.database.group_lock.is_held = is_held

    def set_group_status(self, name: str, status: str) -> None:
        """Put a permission set group into a state: Updated, Outdated, Updating or Failed."""
        with self._lock:
            row = self._pool("PermissionSetGroup", name)
            self.database.store.put(self._entity("PermissionSetGroup"), {**row, "Status": status})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all API calls out for a moment."""
        with self._lock:
            yield

    def tick(self) -> None:
        """Do what time alone does: expired assignments go where the org does not keep them."""
        with self._lock:
            if not self.settings.keeps_expired_rows:
                remove_expired(self.database)

    def lag_counters(self, *, is_lagging: bool = True) -> None:
        """Keep UsedLicenses as shown now while the true use moves on, or show the truth again."""
        with self._lock:
            self.database.seats.lag(is_lagging=is_lagging)

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
        self.blockers.say(user, message)

    def remove_blocker(self, user: str) -> None:
        self.blockers.say(user, None)

    def seed_records(
        self, user: str, count: int, kinds: Iterable[str] = OWNED
    ) -> dict[str, list[str]]:
        """Give a user `count` open records of each kind and return their ids by kind."""
        with self._lock:
            return seed_records(self.database, self._user(user)["Id"], count, kinds)

    def owned(self, user: str) -> dict[str, int]:
        """Count the records of each kind that a user owns, open or not."""
        with self._lock:
            own, store = self._user(user)["Id"], self.database.store
            return {kind: len(store.find(self._entity(kind), "OwnerId", own)) for kind in OWNED}

    def seed_users(
        self,
        count: int,
        *,
        profile: str = "Standard User",
        sets: Sequence[str] = (),
        licences: Sequence[str] = (),
        domain: str = "crowd.example",
    ) -> Sequence[str]:
        """Load many users at once, with what single creates would have left, and return their ids;
        pools grow to hold them.
        """
        with self._lock:
            crowd = Crowd(self.database, domain=domain, profile=profile)
            return crowd.load(count, sets=sets, licences=licences)

    def confirm_email(self, user: str) -> bool:
        """Click the link in the mail about a changed address; False: it was no longer good."""
        with self._lock:
            return self.email_changes.confirm(self._user(user))

    # ---- inside

    def _entity(self, name: str) -> SObject:
        return self.database.entity(name)

    def _pool(self, entity: str, name: str) -> Record:
        rows = self.database.store.rows(self._entity(entity))
        return next(row for row in rows if name in {row.get("Name"), name_of(row)})

    def _any_pool(self, name: str) -> tuple[SObject, Record]:
        for entity in map(self._entity, POOLS):
            for row in self.database.store.rows(entity):
                if name == name_of(row):
                    return entity, row
        raise KeyError(name)

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

    def is_locked_out(self, user_id: str, *, at_login: bool = False) -> bool:
        """Say whether the user is out: inactive or frozen, and at log-in also by a locked password
        (which flows that lock stops is not documented: here all, [M]).
        """
        row = self.database.store.get(self._entity("User"), user_id)
        login = self.database.store.find(self._entity("UserLogin"), "UserId", user_id)
        causes = ("IsFrozen", "IsPasswordLocked") if at_login else ("IsFrozen",)
        is_out = any(one[cause] for one in login for cause in causes)
        return row is None or not row["IsActive"] or is_out
