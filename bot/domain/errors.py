"""Every error Usher raises on purpose.

UsherError
├── RequestRejected        shown to the person, with the rule and the next step
│   ├── InvalidRequest     what was asked cannot be understood
│   ├── NotPermitted       this person may not do this
│   └── StaleApproval      what was approved is no longer what is asked
├── PolicyError            a policy file is wrong; carries file, line, column, key and fix
├── SettingsError          the environment is wrong; carries every problem with its fix
└── ConnectorError         an outside service; carries the service
    ├── Unavailable        down, slow or talking nonsense; nothing was changed, try again
    ├── RateLimited        too many calls; try again after `retry_after_s`
    ├── Unauthorized       our credential or its rights are wrong; an operator must act
    ├── NotFound           the thing is not there
    ├── Conflict           the service refuses; the same call will be refused again
    │   └── Blocked        a user cannot be deactivated yet; carries what depends on it
    ├── SeatsExhausted     no free seat in `pool`
    └── OutcomeUnknown     a write whose answer was lost: read before anything else

One positional `detail`, all else keyword-only with defaults: the durable engine rebuilds them.
"""

from enum import StrEnum
from typing import Any, ClassVar

from bot.domain.blockers import Blocker


class Audience(StrEnum):
    """Who can do something about an error, and so is told."""

    REQUESTER = "requester"
    OPERATOR = "operator"


class UsherError(Exception):
    """Base of all; `retryable` says whether the same call may succeed later by itself."""

    retryable: ClassVar[bool] = False
    audience: ClassVar[Audience] = Audience.OPERATOR

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self._facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.detail, self._facts)


def _rebuild(kind: type[UsherError], detail: str, facts: dict[str, Any]) -> UsherError:
    return kind(detail, **facts)


class RequestRejected(UsherError):
    """The answer to the person is no; `detail` says why, `next_step` what they can do."""

    audience: ClassVar[Audience] = Audience.REQUESTER

    def __init__(
        self, detail: str = "", *, rule: str = "", next_step: str = "", field: str = ""
    ) -> None:
        super().__init__(detail, rule=rule, next_step=next_step, field=field)
        self.rule = rule
        self.next_step = next_step
        self.field = field

    def sentence(self) -> str:
        """Join what happened, the rule and the next step into one text for people."""
        rule = f" (rule: {self.rule})" if self.rule else ""
        return f"{self.detail}{rule} {self.next_step}".strip()


class InvalidRequest(RequestRejected):
    """What was asked cannot be understood; `field` names the part."""


class NotPermitted(RequestRejected):
    """This person may not do this."""


class StaleApproval(RequestRejected):
    """The request changed or ended after this answer was prepared."""


class PolicyError(UsherError):
    """A policy directory cannot be used; `faults` are lines with the place and what to write."""

    def __init__(self, detail: str = "", *, faults: tuple[str, ...] = ()) -> None:
        super().__init__(detail, faults=faults)
        self.faults = faults


class SettingsError(UsherError):
    """The environment cannot be used; each of `problems` names the variable and the fix."""

    def __init__(self, detail: str = "", *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(detail, problems=problems)
        self.problems = problems


class ConnectorError(UsherError):
    """An outside service did not do what was asked; `code` is its own word for it."""

    def __init__(self, detail: str = "", *, service: str = "", code: str = "") -> None:
        super().__init__(detail, service=service, code=code)
        self.service = service
        self.code = code


class Unavailable(ConnectorError):
    """The service is down, slow or talking nonsense, and surely did nothing."""

    retryable: ClassVar[bool] = True


class RateLimited(ConnectorError):
    """Too many calls; the service says when to come back."""

    retryable: ClassVar[bool] = True

    def __init__(
        self,
        detail: str = "",
        *,
        service: str = "",
        code: str = "",
        retry_after_s: float = 30.0,
    ) -> None:
        super().__init__(detail, service=service, code=code)
        self._facts["retry_after_s"] = retry_after_s
        self.retry_after_s = retry_after_s


class Unauthorized(ConnectorError):
    """Our credential is refused or lacks a right; an operator must act."""


class NotFound(ConnectorError):
    """The thing is not there."""


class Conflict(ConnectorError):
    """The service refuses, and would refuse the same call again."""


class Blocked(Conflict):
    """A user cannot be deactivated while these depend on it."""

    def __init__(
        self,
        detail: str = "",
        *,
        service: str = "",
        code: str = "",
        blockers: tuple[Blocker, ...] = (),
    ) -> None:
        super().__init__(detail, service=service, code=code)
        self._facts["blockers"] = blockers
        self.blockers = blockers


class SeatsExhausted(ConnectorError):
    """No seat is free in `pool`."""

    def __init__(
        self, detail: str = "", *, service: str = "", code: str = "", pool: str = ""
    ) -> None:
        super().__init__(detail, service=service, code=code)
        self._facts["pool"] = pool
        self.pool = pool


class OutcomeUnknown(ConnectorError):
    """The answer to a write was lost: whether it happened must be read before anything else."""

    retryable: ClassVar[bool] = True
