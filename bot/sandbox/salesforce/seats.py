"""Counters of user licences, permission set licences and feature licences (salesforce.md §2)."""

from datetime import datetime

from bot.sandbox.salesforce.errors import Code, SalesforceError, record_error
from bot.sandbox.salesforce.objects import FEATURES
from bot.sandbox.salesforce.schema import Record, Schema, SObject
from bot.sandbox.salesforce.store import Store

UNLIMITED = -1


class Seats:
    """Counts who holds what and refuses one more than there is, oversubscribed pools included."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        objects = {one.name: one for one in schema.objects}
        self._user, self._profile = objects["User"], objects["Profile"]
        self._licence, self._psl = objects["UserLicense"], objects["PermissionSetLicense"]
        self._psl_assign = objects["PermissionSetLicenseAssign"]
        self.feature_totals = dict.fromkeys(FEATURES, 2)
        self._reported: dict[str, tuple[int, datetime]] | None = None

    def licence_of(self, profile_id: str | None) -> str | None:
        """Return the user licence behind a profile: every profile has exactly one."""
        profile = self._store.get(self._profile, profile_id) if profile_id else None
        return profile["UserLicenseId"] if profile else None

    def used_licences(self, licence_id: str) -> int:
        """Count active users; a frozen one keeps the seat, a deactivated one has freed it."""
        profiles = self._store.find(self._profile, "UserLicenseId", licence_id)
        users = (
            user
            for one in profiles
            for user in self._store.find(self._user, "ProfileId", one["Id"])
        )
        return sum(user["IsActive"] for user in users)

    def used_psl(self, psl_id: str) -> int:
        """Count assignments: whether the user is active makes no difference (help 000394412)."""
        return len(self._store.find(self._psl_assign, "PermissionSetLicenseId", psl_id))

    def used_feature(self, flag: str) -> int:
        return sum(user[flag] and user["IsActive"] for user in self._store.rows(self._user))

    def require_licence(self, licence_id: str) -> None:
        row = self._row(self._licence, licence_id)
        self._require(row, self.used_licences(licence_id))

    def require_psl(self, psl_id: str) -> None:
        # The code for an exhausted PSL behind a permission set is not documented (salesforce.md
        # §10); the WSDL has one code for all pools.
        row = self._row(self._psl, psl_id)
        self._require(row, self.used_psl(psl_id))

    def require_feature(self, flag: str) -> None:
        if self.used_feature(flag) >= self.feature_totals[flag]:
            raise _exhausted()

    def reported(self, pool: Record, now: datetime) -> tuple[int, datetime]:
        """Return (UsedLicenses, UsedLicensesLastUpdated) as the org shows them, which may lag."""
        if self._reported is not None and pool["Id"] in self._reported:
            return self._reported[pool["Id"]]
        return self._counted(pool), now

    def lag(self, now: datetime | None) -> None:
        """Freeze the shown counters as they are at `now`; None shows the true ones again."""
        pools = [*self._store.rows(self._licence), *self._store.rows(self._psl)]
        self._reported = (
            None if now is None else {one["Id"]: (self._counted(one), now) for one in pools}
        )

    def _counted(self, pool: Record) -> int:
        is_psl = pool["Id"].startswith(self._psl.prefix)
        return self.used_psl(pool["Id"]) if is_psl else self.used_licences(pool["Id"])

    def _row(self, entity: SObject, record_id: str) -> Record:
        row = self._store.get(entity, record_id)
        assert row is not None  # noqa: S101  # references are checked before
        return row

    @staticmethod
    def _require(pool: Record, used: int) -> None:
        is_open = pool["Status"] == "Active" and pool["TotalLicenses"] == UNLIMITED
        if not is_open and (pool["Status"] != "Active" or used >= pool["TotalLicenses"]):
            raise _exhausted()


def _exhausted() -> SalesforceError:
    # Help 000384982 and 000387847: one sentence for user and feature licences.
    return record_error(Code.LICENSE_LIMIT_EXCEEDED, "License Limit Exceeded")
