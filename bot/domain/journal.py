"""Outbound writes that must have one effect: what was intended, and where it ended up."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Write:
    """One outbound creation; without an `address` its outcome is unknown until somebody looks.

    `content` digests what it said last, so that an update that would change nothing is not sent.
    """

    key: str
    owner: str
    intended_at: datetime
    address: str | None = None
    content: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A message of the inbox as kept: its text form, and the reply once it was handled."""

    delivery_id: str
    message: str
    received_at: datetime
    handled_at: datetime | None = None
    reply: str | None = None
    answered_at: datetime | None = None
    attempts: int = 0
