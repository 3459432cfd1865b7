"""Counters of the four kinds of pools: user licences, permission set licences, feature licences and
managed packages (salesforce.md §2).
"""

from collections.abc import Callable
from datetime import datetime

from bot.sandbox.salesforce.errors import Code, SalesforceError, record_error
from bot.sandbox.salesforce.objects import FEATURES
from bot.sandbox.salesforce.schema import Record, Schema
from bot.sandbox.salesforce.store import Store

UNLIMITED = -1
POOLS = ("UserLicense", "PermissionSetLicense", "PackageLicense")
FREED_ON_DEACTIVATION = "_freed_on_deactivation"
"""Marks the permission set licences of the three Revenue Cloud packages (CPQ, Billing, Advanced
Approvals), whose inactive holders no longer count (help 000394412); for all others they do.
"""
_OPEN_STATES = {"Active", "Free", "Trial"}
"""Object reference, PackageLicense.Status; licences know Active and Disabled."""


class Seats:
    """Counts who holds what and refuses one more than there is, oversubscribed pools included."""

    def __init__(self, store: Store, schema: Schema, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._of = {one.name: one for one in schema.objects}
        self.feature_totals = dict.fromkeys(FEATURES, 2)
        self._reported: dict[str, tuple[int, datetime]] | None = None

    def licence_of(self, profile_id: str | None) -> str | None:
        """Return the user licence behind a profile: every profile has exactly one."""
        profile = self._store.get(self._of["Profile"], profile_id) if profile_id else None
        return profile["UserLicenseId"] if profile else None

    # ---- counting

    def used_licences(self, licence_id: str) -> int:
        """Count active users; a frozen one keeps the seat, a deactivated one has freed it."""
        profiles = self._store.find(self._of["Profile"], "UserLicenseId", licence_id)
        active = self._store.tally(self._of["User"], "ProfileId", "IsActive")
        return sum(active[one["Id"], True] for one in profiles)

    def used_psl(self, psl_id: str) -> int:
        """Count assignments: whether the user is active makes a difference for few alone (help
        000394412).
        """
        rows = self._of["PermissionSetLicenseAssign"]
        field = rows.field("PermissionSetLicenseId")
        assert field is not None  # noqa: S101  # of the schema
        psl = self._store.get(self._of["PermissionSetLicense"], psl_id)
        if psl is None or not psl.get(FREED_ON_DEACTIVATION):
            return self._store.table(rows).count_with(field, psl_id)
        held = self._store.find(rows, field.name, psl_id)
        return sum(self._is_active(one["AssigneeId"]) for one in held)

    def used_package(self, package_id: str) -> int:
        """Count assignments: a deactivated user still counts (help 000386472)."""
        return len(self._store.find(self._of["UserPackageLicense"], "PackageLicenseId", package_id))

    def used_feature(self, flag: str) -> int:
        """Count active users: deactivation frees it [3P]."""
        return self._store.tally(self._of["User"], flag, "IsActive")[True, True]

    def used(self, pool: Record) -> int:
        """Count what is truly held of a pool that has a record of its own."""
        counters = dict(
            zip(POOLS, (self.used_licences, self.used_psl, self.used_package), strict=True)
        )
        name = next(one for one in POOLS if pool["Id"].startswith(self._of[one].prefix))
        return counters[name](pool["Id"])

    # ---- refusing

    def require(self, pool_id: str) -> None:
        """Raise LICENSE_LIMIT_EXCEEDED unless one more of this pool can be had.

        Which code an exhausted permission set licence or package gets is not documented
        (salesforce.md §10); the WSDL has one code for all pools.
        """
        pool = next(found for found in (self._row(name, pool_id) for name in POOLS) if found)
        total = total_of(pool)
        if not self._is_open(pool) or (total != UNLIMITED and self.used(pool) >= total):
            raise _exhausted()

    def require_feature(self, flag: str) -> None:
        total = self.feature_totals[flag]
        if total != UNLIMITED and self.used_feature(flag) >= total:
            raise _exhausted()

    # ---- showing

    def reported(self, pool: Record) -> tuple[int, datetime]:
        """Return (used, last updated) as the org shows them, which may lag."""
        if self._reported is not None and pool["Id"] in self._reported:
            return self._reported[pool["Id"]]
        return self.used(pool), self._now()

    def lag(self, *, is_lagging: bool) -> None:
        """Freeze the shown counters as they are now, or show the true ones again."""
        pools = [one for name in POOLS for one in self._store.rows(self._of[name])]
        now = self._now()
        self._reported = {one["Id"]: (self.used(one), now) for one in pools} if is_lagging else None

    # ---- inside

    def _is_open(self, pool: Record) -> bool:
        ends, now = pool.get("ExpirationDate"), self._now()
        is_over = ends is not None and (
            ends <= now if isinstance(ends, datetime) else ends < now.date()
        )
        return pool["Status"] in _OPEN_STATES and not is_over

    def _is_active(self, user_id: str) -> bool:
        user = self._store.get(self._of["User"], user_id)
        return user is not None and bool(user["IsActive"])

    def _row(self, name: str, record_id: str) -> Record | None:
        return self._store.get(self._of[name], record_id)


def total_of(pool: Record) -> int:
    """Return how many there are, under whichever name the object has for it."""
    return int(pool["AllowedLicenses" if "AllowedLicenses" in pool else "TotalLicenses"])


def _exhausted() -> SalesforceError:
    # Help 000384982 and 000387847: one sentence for user and feature licences.
    return record_error(Code.LICENSE_LIMIT_EXCEEDED, "License Limit Exceeded")
