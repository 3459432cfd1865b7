"""A request told in words: what every card, issue and hand-off note says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.answers import answered
from bot.domain.cards import Card, CardAction, Fact, IssuePage, TaskLine
from bot.domain.decision import Answer
from bot.domain.explain import numbered
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.handover_text import ASKING, leaving_links, leaving_notes
from bot.domain.inbound import Surface
from bot.domain.people import Person, Roster
from bot.domain.policy import Delivery, Level, Risk, System
from bot.domain.request import (
    ESCALATED,
    Request,
    RequestEvent,
    RequestState,
    next_state,
)
from bot.domain.review import given, still_missing
from bot.domain.shown_plan_text import idle_notes, plan_facts, plan_notes


class Audience(StrEnum):
    """For whom a card is made."""

    REQUESTER = "requester"
    APPROVER = "approver"
    OWNER = "owner"
    ISSUE = "issue"


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything known about a request; level and system are None once policy lost them."""

    request: Request
    roster: Roster
    level: Level | None
    system: System | None
    grant: Grant | None = None

    @property
    def is_escalated(self) -> bool:
        """Whether it waits so long that the system's owners are called: for answers, seats, steps.

        What waits for a seat in a pool that policy wants to be bought for is so from the start.
        """
        return not self.request.is_over and self.request.reminders >= ESCALATED

    @property
    def is_leftover(self) -> bool:
        """Whether the grant is what a run left behind of a request that may yet be granted."""
        return self.grant is not None and self.grant.id != self.request.id

    @property
    def alarm(self) -> str:
        """What stands before every headline of a request that went past its approvers."""
        return "Emergency: " if self.request.is_emergency else ""

    def name(self, person_id: str) -> str:
        person = self.roster.get(person_id)
        return person.name if person else person_id

    @property
    def title(self) -> str:
        """The level as people know it, such as «Salesforce: view-only»."""
        name = self.request.level_id.partition("/")[2]
        return f"{self.system.title}: {name}" if self.system else self.request.level_id


_HEADLINES = {
    RequestState.SUBMITTED: "Being looked at",
    RequestState.REFUSED: "Refused by policy",
    RequestState.AWAITING_APPROVAL: "Waiting for approval",
    RequestState.APPROVED: "Approved, setting it up next",
    RequestState.DENIED: "Denied",
    RequestState.LAPSED: "Lapsed: nobody answered in time",
    RequestState.CANCELLED: "Cancelled",
    RequestState.AWAITING_SEAT: "Approved, waiting for a free seat",
    RequestState.PROVISIONING: "Setting it up",
    RequestState.DELIVERED: "Access is ready",
    RequestState.NEEDS_IT: "Stuck, and IT has been called",
}
_GRANT_HEADLINES = {
    GrantState.ENDING: "Access is being taken away",
    GrantState.ENDED: "Access has ended",
    GrantState.NEEDS_IT: "Access could not be taken away yet, and IT has been called",
}
_ENDINGS = {
    EndReason.EXPIRED: "Its time was up.",
    EndReason.GIVEN_BACK: "It was given back. Thank you.",
    EndReason.REVOKED: "It was taken away.",
    EndReason.REPLACED: "Another level of the same system took its place.",
    EndReason.ABANDONED: "The request was cancelled, so what was set up is taken away.",
}
_LEFTOVERS = {
    GrantState.ACTIVE: "",
    GrantState.ENDING: "What an earlier try had set up is being taken away.",
    GrantState.ENDED: "",
    GrantState.NEEDS_IT: (
        "What an earlier try had set up could not be taken away yet, and IT has been called."
    ),
}
_ASK_AGAIN = "You can ask again with /access, with a better reason or another level."
_NEXT_STEPS = {
    RequestState.AWAITING_SEAT: "Nothing to do: it goes on by itself as soon as a seat is free.",
    RequestState.NEEDS_IT: "Please wait: those who look after this system know why it is stuck.",
    RequestState.LAPSED: _ASK_AGAIN,
    RequestState.DENIED: _ASK_AGAIN,
}
FIRST_LOG_IN = "Change the password when you log in for the first time."

_NEWS = frozenset({RequestState.DELIVERED, RequestState.DENIED, RequestState.LAPSED})


def headline(story: Story) -> str:
    """Say in a few words how a request stands."""
    request, grant = story.request, story.grant
    if grant is not None and grant.state in _GRANT_HEADLINES and not story.is_leftover:
        return ASKING if grant.is_asking else _GRANT_HEADLINES[grant.state]
    if request.state is RequestState.APPROVED and request.starts_at is not None:
        person = story.roster.get(request.person_id)
        return f"Approved, starts on {_day(request.starts_at, person)}"
    if request.state is RequestState.PROVISIONING and _open_tasks(request):
        return "Waiting for a step by hand"
    return _HEADLINES[request.state]


def card(story: Story, audience: Audience) -> Card:
    """Tell the story to one audience."""
    request, grant = story.request, story.grant
    tasks = (*request.tasks, *(grant.tasks if grant else ()))
    return Card(
        request_id=request.id,
        digest=request.digest,
        headline=f"{story.alarm}{headline(story)} · {story.title}",
        facts=tuple(_facts(story, audience)),
        notes=tuple(note for note in _notes(story, audience) if note),
        tasks=tuple(TaskLine(text=task.text, done_by=task.done_by) for task in tasks),
        actions=tuple(_actions(story, audience)),
        issue_number=request.issue_number,
        links=leaving_links(grant) if audience is not Audience.REQUESTER else (),
    )


def news(story: Story) -> tuple[str, Card] | None:
    """Say in one short message what a person should not miss, with a word that names the news.

    An edited card rings no bell, so what ends the waiting, or the access, is also said anew.
    """
    what = _news_word(story)
    if what is None:
        return None
    return what, Card(
        request_id=story.request.id,
        digest=story.request.digest,
        headline=f"{headline(story)} · {story.title}",
        notes=("The card above has the details.",),
        issue_number=story.request.issue_number,
    )


def reminder(story: Story, audience: Audience) -> Card | None:
    """Ring for an answer that is overdue, as an edited card would not; None when none is."""
    request = story.request
    if request.state is not RequestState.AWAITING_APPROVAL or not request.reminders:
        return None
    whose = "your" if audience is Audience.APPROVER else "an"
    what = f"{story.title} for {story.name(request.person_id)}"
    return Card(
        request_id=request.id,
        digest=request.digest,
        headline=f"Reminder: {what} is waiting for {whose} answer",
        notes=("The card above has the details.",),
        issue_number=request.issue_number,
    )


def _news_word(story: Story) -> str | None:
    request, grant = story.request, story.grant
    if grant is None or grant.state is GrantState.ACTIVE or story.is_leftover:
        return str(request.state) if request.state in _NEWS else None
    is_own_doing = grant.end_reason in (EndReason.GIVEN_BACK, EndReason.REPLACED)
    return str(grant.state) if grant.state is GrantState.ENDED and not is_own_doing else None


def issue_page(story: Story) -> IssuePage:
    """Tell what the issue of a request should look like."""
    request, grant = story.request, story.grant
    is_ending = grant is not None and grant.state in (GrantState.ENDING, GrantState.NEEDS_IT)
    # Steps towards access that has ended meanwhile are nobody's business any more.
    has_steps = _open_tasks(request) and not (grant is not None and not grant.is_held)
    is_open = not request.is_over or is_ending or has_steps
    return IssuePage(
        title=f"{story.title} for {story.name(request.person_id)}",
        card=_first_page(story),
        state=request.state,
        is_open=is_open,
        is_completed=request.state is RequestState.DELIVERED,
        is_ours=request.source is not Surface.GITHUB,
    )


def _first_page(story: Story) -> Card:
    """Say what was asked: the issue's own text is written once, so nothing in it may age."""
    return Card(
        request_id=story.request.id,
        digest=story.request.digest,
        headline=story.title,
        facts=tuple(asked(story)),
        notes=("How it stands is in the first comment below, which is kept up to date.",),
    )


# ---- facts --------------------------------------------------------------------------------------


def _facts(story: Story, audience: Audience) -> Iterator[Fact]:
    request, level, grant = story.request, story.level, story.grant
    person = story.roster.get(request.person_id)
    yield from asked(story)
    if level is not None and level.risk is not Risk.LOW and audience is not Audience.REQUESTER:
        yield Fact("Risk", str(level.risk))
    yield from _answers(story)
    if grant is not None and grant.until is not None and grant.state is GrantState.ACTIVE:
        yield Fact("Until", _moment(grant.until, person))
    if grant is not None and grant.username and audience is Audience.REQUESTER:
        yield Fact("Log-in name", grant.username)
    if audience is Audience.REQUESTER:
        return
    yield from plan_facts(request, story.system.title if story.system else "")
    if request.decision is not None:
        where = f" ({request.decision.where})" if request.decision.where else ""
        yield Fact("Rule", f"{request.decision.rule}{where}")
        yield Fact("Policy", request.decision.policy_commit[:20])


def asked(story: Story) -> Iterator[Fact]:
    request, level = story.request, story.level
    yield Fact("Level", f"{request.level_id}: {level.says}" if level else request.level_id)
    person = story.roster.get(request.person_id)
    role = f" ({person.role})" if person else ""
    yield Fact("For", story.name(request.person_id) + role)
    if request.is_on_behalf:
        yield Fact("Asked by", story.name(request.requester_id))
    yield Fact("How long", request.duration.in_words())
    yield Fact("Why", request.reason)
    yield from (Fact(one.asks, one.answer) for one in answered(request.answers, level))
    if request.is_emergency:
        yield Fact("Emergency", request.emergency)


def _answers(story: Story) -> Iterator[Fact]:
    request = story.request
    said_yes = [f"{story.name(a.person_id)} ({a.surface})" for a in given(request)]
    if said_yes:
        yield Fact("Said yes", ", ".join(said_yes))
    if request.state is not RequestState.AWAITING_APPROVAL or request.decision is None:
        return
    missing = still_missing(request.decision, request.approvals, request.digest)
    waiting = [
        f"{need.because} ({' or '.join(story.name(p) for p in need.from_)})"
        for need in request.decision.needs
        if need.because in missing
    ]
    yield Fact("Waiting for", "; ".join(waiting))


# ---- notes --------------------------------------------------------------------------------------


def _notes(story: Story, audience: Audience) -> Iterator[str]:
    request, grant = story.request, story.grant
    if request.note and _may_see_note(request, audience):
        yield request.note
    if audience in (Audience.REQUESTER, Audience.ISSUE):
        yield numbered(request.ways_out)
    yield how_without_asking(request)
    if request.state is RequestState.CANCELLED and request.ended_by:
        yield f"Cancelled by {request.ended_by}."
    yield from idle_notes(request, with_names=audience is Audience.OWNER)
    if audience in (Audience.OWNER, Audience.ISSUE):
        yield from plan_notes(request, story.system.title if story.system else "")
    if grant is not None and grant.state is not GrantState.ACTIVE and not story.is_leftover:
        yield _ENDINGS[grant.end_reason] if grant.end_reason else ""
        yield from _stuck_notes(grant, audience)
        return
    yield _next_step(story, audience)
    if grant is not None and story.is_leftover:
        yield _LEFTOVERS[grant.state]
        yield from _stuck_notes(grant, audience)


def how_without_asking(request: Request) -> str:
    """Say by which rule nobody had to be asked; empty when somebody was, and for birthrights."""
    decision = request.decision
    if request.is_birthright or decision is None or decision.answer is not Answer.ALLOWED:
        return ""
    return f"Nobody had to approve this, by the rule {decision.rule} ({decision.where})."


def _may_see_note(request: Request, audience: Audience) -> bool:
    is_technical = request.state in (RequestState.PROVISIONING, RequestState.NEEDS_IT)
    return not is_technical or audience is not Audience.REQUESTER


def _stuck_notes(grant: Grant, audience: Audience) -> Iterator[str]:
    if grant.note and audience is not Audience.REQUESTER:
        yield grant.note
    if audience is not Audience.REQUESTER:
        yield from leaving_notes(grant)
    if grant.state is GrantState.NEEDS_IT and audience is Audience.OWNER:
        yield f"When it is mended, run: usher requests retry {grant.id}"


def _next_step(story: Story, audience: Audience) -> str:
    request = story.request
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            return _approval_step(story, audience)
        case RequestState.DELIVERED:
            return _delivered_step(story, audience)
        case RequestState.PROVISIONING if request.attempts:
            return "It is taking longer than usual. Please wait; it goes on by itself."
        case RequestState.AWAITING_SEAT if audience is Audience.OWNER and story.is_escalated:
            return "Please get more seats: it goes on by itself as soon as one is free."
        case RequestState.NEEDS_IT if audience is Audience.OWNER:
            return f"When it is mended, run: usher requests retry {request.id}"
        case _:
            return _NEXT_STEPS.get(request.state, "")


def _approval_step(story: Story, audience: Audience) -> str:
    if audience is Audience.APPROVER and story.level and story.level.risk is not Risk.LOW:
        return "This level is answered on the GitHub issue: comment /approve, or /deny and why."
    if audience is Audience.REQUESTER:
        return "The people named above have been asked. You will hear here."
    return ""


def _delivered_step(story: Story, audience: Audience) -> str:
    system, grant = story.system, story.grant
    if system is None or grant is None:
        return ""
    if system.delivery is Delivery.ONEPASSWORD and grant.item_id:
        is_own = audience is Audience.REQUESTER and not story.request.is_on_behalf
        whose = "your" if is_own else f"{story.name(grant.person_id)}'s"
        where = f"The log-in is in {whose} 1Password hand-off vault as «{system.title}»."
        return f"{where} {FIRST_LOG_IN}" if audience is Audience.REQUESTER else where
    if system.delivery is Delivery.SSO:
        return f"Open {system.title} from your single sign-on page; there is no new password."
    if system.delivery is Delivery.VENDOR_EMAIL:
        return f"{system.title} sends you a mail to set your password."
    return "Log in as before."


# ---- actions ------------------------------------------------------------------------------------


def _actions(story: Story, audience: Audience) -> Iterator[CardAction]:
    request, grant = story.request, story.grant
    is_waiting = request.state is RequestState.AWAITING_APPROVAL
    is_low = story.level is not None and story.level.risk is Risk.LOW
    if is_waiting and (audience is Audience.ISSUE or (audience is Audience.APPROVER and is_low)):
        yield CardAction.APPROVE
        yield CardAction.DENY
    may_act = audience in (Audience.REQUESTER, Audience.ISSUE)
    if may_act and next_state(request.state, RequestEvent.CANCEL) is not None:
        yield CardAction.CANCEL
    if may_act and grant is not None and grant.state is GrantState.ACTIVE:
        yield CardAction.GIVE_BACK
    if audience is not Audience.ISSUE and request.issue_number is not None:
        yield CardAction.OPEN_ISSUE


def _open_tasks(request: Request) -> bool:
    is_live = request.state in (RequestState.PROVISIONING, RequestState.DELIVERED)
    return is_live and any(task.done_by is None for task in request.tasks)


def _moment(at: datetime, person: Person | None) -> str:
    return person.local_time(at) if person else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} (UTC)"


def _day(at: datetime, person: Person | None) -> str:
    zone = ZoneInfo(person.timezone) if person else UTC
    return f"{at.astimezone(zone):%Y-%m-%d}"
