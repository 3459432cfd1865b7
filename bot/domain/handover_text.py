"""A leaver's records and what depends on their user in words, for the issue and the owners."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import assert_never

from bot.domain.blockers import blocker_sentence
from bot.domain.cards import Link
from bot.domain.grant import Grant
from bot.domain.handover import HandOver, HandOverState, Leaving
from bot.domain.quoting import quoted

ASKING = "Access is gone, and records wait to be handed over"
_PLURALS = {"Opportunity": "Opportunities"}
_HOW = (
    "To agree, one of the system's owners or IT comments /approve hand-over on the GitHub issue; "
    "/deny hand-over leaves everything where it is."
)
_MOST_LISTED = 10


def leaving_notes(grant: Grant) -> Iterator[str]:
    """Tell owners and issue about records and blockers; safe wherever it is shown."""
    leaving = grant.leaving or Leaving()
    if leaving.hand_over is not None:
        yield "\n".join(_hand_over(leaving.hand_over))
    for blocker in leaving.blockers:
        says = blocker_sentence(blocker)
        yield f"This keeps the user from being deactivated. {says}" if blocker.is_hard else says


def leaving_links(grant: Grant | None) -> tuple[Link, ...]:
    """List where in the system to put right what depends on the user."""
    leaving = grant.leaving if grant is not None else None
    return tuple(
        Link(f"Open in Salesforce: {blocker.kind}", blocker.where)
        for blocker in (leaving.blockers if leaving else ())
        if blocker.where
    )


def number_of(kind: str, count: int) -> str:
    """Say how many records of a kind, such as «3 Opportunities»."""
    if count == 1:
        return f"1 {kind}"
    return f"{count} {_PLURALS.get(kind, kind + 's')}"


def _hand_over(hand: HandOver) -> Iterator[str]:
    plan = hand.plan
    yield from _how_it_stands(hand)
    for move in plan.moves:
        whose = "their manager" if move.to.because == "manager" else f"of {move.to.because}"
        yield f"- {number_of(move.kind, move.count)} → {quoted(move.to.name)}, {whose}"
    for question in plan.questions:
        many = number_of(question.kind, question.count)
        yield f"- {many}: who gets them? By policy nobody can: {question.why}. IT must look."
    if plan.stays:
        names = ", ".join(number_of(kind, count) for kind, count in plan.stays)
        yield f"- {names} stay where they are, as policy does not mention them"
    yield from _failures(hand)


def _how_it_stands(hand: HandOver) -> Iterator[str]:
    total = hand.plan.total
    match hand.state:
        case HandOverState.ASKED:
            until = f"{hand.deadline.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            yield (
                f"Before the user is deactivated, these records can be handed over, as far as "
                f"Usher may see them ({hand.plan.calls} calls). {_HOW} Whoever would get some of "
                f"them cannot agree. Without an answer by {until} nothing is moved, and the seat "
                f"is freed."
            )
        case HandOverState.AGREED:
            done = max(0, total - hand.left)
            waits = f" The rest waits: {hand.why}." if hand.why else ""
            yield f"{done} of {total} handed over, as {quoted(hand.answered_by)} agreed.{waits}"
        case HandOverState.DECLINED:
            yield f"{quoted(hand.answered_by)} said no: nothing was handed over."
        case HandOverState.OVERDUE:
            yield _undone(hand)
        case HandOverState.DONE:
            stayed = sum(count for _, count in hand.stayed)
            left = f" {stayed} could not be moved." if stayed else ""
            yield f"{max(0, total - stayed)} of {total} handed over.{left}"
        case _:
            assert_never(hand.state)


def _undone(hand: HandOver) -> str:
    if not hand.why:
        return "Nobody answered in time: nothing was handed over. These records stayed:"
    total = hand.plan.total
    done = max(0, total - hand.left)
    many = f"Only {done} of {total} were" if done else "Nothing was"
    return f"{many} handed over, as {hand.why}."


def _failures(hand: HandOver) -> Iterator[str]:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for failure in hand.failures:
        by_reason.setdefault((failure.kind, failure.why), []).append(failure.record_id)
    for (kind, why), record_ids in list(by_reason.items())[:_MOST_LISTED]:
        yield f"- {kind} {_some(record_ids)}: {why}"


def _some(record_ids: Iterable[str]) -> str:
    known = list(record_ids)
    more = " and more" if len(known) > _MOST_LISTED else ""
    return ", ".join(known[:_MOST_LISTED]) + more
