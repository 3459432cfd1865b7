"""Slack's rate limits, on the emulator's clock (docs.slack.dev/apis/web-api/rate-limits)."""

import math
from collections import deque
from collections.abc import Callable

# "1+", "20+", "50+" and "100+ per minute"; the emulator takes the promised floor and no more.
TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100
SPECIAL_AUTH_TEST = 600  # "hundreds of requests per minute" (methods/auth.test)
# chat.postMessage: "one message per second per channel", short bursts over it, several hundred a
# minute per team
POSTS_PER_MINUTE = 300
POSTS_BURST = 5
WINDOW_S = 60.0


class RateLimits:
    """Windows per method and a leaking bucket per channel."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._levels: dict[str, tuple[float, float]] = {}

    def wait_for_call(self, method: str, per_minute: int) -> int:
        """Count a call; return 0 if it may pass, else the seconds for Retry-After (and count
        nothing).
        """
        now, calls = self._clock(), self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - WINDOW_S:
            calls.popleft()
        if len(calls) >= per_minute:
            return max(1, math.ceil(calls[0] + WINDOW_S - now))
        calls.append(now)
        return 0

    def wait_for_post(self, channel: str) -> int:
        """Count a message to a channel: one a second, and a burst of five on top of silence."""
        now = self._clock()
        level, at = self._levels.get(channel, (0.0, now))
        level = max(0.0, level - (now - at))
        if level + 1 > POSTS_BURST:
            return max(1, math.ceil(level + 1 - POSTS_BURST))
        self._levels[channel] = (level + 1, now)
        return 0
