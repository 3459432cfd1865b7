"""The run that shows how a request stands: issue, status comment, and everybody's card."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from json import dumps

import stamina
import structlog

from bot.domain.audit import Tag
from bot.domain.cards import Card
from bot.domain.errors import Conflict, ConnectorError, NotFound, RateLimited
from bot.domain.grant import Grant, GrantState
from bot.domain.policy import IT_GROUP
from bot.domain.request import Request, RequestState
from bot.domain.review import still_missing
from bot.domain.story import Audience, Story, card, issue_page, news, reminder
from bot.domain.unasked import unasked
from bot.ports import Transaction
from bot.workflows.answering_hand_over import note_shown
from bot.workflows.context import (
    Context,
    audit,
    backoff,
    digest,
    get_to_know,
    is_worth_a_retry,
    status_key,
    write_once,
)
from bot.workflows.planning import look_ahead

CLOCK_SLACK = timedelta(minutes=2)
"""How far back to look for our own write, as clocks differ."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Somebody who gets a card in Slack."""

    person_id: str
    slack_id: str
    audience: Audience


def tell(ctx: Context, request_id: str, revision: int) -> str:
    """Show everybody the request's latest revision; a newer one makes this run superfluous."""
    return str(ctx.engine.step("tell", _tell_guarded, ctx, request_id, revision))


def _tell_guarded(ctx: Context, request_id: str, revision: int) -> str:
    with ctx.ledger.read() as tx:
        request = tx.requests.get(request_id)
    if request is None or request.revision != revision:
        return "superseded"
    get_to_know(ctx, request.person_id, request.requester_id)
    tried = [_try(act, request_id) for act in _surfaces(ctx, request_id)]
    # «is not None»: trouble without a time to wait is trouble too, but false.
    troubles = [trouble for trouble in tried if trouble is not None]
    with ctx.ledger.begin() as tx:
        if not troubles:
            tx.requests.mark_told(request_id, revision)
            return "told"
        attempts = tx.requests.tell_attempts(request_id) + 1
        wait = max([backoff(attempts), *(t for t in troubles)])
        tx.requests.tell_later(request_id, ctx.clock.now() + wait, attempts)
    return "later"


def _try(act: Callable[[], None], request_id: str) -> timedelta | None:
    """Do one part; a part that fails does not keep the others from being done."""
    try:
        for attempt in stamina.retry_context(
            on=is_worth_a_retry, attempts=3, wait_initial=0.2, wait_max=1.0
        ):
            with attempt:
                act()
    except RateLimited as busy:
        return timedelta(seconds=busy.retry_after_s)
    except ConnectorError as error:
        log.warning(
            "telling.failed", request_id=request_id, service=error.service, why=error.detail
        )
        return timedelta(0)
    except Exception:
        log.exception("telling.failed", request_id=request_id)
        return timedelta(0)
    return None


def _surfaces(ctx: Context, request_id: str) -> Iterator[Callable[[], None]]:
    """Yield the parts to be done; the issue comes first, because the others link to it.

    The look at the system comes next, for what is then told to say what it found.
    """
    yield lambda: _tell_issue(ctx, request_id)
    yield lambda: look_ahead(ctx, request_id)
    yield lambda: _tell_status(ctx, request_id)
    story = read_story(ctx, request_id)
    if story is not None:
        for listener in _listeners(ctx, story):
            yield lambda listener=listener: _tell_person(ctx, story, listener)  # type: ignore[misc]  # bound now
        yield lambda: _tell_unasked(ctx, story)


def read_story(ctx: Context, request_id: str) -> Story | None:
    """Read everything there is to tell about a request."""
    with ctx.ledger.read() as tx:
        request = tx.requests.get(request_id)
        if request is None:
            return None
        grant = _grant_told_about(tx, request)
    policy = ctx.policy()
    level = policy.level(request.level_id)
    system = policy.systems.get(request.level_id.partition("/")[0])
    return Story(
        request=request, roster=ctx.people.roster(), level=level, system=system, grant=grant
    )


def _grant_told_about(tx: Transaction, request: Request) -> Grant | None:
    """Pick what is stuck first, then what was granted, then what an unfinished run left behind."""
    held = [g for g in tx.grants.of_person(request.person_id) if g.request_id == request.id]
    stuck = next((grant for grant in held if grant.state is GrantState.NEEDS_IT), None)
    return stuck or tx.grants.get(request.id) or next(iter(held), None)


def _required(story: Story | None) -> Story:
    if story is None:
        raise Conflict("The request is gone.")
    return story


def _tell_issue(ctx: Context, request_id: str) -> None:
    story = _required(read_story(ctx, request_id))
    page = issue_page(story)
    number = story.request.issue_number
    key = f"issue:{request_id}"
    if number is None:
        address, _is_new = write_once(
            ctx,
            key=key,
            owner=request_id,
            content="",
            look=lambda write: _text(ctx.records.find_issue(key, write.intended_at - CLOCK_SLACK)),
            act=lambda: str(ctx.records.create_issue(page, key)),
        )
        number = int(address)
        with ctx.ledger.begin() as tx:
            tx.requests.set_issue(request_id, number)
    try:
        ctx.records.update_issue(number, page)
    except NotFound as gone:
        _note_undeliverable(ctx, request_id, f"issue #{number}", gone)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _tell_status(ctx: Context, request_id: str) -> None:
    story = _required(read_story(ctx, request_id))
    number = story.request.issue_number
    if number is None:
        raise Conflict("The issue could not be made yet.", service="github")
    try:
        _show_status(ctx, story, number)
        note_shown(ctx, story.grant)
    except NotFound as gone:
        _note_undeliverable(ctx, request_id, f"issue #{number}", gone)


def _show_status(ctx: Context, story: Story, number: int) -> None:
    request_id = story.request.id
    status, key = card(story, Audience.ISSUE), status_key(request_id)
    content = _content(status)
    comment_id, is_new = write_once(
        ctx,
        key=key,
        owner=request_id,
        content=content,
        look=lambda write: ctx.comments.find_comment(number, key, write.intended_at - CLOCK_SLACK),
        act=lambda: ctx.comments.create_comment(number, status, key),
    )
    if not is_new:
        _if_changed(
            ctx,
            key,
            content,
            lambda: ctx.comments.update_comment(comment_id, status, key),
        )


def _tell_person(ctx: Context, story: Story, listener: Listener) -> None:
    request_id = story.request.id
    shown = card(story, listener.audience)
    key = f"card:{request_id}:{listener.audience}:{listener.person_id}"
    content = _content(shown)
    try:
        handle, is_new = write_once(
            ctx,
            key=key,
            owner=request_id,
            content=content,
            look=lambda write: ctx.chat.find_message(
                listener.slack_id, key, write.intended_at - CLOCK_SLACK
            ),
            act=lambda: ctx.chat.post(listener.slack_id, shown, key),
        )
        if not is_new:
            _if_changed(ctx, key, content, lambda: ctx.chat.update(handle, shown, key))
        _ring(ctx, story, listener)
    except NotFound as gone:
        _note_undeliverable(ctx, request_id, listener.person_id, gone)


def _tell_unasked(ctx: Context, story: Story) -> None:
    """Tell those once who would have been asked, when access was given without asking them."""
    found = unasked(story, ctx.policy())
    if found is None:
        return
    people, message = found
    request = story.request
    for person_id in people:
        person = story.roster.get(person_id)
        if person is not None and person.slack_id:
            key = f"news:{request.id}:unasked:{request.edition}:{person_id}"
            _say_once(ctx, request.id, person.slack_id, key, message)


def _say_once(ctx: Context, request_id: str, slack_id: str, key: str, message: Card) -> None:
    try:
        write_once(
            ctx,
            key=key,
            owner=request_id,
            content="",
            look=lambda write: ctx.chat.find_message(
                slack_id, key, write.intended_at - CLOCK_SLACK
            ),
            act=lambda: ctx.chat.post(slack_id, message, key),
        )
    except NotFound as gone:
        _note_undeliverable(ctx, request_id, slack_id, gone)


def _note_undeliverable(ctx: Context, request_id: str, to: str, gone: NotFound) -> None:
    """Note once that somebody or something cannot be told any more; trying again is no use."""
    with ctx.ledger.begin() as tx:
        for entry in tx.audit.of_subject(request_id):
            if entry.tag is Tag.MESSAGE_UNDELIVERABLE and entry.facts.get("to") == to:
                return
        why = gone.detail[:200]
        audit(ctx, tx, Tag.MESSAGE_UNDELIVERABLE, request_id, "usher", to=to, why=why)


def _ring(ctx: Context, story: Story, listener: Listener) -> None:
    """Say what a person should not miss in a message of its own, once."""
    said = _ringing(story, listener)
    if said is None:
        return
    what, message = said
    key = f"news:{story.request.id}:{what}:{listener.person_id}"
    _say_once(ctx, story.request.id, listener.slack_id, key, message)


def _ringing(story: Story, listener: Listener) -> tuple[str, Card] | None:
    request = story.request
    if listener.audience is Audience.REQUESTER:
        return news(story)
    if listener.audience is Audience.APPROVER and listener.person_id not in _awaited(request):
        return None
    if listener.audience is Audience.OWNER and not story.is_escalated:
        return None
    message = reminder(story, listener.audience)
    return (f"remind:{request.edition}:{request.reminders}", message) if message else None


def _awaited(request: Request) -> set[str]:
    """Name those whose answer is still missing."""
    if request.decision is None:
        return set()
    missing = still_missing(request.decision, request.approvals, request.digest)
    needs = (need for need in request.decision.needs if need.because in missing)
    return {person for need in needs for person in need.from_}


def _if_changed(
    ctx: Context,
    key: str,
    content: str,
    act: Callable[[], None],
) -> None:
    """Send an update only when it would say something new."""
    with ctx.ledger.read() as tx:
        known = tx.writes.get(key)
    if known is not None and known.content == content:
        return
    act()
    with ctx.ledger.begin() as tx:
        tx.writes.settle(key, (known.address if known else None) or "", content)


def _content(shown: Card) -> str:
    return digest(dumps(asdict(shown), default=str))


def _listeners(ctx: Context, story: Story) -> Iterator[Listener]:
    """Name who gets a card: those concerned, approvers while it waits, owners when stuck."""
    request = story.request
    seen: set[str] = set()
    for person_id in (request.requester_id, request.person_id):
        if person_id not in seen:
            seen.add(person_id)
            yield from _listener(story, person_id, Audience.REQUESTER)
    for person_id in _approvers(ctx, request):
        yield from _listener(story, person_id, Audience.APPROVER)
    for person_id in _owners(ctx, story):
        yield from _listener(story, person_id, Audience.OWNER)


def _listener(story: Story, person_id: str, audience: Audience) -> Iterator[Listener]:
    person = story.roster.get(person_id)
    if person is not None and person.slack_id:
        yield Listener(person_id=person_id, slack_id=person.slack_id, audience=audience)


def _approvers(ctx: Context, request: Request) -> list[str]:
    """List whom to ask now, and those asked before, so that their cards say how it went."""
    asked = _told_as(ctx, request, Audience.APPROVER)
    if request.state is RequestState.AWAITING_APPROVAL and request.decision is not None:
        asked += [person for need in request.decision.needs for person in need.from_]
    return list(dict.fromkeys(asked))


def _owners(ctx: Context, story: Story) -> list[str]:
    """List owners, backup and IT when it is stuck or they are asked; and those told before."""
    told = _told_as(ctx, story.request, Audience.OWNER)
    is_stuck = story.request.state is RequestState.NEEDS_IT or (
        story.grant is not None
        and (story.grant.state is GrantState.NEEDS_IT or story.grant.is_asking)
    )
    waits_too_long = story.is_escalated
    if is_stuck or waits_too_long:
        policy = ctx.policy()
        names = [story.system.dri] if story.system else []
        group = policy.group(names[0]) if names else None
        names += [group.backup or IT_GROUP] if group else [IT_GROUP]
        for name in names:
            group = policy.group(name)
            told += [person.id for person in story.roster.members(group.members if group else ())]
    return list(dict.fromkeys(told))


def _told_as(ctx: Context, request: Request, audience: Audience) -> list[str]:
    prefix = f"card:{request.id}:{audience}:"
    with ctx.ledger.read() as tx:
        return [
            write.key.removeprefix(prefix)
            for write in tx.writes.of_owner(request.id)
            if write.key.startswith(prefix)
        ]
