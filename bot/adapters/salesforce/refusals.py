"""Why Salesforce refuses to deactivate a user, read out of its words.

Defaults such as the lead owner are settings metadata, which SOQL does not reach: only the refusal
tells of them. Sources of the words: Salesforce Help 000384962 («value of a hierarchy field»),
000384586 («the default owner of cases», «the Default Workflow User») and 000384761 («the Web to
Lead Default Creator»); the others are named as in «Considerations for Deactivating Users».
"""

import re

from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.text import clean

_LONGEST_NAME = 80
_LONGEST_MESSAGE = 500
_REFUSALS = (
    (BlockerKind.HIERARCHY, r"hierarchy field\W*(?P<what>.*)", "ManageUsers"),
    (BlockerKind.LEAD_CREATOR, r"web.?to.?lead|default lead creator", "LeadWebtolead"),
    (BlockerKind.LEAD_OWNER, r"default (lead owner|owner of leads)", "LeadSettings"),
    (BlockerKind.AUTOMATED_CASE_OWNER, r"automated case", "CaseSettings"),
    (BlockerKind.CASE_OWNER, r"default (case (owner|creator)|owner of cases)", "CaseSettings"),
    (BlockerKind.ASSIGNMENT_RULE, r"assignment rule", "SetupOneHome"),
    (BlockerKind.RESPONSE_RULE, r"auto.?response", "SetupOneHome"),
    (BlockerKind.WORKFLOW_USER, r"default workflow user", "WorkflowSettings"),
    (BlockerKind.FIELD_UPDATE, r"field update", "WorkflowFieldUpdates"),
    (BlockerKind.EMAIL_ALERT, r"e.?mail alert", "WorkflowEmails"),
    (BlockerKind.PORTAL_ADMIN, r"portal", "SetupOneHome"),
    (BlockerKind.APPROVAL, r"approv", "ApprovalProcesses"),
    (BlockerKind.REPORTS, r"manager of|direct report", "ManageUsers"),
)
_PATTERNS = tuple(
    (kind, re.compile(words, re.IGNORECASE | re.DOTALL), f"lightning/setup/{node}/home")
    for kind, words, node in _REFUSALS
)


def refusal_of(message: str) -> Blocker | None:
    """Read what depends on a user out of the words in which Salesforce refuses to deactivate it."""
    words = clean(message, _LONGEST_MESSAGE)
    for kind, pattern, where in _PATTERNS:
        if match := pattern.search(words):
            named = clean(match.groupdict().get("what") or "", _LONGEST_NAME).rstrip(".")
            return Blocker(kind=kind, what=(named,) if named else (), where=where)
    return None
