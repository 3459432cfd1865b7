"""Webhook payloads (docs "Webhook events and payloads") of what is modelled, and the ping."""

from typing import Any

from bot.sandbox.github.code import mail_of
from bot.sandbox.github.code_state import CheckRun, CheckSuite, Status
from bot.sandbox.github.git_objects import NO_COMMIT, Commit
from bot.sandbox.github.service import Service
from bot.sandbox.github.shapes import Json, Shapes
from bot.sandbox.github.state import (
    CommentRecord,
    IssueRecord,
    Label,
    PullRecord,
    User,
    node_id,
    timestamp,
)

HOOK_ID = 292_430_182
MOST_COMMITS = 2_048  # docs, `push`: the commits property has at most so many
MOST_BYTES = 25_000_000  # docs: a larger payload is not delivered


def event_payload(
    service: Service,
    shapes: Shapes,
    *,
    event: str,
    action: str,
    sender: User,
    parts: dict[str, Any],
) -> Json:
    """Draw an event with the state as it is now; `parts` are records, or JSON as it is."""
    installation = service.app.installation_id
    repository = shapes.repository(service.tracker.open_issues)
    match event:
        case "push":
            repository = _pushed_repository(service, repository)
            told = _push(service, shapes, sender, **parts)
        case "status":
            told = _status(service, shapes, parts["status"])
        case _:
            drawn = {name: _draw(service, shapes, name, part) for name, part in parts.items()}
            told = {"action": action, **drawn}
    return {
        **told,
        "repository": repository,
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


def _draw(service: Service, shapes: Shapes, name: str, part: Any) -> Any:
    code = service.code_shapes(shapes.base)
    match part:
        case PullRecord() if name == "pull_request":
            return service.pull_shapes(shapes.base).sent(part)
        case IssueRecord():
            return shapes.issue(part)
        case CommentRecord():
            return shapes.comment(part)
        case Label():
            return shapes.label(part)
        case User():
            return shapes.user(part)
        case CheckRun():
            return {**code.check_run(part), "check_suite": code.short_suite(part.suite)}
        case CheckSuite():
            return code.check_suite(part)
        case _:
            return part


def _push(
    service: Service,
    shapes: Shapes,
    sender: User,
    *,
    branch: str,
    before: str,
    after: str,
    forced: bool,
    commits: list[tuple[Commit, bool]],
) -> Json:
    code = service.code_shapes(shapes.base)
    drawn = [code.pushed_commit(one, is_distinct=distinct) for one, distinct in commits]
    head = service.code.store.commits.get(after)
    is_new = dict(commits).get(head, False) if head else False
    page = f"{shapes.base}/{service.repository.full_name}/compare"
    span = branch if before == NO_COMMIT else f"{before[:12]}...{after[:12]}"
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "created": before == NO_COMMIT,
        "deleted": after == NO_COMMIT,
        "forced": forced,
        "base_ref": None,
        "compare": f"{page}/{span}",
        "commits": drawn[-MOST_COMMITS:],
        "head_commit": None if head is None else code.pushed_commit(head, is_distinct=is_new),
        "pusher": {"name": sender.login, "email": mail_of(sender)},
    }


def _pushed_repository(service: Service, drawn: Json) -> Json:
    """Draw the repository as a push does: times in seconds, and some names of old."""
    repository = service.repository
    owner = {"name": repository.owner.login, "email": mail_of(repository.owner)}
    return {
        **drawn,
        "owner": {**owner, **drawn["owner"]},
        "created_at": repository.created_at,
        "pushed_at": repository.pushed_at,
        "stargazers": 0,
        "master_branch": repository.default_branch,
        "organization": repository.owner.login,
    }


def _status(service: Service, shapes: Shapes, status: Status) -> Json:
    code, store = service.code_shapes(shapes.base), service.code.store
    drawn = code.status(status, with_creator=False)
    branches = [
        {
            "name": name.removeprefix("heads/"),
            "commit": {"sha": tip, "url": f"{shapes.repo_url}/commits/{tip}"},
            "protected": False,
        }
        for name, tip in store.refs.items()
        if name.startswith("heads/") and status.sha in store.history(tip)
    ]
    named = ("id", "state", "description", "target_url", "context", "avatar_url")
    return {
        **{name: drawn[name] for name in named},
        "sha": status.sha,
        "name": service.repository.full_name,
        "commit": code.commit(store.commits[status.sha]),
        "branches": branches[:10],
        "created_at": drawn["created_at"],
        "updated_at": drawn["updated_at"],
    }
