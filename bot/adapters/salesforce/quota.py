"""What Salesforce's answers say about the calls left, kept per org."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.domain.quota import Quota

FRESH_S = 900.0
"""How long a word about the calls left is worth something: others call as well."""

# «api-usage=18/5000», or with «; per-app-api-usage=17/250(appName=x)» besides (REST API guide,
# limit info header).
_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(?P<used>[0-9]{1,12})/(?P<total>[0-9]{1,12})(?![0-9])")


class QuotaWatch:
    """The latest word about one org's allowance. Safe for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: tuple[float, Quota] | None = None

    def hear(self, limit_info: str) -> None:
        """Take an answer's Sforce-Limit-Info header; anything else is ignored."""
        if found := _USAGE.search(limit_info):
            self.learn(Quota(used=int(found["used"]), total=int(found["total"])))

    def learn(self, quota: Quota) -> None:
        self._seen = (self._clock(), quota)

    def latest(self) -> Quota | None:
        """Return what was heard last, None if that is too long ago."""
        seen = self._seen
        return seen[1] if seen is not None and self._clock() - seen[0] <= FRESH_S else None


class QuotaFigures(Collector):
    """The allowance for Prometheus, as this process heard of it; nothing while it has not."""

    def __init__(self, watch: QuotaWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Tell the latest word; no call is made."""
        if (quota := self._watch.latest()) is not None:
            used = "usher_salesforce_api_calls_used"
            yield _gauge(used, "Calls to the org in 24 hours, by everybody", quota.used)
            total = "usher_salesforce_api_calls_total"
            yield _gauge(total, "Calls that the org allows in 24 hours", quota.total)


def read_limits(limits: Mapping[str, Any]) -> Quota | None:
    """Read the allowance from the answer of /limits."""
    daily = limits.get("DailyApiRequests")
    left, total = (
        (daily.get("Remaining"), daily.get("Max")) if isinstance(daily, dict) else (None, None)
    )
    if type(left) is not int or type(total) is not int:
        return None
    return Quota(used=total - left, total=total)


def _gauge(name: str, text: str, value: int) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
