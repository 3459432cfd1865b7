"""An answer to the hand-over of a leaver's records: `/approve hand-over` or `/deny hand-over`."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import Tag
from bot.domain.errors import InvalidRequest, NotPermitted, StaleApproval
from bot.domain.grant import Grant, GrantState
from bot.domain.handover import HandOver, HandOverState
from bot.domain.inbound import IssueCommand, Verb
from bot.domain.people import Person
from bot.domain.policy import IT_GROUP
from bot.domain.request import Request
from bot.ports import Transaction
from bot.workflows.context import LEASE, Context, audit, start_end, touch
from bot.workflows.judging import owns_system, who_is
from bot.workflows.moves import lock_grant

_NAMES = frozenset({"hand-over", "handover"})
_MOST_NAMED = 3


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
    if command.verb is Verb.APPROVE:
        _gets_nothing(ctx, grant, hand, person)
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


def _gets_nothing(ctx: Context, grant: Grant, hand: HandOver, person: Person) -> None:
    """Refuse a yes of somebody who would get records: they could have taken the access away too."""
    getting = {move.to.person_id for move in hand.plan.moves}
    if person.id not in getting:
        return
    now, policy = ctx.clock.now(), ctx.policy()
    others = [
        one
        for one in ctx.people.roster()
        if one.id not in {*getting, grant.person_id}
        and one.is_active(now)
        and owns_system(one, grant.level_id, policy)
    ]
    owners = [one for one in others if not policy.is_member(one, IT_GROUP)]
    names = " or ".join(one.name for one in (owners or others)[:_MOST_NAMED])
    raise NotPermitted(
        "Nobody agrees to getting records themselves.",
        next_step=f"{names or 'Somebody else of IT'} must answer.",
    )


def note_shown(ctx: Context, grant: Grant | None) -> None:
    """Note that the question can be read on the issue now, as it is in this grant."""
    told = grant.leaving.hand_over if grant is not None and grant.leaving else None
    if grant is None or told is None or not grant.is_asking or told.shown_at is not None:
        return
    with ctx.ledger.begin() as tx:
        fresh = lock_grant(tx, grant.id)
        leaving = fresh.leaving if fresh is not None else None
        if fresh is None or leaving is None or leaving.hand_over != told:
            return  # it has changed meanwhile, which is told again
        shown = replace(leaving, hand_over=replace(told, shown_at=ctx.clock.now()))
        tx.grants.save(replace(fresh, leaving=shown), was=fresh)


def _has_seen(hand: HandOver, written_at: datetime | None) -> None:
    """Refuse an answer whose author cannot have read what is asked now.

    GitHub tells whole seconds only, so the same second counts as before.
    """
    if written_at is None:
        return
    shown_at = hand.shown_at
    if shown_at is None or int(written_at.timestamp()) <= int(shown_at.timestamp()):
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
    facts = {"digest": hand.plan.digest, "revoked_by": grant.ended_by}
    audit(ctx, tx, tag, grant.id, person.id, **facts)
    if is_ending:
        start_end(ctx, tx, settled)
    touch(ctx, tx, grant.request_id)
