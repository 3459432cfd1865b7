"""An approver's answer: who may give it, where, whether it still fits, and what it leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approvers import fill
from bot.domain.decision import Answer, Decision
from bot.domain.errors import NotPermitted, StaleApproval
from bot.domain.inbound import Surface
from bot.domain.people import Person
from bot.domain.policy import Level, Risk
from bot.domain.request import Approval, Request, RequestEvent, RequestState, Verdict


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What an answer leads to; no `event` means that other approvals are still missing."""

    approval: Approval
    event: RequestEvent | None
    text: str


def review(
    request: Request,
    approver: Person,
    verdict: Verdict,
    *,
    surface: Surface,
    level: Level,
    decision: Decision,
    digest: str,
    now: datetime,
    reason: str = "",
) -> Reviewed:
    """Judge one answer against the policy of this moment.

    `decision` and `digest` are policy's fresh answer to the same question. Raises NotPermitted or
    StaleApproval, each with what to do next.
    """
    _still_open(request)
    _may_answer(request, approver, decision)
    _right_place(request, level, surface)
    if digest != request.digest:
        raise StaleApproval(
            "The rules for this level changed after the request was shown to you.",
            next_step="The request was updated; read it again and answer again.",
        )
    approval = Approval(
        person_id=approver.id,
        verdict=verdict,
        surface=surface,
        digest=digest,
        at=now,
        reason=reason,
    )
    if verdict is Verdict.NO:
        return Reviewed(approval=approval, event=RequestEvent.DENY, text="Denied. It ends here.")
    if any(a.person_id == approver.id and a.digest == digest for a in request.approvals):
        raise StaleApproval(
            "You have already said yes.", next_step="The others are asked; nothing more to do."
        )
    missing = still_missing(decision, (*request.approvals, approval), digest)
    if missing:
        text = f"Thank you. Still needed: {', '.join(missing)}."
        return Reviewed(approval=approval, event=None, text=text)
    return Reviewed(
        approval=approval,
        event=RequestEvent.APPROVE,
        text="Approved. Usher sets it up now.",
    )


def given(request: Request) -> list[Approval]:
    """List each yes to the request as it is now; one to an earlier version is void."""
    return [
        approval
        for approval in request.approvals
        if approval.verdict is Verdict.YES and approval.digest == request.digest
    ]


def still_missing(
    decision: Decision, approvals: Sequence[Approval], digest: str
) -> tuple[str, ...]:
    """Name the approver rules that no distinct person has said yes for yet."""
    yes = {a.person_id for a in approvals if a.verdict is Verdict.YES and a.digest == digest}
    filled = fill(decision.needs, yes)
    return tuple(need.because for i, need in enumerate(decision.needs) if i not in filled)


def _still_open(request: Request) -> None:
    if request.state is RequestState.AWAITING_APPROVAL:
        return
    by = f" by {request.ended_by}" if request.ended_by else ""
    raise StaleApproval(
        f"This request is already {request.state.words}{by}.",
        next_step="Nothing is waiting for your answer.",
    )


def _may_answer(request: Request, approver: Person, decision: Decision) -> None:
    if approver.id in (request.person_id, request.requester_id):
        raise NotPermitted(
            "Nobody approves their own request.",
            rule=f"{decision.rule}, {decision.where}",
            next_step="Somebody else must answer; they have been asked.",
        )
    if decision.answer is not Answer.NEEDS_APPROVAL:
        why = " ".join(reason.sentence() for reason in decision.reasons)
        raise StaleApproval(f"Policy no longer allows this request. {why}".strip())
    if not any(approver.id in need.from_ for need in decision.needs):
        asked = ", ".join(need.because for need in decision.needs)
        raise NotPermitted(
            "You are not one of those who may answer this request.",
            rule=f"{decision.rule}, {decision.where}",
            next_step=f"It needs: {asked}.",
        )


def _right_place(request: Request, level: Level, surface: Surface) -> None:
    if level.risk is Risk.LOW or surface is Surface.GITHUB:
        return
    raise NotPermitted(
        f"{level.id} is {level.risk} risk and can only be answered on the GitHub issue.",
        rule=f"{level.id} risk, {level.where}",
        next_step=f"Open issue #{request.issue_number} and comment /approve or /deny.",
    )
