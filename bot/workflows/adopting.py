"""New commits of the policy: looked at, put in force or refused, and everybody told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.domain.audit import Tag
from bot.domain.cards import Card
from bot.domain.errors import ConnectorError, NotFound, PolicyError
from bot.domain.people import Person
from bot.domain.policy import IT_GROUP
from bot.domain.policy_review import (
    FOLDER,
    alarm_of_cases,
    alarm_of_refusal,
    now_in_force,
    refused,
)
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState
from bot.domain.request import RequestState
from bot.ports import Transaction
from bot.workflows.commands import ask_again_if_changed
from bot.workflows.context import Context, PolicyDesk, audit, write_once
from bot.workflows.judging import under_one_policy
from bot.workflows.sweep import in_own_transaction

IN_FLIGHT = (
    RequestState.AWAITING_APPROVAL,
    RequestState.APPROVED,
    RequestState.AWAITING_SEAT,
)
_MOST_IN_FLIGHT = 1_000_000
_CLOCKS_DIFFER = timedelta(minutes=2)
_TAGS = {
    VersionState.GOOD: Tag.POLICY_ADOPTED,
    VersionState.REFUSED: Tag.POLICY_REFUSED,
}

log = structlog.get_logger()


def adopt_newest(ctx: Context, desk: PolicyDesk, *, looks_again: bool = False) -> None:
    """Look at the tip of the default branch and put it in force, or say why not; idempotent.

    A repository without a policy folder changes nothing until it has had one once. With
    `looks_again` a tip that was refused is read anew: another version of Usher may have refused it.
    """
    commit = desk.repository.newest()
    with ctx.ledger.read() as tx:
        known = tx.policies.commit_of(REPOSITORY)
        newest = tx.policies.get(known) if known is not None else None
    version = newest if newest is not None and newest.commit == commit else None
    if version is None or (looks_again and version.state is VersionState.REFUSED):
        found = _look_at(desk, commit, ctx.clock.now(), newest)
        if found is None:
            return
        if not _keep(ctx, found, newest):
            return  # another process has just looked at the tip: its word is as good
        version = found
    ctx.policies.refresh()
    _tell(ctx, desk, version)


def _look_at(
    desk: PolicyDesk, commit: str, now: datetime, newest: PolicyVersion | None
) -> PolicyVersion | None:
    # What is newest is told by `at`, whatever the clocks of several machines say.
    at = now if newest is None else max(now, newest.at + timedelta(microseconds=1))
    version = PolicyVersion(
        commit=commit, content=PolicyFiles(name=FOLDER, files={}), at=at, source=REPOSITORY
    )
    try:
        version = replace(version, content=desk.repository.files(commit))
        _policy, failed = desk.reader.review(version.content, commit)
        return replace(version, faults=failed)
    except NotFound as gone:
        if newest is None:
            return None
        # The folder was there before: without it nobody could be given anything.
        faults: tuple[str, ...] = (f"{FOLDER}/company.yml:1:1: error: {gone.detail}",)
    except PolicyError as error:
        faults = error.faults
    return replace(version, state=VersionState.REFUSED, faults=faults)


def _keep(ctx: Context, version: PolicyVersion, newest: PolicyVersion | None) -> bool:
    """Write a version down, unless somebody has written one since we looked."""
    with ctx.ledger.begin() as tx:
        if tx.policies.commit_of(REPOSITORY) != (newest.commit if newest else None):
            return False
        tx.policies.put(version)
        why = version.faults[0][:300] if version.faults else ""
        audit(ctx, tx, _TAGS[version.state], version.commit[:64], "policy", faults=why)
    log.info("policy.looked_at", commit=version.commit, state=version.state)
    return True


def _tell(ctx: Context, desk: PolicyDesk, version: PolicyVersion) -> None:
    """Tell IT what is wrong, and mark the commit; neither waits for the other."""
    if version.state is VersionState.REFUSED:
        _alarm_it(ctx, version, alarm_of_refusal(version.commit, version.faults))
        standing = refused(version.faults)
    else:
        if version.faults:
            _alarm_it(ctx, version, alarm_of_cases(version.commit, version.faults))
        standing = now_in_force(len(ctx.policy().levels), version.faults)
    try:
        desk.verdicts.set_status(version.commit, standing)
    except ConnectorError as error:
        log.warning("policy.commit_not_marked", commit=version.commit, why=error.detail)


def _alarm_it(ctx: Context, version: PolicyVersion, card: Card) -> None:
    """Send everybody in IT one message; who cannot be reached keeps nobody else from it."""
    for person in _it(ctx):
        slack_id = person.slack_id
        if slack_id is None:
            log.warning("policy.it_not_told", person=person.id, why="no Slack id")
            continue
        key = f"policy:{version.commit[:40]}:{person.id}"[:80]
        try:
            write_once(
                ctx,
                key=key,
                owner="policy",
                content="",
                look=lambda write, key=key, to=slack_id: ctx.chat.find_message(  # type: ignore[misc]  # the loop's own
                    to, key, write.intended_at - _CLOCKS_DIFFER
                ),
                act=partial(ctx.chat.post, slack_id, card, key),
            )
        except ConnectorError as error:
            log.warning("policy.it_not_told", person=person.id, why=error.detail)


def _it(ctx: Context) -> Iterator[Person]:
    group = ctx.policy().group(IT_GROUP)
    yield from ctx.people.roster().members(group.members if group else ())


def judge_in_flight(ctx: Context) -> int:
    """Ask policy again about every request on its way, and return how many there were.

    What still stands is not touched, so that doing it twice changes nothing.
    """
    with ctx.ledger.read() as tx:
        waiting = tx.requests.select(IN_FLIGHT, _MOST_IN_FLIGHT)
    commit = ctx.policy().commit
    stale = [r.id for r in waiting if r.decision is None or r.decision.policy_commit != commit]
    for request_id in stale:
        in_own_transaction(ctx, request_id, partial(_judge, ctx, request_id))
    return len(stale)


def _judge(ctx: Context, request_id: str, tx: Transaction) -> None:
    request = tx.requests.get(request_id, lock=True)
    if request is not None and request.state in IN_FLIGHT:
        ask_again_if_changed(under_one_policy(ctx), tx, request)
