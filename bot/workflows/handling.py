"""The run that handles what came in: apply it once, then answer whoever sent it."""

import json
from collections.abc import Callable
from datetime import timedelta

import structlog
from pydantic import TypeAdapter

from bot.domain.audit import Tag
from bot.domain.errors import ConnectorError, RequestRejected, Unauthorized
from bot.domain.inbound import (
    Chatter,
    Inbound,
    IssueCommand,
    IssueTouched,
    PolicyNews,
    PolicyProposed,
    PolicyPushed,
    Press,
    Submission,
    Surface,
    TasksTicked,
)
from bot.domain.journal import Kept
from bot.domain.markdown import escape_reply
from bot.ports import Transaction
from bot.workflows.adopting import adopt_newest
from bot.workflows.commands import obey_comment, obey_press, obey_touch
from bot.workflows.context import MAX_ATTEMPTS, Context, audit, backoff, digest, write_once
from bot.workflows.judging import under_one_policy
from bot.workflows.proposing import judge_proposal
from bot.workflows.submissions import submit
from bot.workflows.ticking import obey_ticks

MESSAGE: TypeAdapter[Inbound] = TypeAdapter(Inbound)

_LONGEST_ID = 70
HANDLING_LEASE = timedelta(minutes=2)
GIVEN_UP = timedelta(hours=6)
"""How often a message is still tried that our own code failed on again and again."""

log = structlog.get_logger()


def handle(ctx: Context, delivery_ids: list[str]) -> str:
    """Handle each message of a batch; one that fails does not hold up the others."""
    for delivery_id in delivery_ids:
        ctx.engine.step("apply", _guarded(apply), ctx, delivery_id)
        ctx.engine.step("answer", _guarded(answer), ctx, delivery_id)
    return "handled"


def apply(ctx: Context, delivery_id: str) -> str:
    """Carry out one message inside one transaction; handled before means nothing to do."""
    with ctx.ledger.begin() as tx:
        kept = tx.inbox.get(delivery_id, lock=True)
        if kept is None or kept.handled_at is not None:
            return "known"
        # Until then nobody else takes it for lost, however long the services take.
        lease = ctx.clock.now() + HANDLING_LEASE
        tx.inbox.postpone(delivery_id, lease, "being handled", attempts=kept.attempts)
    message = MESSAGE.validate_json(kept.message)
    if isinstance(message, PolicyPushed | PolicyProposed):
        _obey_policy(ctx, message)  # asks GitHub for a while, so in no transaction
        with ctx.ledger.begin() as tx:
            tx.inbox.handled(delivery_id, None, ctx.clock.now())
        return "applied"
    ctx.people.refresh()  # whom it speaks of may have joined a moment ago, in another process
    refusal = _vet(ctx, message)
    with ctx.ledger.begin() as tx:
        fresh = tx.inbox.get(delivery_id, lock=True)
        if fresh is None or fresh.handled_at is not None:
            return "known"
        text = refusal or _carry_out(under_one_policy(ctx), tx, delivery_id, message)
        reply = json.dumps({"text": text}) if text else None
        tx.inbox.handled(delivery_id, reply, ctx.clock.now())
    return "applied"


def _obey_policy(ctx: Context, news: PolicyNews) -> None:
    """Look at what is new in the policies' repository; idempotent, so it may be done again."""
    if ctx.policy_desk is None:
        return
    match news:
        case PolicyPushed():
            adopt_newest(ctx, ctx.policy_desk)
        case PolicyProposed():
            try:
                judge_proposal(ctx, ctx.policy_desk, news.pull_number)
            except Unauthorized as error:  # then the shipped workflow may say it in our place
                log.warning("policy.may_not_be_judged", pull=news.pull_number, why=error.detail)


def _vet(ctx: Context, message: Inbound) -> str:
    """Ask Slack who is really behind its id: guests, bots and outsiders get a no."""
    if message.actor.surface is not Surface.SLACK or isinstance(message, Chatter):
        return ""
    return ctx.members.refusal(message.actor.slack_id)


def _carry_out(ctx: Context, tx: Transaction, delivery_id: str, message: Inbound) -> str | None:  # noqa: PLR0911  # one per kind
    try:
        match message:
            case Submission():
                return submit(ctx, tx, delivery_id, message)
            case IssueCommand():
                return obey_comment(ctx, tx, message)
            case IssueTouched():
                return obey_touch(ctx, tx, message)
            case TasksTicked():
                return obey_ticks(ctx, tx, message)
            case Press():
                return obey_press(ctx, tx, message)
            case Chatter() | PolicyPushed() | PolicyProposed():
                return None  # chatter is only counted, and policy has been seen to before
    except RequestRejected as no:
        actor = str(message.actor)
        audit(ctx, tx, Tag.MESSAGE_REJECTED, delivery_id[:64], actor, why=no.detail[:300])
        return no.sentence()


def answer(ctx: Context, delivery_id: str) -> str:
    """Send the reply, once, to where the message came from."""
    with ctx.ledger.read() as tx:
        kept = tx.inbox.get(delivery_id)
    if kept is None or kept.answered_at is not None or kept.reply is None:
        return "nothing"
    message = MESSAGE.validate_json(kept.message)
    text: str = json.loads(kept.reply)["text"]
    _send(ctx, kept, message, text)
    with ctx.ledger.begin() as tx:
        tx.inbox.answered(delivery_id, ctx.clock.now())
    return "answered"


def _send(ctx: Context, kept: Kept, message: Inbound, text: str) -> None:
    number = getattr(message, "issue_number", None)
    if number is not None:
        key = reply_key(kept.delivery_id)
        text = escape_reply(text)
        text = f"@{message.actor.github} {text}" if message.actor.github else text
        write_once(
            ctx,
            key=key,
            owner=f"issue:{number}",
            content="",
            look=lambda write: ctx.comments.find_comment(
                number, key, write.intended_at - timedelta(minutes=2)
            ),
            act=lambda: ctx.comments.create_comment(number, text, key),
        )
        return
    whisper = f"whisper:{_short(kept.delivery_id)}"
    write_once(
        ctx,
        key=whisper,
        owner="whisper",
        content="",
        look=lambda _write: "sent or lost",  # a repeated whisper is worse than a lost one
        act=lambda: _whisper(ctx, message, text),
    )


def _whisper(ctx: Context, message: Inbound, text: str) -> str:
    url = message.response_url if isinstance(message, Press) else ""
    ctx.chat.whisper(message.actor.slack_id, text, url)
    return "sent"


def reply_key(delivery_id: str) -> str:
    """Make the marker key of a reply from a delivery id."""
    plain = "".join(c if c.isalnum() or c in ":_-" else "-" for c in delivery_id)
    return f"reply:{_short(plain)}"


def _short(delivery_id: str) -> str:
    """Keep a key within its column without letting two long ids become one."""
    return delivery_id if len(delivery_id) <= _LONGEST_ID else digest(delivery_id)


def _guarded(act: Callable[[Context, str], str]) -> Callable[[Context, str], str]:
    def guarded(ctx: Context, delivery_id: str) -> str:
        try:
            return act(ctx, delivery_id)
        except ConnectorError as error:
            return _later(ctx, delivery_id, f"{error.service}: {error.detail}")
        except Exception as error:
            log.exception("inbound.failed", delivery_id=delivery_id)
            return _later(ctx, delivery_id, type(error).__name__, is_our_fault=True)

    return guarded


def _later(ctx: Context, delivery_id: str, note: str, *, is_our_fault: bool = False) -> str:
    """Leave the message for the sweep, for ever if need be: a service that is down comes back."""
    with ctx.ledger.begin() as tx:
        kept = tx.inbox.get(delivery_id, lock=True)
        attempts = kept.attempts + 1 if kept else 1
        wait = backoff(attempts)
        if is_our_fault and attempts >= MAX_ATTEMPTS:
            wait = GIVEN_UP
            log.error("inbound.stuck", delivery_id=delivery_id, attempts=attempts, why=note)
            audit(ctx, tx, Tag.MESSAGE_STUCK, delivery_id[:64], "usher", why=note[:300])
        until = ctx.clock.now() + wait
        tx.inbox.postpone(delivery_id, until, note[:300], attempts=attempts)
    return "later"
