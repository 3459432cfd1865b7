"""What a change of policy would do to people, requests, access and seats."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.durations import Duration
from bot.domain.grant import Basis
from bot.domain.people import Engagement
from bot.domain.policy_change import Change, Effect


class Way(StrEnum):
    """How somebody comes to a level."""

    BIRTHRIGHT = "birthright"
    ASK = "ask"
    AUTOMATIC = "automatic"
    EMERGENCY = "emergency"


class Fate(StrEnum):
    """What becomes of a request in flight."""

    REFUSED = "refused"
    VOID = "void"
    ALLOWED = "allowed"
    UNBLOCKED = "unblocked"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """People of one role and engagement gain or lose a way to a level."""

    level_id: str
    way: Way
    is_gain: bool
    role: str
    engagement: Engagement
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LengthChange:
    """A level may be had longer, or shorter, by so many people who may ask for it."""

    level_id: str
    before: Duration
    after: Duration
    people: int


@dataclass(frozen=True, kw_only=True)
class ApproverChange:
    """Who ask for a level ask other people: the names of policy, and the people in its groups."""

    level_id: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    people: int
    newly_asked: tuple[str, ...]
    no_longer_asked: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RequestChange:
    """A request in flight that does not go on as it is; `asked` are those who must say yes now."""

    request_id: str
    person_id: str
    requester_id: str
    level_id: str
    fate: Fate
    approvals_lost: int
    asked: tuple[str, ...]
    rule: str
    where: str


@dataclass(frozen=True, kw_only=True)
class GrantChange:
    """Access that somebody holds and the new policy would not give any more."""

    grant_id: str
    person_id: str
    level_id: str
    basis: Basis
    until: datetime | None
    why: str


@dataclass(frozen=True, kw_only=True)
class PoolNeed:
    """Seats that new birthrights take; `free` is None when nobody counted, or nothing limits."""

    system: str
    pool: str
    needed: int
    free: int | None

    @property
    def is_short(self) -> bool:
        return self.free is not None and self.needed > self.free


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Who hears of it: person ids by what it is about."""

    birthrights: tuple[str, ...]
    grants: tuple[str, ...]
    requests: tuple[str, ...]
    approvers: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody, once."""
        return tuple(sorted({*self.birthrights, *self.grants, *self.requests, *self.approvers}))


@dataclass(frozen=True, kw_only=True)
class PolicyPlan:
    """Everything that putting HEAD in the place of BASE would do, and changes of rules as such.

    `people` counts the roster but for those who left. Without `knows_access` nobody looked at
    grants and requests.
    """

    base: str
    head: str
    people: int
    knows_access: bool
    changes: tuple[Change, ...]
    shifts: tuple[Shift, ...]
    lengths: tuple[LengthChange, ...]
    approvers: tuple[ApproverChange, ...]
    requests: tuple[RequestChange, ...]
    grants: tuple[GrantChange, ...]
    pools: tuple[PoolNeed, ...]
    messages: Messages

    @property
    def loosens(self) -> tuple[Change, ...]:
        """The changes that loosen a rule, and so need the security group."""
        return tuple(change for change in self.changes if change.effect is Effect.LOOSENS)

    @property
    def tightens(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.effect is Effect.TIGHTENS)

    @property
    def is_felt(self) -> bool:
        """Whether anything changes for anybody who is there now."""
        return any(
            (self.shifts, self.lengths, self.approvers, self.requests, self.grants, self.pools)
        )
