"""What the onboarding API takes and gives."""

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from bot.domain.request import RequestState

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not have control characters or invisible marks")
    return text


def _known_zone(name: str) -> str:
    try:
        if _ZONE.fullmatch(name):
            ZoneInfo(name)
            return name
    except (ValueError, OSError, KeyError):  # OSError: a folder of zones, such as "America"
        pass
    raise ValueError("is not a time zone; write one such as Europe/Berlin")


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Mail = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s<>()\[\]]{1,64}@[^@\s<>()\[\]]{1,190}$"),
    AfterValidator(_printable),
]
Login = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(_[A-Za-z0-9]+)?$")
]
SlackId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,20}$")]
Zone = Annotated[str, AfterValidator(_known_zone)]


class PersonBody(BaseModel):
    """Somebody who joins, as the roster should know them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Id = Field(description="The person's lasting id in your HR system.")
    mail: Mail = Field(description="Work mail address.")
    name: Text = Field(description="Full name.")
    role: Id = Field(description="A role of policies/roles.yml; it gives the birthright levels.")
    manager_id: Id = Field(description="The manager's id, who is on the roster already.")
    timezone: Zone = Field(description="Where the person works; day one begins at midnight there.")
    first_day: date = Field(description="Day one, YYYY-MM-DD.")
    last_day: date | None = Field(default=None, description="Last day with access, if known.")
    engagement: Literal["core", "consultant"] = "core"
    department: Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)] = ""
    github: Login | None = Field(default=None, description="GitHub login.")
    slack_id: SlackId | None = Field(default=None, description="Slack member id.")
    handoff_vault: Id | None = Field(default=None, description="1Password vault for hand-overs.")

    @model_validator(mode="after")
    def _days_in_order(self) -> "PersonBody":
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        return self


class OnboardingBody(BaseModel):
    """The body of POST /api/v1/onboardings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    person: PersonBody


class ItemOut(BaseModel):
    """One birthright level and how far it is."""

    request_id: str
    level_id: str
    state: RequestState
    issue_number: int | None
    note: str


class OnboardingOut(BaseModel):
    """An onboarding and its levels."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "ob-7f3a",
                "person_id": "p117",
                "first_day": "2026-12-01",
                "items": [
                    {
                        "request_id": "r-41",
                        "level_id": "salesforce/standard",
                        "state": "approved",
                        "issue_number": 12,
                        "note": "Starts on 2026-12-01.",
                    }
                ],
            }
        }
    )

    id: str
    person_id: str
    first_day: date
    items: list[ItemOut]


class ProblemOut(BaseModel):
    """What is wrong, in a sentence; `problems` name the fields."""

    detail: str
    problems: list[str] = []


EXAMPLE = {
    "person": {
        "id": "p117",
        "mail": "kim.lee@acme.example",
        "name": "Kim Lee",
        "role": "account-executive",
        "manager_id": "p003",
        "timezone": "America/New_York",
        "first_day": "2026-12-01",
        "github": "octo-kim",
    }
}
