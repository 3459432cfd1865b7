"""A grant: access held, until when, and on which basis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.durations import Calendar, Duration
from bot.domain.handover import Leaving
from bot.domain.people import Person
from bot.domain.request import Task


class GrantState(StrEnum):
    """Where a grant stands."""

    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    NEEDS_IT = "needs_it"


class GrantEvent(StrEnum):
    """What can happen to a grant."""

    END = "end"
    FINISH = "finish"
    FAIL = "fail"
    RETRY = "retry"
    REPLACE = "replace"


GRANT_TRANSITIONS: Mapping[tuple[GrantState, GrantEvent], GrantState] = {
    (GrantState.ACTIVE, GrantEvent.END): GrantState.ENDING,
    (GrantState.ACTIVE, GrantEvent.REPLACE): GrantState.ENDED,
    (GrantState.ENDING, GrantEvent.FINISH): GrantState.ENDED,
    (GrantState.ENDING, GrantEvent.FAIL): GrantState.NEEDS_IT,
    (GrantState.NEEDS_IT, GrantEvent.RETRY): GrantState.ENDING,
}


class Basis(StrEnum):
    """Why somebody holds access."""

    REQUEST = "request"
    BIRTHRIGHT = "birthright"


class EndReason(StrEnum):
    """Why access ends."""

    EXPIRED = "expired"
    GIVEN_BACK = "given_back"
    REVOKED = "revoked"
    REPLACED = "replaced"
    ABANDONED = "abandoned"


def grant_end(
    duration: Duration, person: Person, start: datetime, calendar: Calendar
) -> datetime | None:
    """Return when access ends: after its time, or with the person's last day if that is sooner."""
    end = duration.after(start, calendar)
    if person.last_day is None:
        return end
    day_after = person.last_day + timedelta(days=1)
    leaves = datetime.combine(day_after, time(0), ZoneInfo(person.timezone))
    return leaves if end is None or leaves < end else end


def outlives(old: datetime | None, new: datetime | None) -> bool:
    """Whether access until `old` goes on after access until `new` has ended; None is never."""
    return new is not None and (old is None or old > new)


def request_of(grant_id: str) -> str:
    """Return the id of the request that a grant came from."""
    return grant_id.partition("-")[0]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Person × level, until when (None: for good).

    `id` is the id of the request it came from; what an unfinished run of a request left behind,
    which may yet be granted, is `<request>-<run>`. `leaving` is what ending
    it needs beside the account.
    """

    id: str
    person_id: str
    level_id: str
    basis: Basis
    state: GrantState
    since: datetime
    until: datetime | None = None
    account: str = ""
    username: str = ""
    vault_id: str = ""
    item_id: str = ""
    end_reason: EndReason | None = None
    ended_by: str = ""
    ended_at: datetime | None = None
    due_at: datetime | None = None
    tasks: tuple[Task, ...] = ()
    run: int = 0
    attempts: int = 0
    note: str = ""
    leaving: Leaving | None = None

    @property
    def request_id(self) -> str:
        return request_of(self.id)

    @property
    def system(self) -> str:
        return self.level_id.partition("/")[0]

    @property
    def is_asking(self) -> bool:
        """Whether access is gone, and the account waits for an answer about its records."""
        is_ending = self.state is GrantState.ENDING
        return is_ending and self.leaving is not None and self.leaving.is_asking

    @property
    def is_held(self) -> bool:
        """Whether the person may still have the access (all states but ended)."""
        return self.state is not GrantState.ENDED
