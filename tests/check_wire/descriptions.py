"""What Node judges: GitHub and 1Password requests by OpenAPI."""

import json
import subprocess
from pathlib import Path
from typing import Any

from bot.sandbox.wire import Exchange

HERE = Path(__file__).parent
GITHUB = HERE / "node_modules/@octokit/openapi/generated/api.github.com.json"
EXAMPLES = HERE / "node_modules/@octokit/webhooks-examples"
Json = dict[str, Any]


def install() -> None:
    """Install the pinned packages next to this file (ignored by git); their scripts do not run."""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=HERE, check=True, timeout=300)


def judge(tasks: dict[str, Json]) -> dict[str, Json]:
    """Return problems and operations of each task."""
    done = subprocess.run(
        ["node", "judge.mjs"],
        cwd=HERE,
        input=json.dumps(tasks),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"judge.mjs: {done.stderr.strip()[-2000:]}")
    answers: dict[str, Json] = json.loads(done.stdout)
    return answers


def github_task(exchanges: list[Exchange]) -> Json:
    issues = "/repos/acme/access/issues"
    bad = [
        _call("POST", issues, body={"body": "no title"}),
        _call("POST", issues, body={"title": "x", "body": 5}),
        _call("POST", issues, body={"title": "x", "assigneees": []}),
        _call("PATCH", f"{issues}/1", body={"state": "shut"}),
        _call("GET", issues, query="stat=all"),
        _call("GET", "/repos/acme/access/isues"),
    ]
    return {"file": str(GITHUB), "calls": [_as_call(e) for e in exchanges], "must_fail": bad}


def connect_task(file: Path, exchanges: list[Exchange]) -> Json:
    items = "/v1/vaults/vaultann000000000000000004/items"
    bad = [
        _call("POST", items, body={"category": "LOGIN"}),
        _call("POST", items, body={"vault": {"id": "v"}, "category": "LOG_IN"}),
        _call("POST", items, body={"vault": {"id": "v"}, "category": "LOGIN", "titel": "x"}),
    ]
    return {
        "file": str(file.resolve()),
        "calls": [_as_call(e) for e in exchanges],
        "must_fail": bad,
    }


def _as_call(exchange: Exchange) -> Json:
    return {
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "contentType": exchange.request_headers.get("Content-Type", ""),
        "body": exchange.request_body.decode(),
    }


def _call(method: str, path: str, *, body: Json | None = None, query: str = "") -> Json:
    return {
        "method": method,
        "path": path,
        "query": query,
        "contentType": "application/json" if body is not None else "",
        "body": json.dumps(body) if body is not None else "",
    }
