"""The front page's server: loopback only, every form with this process's token."""

import hmac
import secrets
import threading
from datetime import datetime

from flask import Flask, abort, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from bot.sandbox.example import colleagues
from bot.sandbox.front.company import Company
from bot.sandbox.front.issue_pages import IssuePages
from bot.sandbox.front.links import Links
from bot.sandbox.front.people_pages import PeoplePages
from bot.sandbox.front.pull_pages import PullPages
from bot.sandbox.front.state_pages import StatePages
from bot.sandbox.world import World

PATIENCE_S = 1.5
_LOOPBACK = ["127.0.0.1", "localhost"]
_LARGEST_FORM = 1_000_000
# No script runs, nothing is loaded from elsewhere, and no other page may frame or post here.
_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Front:
    """The page of one world; `patience_s` is how long it waits for the bot after each action."""

    def __init__(self, world: World, *, bot_url: str, patience_s: float = PATIENCE_S) -> None:
        company = Company(
            world=world,
            people=colleagues(),
            links=Links(world.github.url, world.github.repo),
            patience_s=patience_s,
        )
        self.token = secrets.token_urlsafe(24)
        self.app = self._new_app(bot_url.rstrip("/"))
        for pages in (
            PeoplePages(company),
            IssuePages(company),
            PullPages(company),
            StatePages(company),
        ):
            self.app.register_blueprint(pages.blueprint())
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def serve(self, port: int = 0) -> str:
        """Listen on loopback in a daemon thread and return the address (0 picks a free port)."""
        self._server = make_server(
            "127.0.0.1", port, self.app, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="front",
            daemon=True,
        )
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def _new_app(self, bot_url: str) -> Flask:
        app = Flask(__name__)
        app.secret_key = secrets.token_bytes(32)
        app.config.update(
            # A page elsewhere that points its own name at 127.0.0.1 does not get in.
            TRUSTED_HOSTS=_LOOPBACK,
            MAX_CONTENT_LENGTH=_LARGEST_FORM,
            MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
            SESSION_COOKIE_NAME="usher-sandbox",
            SESSION_COOKIE_SAMESITE="Strict",
        )
        app.jinja_env.globals.update(token=self.token, bot_url=bot_url)
        app.jinja_env.filters["moment"] = _moment
        app.before_request(self._check_token)
        app.after_request(_harden)
        app.register_error_handler(HTTPException, _trouble)
        return app

    def _check_token(self) -> None:
        if request.method == "POST" and not hmac.compare_digest(
            request.form.get("token", "").encode(), self.token.encode()
        ):
            abort(
                403, "This form is from before the sandbox was started again. Load the page anew."
            )


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the terminal belongs to `make run`."""


def _moment(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _trouble(error: HTTPException) -> tuple[str, int]:
    return render_template("trouble.html", words=error.description), error.code or 500
