"""views.*: modals and Home tabs (docs.slack.dev/surfaces/modals, methods/views.*)."""

from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import rates
from bot.sandbox.slack.calls import Call, Method, Refusal, invalid_arguments
from bot.sandbox.slack.records import Json, Screen, Trigger
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace

STACK_MAX = 3  # surfaces/modals: a root view and two pushed on it


def open_view(call: Call) -> Json:
    view = checked_view(call.structure("view", "invalid_arguments"), kind="modal")
    trigger = _trigger(call)
    if trigger.view_id is not None:
        raise NotModelledError("views.open with a trigger from inside a modal")
    _refuse_taken_external_id(call.workspace, view)
    screen = call.workspace.screen(trigger.user)
    stored = call.workspace.new_view(view)
    screen.modals = [stored]
    screen.forget_inputs()
    return {"view": stored}


def push_view(call: Call) -> Json:
    view = checked_view(call.structure("view", "invalid_arguments"), kind="modal")
    trigger = _trigger(call)
    screen = call.workspace.screen(trigger.user)
    if not screen.modals:
        raise Refusal("not_found")
    _refuse_taken_external_id(call.workspace, view)
    if len(screen.modals) >= STACK_MAX:
        raise Refusal("push_limit_reached")
    return {"view": push(call.workspace, screen, view)}


def update_view(call: Call) -> Json:
    view = checked_view(call.structure("view", "invalid_arguments"))
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if view_id and external_id:
        raise invalid_arguments(["Cannot provide both `view_id` and `external_id`"])
    stored = call.workspace.find_view(view_id=view_id or None, external_id=external_id or None)
    if stored is None:
        raise Refusal("not_found")
    if stored["type"] != view["type"]:
        raise invalid_arguments([f"unsupported type: {view['type']} [json-pointer:/view/type]"])
    _refuse_other_hash(call, stored)
    _refuse_taken_external_id(call.workspace, view, own=stored)
    call.workspace.replace_view(stored, view)
    return {"view": stored}


def publish_view(call: Call) -> Json:
    view = checked_view(call.structure("view", "invalid_arguments"), kind="home")
    user_id = call.required("user_id")
    if user_id not in call.workspace.users:
        raise Refusal("user_not_found")
    screen = call.workspace.screen(user_id)
    _refuse_other_hash(call, screen.home)
    _refuse_taken_external_id(call.workspace, view, own=screen.home)
    if screen.home is None:
        screen.home = call.workspace.new_view(view)
    else:
        call.workspace.replace_view(screen.home, view)
    return {"view": screen.home}


def checked_view(view: Any, *, kind: str | None = None) -> Json:
    """Return a view Slack would take, or refuse it as Slack does."""
    if view is None:
        raise invalid_arguments(["missing required field: view"])
    problems = kit.view_problems(view, kind=kind)
    if problems:
        raise invalid_arguments(problems)
    if kit.is_view_too_large(view):
        raise Refusal("view_too_large")
    return dict(view)


def push(space: Workspace, screen: Screen, view: Json) -> Json:
    """Put a view on top of the stack (also what response_action "push" does)."""
    stored = space.new_view(view, root=screen.modals[0], previous=screen.modals[-1])
    screen.modals.append(stored)
    screen.forget_inputs()
    return stored


def _trigger(call: Call) -> Trigger:
    trigger_id = call.text("trigger_id")
    if not trigger_id:
        raise invalid_arguments(["missing required field: trigger_id"])
    trigger = call.workspace.take_trigger(trigger_id)
    if isinstance(trigger, str):
        raise Refusal(trigger)
    return trigger


def _refuse_other_hash(call: Call, stored: Json | None) -> None:
    if call.text("hash") and stored is not None and call.text("hash") != stored["hash"]:
        raise Refusal("hash_conflict")


def _refuse_taken_external_id(space: Workspace, view: Json, own: Json | None = None) -> None:
    external_id = view.get("external_id")
    if not external_id:
        return
    other = space.find_view(view_id=None, external_id=external_id)
    if other is not None and other is not own:
        raise Refusal("duplicate_external_id")


def _method(run: Any, *arguments: str) -> Method:
    return Method(run, frozenset({"view", *arguments}), None, rates.TIER_4, is_write=True)


METHODS = {
    "views.open": _method(open_view, "trigger_id"),
    "views.push": _method(push_view, "trigger_id"),
    "views.update": _method(update_view, "view_id", "external_id", "hash"),
    "views.publish": _method(publish_view, "user_id", "hash"),
}
