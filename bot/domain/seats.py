"""Licence pools: how many seats are free, and which pool binds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

UNLIMITED = -1


@dataclass(frozen=True, kw_only=True)
class PoolCount:
    """A pool as the system reports it; `total` -1 is unlimited, an inactive pool has no seats."""

    name: str
    total: int
    used: int
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What is free in the pool that binds; `free` is None when no pool limits."""

    pool: str
    free: int | None
    total: int
    used: int

    @property
    def is_free(self) -> bool:
        return self.free is None or self.free > 0


def availability(
    counts: Iterable[PoolCount],
    *,
    reserved: Mapping[str, int],
    keep_free: Mapping[str, int],
) -> Availability:
    """Find the pool with the fewest seats left, beside the reserved and the kept-free ones.

    Source: free = total - used - reserved - headroom, -1 total is unlimited, inactive or negative
    is 0 (Salesforce licence objects UserLicense and PermissionSetLicense).
    """
    tightest = Availability(pool="", free=None, total=UNLIMITED, used=0)
    for count in counts:
        if not count.is_active:
            free: int | None = 0
        elif count.total == UNLIMITED:
            free = None
        else:
            spoken_for = reserved.get(count.name, 0) + keep_free.get(count.name, 0)
            free = max(0, count.total - count.used - spoken_for)
        if free is not None and (tightest.free is None or free < tightest.free):
            tightest = Availability(pool=count.name, free=free, total=count.total, used=count.used)
    return tightest
