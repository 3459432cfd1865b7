"""New commits of the policy: looked at, put in force or refused, and everybody told."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.domain.audit import Tag
from bot.domain.errors import NotFound, PolicyError, StaleApproval
from bot.domain.policy import IT_GROUP
from bot.domain.policy_review import notice_of_refusal, now_in_force, refused
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState
from bot.domain.request import RequestState
from bot.workflows.commands import ask_again_if_changed
from bot.workflows.context import Context, PolicyDesk, audit, write_once

IN_FLIGHT = (
    RequestState.AWAITING_APPROVAL,
    RequestState.APPROVED,
    RequestState.AWAITING_SEAT,
)
_MOST_IN_FLIGHT = 1_000_000

log = structlog.get_logger()


def adopt_newest(ctx: Context, desk: PolicyDesk) -> None:
    """Look at the tip of the default branch and put it in force, or say why not; idempotent.

    A repository without a policy folder changes nothing until it has had one once.
    """
    commit = desk.repository.newest()
    with ctx.ledger.read() as tx:
        known = tx.policies.commit_of(REPOSITORY)
        version = tx.policies.get(commit) if known == commit else None
    if version is None:
        version = _look_at(desk, commit, ctx.clock.now(), is_first=known is None)
        if version is None:
            return
        with ctx.ledger.begin() as tx:
            tx.policies.put(version)
            audit(ctx, tx, _TAGS[version.state], commit[:64], "policy", faults=_first(version))
        log.info("policy.looked_at", commit=commit, state=version.state)
    ctx.policies.refresh()
    _tell(ctx, desk, version)


_TAGS = {
    VersionState.GOOD: Tag.POLICY_ADOPTED,
    VersionState.REFUSED: Tag.POLICY_REFUSED,
}


def _look_at(
    desk: PolicyDesk, commit: str, now: datetime, *, is_first: bool
) -> PolicyVersion | None:
    try:
        files = desk.repository.files(commit)
    except NotFound as gone:
        if is_first:
            return None
        # The folder was there before: without it nobody could be given anything.
        files = PolicyFiles(name="policies", files={})
        faults: tuple[str, ...] = (f"policies/company.yml:1:1: error: {gone.detail}",)
    else:
        faults = _faults(desk, files, commit)
    version = PolicyVersion(commit=commit, content=files, at=now, source=REPOSITORY)
    return replace(version, state=VersionState.REFUSED, faults=faults) if faults else version


def _faults(desk: PolicyDesk, files: PolicyFiles, commit: str) -> tuple[str, ...]:
    try:
        desk.reader.read(files, commit)
    except PolicyError as error:
        return error.faults
    return ()


def _first(version: PolicyVersion) -> str:
    return version.faults[0][:300] if version.faults else ""


def _tell(ctx: Context, desk: PolicyDesk, version: PolicyVersion) -> None:
    """Say it on the commit, and to IT if it is not in force; each once."""
    if version.state is VersionState.GOOD:
        desk.verdicts.set_status(version.commit, now_in_force(len(ctx.policy().levels)))
        return
    desk.verdicts.set_status(version.commit, refused(version.faults))
    group = ctx.policy().group(IT_GROUP)
    text = notice_of_refusal(version.commit, version.faults)
    for person in ctx.people.roster().members(group.members if group else ()):
        slack_id = person.slack_id
        if slack_id is None:
            log.warning("policy.refusal_not_told", person=person.id, why="no Slack id")
            continue
        write_once(
            ctx,
            key=f"refused:{version.commit[:40]}:{person.id}"[:120],
            owner="policy",
            content="",
            look=lambda _write: "sent or lost",  # a repeated alarm is worse than a lost one of many
            act=partial(_whisper, ctx, slack_id, text),
        )


def _whisper(ctx: Context, slack_id: str, text: str) -> str:
    ctx.chat.whisper(slack_id, text)
    return "sent"


def judge_in_flight(ctx: Context) -> int:
    """Ask policy again about every request on its way; returns how many were asked anew or refused.

    What still stands is not touched, so that doing it twice changes nothing.
    """
    with ctx.ledger.read() as tx:
        waiting = tx.requests.select(IN_FLIGHT, _MOST_IN_FLIGHT)
    commit = ctx.policy().commit
    stale = [r.id for r in waiting if r.decision is None or r.decision.policy_commit != commit]
    return sum(_judge(ctx, request_id) for request_id in stale)


def _judge(ctx: Context, request_id: str) -> bool:
    try:
        with ctx.ledger.begin() as tx:
            request = tx.requests.get(request_id, lock=True)
            if request is None or request.state not in IN_FLIGHT:
                return False
            return ask_again_if_changed(ctx, tx, request)
    except StaleApproval:
        return False  # the row has gone on by itself, under the new policy
