"""Pools of seats as the org counts them, and who holds a seat of one without using it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.soql import soql
from bot.domain.policy_pools import feature_pool, is_named_by_bundle, package_pool
from bot.domain.seats import UNLIMITED, Idle, PoolCount, PoolKind

MOST_IDLE = 5

# Source: object reference, PackageLicense.Status: Active, Expired, Free and Trial.
_OPEN_PACKAGES = frozenset({"Active", "Free", "Trial"})

_LICENCES = "SELECT Name, Status, TotalLicenses, UsedLicenses FROM UserLicense"
_SET_LICENCES = (
    "SELECT Id, DeveloperName, Status, ExpirationDate, TotalLicenses, UsedLicenses "
    "FROM PermissionSetLicense"
)
_PACKAGES = (
    "SELECT Id, NamespacePrefix, Status, ExpirationDate, AllowedLicenses, UsedLicenses "
    "FROM PackageLicense"
)
_COUNTED = (
    "SELECT Profile.UserLicense.Name licence, COUNT(Id) people FROM User "
    "WHERE IsActive = true GROUP BY Profile.UserLicense.Name"
)
_OF_FEATURE = "SELECT COUNT(Id) people FROM User WHERE IsActive = true AND <flag> = true"

SET_LICENCES = _SET_LICENCES
"""All of them: sets name the licence they bring along by id only."""
COUNTED = _COUNTED
SET_POOLS, PACKAGE_POOLS = "set_pools", "package_pools"
ALL_POOLS = {
    "licences": _LICENCES,
    SET_POOLS: _SET_LICENCES,
    PACKAGE_POOLS: _PACKAGES,
    "counted": _COUNTED,
}

# Somebody who has just been made has not logged in either, and programs never do.
_IDLE = (
    "SELECT Username, LastLoginDate FROM User WHERE IsActive = true AND UserType = 'Standard' "
    "AND (LastLoginDate < LAST_N_DAYS:{days} OR (LastLoginDate = null "
    "AND CreatedDate < LAST_N_DAYS:{days})) AND <holds> "
    "ORDER BY LastLoginDate ASC NULLS FIRST LIMIT {most}"
)
_HOLDS = {
    PoolKind.LICENCE: "Profile.UserLicense.Name = {name}",
    PoolKind.SET_LICENCE: (
        "Id IN (SELECT AssigneeId FROM PermissionSetLicenseAssign "
        "WHERE PermissionSetLicense.DeveloperName = {name})"
    ),
    PoolKind.PACKAGE: (
        "Id IN (SELECT UserId FROM UserPackageLicense "
        "WHERE PackageLicense.NamespacePrefix = {name})"
    ),
}


def counter_questions(pools: Collection[str]) -> dict[str, str]:
    """Ask for the counters of those of these pools that a user's row does not tell."""
    named = [name for name in pools if not is_named_by_bundle(name)]
    ends = (name.partition(" ")[2] for name in pools if is_named_by_bundle(name))
    packages = [prefix for prefix in ends if package_pool(prefix) in pools]
    asked = {}
    if named:  # whether a name is a user licence's or one of sets, the name does not say
        asked[SET_POOLS] = soql(_SET_LICENCES + " WHERE DeveloperName IN {names}", names=named)
    if packages:
        asked[PACKAGE_POOLS] = package_question(packages)
    return asked


def package_question(prefixes: Iterable[str]) -> str:
    """Ask for the counters of some packages."""
    return soql(_PACKAGES + " WHERE NamespacePrefix IN {prefixes}", prefixes=list(prefixes))


def feature_question(flag: str) -> str:
    """Count who has a feature; no object of the org does. `flag` is a field of the org's User."""
    return _OF_FEATURE.replace("<flag>", flag)


def idle_question(pool: PoolCount, days: int, flag: str) -> str:
    """Ask who holds a seat of a pool and has not logged in for so many days, the longest first."""
    name = pool.name.partition(" ")[2] if pool.kind is PoolKind.PACKAGE else pool.name
    holds = f"{flag} = true" if pool.kind is PoolKind.FEATURE else _HOLDS[pool.kind]
    template = _IDLE.replace("<holds>", holds)
    return soql(template, days=days, name=name, most=MOST_IDLE)


def idle_of(rows: Iterable[Record]) -> tuple[Idle, ...]:
    return tuple(
        Idle(username=str(row["Username"]), last_login=moment(row["LastLoginDate"])) for row in rows
    )


class Counting:
    """Makes pools of rows; it knows what time it is, for licences that have run out."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def licence(self, row: Record, counted: int = 0) -> PoolCount:
        return self._pool(PoolKind.LICENCE, row["Name"], row["TotalLicenses"], row, counted)

    def licence_of(self, user: Record) -> PoolCount | None:
        """Count the user licence of a user's profile, held or not."""
        licence = (user.get("Profile") or {}).get("UserLicense")
        return self.licence(licence) if licence else None

    def set_licence(self, row: Record) -> PoolCount:
        return self._pool(PoolKind.SET_LICENCE, row["DeveloperName"], row["TotalLicenses"], row)

    def package(self, row: Record) -> PoolCount:
        name = package_pool(row["NamespacePrefix"])
        return self._pool(PoolKind.PACKAGE, name, row["AllowedLicenses"], row)

    def everything(self, found: Mapping[str, Iterable[Record]]) -> tuple[PoolCount, ...]:
        """Return all pools: user licences, permission set licences, packages, each by name."""
        counted = counted_users(found["counted"])
        kinds: tuple[Iterator[PoolCount], ...] = (
            (self.licence(row, counted.get(row["Name"], 0)) for row in found["licences"]),
            map(self.set_licence, found[SET_POOLS]),
            map(self.package, found[PACKAGE_POOLS]),
        )
        return tuple(pool for kind in kinds for pool in sorted(kind, key=lambda one: one.name))

    def _pool(
        self, kind: PoolKind, name: str, total: int, row: Record, counted: int = 0
    ) -> PoolCount:
        usable = _OPEN_PACKAGES if kind is PoolKind.PACKAGE else {"Active"}
        ends = moment(row.get("ExpirationDate"))
        return PoolCount(
            name=name,
            total=int(total),
            used=int(row["UsedLicenses"]),
            is_active=row["Status"] in usable and (ends is None or ends > self._now()),
            kind=kind,
            counted=counted,
        )


def counted_users(rows: Iterable[Record]) -> Mapping[str, int]:
    """Count active users by their licence; those without one under the empty name."""
    found: Counter[str] = Counter()
    for row in rows:
        found[row["licence"] or ""] += int(row["people"])
    return found


def feature_count(name: str, rows: Iterable[Record]) -> PoolCount:
    """Return a pool of which only policy knows how many seats it has."""
    used = sum(int(row["people"]) for row in rows)
    return PoolCount(name=feature_pool(name), total=UNLIMITED, used=used, kind=PoolKind.FEATURE)


def moment(text: str | None) -> datetime | None:
    """Read a date, which lasts until its end, or a time of the org, which always has a zone."""
    if not text:
        return None
    if len(text) == len("2026-01-01"):
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    return datetime.fromisoformat(text)
