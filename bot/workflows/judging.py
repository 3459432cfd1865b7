"""Putting policy's question with today's facts, keeping the answer, and who is who."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.audit import Entry, Tag
from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import Duration
from bot.domain.errors import NotPermitted
from bot.domain.inbound import Actor, Surface
from bot.domain.people import Person, Roster
from bot.domain.policy import IT_GROUP, Level, Policy
from bot.domain.policy_version import DIRECTORY, PolicyFiles, PolicyVersion
from bot.domain.replay import difference, facts_of
from bot.domain.request import ESCALATED, Request, request_digest
from bot.ports import PolicySource, Transaction
from bot.workflows.context import Context

NO_ANSWERS: Mapping[str, str] = {}

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Policy's answer and the digest of what it was asked; none without a known level.

    With it goes everything that the answer rests on.
    """

    decision: Decision
    level: Level | None
    digest: str
    ask: Ask
    policy: Policy
    roster: Roster
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _OneVersion:
    """A PolicySource whose policy stays what it was, whatever comes into force meanwhile."""

    kept: Policy
    source: PolicySource

    def policy(self) -> Policy:
        return self.kept

    def files(self, commit: str) -> PolicyFiles | None:
        return self.source.files(commit)

    def refresh(self) -> None:
        self.source.refresh()


def under_one_policy(ctx: Context) -> Context:
    """Return a context for one step, in which what is asked and what is done is one version's.

    A run takes a new one for every step: what has changed since then counts in the next.
    """
    return replace(ctx, policies=_OneVersion(kept=ctx.policy(), source=ctx.policies))


def judge(
    ctx: Context,
    tx: Transaction,
    *,
    person_id: str,
    requester_id: str,
    level_id: str,
    duration: Duration,
    reason: str,
    answers: Mapping[str, str] = NO_ANSWERS,
    is_joining: bool = False,
    is_escalated: bool = False,
    is_emergency: bool = False,
    edition: int = 0,
    request_id: str = "",
) -> Judged:
    """Decide with the facts of this moment; `request_id` is not its own rival."""
    policy, roster, now = ctx.policy(), ctx.people.roster(), ctx.clock.now()
    ask = Ask(
        requester_id=requester_id,
        person_id=person_id,
        level_id=level_id,
        duration=duration,
        held=_held(tx, person_id, request_id),
        pending=_pending(tx, person_id, request_id),
        had=tx.grants.levels_had(person_id),
        answers=answers,
        is_joining=is_joining,
        is_escalated=is_escalated,
        is_emergency=is_emergency,
    )
    decision = decide(ask, policy, roster, now)
    level = policy.level(level_id)
    digest = (
        request_digest(
            person_id=person_id,
            content_digest=level.content_digest(),
            duration=duration,
            reason=reason,
            decision=decision,
            edition=edition,
            answers=answers,
        )
        if level
        else ""
    )
    return Judged(
        decision=decision,
        level=level,
        digest=digest,
        ask=ask,
        policy=policy,
        roster=roster,
        at=now,
    )


def _held(tx: Transaction, person_id: str, but_by: str) -> dict[str, datetime | None]:
    grants = tx.grants.of_person(person_id)
    return {grant.level_id: grant.until for grant in grants if grant.request_id != but_by}


def _pending(tx: Transaction, person_id: str, but_by: str) -> frozenset[str]:
    requests = tx.requests.of_person(person_id)
    return frozenset(r.level_id for r in requests if not r.is_over and r.id != but_by)


def judge_again(ctx: Context, tx: Transaction, request: Request) -> Judged:
    """Ask policy the request's own question once more."""
    return judge(
        ctx,
        tx,
        person_id=request.person_id,
        requester_id=request.requester_id,
        level_id=request.level_id,
        duration=request.duration,
        reason=request.reason,
        answers=request.answers,
        is_joining=request.is_birthright,
        is_escalated=request.reminders >= ESCALATED,
        is_emergency=request.is_emergency,
        edition=request.edition,
        request_id=request.id,
    )


def keep_decision(
    ctx: Context, tx: Transaction, request_id: str, judged: Judged, *, actor: str
) -> None:
    """Write down a decision that moves a request, and what it rests on, so that it can be replayed.

    The policy's files are kept beside it, once per commit.
    """
    commit = judged.policy.commit
    entry = Entry(
        at=judged.at,
        tag=Tag.DECISION_MADE,
        subject=request_id,
        actor=actor,
        facts=facts_of(judged.ask, judged.roster, judged.policy, judged.at),
        policy_commit=commit,
    )
    tx.audit.write(entry)
    log.info(str(entry.tag), subject=request_id, actor=actor, about_rule=judged.decision.rule)
    if tx.policies.has(commit):
        return
    files = ctx.policies.files(commit)
    if files is None:
        log.error("policy.not_kept", commit=commit)
    else:
        tx.policies.add(PolicyVersion(commit=commit, content=files, at=judged.at, source=DIRECTORY))


def keep_if_new(
    ctx: Context, tx: Transaction, request_id: str, judged: Judged, *, actor: str
) -> None:
    """Keep a decision unless it is, down to its policy's commit, the one that was kept last.

    For what is asked over and over: the log tells what changed, not how often it was looked at.
    """
    entries = tx.audit.of_subject(request_id)
    kept = [entry.facts for entry in entries if entry.tag is Tag.DECISION_MADE]
    if not kept or difference(kept[-1], judged.decision):
        keep_decision(ctx, tx, request_id, judged, actor=actor)


def still_stands(request: Request, judged: Judged) -> bool:
    """Whether policy still says what was approved; what it gives by itself needs no approval."""
    is_as_shown = judged.digest == request.digest or judged.decision.answer is Answer.ALLOWED
    return is_as_shown and not judged.decision.reasons


def who_is(actor: Actor, roster: Roster, now: datetime) -> Person:
    """Find the person behind an actor; raises NotPermitted for strangers and those who left."""
    if actor.surface is Surface.GITHUB and not actor.github:
        raise NotPermitted(
            "I was away when this was done on GitHub and cannot see by whom.",
            next_step="Please do it once more.",
        )
    found = None
    if actor.surface is Surface.SLACK:
        found = roster.by_slack(actor.slack_id)
    elif actor.surface is Surface.GITHUB:
        found = roster.by_github(actor.github)
    elif actor.surface is Surface.CLI:
        found = roster.get(actor.name)
    if found is None:
        where = "Slack id" if actor.surface is Surface.SLACK else "GitHub login"
        raise NotPermitted(
            f"I do not know who you are: no line of the roster has your {where}.",
            next_step="Ask IT to add it, then try again.",
        )
    if found.has_left(now):
        raise NotPermitted(
            f"By the roster, {found.name} has left the company.", next_step="Ask IT if it is wrong."
        )
    return found


def owns_system(person: Person, level_id: str, policy: Policy) -> bool:
    """Whether this person belongs to IT or to those who look after the level's system."""
    system = policy.systems.get(level_id.partition("/")[0])
    is_it = policy.is_member(person, IT_GROUP)
    return is_it or (system is not None and policy.is_member(person, system.dri))
