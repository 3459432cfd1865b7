"""Taking requests in: words to a request, an edited issue to an amendment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from bot.domain.answers import match_answers, only_questions, questions_of, with_headings
from bot.domain.audit import Tag
from bot.domain.decision import Answer, Reason
from bot.domain.durations import Duration
from bot.domain.errors import InvalidRequest, NotPermitted, RequestRejected
from bot.domain.explain import in_short, numbered
from bot.domain.inbound import MAX_REASON, Submission, Surface, parse_duration
from bot.domain.people import Person, Roster
from bot.domain.policy import IT_GROUP, Policy
from bot.domain.quoting import quoted
from bot.domain.request import Request, RequestEvent, RequestState, next_state
from bot.domain.text import is_blank_or_symbols
from bot.ports import Transaction
from bot.workflows.context import Context, audit
from bot.workflows.judging import Judged, judge, keep_decision, who_is
from bot.workflows.moves import move, refuse, ways_out_of


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A submission whose words could be read."""

    requester: Person
    person: Person
    level_id: str
    duration: Duration
    reason: str
    answers: Mapping[str, str]


def understand(submission: Submission, policy: Policy, roster: Roster, now: datetime) -> Understood:
    """Read a submission's words; raises InvalidRequest or NotPermitted with what to write."""
    return _read(submission, who_is(submission.actor, roster, now), policy, roster)


def _read(submission: Submission, requester: Person, policy: Policy, roster: Roster) -> Understood:
    if submission.problems:
        raise InvalidRequest(" ".join(submission.problems))
    level_id = submission.level.strip().casefold()
    return Understood(
        requester=requester,
        person=_whom(submission.for_whom, requester, roster),
        level_id=level_id,
        duration=parse_duration(submission.how_long),
        reason=_why(submission.why),
        answers=match_answers(submission.answers, questions_of(policy.level(level_id))),
    )


def _whom(words: str, requester: Person, roster: Roster) -> Person:
    if words.strip().casefold() in {"", "me", "myself"}:
        return requester
    by_slack = roster.by_slack(words.strip())
    found = (by_slack,) if by_slack else roster.find(words)
    if len(found) == 1:
        return found[0]
    how_many = "several people" if found else "nobody"
    raise InvalidRequest(
        f"The roster has {how_many} for {quoted(words)}.",
        next_step="Write a work mail address or a GitHub login, or leave it empty for yourself.",
        field="for_whom",
    )


def _why(words: str) -> str:
    reason = words.strip()
    if is_blank_or_symbols(reason):
        raise InvalidRequest(
            "The reason has no words in it.",
            next_step="Say in a sentence what you need the access for.",
            field="why",
        )
    if len(reason) > MAX_REASON:
        raise InvalidRequest(
            f"The reason has {len(reason)} characters; at most {MAX_REASON} are kept.",
            next_step="Shorten it; approvers read it as it is.",
            field="why",
        )
    return reason


def preview(ctx: Context, tx: Transaction, submission: Submission) -> tuple[Reason, ...]:
    """Return every reason for which this submission would be refused now."""
    try:
        understood = understand(submission, ctx.policy(), ctx.people.roster(), ctx.clock.now())
    except RequestRejected as no:
        return (Reason(text=no.detail, next_step=no.next_step, field=no.field or "level"),)
    return _judged(ctx, tx, understood).decision.reasons


def submit(ctx: Context, tx: Transaction, delivery_id: str, submission: Submission) -> str | None:
    """Make or amend a request; returns what to answer beside the status comment, if anything."""
    number = submission.issue_number
    existing = tx.requests.by_issue(number, lock=True) if number is not None else None
    if existing is not None:
        return _amend(ctx, tx, existing, submission) if submission.is_edit else None
    if submission.is_edit and _is_by_somebody(submission):
        return None  # read from a listing; who opened the issue is told by another message
    understood = understand(submission, ctx.policy(), ctx.people.roster(), ctx.clock.now())
    judged = _judged(ctx, tx, understood)
    _refuse_unanswered(judged, understood, submission)
    state = next_state(RequestState.SUBMITTED, _EVENTS[judged.decision.answer])
    now = ctx.clock.now()
    form = _form_digest(submission)
    request = Request(
        id=request_id_for(delivery_id),
        person_id=understood.person.id,
        requester_id=understood.requester.id,
        level_id=understood.level_id,
        duration=understood.duration,
        reason=understood.reason,
        answers=understood.answers,
        source=submission.actor.surface,
        state=RequestState.SUBMITTED,
        created_at=now,
        changed_at=now,
        digest=judged.digest,
        form_digest=form,
        read_digest=form,
        decision=judged.decision,
        issue_number=number,
        edited_at=submission.written_at,
    )
    if judged.level is None or state is None:
        raise InvalidRequest(" ".join(r.sentence() for r in judged.decision.reasons))
    admit(ctx, tx, request, judged, actor=understood.requester.id)
    return None


def _refuse_unanswered(judged: Judged, words: Understood, submission: Submission) -> None:
    """Ask for the answers that a level wants, rather than refuse for good what lacks only them."""
    questions = questions_of(judged.level)
    if only_questions(judged.decision.reasons, questions):
        raise InvalidRequest(_why_not(judged, words, submission))


def _why_not(judged: Judged, words: Understood, submission: Submission) -> str:
    """Say all that is wrong; on an issue also under which heading to write an answer."""
    reasons = judged.decision.reasons
    if submission.issue_number is None:
        return " ".join(reason.sentence() for reason in reasons)
    return with_headings(reasons, questions_of(judged.level), words.answers)


_EVENTS = {
    Answer.REFUSED: RequestEvent.REFUSE,
    Answer.NEEDS_APPROVAL: RequestEvent.ASK,
    Answer.ALLOWED: RequestEvent.APPROVE,
}


def admit(ctx: Context, tx: Transaction, request: Request, judged: Judged, *, actor: str) -> None:
    """Insert a request and move it where its decision says; a known id changes nothing."""
    if request.decision is None or not tx.requests.add(request):
        return
    audit(
        ctx,
        tx,
        Tag.REQUEST_SUBMITTED,
        request.id,
        actor,
        level=request.level_id,
        person=request.person_id,
        how_long=str(request.duration),
        source=request.source,
    )
    keep_decision(ctx, tx, request.id, judged, actor=actor)
    if judged.decision.answer is Answer.REFUSED:
        refuse(ctx, tx, request, judged, actor=actor)
    else:
        move(ctx, tx, request, _EVENTS[judged.decision.answer], actor=actor)


def request_id_for(delivery_id: str) -> str:
    """Derive a request's id from its delivery, so that a repeated one makes the same."""
    return "r" + hashlib.sha256(delivery_id.encode()).hexdigest()[:11]


def _judged(
    ctx: Context, tx: Transaction, words: Understood, request_id: str = "", edition: int = 0
) -> Judged:
    return judge(
        ctx,
        tx,
        person_id=words.person.id,
        requester_id=words.requester.id,
        level_id=words.level_id,
        duration=words.duration,
        reason=words.reason,
        answers=words.answers,
        edition=edition,
        request_id=request_id,
    )


_STANDS = "The request stands as the status comment shows it."


def _amend(ctx: Context, tx: Transaction, request: Request, submission: Submission) -> str | None:
    at = submission.written_at
    if at is not None and request.edited_at is not None and at < request.edited_at:
        return None  # an older edit that arrived late: what came after it stands
    form = _form_digest(submission)
    is_known = _is_known(request, submission, form)
    request = _keep_read(tx, request, replace(request, read_digest=form))
    if is_known:
        return None
    roster = ctx.people.roster()
    requester = roster.get(request.requester_id)
    if requester is None:
        raise InvalidRequest("The person who asked is no longer in the roster.")
    try:
        words = _read(submission, requester, ctx.policy(), roster)
    except InvalidRequest as no:
        step = f"{no.next_step} {_STANDS}"
        raise InvalidRequest(f"I cannot use this edit. {no.detail}", next_step=step) from no
    if _is_same(words, request):
        _keep_read(tx, request, replace(request, form_digest=form))
        return None
    editor = _editor(ctx, request, submission)
    judged = _judged(ctx, tx, words, request.id, request.edition + 1)
    if judged.decision.answer is Answer.REFUSED:
        raise _refused_edit(judged, words, submission)
    had = sum(1 for a in request.approvals if a.digest == request.digest)
    changed = move(
        ctx,
        tx,
        request,
        RequestEvent.ASK,
        actor=editor.id,
        note="The request was changed on the issue.",
        edition=request.edition + 1,
        asked_at=at or ctx.clock.now(),
        edited_at=at,
        person_id=words.person.id,
        level_id=words.level_id,
        duration=words.duration,
        reason=words.reason,
        answers=words.answers,
        emergency="",
        digest=judged.digest,
        form_digest=form,
        decision=judged.decision,
        reminders=0,
    )
    audit(ctx, tx, Tag.REQUEST_AMENDED, request.id, editor.id, voided=str(had))
    keep_decision(ctx, tx, request.id, judged, actor=editor.id)
    voided = f" {had} earlier approval{'s are' if had != 1 else ' is'} void." if had else ""
    if judged.decision.answer is Answer.ALLOWED:
        move(ctx, tx, changed, RequestEvent.APPROVE, actor=editor.id)
        return f"The request was changed.{voided} Nobody need be asked: {judged.decision.rule}."
    return f"The request was changed.{voided} The approvers are asked again."


def _refused_edit(judged: Judged, words: Understood, submission: Submission) -> InvalidRequest:
    why = f"This edit would be refused. {_why_not(judged, words, submission)}"
    if only_questions(judged.decision.reasons, questions_of(judged.level)):
        return InvalidRequest(why, next_step=_STANDS)  # it says already what to answer, and where
    help_ = numbered(in_short(ways_out_of(judged)))
    return InvalidRequest(why, next_step=f"{_STANDS}\n\n{help_}".rstrip())


def _is_by_somebody(submission: Submission) -> bool:
    """Say whether it was read from a listing, which does not tell who edited the issue."""
    return submission.actor.surface is Surface.GITHUB and not submission.actor.github


def _form_digest(submission: Submission) -> str:
    """Digest the fields as they were typed, whatever policy and roster make of them today."""
    typed = [
        submission.level,
        submission.how_long,
        submission.why,
        submission.for_whom,
        [astuple(answer) for answer in submission.answers],
        submission.problems,
    ]
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:24]


def _is_known(request: Request, submission: Submission, form: str) -> bool:
    """Say whether there is nothing to do or to answer about these fields.

    The request stands on them, though it may have been granted for a shorter time than they say.
    Or they have been answered: a listing tells them again and again, as every answer is news on
    the issue. People are answered whenever they edit, but only once when the request is over.
    """
    if form == request.form_digest:
        return True
    is_answered = form == request.read_digest
    return is_answered and (_is_by_somebody(submission) or request.is_over)


def _keep_read(tx: Transaction, was: Request, request: Request) -> Request:
    """Write down which fields were read; nobody need be told of it."""
    if request != was:
        tx.requests.save(request, was=was)
    return request


def _is_same(words: Understood, request: Request) -> bool:
    return (words.person.id, words.level_id, words.duration, words.reason, words.answers) == (
        request.person_id,
        request.level_id,
        request.duration,
        request.reason,
        request.answers,
    )


def _editor(ctx: Context, request: Request, submission: Submission) -> Person:
    """Find who edited; only those whom the request is about, or IT, may change it."""
    editor = who_is(submission.actor, ctx.people.roster(), ctx.clock.now())
    if editor.id in (request.requester_id, request.person_id) or ctx.policy().is_member(
        editor, IT_GROUP
    ):
        return editor
    raise NotPermitted(
        "Only the person who asked, the person it is for, or IT may change a request.",
        next_step=_STANDS,
    )
