"""People, as the roster knows them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Engagement(StrEnum):
    """How a person belongs to the company."""

    CORE = "core"
    CONSULTANT = "consultant"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One entry of the roster; `last_day` is the last one on which the person may hold access."""

    id: str
    mail: str
    name: str
    role: str
    first_day: date
    timezone: str
    engagement: Engagement = Engagement.CORE
    department: str = ""
    manager_id: str | None = None
    last_day: date | None = None
    github: str | None = None
    slack_id: str | None = None
    handoff_vault: str | None = None
    is_on_file: bool = True
    """False for somebody whom only the onboarding API has named so far."""

    @property
    def mail_name(self) -> str:
        """The part of the work mail before the @."""
        return self.mail.partition("@")[0]

    def today(self, now: datetime) -> date:
        """The calendar day it is where this person works."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def local_time(self, at: datetime) -> str:
        """Write an instant as the clock shows it where this person works."""
        return f"{at.astimezone(ZoneInfo(self.timezone)):%Y-%m-%d %H:%M} ({self.timezone})"

    def has_started(self, now: datetime) -> bool:
        return self.first_day <= self.today(now)

    def has_left(self, now: datetime) -> bool:
        return self.last_day is not None and self.last_day < self.today(now)

    def is_active(self, now: datetime) -> bool:
        return self.has_started(now) and not self.has_left(now)


class Roster:
    """All people, found by id, Slack id, GitHub login or work mail; logins and mails ignore case.

    What two people share finds neither: nobody may act as somebody else.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = {person.id: person for person in people}
        self._slack = _unshared((p.slack_id, p) for p in self)
        self._github = _unshared(((p.github or "").casefold(), p) for p in self)
        self._mail = _unshared((p.mail.casefold(), p) for p in self)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __len__(self) -> int:
        return len(self._people)

    def get(self, person_id: str | None) -> Person | None:
        return self._people.get(person_id) if person_id else None

    def by_slack(self, slack_id: str) -> Person | None:
        return self._slack.get(slack_id)

    def by_github(self, login: str) -> Person | None:
        return self._github.get(login.casefold())

    def members(self, logins: Iterable[str]) -> tuple[Person, ...]:
        """Return the people of a group; who holds an API token must not make approvers."""
        found = (self.by_github(login) for login in logins)
        return tuple(person for person in found if person and person.is_on_file)

    def by_mail(self, mail: str) -> Person | None:
        return self._mail.get(mail.strip().casefold())

    def find(self, words: str) -> tuple[Person, ...]:
        """Find whom somebody means by an id, mail, login or full name; several mean ambiguous."""
        wanted = words.strip()
        login = self.by_github(wanted.removeprefix("@"))
        exact = (
            (login,) if wanted.startswith("@") else (self.get(wanted), self.by_mail(wanted), login)
        )
        found = tuple(dict.fromkeys(person for person in exact if person))
        return found or tuple(p for p in self if p.name.casefold() == wanted.casefold())


def _unshared(keys: Iterable[tuple[str | None, Person]]) -> Mapping[str, Person]:
    found: dict[str, Person | None] = {}
    for key, person in keys:
        if key:
            found[key] = None if key in found else person
    return {key: person for key, person in found.items() if person}
