"""A clock that stands still until a test moves it."""

from datetime import datetime, timedelta

from tests.factories import NOW


class FakeClock:
    """Implements the Clock port."""

    def __init__(self, start: datetime = NOW) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def travel(self, by: timedelta) -> None:
        self._now += by
