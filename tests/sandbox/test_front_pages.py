"""The front page's issues, org and wire, and who may talk to it at all."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from bot.sandbox.front import Front
from bot.sandbox.front.issue_pages import FORM, FORM_TITLE
from bot.sandbox.world import World

EVIL = '<script>alert("x")</script>'
SHIPPED_FORM = Path(__file__).parents[2] / "handlers" / "github" / "access-request.yml"
ANSWERS: dict[str, Any] = {
    "Level": "salesforce/standard",
    "For whom": "",
    "For how long": "30 days",
    "Why": "Quarter\r\nend",
}


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Browser:
    """One newcomer's browser: follows redirects and sends each form's token."""

    def __init__(self, front: Front) -> None:
        self._client = front.app.test_client()
        self._token = front.token

    def get(self, path: str, expect: int = 200) -> str:
        return self._text(self._client.get(path, base_url="http://127.0.0.1"), expect)

    def post(self, path: str, expect: int = 200, **sent: Any) -> str:
        answer = self._client.post(
            path,
            base_url="http://127.0.0.1",
            data={"token": self._token} | sent,
            follow_redirects=True,
        )
        return self._text(answer, expect)

    @staticmethod
    def _text(answer: TestResponse, status: int) -> str:
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def webhooks(world: World) -> Iterator[list[tuple[str, str, str]]]:
    """What GitHub sent to the bot: event, action and sender."""
    heard: list[tuple[str, str, str]] = []

    @Request.application
    def receive(incoming: Request) -> Response:
        payload = json.loads(incoming.get_data())
        event = incoming.headers["X-GitHub-Event"]
        if event != "ping":
            heard.append((event, payload["action"], payload["sender"]["login"]))
        return Response(status=202)

    server = make_server("127.0.0.1", 0, receive, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    world.connect(f"http://127.0.0.1:{server.server_port}")
    yield heard
    world.github.deliver_pending()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(world: World) -> Front:
    return Front(world, bot_url="http://127.0.0.1:8080", patience_s=0)


@pytest.fixture
def browser(front: Front) -> Browser:
    return Browser(front)


def test_an_issue_made_in_the_page_is_in_the_emulator_and_fires_a_webhook(
    browser: Browser, world: World, webhooks: list[tuple[str, str, str]]
) -> None:
    page = browser.post("/issues/new", actor="octo-ann", title="", **ANSWERS)

    (issue,) = world.github.issues()
    assert (issue.title, issue.author, issue.labels) == (
        "Access request",
        "octo-ann",
        ["access-request"],
    )
    assert issue.body == (
        "### Level\n\nsalesforce/standard\n\n### For whom\n\n_No response_\n\n"
        "### For how long\n\n30 days\n\n### Why\n\nQuarter\nend"
    )
    assert "<h3>For how long</h3>" in page
    world.github.deliver_pending()
    assert ("issues", "opened", "octo-ann") in webhooks
    assert 'href="/issues/1"' in browser.get("/issues")


def test_the_issue_form_wants_its_required_answers(browser: Browser, world: World) -> None:
    page = browser.post("/issues/new", actor="octo-ann", **ANSWERS | {"Level": " ", "Why": ""})

    assert page.count("This field is required.") == 2
    assert 'value="30 days"' in page
    assert world.github.issues() == []


def test_the_issue_form_is_the_one_that_companies_install() -> None:
    shipped = yaml.safe_load(SHIPPED_FORM.read_text())

    fields = [(f["attributes"]["label"], f["validations"]["required"]) for f in shipped["body"]]
    assert [(name, is_required) for name, _, is_required in FORM] == fields
    assert shipped["title"] == FORM_TITLE


def test_people_comment_edit_close_and_reopen(
    browser: Browser, world: World, webhooks: list[tuple[str, str, str]]
) -> None:
    world.github.person("octo-ann").open_issue("Access", "please")

    browser.post("/issues/1/comment", actor="octo-gtm-1", body="/approve")
    browser.post("/issues/1/edit", actor="octo-ann", title="Access", body="please now")
    closed = browser.post("/issues/1/state", actor="octo-bea", state="closed")
    browser.post("/issues/1/state", actor="octo-bea", state="open")

    issue = world.github.issue(1)
    assert [(one.author, one.body) for one in issue.comments] == [("octo-gtm-1", "/approve")]
    assert (issue.body, issue.state) == ("please now", "open")
    assert "Open the issue again" in closed
    assert 'value="octo-bea" selected' in closed
    world.github.deliver_pending()
    assert webhooks[-4:] == [
        ("issue_comment", "created", "octo-gtm-1"),
        ("issues", "edited", "octo-ann"),
        ("issues", "closed", "octo-bea"),
        ("issues", "reopened", "octo-bea"),
    ]


def test_ticking_a_task_edits_the_comment_as_the_one_who_ticks(
    browser: Browser, world: World, webhooks: list[tuple[str, str, str]]
) -> None:
    ivy = world.github.person("octo-it-1")
    ivy.open_issue("By hand", "")
    comment = ivy.comment(1, "- [ ] Buy it\n- [ ] Tell Bea")

    page = browser.post("/issues/1/tick", actor="octo-it-2", comment=comment.id, line=1)
    again = browser.post("/issues/1/tick", actor="octo-it-2", comment=comment.id, line=1)

    (ticked,) = world.github.issue(1).comments
    assert ticked.body == "- [ ] Buy it\n- [x] Tell Bea"
    assert "☑ Tell Bea" in page
    assert "ticked before" in again
    world.github.deliver_pending()
    assert webhooks[-1] == ("issue_comment", "edited", "octo-it-2")


def test_refusals_of_github_are_shown(browser: Browser, world: World) -> None:
    world.github.person("octo-ann").open_issue("Access", "please")

    assert "Body cannot be blank" in browser.post("/issues/1/comment", actor="octo-ann", body=" ")
    assert "Nobody in the example" in browser.post("/issues/1/comment", actor="x", body="hi")
    assert "Not Found (404)" in browser.get("/issues/7", expect=404)
    long: dict[str, Any] = {"actor": "octo-ann", "title": "x" * 300}
    assert "title is too long" in browser.post("/issues/new", expect=422, **ANSWERS | long)


def test_html_of_strangers_is_escaped_everywhere(browser: Browser, world: World) -> None:
    ann = world.github.person("octo-ann")
    ann.open_issue(EVIL, EVIL, [EVIL])
    ann.comment(1, f"- [ ] {EVIL}")
    world.slack.add_user("U0EVIL", name=EVIL, mail="evil@acme.example")

    pages = [browser.get(path) for path in ("/issues", "/issues/1", "/people/p004", "/wire")]

    assert all(EVIL not in page for page in pages)
    assert pages[1].count("&lt;script&gt;") >= 5


def test_the_org_shows_users_and_seats(browser: Browser, world: World) -> None:
    world.salesforce.org.set_total("Chatter Free", -1)
    page = browser.get("/org")

    assert "Gus Hale<br>" in page
    assert "zoe.wild@acme.example.crm" in page
    assert "System Administrator" in page
    assert page.count(">inactive<") == 1
    pools = {pool.name: (pool.used, pool.total) for pool in world.salesforce.org.pools()}
    assert pools["Salesforce"] == (6, 12)
    assert pools["SalesforceCPQPsl"] == (0, 5)
    assert pools["Marketing User"] == (0, 2)
    assert '<td class="number">6</td>' in page
    assert "unlimited" in page


def test_the_wire_shows_calls_without_bodies_and_plays_faults(
    browser: Browser, world: World
) -> None:
    def call() -> int:
        url = f"{world.slack.url}/api/auth.test"
        sent = {"token": "xoxb-sandbox-bot"}
        return requests.post(url, data=sent, timeout=5).status_code

    fault: dict[str, Any] = {
        "service": "slack",
        "route": "POST /api/auth.*",
        "kind": "status",
        "status": "502",
    }
    said = browser.post("/wire/faults", **fault, nth="2")
    statuses = [call(), call(), call()]
    browser.post("/wire/faults", **fault)
    browser.post("/wire/clear")

    assert "slack: call 2 of «POST /api/auth.*» will answer with an error status." in said
    assert statuses == [200, 502, 200]
    assert call() == 200
    page = browser.get("/wire")
    assert "POST /api/auth.test" in page
    assert "502" in page
    assert "xoxb-sandbox-bot" not in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"service": "jira"}, "Choose a service"),
        ({"route": " "}, "Say which calls"),
        ({"kind": "explode"}, "not a valid FaultKind"),
        ({"nth": "0"}, "whole number from 1"),
        ({"status": "200"}, "whole number from 400"),
        ({"seconds": "nan"}, "0 to 60 seconds"),
        ({"seconds": "long"}, "0 to 60 seconds"),
    ],
)
def test_a_wrong_fault_is_explained(browser: Browser, wrong: dict[str, str], words: str) -> None:
    fault: dict[str, Any] = {"service": "slack", "route": "GET /*", "kind": "delay", "seconds": "1"}

    assert words in browser.post("/wire/faults", **fault | wrong)


def test_only_forms_of_this_process_and_this_machine_get_in(front: Front, world: World) -> None:
    client = front.app.test_client()

    forged = client.post("/wire/clear", base_url="http://127.0.0.1", data={"token": "x"})
    rebound = client.get("/", base_url="http://evil.example")
    page = client.get("/", base_url="http://localhost:8090")

    assert (forged.status_code, rebound.status_code, page.status_code) == (403, 400, 200)
    assert "Load the page anew" in forged.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    assert "http-equiv" in client.get("/org?live=1", base_url="http://127.0.0.1").text


def test_the_page_is_served_on_loopback_until_closed(front: Front) -> None:
    address = front.serve()

    page = requests.get(f"{address}/", timeout=5)
    style = requests.get(f"{address}/static/front.css", timeout=5)
    front.close()

    assert address.startswith("http://127.0.0.1:")
    assert (page.status_code, style.status_code) == (200, 200)
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    front.close()
