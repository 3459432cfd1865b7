"""An answer to the hand-over of a leaver's records: `/approve hand-over` or `/deny hand-over`."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import Tag
from bot.domain.errors import InvalidRequest, NotPermitted, StaleApproval
from bot.domain.grant import Grant, GrantState
from bot.domain.handover import HandOver, HandOverState
from bot.domain.inbound import IssueCommand, Verb
from bot.domain.people import Person
from bot.domain.request import Request
from bot.ports import Transaction
from bot.workflows.context import LEASE, Context, audit, start_end, touch
from bot.workflows.judging import owns_system, who_is
from bot.workflows.moves import lock_grant

_NAMES = frozenset({"hand-over", "handover"})


def is_about_hand_over(command: IssueCommand) -> bool:
    """Whether this answers a hand-over, and not the request itself."""
    words = command.argument.split()
    is_answer = command.verb in (Verb.APPROVE, Verb.DENY)
    return is_answer and bool(words) and words[0].casefold().rstrip(".,:;!") in _NAMES


def answer_hand_over(ctx: Context, tx: Transaction, request: Request, command: IssueCommand) -> str:
    """Take the one yes or no that a hand-over needs; raises RequestRejected for a no to it."""
    person = who_is(command.actor, ctx.people.roster(), ctx.clock.now())
    grant = _asking(tx, request)
    hand = grant.leaving.hand_over if grant and grant.leaving else None
    if grant is None or hand is None:
        raise InvalidRequest(
            "No hand-over of records waits for an answer here.",
            next_step="The status comment says how it stands.",
        )
    _may_answer(ctx, grant, person)
    _has_seen(hand, command.written_at)
    if command.verb is Verb.DENY:
        _settle(ctx, tx, grant, hand, HandOverState.DECLINED, person)
        return "Nothing is moved; the user is deactivated now."
    if hand.plan.questions:
        raise StaleApproval(
            "It is not clear yet who gets all of it.",
            next_step="Mend what the status comment asks about, or /deny hand-over.",
        )
    _settle(ctx, tx, grant, hand, HandOverState.AGREED, person)
    return "Thank you. The records are handed over now; the status comment counts them."


def _asking(tx: Transaction, request: Request) -> Grant | None:
    for seen in tx.grants.of_person(request.person_id):
        is_asking = seen.leaving is not None and seen.leaving.is_asking
        if seen.request_id == request.id and is_asking:
            return lock_grant(tx, seen.id)
    return None


def _may_answer(ctx: Context, grant: Grant, person: Person) -> None:
    if person.id == grant.person_id:
        raise NotPermitted(
            "Nobody decides on the hand-over of their own records.",
            next_step="Another of the system's owners or IT must answer.",
        )
    if not owns_system(person, grant.level_id, ctx.policy()):
        raise NotPermitted(
            "Only the system's owners or IT may answer this.", next_step="They have been asked."
        )


def _has_seen(hand: HandOver, written_at: datetime | None) -> None:
    """Refuse an answer to an older question; GitHub tells whole seconds only."""
    if written_at and int(written_at.timestamp()) < int(hand.asked_at.timestamp()):
        raise StaleApproval(
            "The hand-over changed after you wrote this.",
            next_step="Read the status comment again, and answer in a new comment.",
        )


def _settle(
    ctx: Context,
    tx: Transaction,
    grant: Grant,
    hand: HandOver,
    state: HandOverState,
    person: Person,
) -> None:
    answered = replace(hand, state=state, answered_by=person.name)
    leaving = replace(grant.leaving, hand_over=answered) if grant.leaving else None
    settled = replace(grant, leaving=leaving)
    is_ending = grant.state is GrantState.ENDING
    if is_ending:  # what is stuck goes on when it is mended
        due_at = ctx.clock.now() + LEASE
        settled = replace(settled, run=grant.run + 1, attempts=0, due_at=due_at)
    if not tx.grants.save(settled, was=grant):
        raise StaleApproval("The access has just changed.", next_step="Look again.")
    tag = Tag.HANDOVER_AGREED if state is HandOverState.AGREED else Tag.HANDOVER_DECLINED
    audit(ctx, tx, tag, grant.id, person.id, digest=hand.plan.digest)
    if is_ending:
        start_end(ctx, tx, settled)
    touch(ctx, tx, grant.request_id)
