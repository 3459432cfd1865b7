"""What in a system depends on a user: what keeps it from being deactivated, and what breaks then.

Source: Salesforce Help, «Considerations for Deactivating Users», articles 000384962 (hierarchy
fields), 000384586 (default owners) and 000384761 (web-to-lead).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.quoting import quoted

FIRST_LOOK_AFTER = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)
_DOUBLINGS = 7
MOST_NAMED = 3
_MOST_KEPT = 20


class BlockerKind(StrEnum):
    """What depends on a user, by the place where somebody can put it right."""

    HIERARCHY = "hierarchy field"
    APPROVAL = "approval"
    JOB = "scheduled job"
    DASHBOARD = "dashboard"
    REPORTS = "direct reports"
    LEAD_OWNER = "default lead owner"
    LEAD_CREATOR = "web-to-lead creator"
    CASE_OWNER = "default case owner"
    AUTOMATED_CASE_OWNER = "automated case owner"
    ASSIGNMENT_RULE = "assignment rule"
    RESPONSE_RULE = "auto-response rule"
    WORKFLOW_USER = "default workflow user"
    FIELD_UPDATE = "workflow field update"
    EMAIL_ALERT = "workflow email alert"
    PORTAL_ADMIN = "portal administrator"
    OTHER = "something else"


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """One thing that depends on a user; a hard one keeps the user from being deactivated.

    `what` are the system's own names, a stranger's text; `where` is an address in the system.
    """

    kind: BlockerKind
    what: tuple[str, ...] = ()
    where: str = ""
    is_hard: bool = True


_SAYS = {
    BlockerKind.HIERARCHY: (
        "The user is the value of a hierarchy field{what}: put somebody else there."
    ),
    BlockerKind.APPROVAL: "Approvals wait for this user{what}: reassign them.",
    BlockerKind.JOB: "Scheduled jobs run as this user and will fail{what}: schedule them anew.",
    BlockerKind.DASHBOARD: (
        "Dashboards run as this user and will not open any more{what}: choose another running user."
    ),
    BlockerKind.REPORTS: "The user is the manager of other users{what}: give them another one.",
    BlockerKind.LEAD_OWNER: "The user is the default lead owner: change it in Lead Settings.",
    BlockerKind.LEAD_CREATOR: "The user is the default lead creator: change it in Web-to-Lead.",
    BlockerKind.CASE_OWNER: "The user is the default case owner: change it in Support Settings.",
    BlockerKind.AUTOMATED_CASE_OWNER: (
        "The user is the automated case user: change it in Support Settings."
    ),
    BlockerKind.ASSIGNMENT_RULE: "An assignment rule names the user: change the rule.",
    BlockerKind.RESPONSE_RULE: "An auto-response rule names the user: change the rule.",
    BlockerKind.WORKFLOW_USER: (
        "The user is the default workflow user: change it in Process Automation Settings."
    ),
    BlockerKind.FIELD_UPDATE: "A workflow field update writes the user: change the update.",
    BlockerKind.EMAIL_ALERT: (
        "The user is the only recipient of a workflow email alert: add somebody else."
    ),
    BlockerKind.PORTAL_ADMIN: "The user is the administrator of a portal: choose another one.",
    BlockerKind.OTHER: "Something in Salesforce still depends on the user{what}.",
}


def blocker_sentence(blocker: Blocker) -> str:
    """Say what depends on the user and what to do; safe wherever it is shown."""
    return _SAYS[blocker.kind].format(what=_named(blocker.what))


def merged(first: Iterable[Blocker], second: Iterable[Blocker]) -> tuple[Blocker, ...]:
    """Join what was found before with what the refusal said; each kind once, a hard one wins."""
    by_kind: dict[BlockerKind, Blocker] = {}
    for blocker in (*first, *second):
        known = by_kind.get(blocker.kind)
        if known is None or (blocker.is_hard and not known.is_hard):
            # The refusal knows that it is hard, and the question before it what it is about.
            what = blocker.what or (known.what if known else ())
            by_kind[blocker.kind] = Blocker(
                kind=blocker.kind, what=what, where=blocker.where, is_hard=blocker.is_hard
            )
    return tuple(by_kind.values())[:_MOST_KEPT]


def look_again_after(looks: int) -> timedelta:
    """Return how long to wait until the next look whether a blocker is gone: at most a day."""
    doublings = min(max(0, looks - 1), _DOUBLINGS)
    return min(FIRST_LOOK_AFTER * (1 << doublings), LONGEST_WAIT)


def _named(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f" ({', '.join(map(quoted, names[:MOST_NAMED]))}{more})"
