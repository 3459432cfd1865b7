"""What those hear who would have been asked, when access was given without asking them."""

from collections.abc import Iterator

from bot.domain.cards import Card, CardAction
from bot.domain.policy import IT_GROUP, Policy
from bot.domain.request import Request, RequestState
from bot.domain.story import Story, asked, how_without_asking

_SECURITY = "security"
_GIVEN = frozenset(
    {
        RequestState.APPROVED,
        RequestState.AWAITING_SEAT,
        RequestState.PROVISIONING,
        RequestState.DELIVERED,
        RequestState.NEEDS_IT,
    }
)
_WHAT_NOW = "Nothing to do, unless it is wrong: then comment /revoke on the issue, or ask IT to."


def unasked(story: Story, policy: Policy) -> tuple[tuple[str, ...], Card] | None:
    """Return whom to tell once (person ids), and what; None while or where people are asked."""
    request = story.request
    how = how_without_asking(request)
    if request.state not in _GIVEN or not how:
        return None
    who = dict.fromkeys(_skipped(request, story, policy))
    own = (request.requester_id, request.person_id)
    return tuple(one for one in who if one not in own), _card(story, how)


def _skipped(request: Request, story: Story, policy: Policy) -> Iterator[str]:
    """Yield those who were not asked; of an emergency IT and security hear too."""
    yield from request.decision.told if request.decision else ()
    if request.is_emergency:
        for name in (IT_GROUP, _SECURITY, *policy.company.approvals.critical_adds):
            group = policy.group(name)
            members = story.roster.members(group.members) if group else ()
            yield from (person.id for person in members)


def _card(story: Story, how: str) -> Card:
    request = story.request
    what = "Emergency access" if request.is_emergency else "Given without asking you"
    return Card(
        request_id=request.id,
        digest=request.digest,
        headline=f"{what}: {story.title} for {story.name(request.person_id)}",
        facts=tuple(asked(story)),
        notes=(how, _WHAT_NOW),
        actions=(CardAction.OPEN_ISSUE,) if request.issue_number is not None else (),
        issue_number=request.issue_number,
    )
