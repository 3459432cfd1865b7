"""An org's daily allowance of API calls, which Usher shares with everybody else's programs."""

from dataclasses import dataclass

RESERVED_PERCENT = 20
"""What others may count on, where the policy says nothing."""

_PROVISIONING_PERCENT = 5
"""Reads of the whole org stop this much sooner, so that people still get and lose access."""


@dataclass(frozen=True)
class Quota:
    """Calls in the last 24 hours, by everybody, and how many there may be."""

    used: int
    total: int

    @property
    def left(self) -> int:
        return max(0, self.total - self.used)


def bulk_calls(quota: Quota, *, reserved_percent: int = RESERVED_PERCENT) -> int:
    """Return how many calls may still go into what can wait: whole-org reads."""
    kept = min(100, max(0, reserved_percent) + _PROVISIONING_PERCENT)
    return max(0, quota.total * (100 - kept) // 100 - quota.used)


def may_read_bulk(quota: Quota, calls: int, *, reserved_percent: int = RESERVED_PERCENT) -> bool:
    """Whether a whole-org read that costs this many calls may start."""
    return 0 < calls <= bulk_calls(quota, reserved_percent=reserved_percent)


def is_low(quota: Quota, *, reserved_percent: int = RESERVED_PERCENT) -> bool:
    """Whether the calls left are others' by now."""
    return quota.left * 100 < quota.total * reserved_percent or quota.total <= 0
