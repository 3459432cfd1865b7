"""The workflows with everything outside as fakes, over a real store; people act, runs run inline.

Ann, an engineer, reports to Bea; Gus and Gil own the CRM; Ivy and Ian are IT (see tests/factories).
"""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from bot.adapters.store.records import Posted
from bot.adapters.store.store import Store
from bot.domain.audit import Entry, Tag
from bot.domain.cards import Card
from bot.domain.decision import Answer
from bot.domain.errors import ConnectorError
from bot.domain.grant import Grant, GrantState
from bot.domain.inbound import (
    Actor,
    Envelope,
    Inbound,
    IssueCommand,
    IssueTouched,
    Press,
    Submission,
    Surface,
    TasksTicked,
    Verb,
)
from bot.domain.people import Roster
from bot.domain.policy import (
    Group,
    Policy,
    Provider,
)
from bot.domain.request import Request, RequestState
from bot.workflows.advance import advance
from bot.workflows.context import ADVANCE, END, HANDLE, TELL, Context, SeatService, start_handling
from bot.workflows.desk import FrontDesk
from bot.workflows.ending import end
from bot.workflows.engine import Run
from bot.workflows.handling import handle
from bot.workflows.submissions import request_id_for
from bot.workflows.sweep import sweep
from bot.workflows.telling import tell
from tests.factories import EVERYBODY, person, roster
from tests.fakes.business import FakeBusiness
from tests.fakes.clock import FakeClock
from tests.fakes.company import FakePeople, FakePolicies
from tests.fakes.engine import FakeEngine
from tests.fakes.ledger import FlakyLedger
from tests.fakes.records import FakeComment, FakeRecords
from tests.fakes.seats import FakeSeats
from tests.fakes.slack import FakeChat, FakeMembers, FakeMessage
from tests.fakes.vault import FakePasswords, FakeVault
from tests.workflows.office_policy import company_policy

WHY = "To prepare the quarter's review"
PROFILES = {"Read Only": "Crm", "Standard User": "Crm", "Admin": "Crm"}


class Office:
    """A company at work: `submit`, `comment` and `press` are what people do, `work` runs it all."""

    def __init__(self, database: sa.Engine) -> None:
        self.clock = FakeClock()
        self.policies = FakePolicies(company_policy())
        self.seats = FakeSeats(
            totals={"Crm": 3, "Inbox": 1}, profiles=PROFILES, sets={"CrmUser", "InboxUser"}
        )
        self.business = FakeBusiness()
        self.vault = FakeVault(*(f"vault-{name}" for name in (*EVERYBODY, "new")))
        self.passwords = FakePasswords()
        self.chat = FakeChat(self.clock)
        self.members = FakeMembers()
        self.records = FakeRecords(self.clock)
        self.engine = FakeEngine(database)
        self.store = Store(database)
        self.ledger = FlakyLedger(self.store)
        self.people = FakePeople(roster(*map(colleague, EVERYBODY)), self.ledger)
        self.ctx = Context(
            ledger=self.ledger,
            engine=self.engine,
            clock=self.clock,
            policies=self.policies,
            people=self.people,
            services={
                Provider.SALESFORCE: SeatService(
                    reader=self.seats, writer=self.seats, records=self.business.service()
                ),
            },
            passwords=self.passwords,
            vault=self.vault,
            chat=self.chat,
            members=self.members,
            records=self.records,
            comments=self.records,
        )
        self._deliveries = 0
        self._bodies: dict[str, Callable[..., str]] = {}
        self.bind()

    def bind(self) -> None:
        """Let desk and runs use the context; again after a test has changed it."""
        self.desk = FrontDesk(self.ctx, self._keep)
        self._bodies = {
            ADVANCE: partial(advance, self.ctx),
            END: partial(end, self.ctx),
            TELL: partial(tell, self.ctx),
            HANDLE: partial(handle, self.ctx),
        }

    # ---- what people do -------------------------------------------------------------------------

    def send(self, message: Inbound, delivery_id: str = "") -> str:
        """Let a message come in and return its delivery id; nothing is done about it yet."""
        self._deliveries += 1
        delivery_id = delivery_id or f"d-{self._deliveries}"
        source = message.actor.surface
        self.desk.receive(Envelope(source=source, delivery_id=delivery_id, message=message))
        return delivery_id

    def submit(self, level: str = "crm/view", *, by: str = "ann", **words: Any) -> str:
        """Ask in Slack and return the request's id; nothing is done about it yet."""
        usual = {"how_long": "7 days", "why": WHY}
        message = Submission(actor=on_slack(by), level=level, **usual | words)
        return request_id_for(self.send(message))

    def ask(self, level: str = "crm/view", *, by: str = "ann", **words: Any) -> Request:
        """Ask in Slack and let it be handled."""
        request_id = self.submit(level, by=by, **words)
        self.work()
        return self.request(request_id)

    def form(self, number: int, *, by: str = "ann", **words: Any) -> Submission:
        """Fill in the issue form."""
        usual = {"level": "crm/view", "how_long": "30 days", "why": WHY}
        return Submission(actor=on_github(by), issue_number=number, **usual | words)

    def comment(self, by: str, number: int | None, words: str) -> str:
        """Comment on an issue and return what Usher replies."""
        assert number is not None
        verb, _, argument = words.removeprefix("/").partition(" ")
        known = verb in list(Verb)
        command = IssueCommand(
            actor=on_github(by),
            issue_number=number,
            comment_id=1,
            verb=Verb(verb) if known else Verb.UNKNOWN,
            argument=argument,
            typed=verb,
        )
        return self.reply_to(command, number)

    def press(
        self, by: str, request_id: str, verb: Verb, reason: str = "", digest: str = ""
    ) -> str:
        """Press a button and return what only this person is told."""
        self.send(
            Press(
                actor=on_slack(by), verb=verb, request_id=request_id, reason=reason, digest=digest
            )
        )
        before = len(self.chat.whispers)
        self.work()
        return " ".join(text for _who, text, _url in self.chat.whispers[before:])

    def tick(self, by: str, number: int | None, *done: int) -> str:
        """Edit the checklist on an issue and return what Usher replies."""
        assert number is not None
        return self.reply_to(self._ticks(by, number, done), number)

    def send_ticks(self, by: str, number: int | None, *done: int) -> None:
        """Edit the checklist and let that be handled, but nothing that comes of it."""
        assert number is not None
        self.send(self._ticks(by, number, done))
        self.run_next(HANDLE)

    def _ticks(self, by: str, number: int, done: tuple[int, ...]) -> TasksTicked:
        with self.store.read() as tx:
            request = tx.requests.by_issue(number)
            grant = tx.grants.get(request.id) if request else None
        if request is None:
            return TasksTicked(actor=on_github(by), issue_number=number, done=done)
        (comment_id,) = (
            key
            for key, comment in self.records.comments.items()
            if (comment.number, comment.key) == (number, f"status:{request.id}")
        )
        return TasksTicked(
            actor=on_github(by),
            issue_number=number,
            done=done,
            comment_id=int(comment_id),
            boxes=len(request.tasks) + len(grant.tasks if grant else ()),
        )

    def send_approval(self, by: str, number: int) -> None:
        """Approve on the issue and let that be handled, but nothing that comes of it."""
        self._command(by, number, Verb.APPROVE)
        self.run_next(HANDLE)

    def send_revoke(self, by: str, number: int) -> None:
        """Revoke on the issue and let that be handled, but nothing that comes of it."""
        self._command(by, number, Verb.REVOKE)
        self.run_next(HANDLE)

    def _command(self, by: str, number: int, verb: Verb) -> None:
        actor = on_github(by)
        self.send(IssueCommand(actor=actor, issue_number=number, comment_id=1, verb=verb))

    def touch(self, by: str, number: int | None, action: str) -> str:
        """Close, reopen or relabel an issue by hand and return what Usher replies."""
        assert number is not None
        self.records.issues[number].is_open = action != "closed"
        return self.reply_to(
            IssueTouched(actor=on_github(by), issue_number=number, action=action), number
        )

    def reply_to(self, message: Inbound, number: int) -> str:
        """Let a message about an issue be handled and return what is said on it."""
        before = len(list(self.records.on(number, "reply:")))
        self.send(message)
        self.work()
        replies = list(self.records.on(number, "reply:"))[before:]
        # What keeps GitHub from reading markdown, a reader does not see.
        return " ".join(re.sub(r"\\(?=[^\w\s]|_)|\u2060", "", str(r.content)) for r in replies)

    def approve(self, request: Request, *by: str) -> Request:
        """Let these people approve on the issue."""
        for name in by:
            self.comment(name, request.issue_number, "/approve")
        return self.request(request.id)

    def granted(self, level: str = "crm/view", *, by: str = "ann", **words: Any) -> Grant:
        """Ask, have it approved by whom it needs, and return the grant."""
        request = self.ask(level, by=by, **words)
        assert request.decision is not None
        assert request.decision.answer is Answer.NEEDS_APPROVAL, request.decision
        self.approve(request, *(need.from_[0] for need in request.decision.needs))
        grant = self.grant(request.id)
        assert grant is not None
        return grant

    # ---- time and runs --------------------------------------------------------------------------

    def work(self, limit: int = 300) -> list[str]:
        """Run everything that waits, one after the other, and return what each run came to."""
        outcomes: list[str] = []
        for _ in range(limit):
            run = self.engine.take()
            if run is None:
                return outcomes
            outcomes.append(self.play(run))
        raise AssertionError(f"runs keep starting runs: {self.engine.live()}")

    def run_next(self, workflow: str) -> str:
        """Run the oldest waiting run of one kind."""
        run = self.engine.take(workflow)
        assert run is not None
        return self.play(run)

    def play(self, run: Run) -> str:
        """Play one run that was taken from the engine."""
        try:
            return self._bodies[run.workflow](*run.arguments)
        except ConnectorError as error:
            return f"failed: {error.detail}"  # the engine notes it, and the run is over

    def lose_runs(self, workflow: str) -> None:
        """Lose every waiting run of one kind, as if the engine had forgotten them."""
        assert self.engine.take(workflow) is not None
        while self.engine.take(workflow) is not None:
            pass

    def travel(self, **by: float) -> None:
        """Let time pass, sweep, and run what is due."""
        self.clock.travel(timedelta(**by))
        sweep(self.ctx)
        self.work()

    def break_database(self) -> None:
        self.ledger.is_down = True

    def mend_database(self) -> None:
        self.ledger.is_down = False

    # ---- how things stand -----------------------------------------------------------------------

    def request(self, request_id: str) -> Request:
        with self.store.read() as tx:
            found = tx.requests.get(request_id)
        assert found is not None
        return found

    def grant(self, request_id: str) -> Grant | None:
        with self.store.read() as tx:
            return tx.grants.get(request_id)

    def grants(self, *states: GrantState) -> list[Grant]:
        with self.store.read() as tx:
            return tx.grants.select(states or list(GrantState), 1000)

    def requests(self, *states: RequestState) -> list[Request]:
        with self.store.read() as tx:
            return tx.requests.select(states or list(RequestState), 1000)

    def reserved(self, system: str = "crm") -> dict[str, int]:
        with self.store.read() as tx:
            return tx.seats.reserved(system, except_for="")

    def audit(self, subject: str) -> list[Entry]:
        with self.store.read() as tx:
            return tx.audit.of_subject(subject)

    def tags(self, subject: str) -> list[Tag]:
        return [entry.tag for entry in self.audit(subject)]

    def save(self, request: Request, **changes: Any) -> Request:
        """Change a request's row behind everybody's back."""
        with self.store.begin() as tx:
            assert tx.requests.save(replace(request, **changes), was=request)
        return self.request(request.id)

    def status(self, request: Request) -> FakeComment:
        """Return the one status comment of a request."""
        number = self.request(request.id).issue_number
        assert number is not None
        (comment,) = self.records.on(number, f"status:{request.id}")
        return comment

    def cards(self, who: str, request: Request) -> list[FakeMessage]:
        """List the cards that somebody has about a request (not the news)."""
        found = self.chat.of(f"U{who.upper()}")
        return [m for m in found if m.key.startswith(f"card:{request.id}:")]

    def card(self, who: str, request: Request) -> Card:
        (message,) = self.cards(who, request)
        return message.card

    def replace_person(self, name: str, **changes: Any) -> None:
        """Let the next export of the roster change somebody's line."""
        people = [replace(p, **changes) if p.id == name else p for p in self.people.file]
        self.people.file = Roster(people)

    def with_groups(self, groups: Mapping[str, Group]) -> Policy:
        """Return the policy with these groups of approvers."""
        company = replace(self.policies.now.company, groups=groups)
        return replace(self.policies.now, company=company)

    def change_level(self, level_id: str, **changes: Any) -> None:
        """Let a policy commit change a level."""
        now = self.policies.now
        old = now.level(level_id)
        assert old is not None
        system = now.systems[old.system]
        levels = {**system.levels, old.name: replace(old, **changes)}
        systems = {**now.systems, system.id: replace(system, levels=levels)}
        self.policies.now = replace(now, systems=systems, commit="another")

    def _keep(
        self, delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Future[bool]:
        posted = Posted(
            delivery_id=delivery_id,
            source=source,
            message=message,
            at=at,
            needs_handling=needs_handling,
        )
        with self.store.begin() as tx:
            new = tx.inbox.keep([posted])
            if new and needs_handling:
                start_handling(self.ctx, tx, [delivery_id])
        kept: Future[bool] = Future()
        kept.set_result(bool(new))
        return kept


def on_slack(name: str) -> Actor:
    return Actor(surface=Surface.SLACK, slack_id=f"U{name.upper()}", slack_team="T1")


def on_github(name: str) -> Actor:
    return Actor(surface=Surface.GITHUB, github=f"octo-{name}")


def colleague(name: str) -> Any:
    manager = "bea" if name in ("ann", "gus") else "ann" if name == "bea" else "sue"
    return person(name, handoff_vault=f"vault-{name}", manager_id=manager)
