"""Signed webhooks as GitHub sends them, and the shapes of their payloads."""

import hashlib
import hmac
import json
from typing import Any

SECRET = "sandbox-webhook-secret"
REPO = "acme/access"
BOT = "usher-bot[bot]"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
NOW = "2026-11-21T10:00:00Z"
FORM = "### Level\n\nsalesforce/standard\n\n### For how long\n\n30 days\n\n### Why\n\nQuarter end."

Json = dict[str, Any]


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, event: str = "issues", **changes: str) -> dict[str, str]:
    usual = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": GUID,
        "X-Hub-Signature-256": sign(body),
    }
    return {**usual, **changes}


def user(login: str = "octo-ann", kind: str = "User") -> Json:
    return {"login": login, "id": 1, "type": kind}


def issue(**changes: Any) -> Json:
    usual = {
        "number": 7,
        "title": "Access request",
        "body": FORM,
        "user": user(),
        "labels": [{"name": "access-request"}],
        "state": "open",
        "created_at": NOW,
        "updated_at": NOW,
        "closed_at": None,
    }
    return {**usual, **changes}


def comment(body: str, **changes: Any) -> Json:
    usual = {
        "id": 99,
        "body": body,
        "user": user("octo-bea"),
        "created_at": NOW,
        "updated_at": NOW,
        "issue_url": f"https://api.github.com/repos/{REPO}/issues/7",
        "html_url": f"https://github.com/{REPO}/issues/7#issuecomment-99",
    }
    return {**usual, **changes}


def issues_event(action: str, sender: Json | None = None, **more: Any) -> Json:
    return {
        "action": action,
        "issue": more.pop("issue", issue()),
        "repository": {"full_name": REPO},
        "sender": sender or user(),
        **more,
    }


def comment_event(action: str, said: Json, sender: Json | None = None, **more: Any) -> Json:
    event = issues_event(action, sender or user("octo-bea"), **more)
    return {**event, "comment": said}


def encoded(payload: Json) -> bytes:
    return json.dumps(payload).encode()
