"""What people do: approve, deny, cancel, revoke, tick; by comments and buttons alike."""

from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from bot.domain.audit import Tag
from bot.domain.decision import Answer
from bot.domain.errors import InvalidRequest, NotPermitted, RequestRejected, StaleApproval
from bot.domain.grant import EndReason
from bot.domain.inbound import (
    Actor,
    IssueCommand,
    IssueTouched,
    Press,
    Verb,
)
from bot.domain.people import Person
from bot.domain.policy import IT_GROUP
from bot.domain.request import Request, RequestEvent, RequestState, Verdict, next_state
from bot.domain.review import review
from bot.ports import Transaction
from bot.workflows.answering_hand_over import answer_hand_over, is_about_hand_over
from bot.workflows.context import (
    Context,
    audit,
    changed,
)
from bot.workflows.emergency import break_glass
from bot.workflows.judging import (
    Judged,
    judge_again,
    keep_decision,
    keep_if_new,
    owns_system,
    still_stands,
    who_is,
)
from bot.workflows.moves import end_grant, move, refuse

HELP = (
    "I understand `/approve`, `/deny reason`, `/cancel`, `/revoke`, `/break-glass reason` and "
    "`/help` as the first word of a new comment. "
    "Approvers use the first two, the person who asked the third, "
    "and whoever holds the access, their manager or IT the fourth. "
    "In an emergency, where policy allows it, the person who asked uses `/break-glass` and gets "
    "the access at once and for a short time; approvers, IT and security hear of it. "
    "When access ends and records wait for a new owner, the system's owners or IT answer with "
    "`/approve hand-over` or `/deny hand-over`."
)
_VERBS = [verb for verb in Verb if verb is not Verb.UNKNOWN]


def obey_comment(ctx: Context, tx: Transaction, command: IssueCommand) -> str:
    """Do what a comment asks and say what came of it; raises RequestRejected for a no."""
    if command.is_edited:
        raise NotPermitted(
            "I do not follow edited comments.", next_step="Write the command as a new comment."
        )
    if command.verb is Verb.HELP:
        return HELP
    if command.verb is Verb.UNKNOWN:
        raise _unknown(command.typed)
    request = tx.requests.by_issue(command.issue_number, lock=True)
    if request is None:
        raise InvalidRequest(
            "I have no request for this issue.",
            next_step="Edit the issue so that I can read its four fields, or use the form.",
        )
    if is_about_hand_over(command):
        return answer_hand_over(ctx, tx, request, command)
    if command.verb in (Verb.APPROVE, Verb.DENY):
        _has_seen(request, command.written_at)
    return _obey(ctx, tx, request, command.verb, command.actor, command.argument)


def _has_seen(request: Request, written_at: datetime | None) -> None:
    """Refuse an answer whose author cannot have seen what is asked now.

    GitHub tells whole seconds only, so the same second counts as before.
    """
    asked_at = request.asked_at if request.edition else None
    if asked_at and written_at and int(written_at.timestamp()) <= int(asked_at.timestamp()):
        raise StaleApproval(
            "The request changed after you wrote this.",
            next_step="Read the status comment again, and answer in a new comment.",
        )


def obey_press(ctx: Context, tx: Transaction, press: Press) -> str:
    """Do what a button asks; raises RequestRejected for a no."""
    request = tx.requests.get(press.request_id, lock=True)
    if request is None:
        raise InvalidRequest("I do not find this request.", next_step="Ask again with /access.")
    answers = press.verb in (Verb.APPROVE, Verb.DENY)
    if answers and press.digest and press.digest != request.digest:
        raise StaleApproval(
            "The request changed after this card was made.",
            next_step="The card was updated; read it again and answer again.",
        )
    return _obey(ctx, tx, request, press.verb, press.actor, press.reason)


def _unknown(typed: str) -> InvalidRequest:
    near = get_close_matches(typed.casefold(), [str(v) for v in _VERBS], n=1)
    hint = f"Did you mean `/{near[0]}`? " if near else ""
    return InvalidRequest("I do not know this command.", next_step=hint + HELP)


def _obey(
    ctx: Context, tx: Transaction, request: Request, verb: Verb, actor: Actor, words: str
) -> str:
    try:
        person = who_is(actor, ctx.people.roster(), ctx.clock.now())
    except NotPermitted:
        if verb in (Verb.APPROVE, Verb.DENY) and not ask_again_if_changed(ctx, tx, request):
            # Perhaps it is an approver who has left: somebody else must be asked then.
            _ask_whoever_steps_in(ctx, tx, request, judge_again(ctx, tx, request))
        raise
    match verb:
        case Verb.APPROVE:
            return _answer(ctx, tx, request, person, actor, Verdict.YES, words)
        case Verb.DENY:
            if not words.strip():
                raise InvalidRequest(
                    "A no needs a reason.", next_step="Write `/deny` and why, on one line."
                )
            return _answer(ctx, tx, request, person, actor, Verdict.NO, words)
        case Verb.CANCEL:
            return _cancel(ctx, tx, request, person)
        case Verb.REVOKE:
            return _revoke(ctx, tx, request, person)
        case Verb.BREAK_GLASS:
            return break_glass(ctx, tx, request, person, words)
        case Verb.HELP | Verb.UNKNOWN:
            return HELP


def _answer(
    ctx: Context,
    tx: Transaction,
    request: Request,
    person: Person,
    actor: Actor,
    verdict: Verdict,
    reason: str,
) -> str:
    judged = judge_again(ctx, tx, request)
    if judged.decision.answer is Answer.ALLOWED and request.decision:
        # Nobody need be asked any more, but an answer to what was asked still counts.
        judged = replace(judged, decision=request.decision, digest=request.digest)
    if judged.level is None:
        raise StaleApproval(f"There is no level {request.level_id} any more.", next_step="Ask IT.")
    try:
        outcome = review(
            request,
            person,
            verdict,
            surface=actor.surface,
            level=judged.level,
            decision=judged.decision,
            digest=judged.digest,
            now=ctx.clock.now(),
            reason=reason[:1000],
        )
    except RequestRejected:
        if not ask_again_if_changed(ctx, tx, request):
            _ask_whoever_steps_in(ctx, tx, request, judged)
        raise
    tx.requests.add_approval(request.id, outcome.approval)
    audit(
        ctx,
        tx,
        Tag.APPROVAL_GIVEN,
        request.id,
        person.id,
        verdict=verdict,
        surface=actor.surface,
        digest=judged.digest,
        rule=judged.decision.rule,
    )
    if outcome.event is None:
        keep_if_new(ctx, tx, request.id, judged, actor=person.id)
        changed(ctx, tx, replace(request, decision=judged.decision), was=request)
    else:
        keep_decision(ctx, tx, request.id, judged, actor=person.id)
        note = f"{person.name} said no: {reason[:500]}" if verdict is Verdict.NO else ""
        move(ctx, tx, request, outcome.event, actor=person.id, note=note, ended_by=person.name)
    return outcome.text


def ask_again_if_changed(ctx: Context, tx: Transaction, request: Request) -> bool:
    """Void what no longer fits today's policy and ask again, or refuse; True when it did."""
    judged = judge_again(ctx, tx, request)
    if _needs_nobody(request, judged):
        keep_decision(ctx, tx, request.id, judged, actor="policy")
        move(
            ctx,
            tx,
            request,
            RequestEvent.APPROVE,
            actor="policy",
            note="The rules changed: nobody need be asked any more.",
            digest=judged.digest,
            decision=judged.decision,
        )
        return True
    if still_stands(request, judged):
        return False
    if request.is_over or next_state(request.state, RequestEvent.ASK) is None:
        return False
    audit(ctx, tx, Tag.APPROVAL_VOIDED, request.id, "policy", digest=judged.digest)
    keep_decision(ctx, tx, request.id, judged, actor="policy")
    if judged.decision.reasons:
        refuse(ctx, tx, request, judged, actor="policy")
        return True
    judged = judge_again(ctx, tx, replace(request, edition=request.edition + 1))
    move(
        ctx,
        tx,
        request,
        RequestEvent.ASK,
        actor="policy",
        edition=request.edition + 1,
        note="The rules changed: earlier approvals are void and everybody is asked again.",
        digest=judged.digest,
        decision=judged.decision,
        reminders=0,
    )
    return True


def _needs_nobody(request: Request, judged: Judged) -> bool:
    is_waiting = request.state is RequestState.AWAITING_APPROVAL
    return is_waiting and judged.decision.answer is Answer.ALLOWED


def _ask_whoever_steps_in(ctx: Context, tx: Transaction, request: Request, judged: Judged) -> None:
    """Show the request to those who may answer now, if somebody who was asked has left since."""
    asked = request.decision.needs if request.decision else ()
    if request.state is RequestState.AWAITING_APPROVAL and judged.decision.needs != asked:
        keep_if_new(ctx, tx, request.id, judged, actor="policy")
        changed(ctx, tx, replace(request, decision=judged.decision), was=request)


def _cancel(ctx: Context, tx: Transaction, request: Request, person: Person) -> str:
    is_theirs = person.id in (request.requester_id, request.person_id)
    if not is_theirs and not ctx.policy().is_member(person, IT_GROUP):
        raise NotPermitted(
            "Only the person who asked, the person it is for, or IT may cancel a request.",
            next_step="Approvers can /deny it with a reason.",
        )
    return cancel(ctx, tx, request, actor=person.id, name=person.name)


def cancel(ctx: Context, tx: Transaction, request: Request, *, actor: str, name: str) -> str:
    """Cancel a request; what a failed run left in the system is taken away again."""
    if request.state is RequestState.DELIVERED:
        raise StaleApproval(
            "This access is in place already.", next_step="Use /revoke to take it away."
        )
    move(ctx, tx, request, RequestEvent.CANCEL, actor=actor, ended_by=name)
    return "Cancelled."


def _revoke(ctx: Context, tx: Transaction, request: Request, person: Person) -> str:
    grant = tx.grants.get(request.id, lock=True)
    if grant is None:
        raise StaleApproval(
            f"There is no access to take away; the request is {request.state.words}.",
            next_step="Use /cancel to stop it." if not request.is_over else "Nothing more to do.",
        )
    holder = ctx.people.roster().get(grant.person_id)
    if person.id == grant.person_id:
        reason = EndReason.GIVEN_BACK
    elif (holder and holder.manager_id == person.id) or owns_system(
        person, grant.level_id, ctx.policy()
    ):
        reason = EndReason.REVOKED
    else:
        raise NotPermitted(
            "Only the holder, their manager, the system's owners or IT may take it away.",
            next_step="Ask one of them.",
        )
    end_grant(ctx, tx, grant, reason=reason, actor=person.id)
    return "Taking the access away now; the status comment says when it is gone."


def obey_touch(ctx: Context, tx: Transaction, touched: IssueTouched) -> str | None:
    """Closing the issue of a running request cancels it; other changes by hand are put right."""
    request = tx.requests.by_issue(touched.issue_number, lock=True)
    if request is None:
        return None
    if touched.action == "closed" and not request.is_over:
        try:
            person = who_is(touched.actor, ctx.people.roster(), ctx.clock.now())
            return _cancel(ctx, tx, request, person)
        except RequestRejected:
            changed(ctx, tx, request, was=request)
            raise
    changed(ctx, tx, request, was=request)
    if touched.action == "reopened" and request.is_over:
        raise StaleApproval(
            "This request has ended, so I close the issue again.",
            next_step="Open a new one from the form to ask again.",
        )
    return None
