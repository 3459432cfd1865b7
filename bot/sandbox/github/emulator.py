"""GitHub on loopback: one private repository with issues, a GitHub App, and webhooks to the bot."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Response

from bot.sandbox import example
from bot.sandbox.github import errors
from bot.sandbox.github.account_routes import account_endpoints
from bot.sandbox.github.auth import Credentials
from bot.sandbox.github.comment_routes import comment_endpoints
from bot.sandbox.github.endpoints import Door, Endpoint, NotModelledError
from bot.sandbox.github.identity import DEFAULT_PERMISSIONS, AppIdentity
from bot.sandbox.github.issue_routes import issue_endpoints
from bot.sandbox.github.label_routes import label_endpoints
from bot.sandbox.github.limits import SECONDARY_TEXT, RateLimits
from bot.sandbox.github.payloads import HOOK_ID, event_payload, ping_payload
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.service import Service
from bot.sandbox.github.snapshots import Issue
from bot.sandbox.github.state import (
    Accounts,
    IssueRecord,
    Permission,
    Repository,
    User,
    UserKind,
)
from bot.sandbox.github.tracker import Tracker
from bot.sandbox.github.webhooks import Delivery, Hookshot
from bot.sandbox.wire import Emulator

_FAULT_MESSAGES = {
    401: "Bad credentials",
    403: "Resource not accessible by integration",
    404: "Not Found",
    410: "This issue was deleted",
    422: "Validation Failed",
    429: SECONDARY_TEXT,
    503: "Service unavailable",
}


class GitHubEmulator(Emulator):
    """Emulated GitHub; the API is at `self.url` (PyGithub's base_url), the pages' addresses too.

    `auth_clock` (default: `clock`) judges JWTs and token lifetimes alone: PyGithub signs and
    expires by the machine's clock, so a test that travels in time passes `time.time` here.
    `rate_limits=False` counts but never refuses. `permissions` are those of the installation.
    """

    name = "github"

    def __init__(
        self,
        *,
        repo: str = "acme/access",
        app_id: str = "424242",
        installation_id: int = 777,
        webhook_secret: str = "sandbox-webhook-secret",
        token: str = "ghp_sandbox",
        people: Iterable[example.Colleague] | None = None,
        clock: Callable[[], float] = time.time,
        auth_clock: Callable[[], float] | None = None,
        permissions: Mapping[str, str] = DEFAULT_PERMISSIONS,
        rate_limits: bool = True,
    ) -> None:
        super().__init__(clock=clock)
        self.repo = repo
        self.webhook_secret = webhook_secret
        app = AppIdentity(
            id=int(app_id),
            client_id=f"Iv23li{app_id}sandbox",
            slug="usher-bot",
            name="Usher",
            installation_id=installation_id,
            permissions=permissions,
        )
        self._service = self._found(
            app, token, people, auth_clock or clock, rate_limits=rate_limits
        )
        self._hookshot = Hookshot(hook_id=HOOK_ID, app_id=app.id)
        self._door = Door(self._service)
        for endpoint in (
            *issue_endpoints(),
            *comment_endpoints(),
            *label_endpoints(),
            *account_endpoints(),
        ):
            self._add(endpoint)
        self.app.register_error_handler(NotModelledError, self._refuse_unmodelled)

    @property
    def private_key_pem(self) -> str:
        """The App's private key, as downloaded from its settings page."""
        return self._service.credentials.private_key_pem

    @property
    def app_login(self) -> str:
        """Who the App's issues and comments are by."""
        return self._service.bot.login

    @property
    def tracker(self) -> Tracker:
        """The issues themselves; hold `self.lock` to use it."""
        return self._service.tracker

    @property
    def deliveries(self) -> list[Delivery]:
        """All deliveries so far, the ones that still wait included, oldest first."""
        return self._hookshot.deliveries()

    def connect(self, bot_url: str, secret: str | None = None) -> None:
        """Send webhooks to the bot from now on; the first time, as at registration, a ping."""
        if secret is not None:
            self.webhook_secret = secret
        target = f"{bot_url.rstrip('/')}/github/webhooks"
        is_new = not self._hookshot.connected
        self._hookshot.connect(target, self.webhook_secret)
        if is_new:
            shapes = self._service.shapes(self.url)
            self._hookshot.send("ping", ping_payload(self._service, shapes, target))

    def person(self, login: str) -> GitHubPerson:
        user = self._service.accounts.find(login)
        if user is None or user.kind is not UserKind.USER:
            raise KeyError(login)
        return GitHubPerson(self, user)

    def add_user(
        self, login: str, *, name: str = "", permission: Permission | str = Permission.NONE
    ) -> GitHubPerson:
        """Add somebody from outside the company, or change a user's role on the repository."""
        with self.lock:
            user = self._service.accounts.find(login)
            if user is None:
                user = self._service.accounts.add(login, name=name, association="NONE")
            user.permission = Permission(permission)
            if user.association == "NONE" and user.permission is not Permission.NONE:
                user.association = "COLLABORATOR"
            return GitHubPerson(self, user)

    def issues(self) -> list[Issue]:
        """All issues, open and closed, by number."""
        with self.lock:
            return [issue.snapshot() for issue in self.tracker.issues.values()]

    def issue(self, number: int) -> Issue:
        with self.lock:
            return self.tracker.issue(number).snapshot()

    def delete_issue(self, number: int) -> None:
        """Delete an issue as an administrator can; it answers 410 from then on."""
        with self.lock:
            owner = self._service.repository.owner
            self.tracker.delete_issue(owner, self.tracker.issue(number))

    def redeliver(self, guid: str, timeout_s: float = 30) -> Delivery:
        """Press "Redeliver" in the App's settings: same GUID, same bytes. Waits for the outcome."""
        return self._hookshot.redeliver(guid, timeout_s)

    def deliver_pending(self, timeout_s: float = 10) -> None:
        """Block until every delivery so far was sent; raises TimeoutError."""
        self._hookshot.join(timeout_s)

    def close(self) -> None:
        super().close()
        self._hookshot.close()

    def check_visible(self, user: User) -> None:
        """Show a private repository only to those who may read it."""
        if not user.permission.covers(Permission.READ):
            raise errors.not_found()

    def visible_issue(self, user: User, number: int) -> IssueRecord:
        self.check_visible(user)
        return self.tracker.issue(number)

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Say whether the call changes what anybody can see: making a token does not."""
        return super().is_write(method, path, body) and not path.endswith("/access_tokens")

    def fault_body(self, status: int) -> str:
        message = _FAULT_MESSAGES.get(status, "Server Error")
        return json.dumps(errors.GitHubError(status, message).body())

    def _found(
        self,
        app: AppIdentity,
        token: str,
        people: Iterable[example.Colleague] | None,
        auth_clock: Callable[[], float],
        *,
        rate_limits: bool,
    ) -> Service:
        """Found the organisation: its accounts, repository and App."""
        owner, name = self.repo.split("/")
        accounts = Accounts()
        organization = accounts.add(
            owner, kind=UserKind.ORGANIZATION, permission=Permission.ADMIN, association="OWNER"
        )
        bot = accounts.add(
            f"{app.slug}[bot]",
            name=app.name,
            kind=UserKind.BOT,
            permission=Permission.WRITE,
            association="NONE",
        )
        machine = accounts.add("usher-pat", permission=Permission.WRITE)
        for colleague in example.colleagues() if people is None else people:
            if colleague.github:
                accounts.add(colleague.github, name=colleague.name, permission=Permission.WRITE)
        repository = Repository(
            id=903_412_778, owner=organization, name=name, created_at=int(self.clock())
        )
        return Service(
            app=app,
            repository=repository,
            accounts=accounts,
            bot=bot,
            credentials=Credentials(app, bot=bot, tokens={token: machine}, clock=auth_clock),
            limits=RateLimits(self.clock, enforced=rate_limits),
            tracker=Tracker(accounts, clock=self.clock, announce=self._announce),
            clock=self.clock,
        )

    def _add(self, endpoint: Endpoint) -> None:
        def view(**arguments: Any) -> Response:
            return self._door.serve(endpoint, arguments)

        self.app.add_url_rule(
            endpoint.path,
            endpoint=endpoint.route,
            view_func=view,
            methods=[endpoint.method],
            provide_automatic_options=False,
        )

    def _refuse_unmodelled(self, error: Exception) -> Response:
        return self.not_modelled(str(error))

    def _announce(self, event: str, action: str, actor: User, /, **parts: Any) -> None:
        if self._hookshot.connected:
            shapes = self._service.shapes(self.url)
            payload = event_payload(self._service, shapes, action=action, sender=actor, parts=parts)
            self._hookshot.send(event, payload)
