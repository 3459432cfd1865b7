"""What a client does with the answer to a view_submission (docs.slack.dev/surfaces/modals)."""

from dataclasses import replace

from bot.sandbox.slack.calls import Refusal
from bot.sandbox.slack.records import BotAnswer, Json, Screen
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace
from bot.sandbox.slack.views_api import STACK_MAX, checked_view, push

# The client says "We had some trouble connecting. Try again?" and the modal stays (python-slack-sdk
# issue 741).
TROUBLE = "trouble_connecting"


def apply_submission(space: Workspace, screen: Screen, view: Json, answer: BotAnswer) -> BotAnswer:
    """Close, change, push or clear as response_action says; nothing at all closes this view."""
    if answer.error is not None:
        return answer
    body = answer.body
    if body in ("", None, {}):
        _close(screen, view)
        return answer
    if not isinstance(body, dict) or "response_action" not in body:
        return replace(answer, error=TROUBLE)
    try:
        is_done = _act(space, screen, view, body)
    except (Refusal, NotModelledError):
        is_done = False
    return answer if is_done else replace(answer, error=TROUBLE)


def _act(space: Workspace, screen: Screen, view: Json, body: Json) -> bool:
    match body["response_action"]:
        case "errors":
            return _show_errors(screen, view, body.get("errors"))
        case "clear":
            screen.modals = []
            screen.forget_inputs()
        case "update":
            space.replace_view(view, checked_view(body.get("view"), kind="modal"))
        case "push":
            if len(screen.modals) >= STACK_MAX or not screen.modals:
                return False
            push(space, screen, checked_view(body.get("view"), kind="modal"))
        case _:
            return False
    return True


def _show_errors(screen: Screen, view: Json, errors: object) -> bool:
    """Errors belong to input blocks of this view; any other key breaks the whole answer."""
    known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= known:
        return False
    screen.errors = {block_id: str(text) for block_id, text in errors.items()}
    return True


def _close(screen: Screen, view: Json) -> None:
    screen.modals = [one for one in screen.modals if one is not view]
    screen.forget_inputs()
