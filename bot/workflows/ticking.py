"""Steps by hand: ticks in the checklist of the status comment."""

from dataclasses import replace

from bot.domain.audit import Tag
from bot.domain.errors import NotPermitted
from bot.domain.grant import Grant, GrantState
from bot.domain.inbound import Actor, TasksTicked
from bot.domain.people import Person
from bot.domain.request import Request, RequestState, Task
from bot.ports import Transaction
from bot.workflows.context import (
    LEASE,
    Context,
    audit,
    changed,
    forget_shown,
    show_again,
    start_advance,
    start_end,
    status_key,
)
from bot.workflows.judging import owns_system, who_is


def obey_ticks(ctx: Context, tx: Transaction, ticked: TasksTicked) -> str | None:
    """Take ticks over from the checklist: the request's steps first, then those of ending."""
    request = tx.requests.by_issue(ticked.issue_number, lock=True)
    if request is None:
        return None
    grant = tx.grants.get(request.id, lock=True)
    if not _is_our_list(tx, request, ticked):
        return None
    if ticked.boxes != len(request.tasks) + len(grant.tasks if grant else ()):
        show_again(ctx, tx, request)
        return None  # not our list any more: it is put back as it was
    if not ticked.actor.github and set(ticked.done) <= _known_ticks(request, grant):
        return None  # read from a listing, which shows our own edits too: nothing is new
    try:
        person = _ticker(ctx, request, ticked.actor)
    except NotPermitted:
        show_again(ctx, tx, request)
        raise
    forget_shown(tx, request.id)
    offset = len(request.tasks)
    tasks = _ticked(request.tasks, {i for i in ticked.done if i < offset}, person.name)
    _note_done(ctx, tx, request.id, person, request.tasks, tasks)
    if grant is not None and grant.tasks:
        ends = _ticked(grant.tasks, {i - offset for i in ticked.done if i >= offset}, person.name)
        _note_done(ctx, tx, request.id, person, grant.tasks, ends)
        _finish_ending(ctx, tx, replace(grant, tasks=ends), was=grant)
    _finish_steps(ctx, tx, replace(request, tasks=tasks), was=request)
    return None


def _is_our_list(tx: Transaction, request: Request, ticked: TasksTicked) -> bool:
    """Whether the edited comment is the one with the checklist, not another of ours."""
    shown = tx.writes.get(status_key(request.id))
    return shown is not None and shown.address == str(ticked.comment_id)


def _known_ticks(request: Request, grant: Grant | None) -> set[int]:
    tasks = (*request.tasks, *(grant.tasks if grant else ()))
    return {place for place, task in enumerate(tasks) if task.done_by}


def _ticker(ctx: Context, request: Request, actor: Actor) -> Person:
    if not actor.github:
        raise NotPermitted(
            "Somebody ticked a step while I was away, and GitHub does not tell me who.",
            next_step="I have put the list back as it was; please tick it again.",
        )
    person = who_is(actor, ctx.people.roster(), ctx.clock.now())
    if not owns_system(person, request.level_id, ctx.policy()):
        raise NotPermitted(
            "Only the system's owners or IT may tick these steps.",
            next_step="I have put the list back as it was.",
        )
    return person


def _ticked(tasks: tuple[Task, ...], done: set[int], name: str) -> tuple[Task, ...]:
    return tuple(
        replace(task, done_by=(task.done_by or name) if task.position in done else None)
        for task in tasks
    )


def _note_done(
    ctx: Context,
    tx: Transaction,
    subject: str,
    person: Person,
    before: tuple[Task, ...],
    after: tuple[Task, ...],
) -> None:
    for old, new in zip(before, after, strict=True):
        if new.done_by and not old.done_by:
            audit(ctx, tx, Tag.TASK_DONE, subject, person.id, step=new.text[:200])


def _finish_steps(ctx: Context, tx: Transaction, request: Request, *, was: Request) -> None:
    is_ready = request.state is RequestState.PROVISIONING and _are_done(request.tasks)
    due_at = ctx.clock.now() + LEASE
    moved = replace(request, run=request.run + 1, due_at=due_at) if is_ready else request
    changed(ctx, tx, moved, was=was)
    if is_ready:
        start_advance(ctx, tx, moved)


def _finish_ending(ctx: Context, tx: Transaction, grant: Grant, *, was: Grant) -> None:
    is_ready = grant.state is GrantState.ENDING and _are_done(grant.tasks)
    due_at = ctx.clock.now() + LEASE
    moved = replace(grant, run=grant.run + 1, due_at=due_at) if is_ready else grant
    tx.grants.save(moved, was=was)
    if is_ready:
        start_end(ctx, tx, moved)


def _are_done(tasks: tuple[Task, ...]) -> bool:
    return bool(tasks) and all(task.done_by for task in tasks)
