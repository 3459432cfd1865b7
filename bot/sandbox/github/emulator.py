"""GitHub on loopback: one private repository, a GitHub App, and webhooks to the bot."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Response

from bot.sandbox import example
from bot.sandbox.github import errors
from bot.sandbox.github.account_routes import account_endpoints
from bot.sandbox.github.auth import Credentials
from bot.sandbox.github.check_routes import check_endpoints
from bot.sandbox.github.checks import CheckBoard
from bot.sandbox.github.code import CodeBase
from bot.sandbox.github.comment_routes import comment_endpoints
from bot.sandbox.github.commit_routes import commit_endpoints
from bot.sandbox.github.endpoints import Door, Endpoint, NotModelledError
from bot.sandbox.github.git_objects import Content
from bot.sandbox.github.git_routes import git_endpoints
from bot.sandbox.github.identity import DEFAULT_EVENTS, DEFAULT_PERMISSIONS, AppIdentity
from bot.sandbox.github.issue_routes import issue_endpoints
from bot.sandbox.github.label_routes import label_endpoints
from bot.sandbox.github.limits import SECONDARY_TEXT, RateLimits
from bot.sandbox.github.payloads import HOOK_ID, MOST_BYTES, event_payload, ping_payload
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.pull_routes import pull_endpoints
from bot.sandbox.github.service import Service
from bot.sandbox.github.snapshots import Check, Issue, Pull, StatusMark
from bot.sandbox.github.state import (
    Accounts,
    IssueRecord,
    Permission,
    PullRecord,
    Repository,
    User,
    UserKind,
)
from bot.sandbox.github.status_routes import status_endpoints
from bot.sandbox.github.tracker import Tracker
from bot.sandbox.github.views import check_views, pull_view, status_views
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
    `rate_limits=False` counts but never refuses. `permissions` are those of the installation and
    `events` what the App subscribes to; `manifest` is an App manifest to take both from.
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
        events: Iterable[str] = DEFAULT_EVENTS,
        manifest: Mapping[str, Any] | None = None,
        rate_limits: bool = True,
        default_branch: str = "main",
        most_tree_entries: int = 100_000,
    ) -> None:
        super().__init__(clock=clock)
        self.repo = repo
        self._default_branch = default_branch
        self.webhook_secret = webhook_secret
        app = AppIdentity(
            id=int(app_id),
            client_id=f"Iv23li{app_id}sandbox",
            slug="usher-bot",
            name="Usher",
            installation_id=installation_id,
            permissions=manifest["default_permissions"] if manifest else permissions,
            events=tuple(manifest["default_events"] if manifest else events),
        )
        self._most_tree_entries = most_tree_entries
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
            *git_endpoints(),
            *commit_endpoints(),
            *pull_endpoints(),
            *check_endpoints(),
            *status_endpoints(),
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
    def code(self) -> CodeBase:
        """The commits, pull requests and checks themselves; hold `self.lock` to use it."""
        return self._service.code

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
        """All issues, open and closed, by number, without the pull requests."""
        with self.lock:
            found = self.tracker.issues.values()
            return [issue.snapshot() for issue in found if not isinstance(issue, PullRecord)]

    def issue(self, number: int) -> Issue:
        with self.lock:
            return self.tracker.issue(number).snapshot()

    def commit_files(
        self, branch: str, files: Mapping[str, Content], message: str, author: str
    ) -> str:
        """Commit and push as the login `author`; None at a path removes the file."""
        return self.person(author).commit(branch, files, message)

    def open_pull(self, head_branch: str, title: str, body: str, author: str) -> int:
        return self.person(author).open_pull(head_branch, title, body)

    def merge_pull(self, number: int, author: str) -> str:
        return self.person(author).merge_pull(number)

    def close_pull(self, number: int, author: str) -> None:
        self.person(author).close(number)

    def pulls(self) -> list[Pull]:
        """All pull requests, open and closed, by number."""
        with self.lock:
            return [pull_view(self.code, pull) for pull in self.tracker.pulls]

    def pull(self, number: int) -> Pull:
        with self.lock:
            return pull_view(self.code, self.tracker.pull(number))

    def head(self, branch: str | None = None) -> str:
        """Return the last commit of a branch, usually the default one."""
        with self.lock:
            return self.code.store.refs[f"heads/{branch or self.code.store.default_branch}"]

    def checks(self, sha: str) -> list[Check]:
        """All check runs of a commit, oldest first."""
        with self.lock:
            return check_views(self.code, sha)

    def statuses(self, sha: str) -> list[StatusMark]:
        """The last status of each context on a commit."""
        with self.lock:
            return status_views(self.code, sha)

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
            id=903_412_778,
            owner=organization,
            name=name,
            created_at=int(self.clock()),
            default_branch=self._default_branch,
        )
        tracker = Tracker(accounts, clock=self.clock, announce=self._announce)
        checks = CheckBoard(app, clock=self.clock, announce=self._announce)
        return Service(
            app=app,
            repository=repository,
            accounts=accounts,
            bot=bot,
            credentials=Credentials(app, bot=bot, tokens={token: machine}, clock=auth_clock),
            limits=RateLimits(self.clock, enforced=rate_limits),
            tracker=tracker,
            code=CodeBase(repository, tracker, checks, clock=self.clock, announce=self._announce),
            most_tree_entries=self._most_tree_entries,
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
        if not self._hookshot.connected or not self._service.app.hears(event):
            return
        shapes = self._service.shapes(self.url)
        payload = event_payload(
            self._service, shapes, event=event, action=action, sender=actor, parts=parts
        )
        if len(json.dumps(payload, ensure_ascii=False).encode()) <= MOST_BYTES:
            self._hookshot.send(event, payload)
