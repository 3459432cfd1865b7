"""Breaking the glass: in an emergency the requester does not wait for those who were asked."""

from dataclasses import replace

from bot.domain.audit import Tag
from bot.domain.decision import Answer
from bot.domain.errors import InvalidRequest, NotPermitted, StaleApproval
from bot.domain.explain import in_short, numbered
from bot.domain.people import Person
from bot.domain.policy import Policy
from bot.domain.remedies import AskInUsualWay
from bot.domain.request import Request, RequestEvent, RequestState
from bot.domain.text import is_blank_or_symbols
from bot.ports import Transaction
from bot.workflows.context import Context, audit
from bot.workflows.judging import Judged, judge_again, keep_decision
from bot.workflows.moves import move, ways_out_of

MAX_WHY = 500


def break_glass(ctx: Context, tx: Transaction, request: Request, person: Person, why: str) -> str:
    """Approve a waiting request by its level's break-glass rule; raises RequestRejected for a no.

    The access lasts as long as was asked for, or as long as the rule allows if that is shorter.
    """
    _may_try(request, person, why)
    hurried = _hurried(request, ctx.policy(), why.strip()[:MAX_WHY])
    judged = judge_again(ctx, tx, hurried)
    if judged.decision.answer is not Answer.ALLOWED:
        raise _refusal(judged, request)
    audit(
        ctx,
        tx,
        Tag.GLASS_BROKEN,
        request.id,
        person.id,
        why=hurried.emergency[:300],
        rule=judged.decision.rule,
        how_long=str(hurried.duration),
        skipped=",".join(judged.decision.told)[:300],
    )
    keep_decision(ctx, tx, request.id, judged, actor=person.id)
    move(
        ctx,
        tx,
        request,
        RequestEvent.APPROVE,
        actor=person.id,
        ended_by=person.name,
        emergency=hurried.emergency,
        duration=hurried.duration,
        digest=judged.digest,
        decision=judged.decision,
    )
    return (
        f"You get {request.level_id} now, for {hurried.duration.in_words()}, by the rule "
        f"{judged.decision.rule} ({judged.decision.where}). Those who were asked, IT and security "
        "hear of it, and it is on the record."
    )


def _may_try(request: Request, person: Person, why: str) -> None:
    if not person.id == request.requester_id == request.person_id:
        raise NotPermitted(
            "Only the person who asked may break the glass, and only for themselves.",
            next_step="Ask one of the approvers to answer at once.",
        )
    if request.state is not RequestState.AWAITING_APPROVAL:
        raise StaleApproval(
            f"This request is {request.state.words}; it does not wait for an approval.",
            next_step="See the status comment.",
        )
    if is_blank_or_symbols(why):
        raise InvalidRequest(
            "An emergency needs a reason.", next_step="Write `/break-glass` and why, on one line."
        )


def _hurried(request: Request, policy: Policy, why: str) -> Request:
    """Make the request an emergency, no longer than the rule allows."""
    level, calendar = policy.level(request.level_id), policy.company.calendar
    rule = level.break_glass if level else None
    if rule is None:
        return replace(request, emergency=why)
    asked = request.duration.after(request.created_at, calendar)
    most = rule.longest.after(request.created_at, calendar)
    is_too_long = asked is None or (most is not None and asked > most)
    return replace(
        request, emergency=why, duration=rule.longest if is_too_long else request.duration
    )


def _refusal(judged: Judged, request: Request) -> NotPermitted:
    why = " ".join(reason.sentence() for reason in judged.decision.reasons)
    # Asking in the usual way is no advice: that is what it goes on doing.
    ways = [way for way in ways_out_of(judged) if AskInUsualWay() not in way.remedies]
    waits = "The request goes on waiting for those who were asked."
    return NotPermitted(
        f"Policy does not let you break the glass for {request.level_id}. {why}".strip(),
        next_step=f"{waits}\n\n{numbered(in_short(ways))}".rstrip(),
    )
