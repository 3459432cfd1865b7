"""GitHub's webhooks as others recorded them (npm @octokit/webhooks-examples), at our doorway."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from handlers.github.webhooks import github_routes
from tests.fakes.github_wire import BOT, SECRET, headers
from tests.fakes.inbox import FakeInbox
from tests.fakes.web import Caller

OURS = ("issues", "issue_comment", "push", "pull_request")
ACCEPTED = 202
Json = dict[str, Any]


def examples(folder: Path) -> Iterator[tuple[str, Json]]:
    """Yield event and payload; `issues.closed` is missing there and made from `opened`."""
    for event in json.loads((folder / "api.github.com" / "index.json").read_text("utf-8")):
        for payload in event["examples"]:
            yield event["name"], payload
            if event["name"] == "issues" and payload.get("action") == "opened":
                yield "issues", _closed(payload)


def problems_of(event: str, payload: Json) -> list[str]:
    """Send a payload signed, and say what is wrong with the answer."""
    where = (payload.get("repository") or {}).get("full_name") or "acme/access"
    app, inbox = FastAPI(), FakeInbox()
    app.include_router(
        github_routes(
            secret=SECRET, repo=where, policy_repo=where, bot_login=lambda: BOT, inbox=inbox
        )
    )
    body = json.dumps(payload).encode()
    answer = Caller(app).post("/github/webhooks", content=body, headers=headers(body, event))
    name = f"{event}.{payload.get('action', '')}"
    said = answer.json() if answer.status_code < 500 else {}
    problems = []
    if answer.status_code != ACCEPTED and said.get("status") != "pong":
        problems.append(f"{name}: {answer.status_code} {said.get('detail', '')}")
    if event in OURS and "does not use" in said.get("why", ""):
        problems.append(f"{name}: not recognised as ours")
    return problems


def is_kept_as_request(folder: Path) -> bool:
    """Say whether a recorded `issues.opened` becomes a request once our form is its text."""
    for event, payload in examples(folder):
        if event == "issues" and payload["action"] == "opened":
            payload["issue"]["body"] = "### Level\n\nsalesforce/standard\n\n### Why\n\nDeals"
            inbox, app = FakeInbox(), FastAPI()
            repo = payload["repository"]["full_name"]
            app.include_router(
                github_routes(
                    secret=SECRET,
                    repo=repo,
                    policy_repo=repo,
                    bot_login=lambda: BOT,
                    inbox=inbox,
                )
            )
            body = json.dumps(payload).encode()
            Caller(app).post("/github/webhooks", content=body, headers=headers(body, event))
            return len(inbox.envelopes) == 1
    return False


def _closed(opened: Json) -> Json:
    payload = copy.deepcopy(opened)
    payload["action"] = "closed"
    payload["issue"] |= {"state": "closed", "closed_at": payload["issue"]["updated_at"]}
    return payload
