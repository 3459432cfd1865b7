"""Licence pools: how many seats are free, which pool binds, and who holds one without need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

UNLIMITED = -1


class PoolKind(StrEnum):
    """What a seat of a pool is, which decides where it is counted and what frees it."""

    LICENCE = "user licence"
    SET_LICENCE = "permission set licence"
    PACKAGE = "package licence"
    FEATURE = "feature licence"


@dataclass(frozen=True, kw_only=True)
class PoolCount:
    """A pool as the system reports it; `total` -1 is unlimited, an inactive pool has no seats.

    `counted` is how many hold a seat as we count them: the system's own counter may lag behind.
    """

    name: str
    total: int
    used: int
    is_active: bool = True
    kind: PoolKind = PoolKind.LICENCE
    counted: int = 0

    @property
    def taken(self) -> int:
        return max(self.used, self.counted)


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What is free in the pool that binds; `free` is None when no pool limits.

    A pool that has run out or is switched off has nothing free, however few are used.
    """

    pool: str
    free: int | None
    total: int
    used: int
    is_active: bool = True

    @property
    def is_free(self) -> bool:
        return self.free is None or self.free > 0


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Somebody who holds a seat and has not logged in for long; None is never."""

    username: str
    last_login: datetime | None


def availability(
    counts: Iterable[PoolCount],
    *,
    reserved: Mapping[str, int],
    keep_free: Mapping[str, int],
) -> Availability:
    """Find the pool with the fewest seats left, beside the reserved and the kept-free ones.

    Source: free = total - max(used, counted) - reserved - headroom, -1 total is unlimited, inactive
    or negative is 0 (Salesforce objects UserLicense, PermissionSetLicense and PackageLicense).
    """
    tightest = Availability(pool="", free=None, total=UNLIMITED, used=0)
    for count in counts:
        if not count.is_active:
            free: int | None = 0
        elif count.total == UNLIMITED:
            free = None
        else:
            spoken_for = reserved.get(count.name, 0) + keep_free.get(count.name, 0)
            free = max(0, count.total - count.taken - spoken_for)
        if free is not None and (tightest.free is None or free < tightest.free):
            tightest = Availability(
                pool=count.name,
                free=free,
                total=count.total,
                used=count.taken,
                is_active=count.is_active,
            )
    return tightest


def not_counted_free(
    freed: Iterable[str], before: Iterable[PoolCount], after: Iterable[PoolCount]
) -> tuple[PoolCount, ...]:
    """Return the pools, as counted afterwards, whose counters do not show the seat that came free.

    That is no error: the system counts later, or somebody else has taken the seat meanwhile.
    """
    names, was = frozenset(freed), {count.name: count.used for count in before}
    return tuple(
        now
        for now in after
        if now.name in names and now.name in was and now.used >= was[now.name] > 0
    )
