"""The composition root: the only module that knows all rooms and puts them together."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from bot.adapters.api_tokens import ApiTokensFile
from bot.adapters.figures import LedgerFigures
from bot.adapters.live_policy import LivePolicy
from bot.adapters.people import REFRESH_S, CompanyPeople
from bot.adapters.policy_files.loader import PolicyDirectory
from bot.adapters.policy_files.reader import PolicyFilesReader
from bot.adapters.roster_csv import RosterFile
from bot.adapters.salesforce.passwords import SalesforcePasswords
from bot.adapters.salesforce.quota import QuotaFigures
from bot.adapters.store.database import make_engine
from bot.adapters.store.records import Posted
from bot.adapters.store.store import InboxWriter, Store
from bot.domain.errors import ConnectorError, PolicyError
from bot.domain.policy import Provider
from bot.logs import logged
from bot.ports import Clock
from bot.pulse import POLICY_CURSOR, Pulse
from bot.services import connect
from bot.settings import Settings
from bot.workflows.adopting import adopt_newest, judge_in_flight
from bot.workflows.advance import advance
from bot.workflows.context import ADVANCE, END, HANDLE, TELL, Context, start_handling
from bot.workflows.desk import FrontDesk
from bot.workflows.ending import end
from bot.workflows.engine import Engine, EngineSettings
from bot.workflows.handling import handle
from bot.workflows.proposing import judge_proposal
from bot.workflows.reconciling import HEAL, heal
from bot.workflows.sweep import beat, forget, sweep, take_over
from bot.workflows.telling import tell
from handlers.github.catch_up import catch_up
from handlers.github.translate import Doorway
from handlers.github.webhooks import github_routes
from handlers.http.health import health_routes
from handlers.http.onboarding import onboarding_routes
from handlers.slack.app import make_slack_app
from handlers.slack.routes import slack_routes

log = structlog.get_logger()

CLOCK_SLACK = timedelta(minutes=2)
"""How far GitHub's clock and ours may differ; what is read twice is known by its id."""
FORM_LABEL = "access-request"
EVER = datetime(2000, 1, 1, tzinfo=UTC)


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How eagerly a process looks for work (seconds); tests are more eager than servers."""

    poll_s: float = 1.0
    sweep_cron: str = "*/20 * * * * *"
    beat_s: float = 10.0
    alive_s: float = 30.0
    catch_up_s: float = 300.0
    health_s: float = 30.0
    people_s: float = REFRESH_S
    policy_s: float = 5.0


class Usher:
    """One process of Usher: takes requests in, does the work, or both."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, pace: Pace | None = None
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.pace = pace or Pace()
        url = settings.database_url.reveal()
        self.database = make_engine(url)
        self.ledger = Store(self.database)
        self.policies = LivePolicy(
            PolicyDirectory(settings.policy_dir), self.ledger, PolicyFilesReader().read
        )
        self.roster_file = RosterFile(settings.people_file)
        self.engine = Engine(
            EngineSettings(
                database_url=url,
                poll_s=self.pace.poll_s,
                sweep_cron=self.pace.sweep_cron,
                migrate=False,
            )
        )
        self.services = connect(settings, self.clock)
        self.context = Context(
            ledger=self.ledger,
            engine=self.engine,
            clock=self.clock,
            policies=self.policies,
            people=CompanyPeople(self.roster_file.roster, self.ledger),
            services={Provider.SALESFORCE: self.services.salesforce},
            passwords=SalesforcePasswords(),
            vault=self.services.vault,
            chat=self.services.slack,
            members=self.services.members,
            records=self.services.github,
            comments=self.services.github,
            policy_desk=self.services.policies,
        )
        self._writer: InboxWriter | None = None
        self._writer_lock = threading.Lock()
        self._complained_of: tuple[str | None, str | None] = (None, None)
        self._judged_under = ""
        self._looked_at_policy = False
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._follows = False
        self._pulse = Pulse(
            policies=self.policies,
            roster_file=self.roster_file,
            ledger=self.ledger,
            services=self.services.health,
            health_s=self.pace.health_s,
            policy_stale_after=timedelta(seconds=3 * self.pace.catch_up_s),
            now=self.clock.now,
        )

    # ---- taking requests in ---------------------------------------------------------------------

    def web(self) -> FastAPI:
        """Build the HTTP application with every doorway."""
        self._follow()
        web = FastAPI(
            title="Usher", version="1", docs_url="/api/docs", openapi_url="/api/openapi.json"
        )
        desk = FrontDesk(self.context, self.keep)
        settings = self.settings
        web.include_router(
            slack_routes(
                make_slack_app(
                    signing_secret=settings.slack.signing_secret.reveal(),
                    bot_token=settings.slack.bot_token.reveal(),
                    api_url=settings.slack.api_url,
                    team_id=settings.slack.team_id,
                    inbox=desk,
                    desk=desk,
                    public_issue_url=self.services.github.issue_url,
                    now=self.clock.now,
                )
            )
        )
        web.include_router(
            github_routes(
                secret=settings.github.webhook_secret.reveal(),
                repo=settings.github.repo,
                policy_repo=settings.github.policy_repo,
                label=FORM_LABEL,
                bot_login=self.services.github_client.bot_login,
                inbox=desk,
            )
        )
        if settings.api_tokens_file is not None:
            tokens = ApiTokensFile(settings.api_tokens_file)
            web.include_router(onboarding_routes(desk=desk, tokens=tokens))
        registry = CollectorRegistry()
        registry.register(LedgerFigures(self.database))
        registry.register(QuotaFigures(self.services.salesforce_quota))
        web.include_router(health_routes(checks=self._pulse.check, registry=registry))
        return web

    def keep(
        self, delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Future[bool]:
        """Keep a message durably, together with the start of its handling if it needs any."""
        with self._writer_lock:
            if self._writer is None:
                self._writer = InboxWriter(self.ledger, partial(start_handling, self.context))
        posted = Posted(
            delivery_id=delivery_id,
            source=source,
            message=message,
            at=at,
            needs_handling=needs_handling,
        )
        return self._writer.post(posted)

    # ---- doing the work -------------------------------------------------------------------------

    def work(self) -> None:
        """Take part in the work until `stop`: run what is queued, sweep, and catch up."""
        ctx = self.context
        self._follow()
        beat(ctx)
        self.engine.launch(
            {
                ADVANCE: logged("request_id", partial(advance, ctx)),
                END: logged("request_id", partial(end, ctx)),
                TELL: logged("request_id", partial(tell, ctx)),
                HANDLE: partial(handle, ctx),
                HEAL: partial(heal, ctx),
            },
            self.sweep,
        )
        self._every(self.pace.beat_s, "beat", lambda: beat(ctx))
        self._every(self.pace.catch_up_s, "catch-up", self.catch_up)
        self._every(self.pace.catch_up_s, "policy", self.catch_up_policy)
        self._every(6 * 3600, "forget", lambda: forget(ctx))

    def sweep(self) -> None:
        """Resume what dead workers left, start what is due, and complain of files not in force."""
        self._complain()
        take_over(self.context, alive_s=self.pace.alive_s)
        sweep(self.context)
        self._judge_again()

    def _complain(self) -> None:
        """Say once for each new mistake that a policy or roster file is not in force."""
        self.policies.policy()
        self.roster_file.roster()
        faults = (self.policies.error, self.roster_file.error)
        if faults != self._complained_of:
            self._complained_of = faults
            for what, fault in zip(("policy", "roster"), faults, strict=True):
                if fault is not None:
                    log.error("file.not_in_force", what=what, why=fault)

    def _judge_again(self) -> None:
        """Ask again about every request in flight, once for each policy that comes into force."""
        commit = self.policies.policy().commit
        if commit != self._judged_under:
            self._judged_under = commit
            count = judge_in_flight(self.context)
            log.info("policy.judged_again", commit=commit, requests=count)

    def catch_up(self) -> None:
        """Read from GitHub what webhooks may have told while nobody listened."""
        started = self.clock.now()
        with self.ledger.begin() as tx:
            since = tx.cursors.get("github")
            if since is None:
                tx.cursors.set("github", started)
                return
        since -= CLOCK_SLACK
        changes = self.services.changes
        door = Doorway(
            label=FORM_LABEL,
            bot_login=self.services.github_client.bot_login(),
        )
        desk = FrontDesk(self.context, self.keep)
        for envelope in catch_up(
            issues=changes.issues_since(since),
            comments=changes.comments_since(since),
            since=since,
            door=door,
        ):
            desk.receive(envelope)
        with self.ledger.begin() as tx:
            tx.cursors.set("github", started)

    def catch_up_policy(self) -> None:
        """Look whether the policies' repository has something new that no webhook told."""
        started, desk = self.clock.now(), self.services.policies
        adopt_newest(self.context, desk, looks_again=not self._looked_at_policy)
        self._looked_at_policy = True
        with self.ledger.read() as tx:
            since = tx.cursors.get(POLICY_CURSOR) or EVER
        for number in desk.repository.proposals_since(since - CLOCK_SLACK):
            try:
                judge_proposal(self.context, desk, number)
            except ConnectorError as error:
                log.warning("policy.proposal_not_judged", number=number, why=error.detail)
        with self.ledger.begin() as tx:
            tx.cursors.set(POLICY_CURSOR, started)

    def _follow(self) -> None:
        """Know who joined and which policy is in force, until `stop`; a second call is nothing."""
        if not self._follows:
            self._follows = True
            self.context.people.refresh()
            self._every(self.pace.people_s, "people", self.context.people.refresh)
            self._know_policy()
            self._every(self.pace.policy_s, "policy in force", self.policies.refresh)

    def _know_policy(self) -> None:
        """Begin with the policy in force; if this Usher cannot read it, a newer commit may do.

        Raises PolicyError if not: a process without the policy in force must not decide.
        """
        try:
            self.policies.refresh()
        except PolicyError:
            adopt_newest(self.context, self.services.policies, looks_again=True)

    def _every(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        """Do something again and again in the background, from now on; a failure is logged."""

        def loop() -> None:
            while True:
                try:
                    act()
                except ConnectorError as error:
                    log.warning("background.failed", what=name, why=error.detail)
                except Exception:
                    log.exception("background.failed", what=name)
                if self._stopping.wait(seconds):
                    return

        thread = threading.Thread(target=loop, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    # ---- the end --------------------------------------------------------------------------------

    def stop(self, wait_s: int = 20) -> None:
        """Finish what is running, at most `wait_s` seconds; the next worker resumes the rest."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.close()
        self.engine.stop(wait_s)
        for thread in self._threads:
            thread.join(timeout=5)
        self.ledger.close()
