"""What is written beside a log-in in the person's hand-off vault."""

from bot.domain.grant import Grant
from bot.domain.people import Person, Roster
from bot.domain.policy import System
from bot.domain.request import Request
from bot.domain.review import given
from bot.domain.story import FIRST_LOG_IN, Story
from bot.domain.vault import Handoff

_SINCE_THEN = "What has changed since: type /access mine in Slack."


def handoff_for(
    request: Request, grant: Grant, system: System, person: Person, roster: Roster, vault_id: str
) -> Handoff:
    """Describe the log-in that goes into the person's hand-off vault.

    The note is never written anew: Connect would answer with the whole item, password and all.
    """
    story = Story(request=request, roster=roster, level=None, system=system, grant=grant)
    until = person.local_time(grant.until) if grant.until else "no end date"
    return Handoff(
        vault_id=vault_id,
        title=system.title,
        username=grant.username,
        url=system.url,
        note=f"{grant.level_id}, {_by_whom(story)}. Ends: {until}. {FIRST_LOG_IN} {_SINCE_THEN}",
        tag=tag_of(request.id),
    )


def tag_of(request_id: str) -> str:
    """Make the tag under which a request's log-in is found again in the vault."""
    return f"req-{request_id}"


def _by_whom(story: Story) -> str:
    """Say who approved it, or what took the place of an approval."""
    request = story.request
    said_yes = ", ".join(story.name(approval.person_id) for approval in given(request))
    if said_yes or request.is_birthright:
        return f"approved by {said_yes or 'policy (comes with the role)'}"
    if request.is_emergency:
        return "given in an emergency without an approval"
    return f"given by the rule {request.decision.rule}" if request.decision else "given by policy"
