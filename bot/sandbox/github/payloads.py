"""Webhook payloads (docs "Webhook events and payloads"): issues, issue_comment and ping."""

from typing import Any

from bot.sandbox.github.service import Service
from bot.sandbox.github.shapes import Json, Shapes
from bot.sandbox.github.state import (
    CommentRecord,
    IssueRecord,
    Label,
    User,
    node_id,
    timestamp,
)

HOOK_ID = 292_430_182


def event_payload(
    service: Service, shapes: Shapes, *, action: str, sender: User, parts: dict[str, Any]
) -> Json:
    """Draw an event with the state as it is now; `parts` are records, or JSON as it is."""
    installation = service.app.installation_id
    return {
        "action": action,
        **{name: _draw(shapes, part) for name, part in parts.items()},
        "repository": shapes.repository(service.tracker.open_issues),
        "organization": shapes.organization(),
        "sender": shapes.user(sender),
        "installation": {"id": installation, "node_id": node_id("GAI", installation)},
    }


def ping_payload(service: Service, shapes: Shapes, target: str) -> Json:
    """Draw the ping of an App's webhook, which tells its settings."""
    now = timestamp(service.clock())
    settings = f"{shapes.base}/app/hook"
    hook = {
        "type": "App",
        "id": HOOK_ID,
        "name": "web",
        "active": True,
        "events": list(service.app.events),
        "config": {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
            "url": target,
        },
        "updated_at": now,
        "created_at": now,
        "app_id": service.app.id,
        "url": settings,
        "ping_url": f"{settings}/pings",
        "deliveries_url": f"{settings}/deliveries",
    }
    return {"zen": "Responsive is better than fast.", "hook_id": HOOK_ID, "hook": hook}


def _draw(shapes: Shapes, part: Any) -> Any:
    match part:
        case IssueRecord():
            return shapes.issue(part)
        case CommentRecord():
            return shapes.comment(part)
        case Label():
            return shapes.label(part)
        case User():
            return shapes.user(part)
        case _:
            return part
