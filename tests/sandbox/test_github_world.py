"""The example repository of a whole world, and its pull requests on the front page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.front import Front
from bot.sandbox.world import POLICY_AUTHOR, World

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    (folder / "systems").mkdir(parents=True)
    (folder / "company.yml").write_bytes(b"kind: company\n")
    (folder / "systems" / "gong.yml").write_bytes(b"kind: system\n")
    (folder / ".hidden").write_bytes(b"x")
    return folder


@pytest.fixture
def world(tmp_path: Path, policies: Path) -> Iterator[World]:
    manifest = tmp_path / "manifest.json"
    asked = {"default_permissions": {"issues": "write"}, "default_events": ["issues"]}
    manifest.write_text(json.dumps(asked))
    world = World(tmp_path / "world", policies=policies, app_manifest=manifest)
    yield world
    world.close()


class Browser:
    """Follows redirects and sends the form's token."""

    def __init__(self, world: World) -> None:
        front = Front(world, bot_url="http://127.0.0.1:8080", patience_s=0)
        self._client = front.app.test_client()
        self._token = front.token

    def get(self, path: str) -> str:
        return self._client.get(path, base_url="http://127.0.0.1").text

    def post(self, path: str, **sent: Any) -> str:
        return self._client.post(
            path,
            base_url="http://127.0.0.1",
            data={"token": self._token} | sent,
            follow_redirects=True,
        ).text


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


def test_the_repository_holds_the_policy_of_the_world(world: World) -> None:
    code = world.github.code
    commit = code.store.commits[world.github.head()]

    files = {path: code.store.blobs[one.sha] for path, one in code.store.files(commit.tree).items()}

    assert files["policies/company.yml"] == b"kind: company\n"
    assert sorted(files) == ["README.md", "policies/company.yml", "policies/systems/gong.yml"]
    assert POLICY_AUTHOR in commit.author.email


def test_the_app_of_the_world_is_the_one_of_its_manifest(world: World) -> None:
    app = world.github._service.app

    assert app.permissions == {"issues": "write"}
    assert app.events == ("issues",)


@pytest.fixture
def pull(world: World) -> int:
    github = world.github
    github.commit_files("topic", {"policies/company.yml": b"kind: <b>\n"}, "Change", "octo-ann")
    return github.open_pull("topic", "Loosen a rule", "Why: **sales**", "octo-ann")


def test_a_page_shows_a_pull_request_with_all_that_is_said_of_it(
    world: World, browser: Browser, pull: int
) -> None:
    code, bot = world.github.code, world.github._service.bot
    head = world.github.head("topic")
    note = {
        "path": "policies/company.yml",
        "start_line": 3,
        "end_line": 3,
        "annotation_level": "failure",
        "message": "no such role",
    }
    said = {"title": "Refused", "summary": "**1** mistake", "annotations": [note]}
    run = {"name": "Usher policy", "conclusion": "action_required", "output": said}
    code.checks.create_run(bot, head, "topic", run)
    code.checks.add_status(
        bot, head, state="error", context="usher", description="Broken", target_url=None
    )
    world.github.person("octo-bea").label(pull, "policy/loosens")
    comment = world.github.person("octo-bea").comment(pull, "No.")

    page = browser.get(f"/pulls/{pull}")

    for shown in (
        "Loosen a rule",
        "<strong>sales</strong>",
        "Usher policy",
        "action required",
        "<strong>1</strong> mistake",
        "policies/company.yml:3",
        "no such role",
        "Broken",
        "policy/loosens",
        f'id="comment-{comment.id}"',
        "+kind: &lt;b&gt;",
    ):
        assert shown in page
    assert f'href="/pulls/{pull}"' in browser.get("/pulls")
    assert f'href="/issues/{pull}"' not in browser.get("/issues")


def test_people_comment_close_reopen_and_merge_in_the_page(
    world: World, browser: Browser, pull: int
) -> None:
    browser.post(f"/pulls/{pull}/comment", actor="octo-bea", body="Fine")
    closed = browser.post(f"/pulls/{pull}/state", actor="octo-bea", state="closed")
    browser.post(f"/pulls/{pull}/state", actor="octo-bea", state="open")
    merged = browser.post(f"/pulls/{pull}/merge", actor="octo-bea")
    again = browser.post(f"/pulls/{pull}/merge", actor="octo-bea")

    seen = world.github.pull(pull)
    assert [comment.body for comment in seen.comments] == ["Fine"]
    assert "Open the pull request again" in closed
    assert (seen.is_merged, seen.state) == (True, "closed")
    assert ">merged<" in merged
    assert "Merge the pull request" not in merged
    assert "Pull Request is not mergeable (405)" in again


def test_a_conflict_offers_no_merge(world: World, browser: Browser, pull: int) -> None:
    world.github.commit_files("main", {"policies/company.yml": b"other"}, "Other", "octo-bea")

    page = browser.get(f"/pulls/{pull}")

    assert "has conflicts with" in page
    assert "Merge the pull request" not in page


def test_html_in_a_pull_request_is_escaped(world: World, browser: Browser) -> None:
    world.github.commit_files(
        "evil", {f"{EVIL.replace('/', '')}.yml": EVIL.encode()}, EVIL, "octo-ann"
    )
    number = world.github.open_pull("evil", EVIL, EVIL, "octo-ann")
    world.github.person("octo-ann").comment(number, EVIL)

    pages = [browser.get("/pulls"), browser.get(f"/pulls/{number}")]

    assert all("<script>" not in page for page in pages)
    assert "There are no pull requests" not in pages[0]
    assert "Not Found (404)" in browser.get("/pulls/99")


def test_addresses_of_pull_requests_lead_to_their_pages(
    world: World, browser: Browser, pull: int
) -> None:
    page = f"{world.github.url}/acme/access/pull/{pull}"
    comment = world.github.person("octo-bea").comment(pull, "first")
    world.github.person("octo-bea").comment(pull, f"see {page}#issuecomment-{comment.id} <{page}>")

    shown = browser.get(f"/pulls/{pull}")

    assert f'href="/pulls/{pull}"' in shown
