"""What doorways may do while somebody waits: look up, keep a message, take an onboarding in."""

import hashlib
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import datetime, time
from difflib import SequenceMatcher
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from bot.domain.answers import questions_of
from bot.domain.audit import Tag
from bot.domain.decision import Reason
from bot.domain.desk import (
    HeldLevel,
    LevelChoice,
    Mine,
    OnboardingCall,
    OnboardingItem,
    OnboardingStatus,
    PendingLevel,
)
from bot.domain.durations import PERMANENT
from bot.domain.errors import InvalidRequest, StaleApproval, Unavailable
from bot.domain.grant import GrantState
from bot.domain.inbound import Actor, Chatter, Envelope, Inbound, Submission, Surface
from bot.domain.people import Person
from bot.domain.policy import Level, Question, Role
from bot.domain.request import Request, RequestState
from bot.ports import INBOX_TIMEOUT_S, Transaction
from bot.workflows.context import Context, audit
from bot.workflows.joining import checked
from bot.workflows.judging import judge, who_is
from bot.workflows.submissions import admit, preview

_MESSAGE: TypeAdapter[Inbound] = TypeAdapter(Inbound)


class Keep(Protocol):
    """Writes a message durably, and with it the start of its handling if it needs any."""

    def __call__(
        self, delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Future[bool]: ...


class FrontDesk:
    """The Desk and Inbox of the doorways."""

    def __init__(self, ctx: Context, keep: Keep) -> None:
        self._ctx = ctx
        self._keep = keep

    def receive(self, envelope: Envelope) -> bool:
        """Keep a message durably before returning; False when its delivery id was known already."""
        kept = self.post(envelope)
        try:
            return kept.result(timeout=INBOX_TIMEOUT_S)
        except FutureTimeoutError as exc:
            kept.cancel()
            raise Unavailable("The database is too slow to take this.", service="database") from exc

    def post(self, envelope: Envelope) -> Future[bool]:
        """Begin to keep a message; the future is done once it is durable."""
        text = _MESSAGE.dump_json(envelope.message).decode()
        return self._keep(
            envelope.delivery_id,
            envelope.source,
            text,
            self._ctx.clock.now(),
            # the doorway has answered chatter itself; it is kept only to be counted
            needs_handling=not isinstance(envelope.message, Chatter),
        )

    def preview(self, submission: Submission) -> tuple[Reason, ...]:
        """Return the reasons for which this would be refused now."""
        with self._ctx.ledger.read() as tx:
            return preview(self._ctx, tx, submission)

    def search_levels(self, words: str, limit: int) -> tuple[LevelChoice, ...]:
        """Return the levels that fit best, over names and descriptions; all for no words."""
        policy = self._ctx.policy()
        wanted = words.casefold().split()
        scored = [
            (_score(wanted, level, policy.system_of(level).title), level)
            for level in policy.levels
            if level.request is not None
        ]
        best = sorted((s for s in scored if s[0] > 0), key=lambda s: (-s[0], s[1].id))[:limit]
        return tuple(
            LevelChoice(
                id=level.id,
                says=level.says,
                risk=level.risk,
                system_title=policy.system_of(level).title,
            )
            for _score_, level in best
        )

    def questions(self, level: str) -> tuple[Question, ...]:
        """Return what a level wants to know beside the reason; nothing for an unknown level."""
        return questions_of(self._ctx.policy().level(level.strip().casefold()))

    def mine(self, actor: Actor) -> Mine:
        """Return what this person holds and waits for."""
        person = who_is(actor, self._ctx.people.roster(), self._ctx.clock.now())
        with self._ctx.ledger.read() as tx:
            grants, requests = tx.grants.of_person(person.id), tx.requests.of_person(person.id)
        return Mine(
            timezone=person.timezone,
            held=tuple(
                HeldLevel(
                    grant_id=g.id,
                    level_id=g.level_id,
                    until=g.until,
                    state=g.state,
                    can_give_back=g.state is GrantState.ACTIVE,
                )
                for g in grants
            ),
            pending=tuple(
                PendingLevel(
                    request_id=r.id,
                    level_id=r.level_id,
                    state=r.state,
                    issue_number=r.issue_number,
                )
                for r in requests
                if not r.is_over
            ),
        )

    def onboard(self, call: OnboardingCall) -> OnboardingStatus:
        """Take an onboarding in: the role's birthright levels, on the first day."""
        ctx, onboarding_id = self._ctx, _onboarding_id(call)
        with ctx.ledger.read() as tx:
            if _is_repeated(tx, onboarding_id, call):
                return _status(tx, onboarding_id, is_new=False)
        person, role = self._introduce(call)
        with ctx.ledger.begin() as tx:
            is_new = tx.onboardings.add(onboarding_id, call, ctx.clock.now())
            if is_new:
                self._take_in(tx, onboarding_id, call, person, role)
            else:  # the same call has just come in twice
                _is_repeated(tx, onboarding_id, call)
            return _status(tx, onboarding_id, is_new=is_new)

    def onboarding(self, onboarding_id: str) -> OnboardingStatus | None:
        """Return how far an onboarding is, or None for an unknown id."""
        with self._ctx.ledger.read() as tx:
            if tx.onboardings.get(onboarding_id) is None:
                return None
            return _status(tx, onboarding_id, is_new=False)

    def _introduce(self, call: OnboardingCall) -> tuple[Person, Role]:
        """Let every part of Usher know the person, in a transaction of its own.

        Policy finds people in memory, which is refreshed from what is committed. If the process
        dies afterwards, the repeated call finds the person known and goes on.
        """
        ctx = self._ctx
        ctx.people.refresh()
        person, role = checked(ctx, call)
        if ctx.people.roster().get(person.id) is None:
            with ctx.ledger.begin() as tx:
                tx.people.add(person, ctx.clock.now())
            ctx.people.refresh()
            # another call may have introduced the same person at this moment, in other words
            person, role = checked(ctx, call)
        return person, role

    def _take_in(
        self,
        tx: Transaction,
        onboarding_id: str,
        call: OnboardingCall,
        person: Person,
        role: Role,
    ) -> None:
        ctx = self._ctx
        audit(ctx, tx, Tag.ONBOARDING_TAKEN, onboarding_id, call.caller, person=person.id)
        for level_id in role.birthright:
            self._birthright(tx, onboarding_id, call, person, level_id)

    def _birthright(
        self,
        tx: Transaction,
        onboarding_id: str,
        call: OnboardingCall,
        person: Person,
        level_id: str,
    ) -> None:
        ctx, now = self._ctx, self._ctx.clock.now()
        reason = f"Comes with the role {person.role}"
        judged = judge(
            ctx,
            tx,
            person_id=person.id,
            requester_id=person.id,
            level_id=level_id,
            duration=PERMANENT,
            reason=reason,
            is_joining=True,
        )
        first_day = datetime.combine(person.first_day, time(0), ZoneInfo(person.timezone))
        request = Request(
            id="o" + hashlib.sha256(f"{onboarding_id}:{level_id}".encode()).hexdigest()[:11],
            person_id=person.id,
            requester_id=person.id,
            level_id=level_id,
            duration=PERMANENT,
            reason=reason,
            source=Surface.API,
            state=RequestState.SUBMITTED,
            created_at=now,
            changed_at=now,
            is_birthright=True,
            digest=judged.digest,
            decision=judged.decision,
            starts_at=first_day,
            origin=onboarding_id,
        )
        admit(ctx, tx, request, judged, actor=call.caller)


def _onboarding_id(call: OnboardingCall) -> str:
    seed = f"{call.caller}\n{call.idempotency_key}"
    return "onb" + hashlib.sha256(seed.encode()).hexdigest()[:13]


def _is_repeated(tx: Transaction, onboarding_id: str, call: OnboardingCall) -> bool:
    """Say whether this call was taken in before; raises StaleApproval for another body."""
    known = tx.onboardings.get(onboarding_id)
    if known is not None and known.fingerprint != call.fingerprint:
        raise StaleApproval(
            "This Idempotency-Key was used for another onboarding.",
            next_step="Send a new key for a new onboarding.",
        )
    return known is not None


def _status(tx: Transaction, onboarding_id: str, *, is_new: bool) -> OnboardingStatus:
    kept = tx.onboardings.get(onboarding_id)
    if kept is None:
        raise InvalidRequest("There is no such onboarding.")
    return OnboardingStatus(
        id=kept.id,
        person_id=kept.person_id,
        first_day=kept.first_day,
        is_new=is_new,
        items=tuple(
            OnboardingItem(
                request_id=r.id,
                level_id=r.level_id,
                state=r.state,
                issue_number=r.issue_number,
                note=r.note,
            )
            for r in tx.requests.of_origin(onboarding_id)
        ),
    )


def _score(wanted: list[str], level: Level, title: str) -> float:
    """Score a level: every word must be found, in the name better than in the text."""
    if not wanted:
        return 1.0
    name, text = level.id.casefold(), f"{title} {level.says}".casefold()
    total = 0.0
    for word in wanted:
        if word in name:
            total += 3.0
        elif word in text:
            total += 1.0
        else:
            close = max(
                (
                    SequenceMatcher(None, word, part).ratio()
                    for part in f"{name} {text}".replace("/", " ").split()
                ),
                default=0.0,
            )
            if close < 0.75:  # noqa: PLR2004  # one or two letters off in a word
                return 0.0
            total += close / 2
    return total
