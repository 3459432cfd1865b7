"""One person's Slack client: what they can see, type, press and submit, and nothing else."""

import html
import threading
import uuid
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import inputs, payloads
from bot.sandbox.slack.calls import Refusal
from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.records import (
    BotAnswer,
    Json,
    Message,
    SandboxUseError,
    Screen,
    SlackMessage,
    User,
    View,
    snapshot_view,
)
from bot.sandbox.slack.response_urls import say
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace
from bot.sandbox.slack.submitting import apply_submission

SLACKBOT = "USLACKBOT"
MIN_QUERY_LENGTH = 3  # block-elements/external-select: the default of min_query_length


class Person:
    """What a person does in Slack, one method per gesture.

    Gestures that the client does not offer raise SandboxUseError. Every gesture that reaches the
    bot returns
    its BotAnswer; the effect on the screen is in `view`, `view_errors`, `home` and the messages.
    """

    def __init__(
        self,
        user_id: str,
        *,
        workspace: Workspace,
        delivery: Delivery,
        lock: threading.RLock,
        base_url: str,
    ) -> None:
        self.id = user_id
        self._space = workspace
        self._delivery = delivery
        self._lock = lock
        self._base_url = base_url

    @property
    def user(self) -> User:
        return self._space.users[self.id]

    @property
    def view(self) -> View | None:
        """The modal on top, None if none is open."""
        with self._lock:
            return snapshot_view(self._screen.modals[-1]) if self._screen.modals else None

    @property
    def view_errors(self) -> dict[str, str]:
        """The inline errors of the last submit, by block_id."""
        with self._lock:
            return dict(self._screen.errors)

    @property
    def home(self) -> View | None:
        with self._lock:
            return snapshot_view(self._screen.home) if self._screen.home else None

    def messages(self) -> list[SlackMessage]:
        """Return what this person can read, oldest first."""
        with self._lock:
            return [m.snapshot() for m in self._space.messages if self._can_see(m)]

    def command(self, command: str, text: str = "", *, channel: str | None = None) -> BotAnswer:
        """Type a slash command, in the direct message with the bot unless `channel` is given."""
        with self._lock:
            self._must_be_active()
            channel_id = channel or self._space.dm(self.id).id
            if self.id not in self._space.channels[channel_id].members:
                raise SandboxUseError(f"{self.id} is not in {channel_id}")
            path = self._space.new_response_path("commands", self.id, channel_id, None)
            form = payloads.command(
                self._space,
                self.user,
                channel_id=channel_id,
                name=command,
                text=text,
                response_url=self._base_url + path,
            )
        answer = self._delivery.send_form(form)
        with self._lock:
            return self._show_command_answer(command, channel_id, answer)

    def say(self, text: str) -> BotAnswer:
        """Write to the bot; the client escapes &, < and > (messaging/formatting-message-text)."""
        with self._lock:
            self._must_be_active()
            message = self._space.post(
                self._space.dm(self.id),
                self.id,
                html.escape(text, quote=False),
                client_msg_id=str(uuid.uuid4()),
            )
            event = payloads.direct_message(message, team_id=self.user.team_id)
            payload = payloads.event(self._space, event, at=float(message.ts))
        return self._delivery.send_event(payload)

    def open_home(self) -> BotAnswer:
        """Click on the app's Home tab."""
        with self._lock:
            self._must_be_active()
            ts, channel_id = self._space.next_ts(), self._space.dm(self.id).id
            event = payloads.home_opened(self.id, channel_id, ts, self._screen.home)
            payload = payloads.event(self._space, event, at=float(ts))
        return self._delivery.send_event(payload)

    def press(
        self,
        message: SlackMessage,
        action_id: str,
        *,
        value: Any = None,
        block_id: str | None = None,
    ) -> BotAnswer:
        """Press a button of a message, or choose `value` in one of its selects.

        The message is looked at as it is now. Among buttons with the same action_id, `value` or
        `block_id`
        says which one. Confirmation dialogs are confirmed.
        """
        with self._lock:
            self._must_be_active()
            stored = self._space.find_message(message.channel, message.ts, ephemeral=True)
            if stored is None or not self._can_see(stored):
                raise SandboxUseError(f"{self.id} sees no message {message.channel} {message.ts}")
            block, element = _touched(stored.blocks, action_id, value, block_id)
            action = self._action(block, element, value)
            path = self._space.new_response_path("actions", self.id, stored.channel, stored)
            payload = payloads.message_action(
                self._space, self.user, stored, action, self._base_url + path
            )
        return self._delivery.send_interaction(payload)

    def press_in_view(
        self,
        action_id: str,
        *,
        value: Any = None,
        block_id: str | None = None,
        values: dict[str, Any] | None = None,
    ) -> BotAnswer:
        """Press or choose in the open modal, or in the Home tab if no modal is open.

        `values` are inputs filled in before, as submit() takes them: they are part of the payload's
        state.
        """
        with self._lock:
            self._must_be_active()
            view = self._front()
            inputs.fill(view, values or {}, self._screen.offered)
            block, element = _touched(view["blocks"], action_id, value, block_id)
            if block["type"] == "input" and not block.get("dispatch_action"):
                raise SandboxUseError(f"the input {block['block_id']} has no dispatch_action")
            if element["type"] not in {"button", "overflow"}:
                inputs.fill(view, {block["block_id"]: value}, self._screen.offered)
            action = self._action(block, element, value)
            payload = payloads.view_action(self._space, self.user, view, action)
        return self._delivery.send_interaction(payload)

    def suggest(self, block_id: str, action_id: str, value: str) -> list[Json]:
        """Type into an external select of the view and return the options the bot offers.

        Below min_query_length the client does not ask. Raises SandboxUseError where the client
        would show
        an error in place of options.
        """
        with self._lock:
            self._must_be_active()
            view = self._front()
            element = _external_select(view, block_id, action_id)
            if len(value) < element.get("min_query_length", MIN_QUERY_LENGTH):
                return []
            payload = payloads.suggestion(
                self._space, self.user, view, block_id=block_id, action_id=action_id, value=value
            )
        answer = self._delivery.send_interaction(payload)
        if answer.error is not None:
            raise SandboxUseError(f"no options: {answer.error} (HTTP {answer.status})")
        if problems := kit.answer_problems(answer.body):
            raise SandboxUseError(f"Slack shows none of these options: {problems}")
        options = _flat(answer.body)
        with self._lock:
            self._screen.offered.setdefault((block_id, action_id), []).extend(options)
        return options

    def submit(self, values: dict[str, Any] | None = None, *, forged: bool = False) -> BotAnswer:
        """Fill in the open modal ({block_id: value}) and press its submit button.

        A select takes an option that is shown (or its value), a users_select a user id, a multi-
        select a
        list. Empty required inputs are refused by the client: see `view_errors`. `forged` skips the
        client's
        own checks, as a modified client would.
        """
        with self._lock:
            self._must_be_active()
            view = self._top()
            if view["submit"] is None:
                raise SandboxUseError("this modal has no submit button")
            if forged:
                _forge(view, values or {})
            else:
                inputs.fill(view, values or {}, self._screen.offered)
            self._screen.errors = {} if forged else inputs.missing(view)
            if self._screen.errors:
                return BotAnswer(status=None, body=None, took_s=0.0, error="refused_by_client")
            payload = payloads.submission(self._space, self.user, view)
        answer = self._delivery.send_interaction(payload)
        with self._lock:
            return apply_submission(self._space, self._screen, view, answer)

    def close(self, *, whole_stack: bool = False) -> BotAnswer | None:
        """Close the modal on top (or all); the bot hears of those with notify_on_close."""
        with self._lock:
            self._must_be_active()
            top = self._top()
            is_cleared = whole_stack or bool(top["clear_on_close"])
            gone = self._screen.modals[::-1] if is_cleared else [top]
            self._screen.modals = [] if is_cleared else self._screen.modals[:-1]
            self._screen.forget_inputs()
            notices = [
                payloads.closed(self._space, self.user, view, is_cleared=is_cleared)
                for view in gone
                if view["notify_on_close"]
            ]
        answers = [self._delivery.send_interaction(payload) for payload in notices]
        return answers[-1] if answers else None

    @property
    def _screen(self) -> Screen:
        return self._space.screen(self.id)

    def _must_be_active(self) -> None:
        if self.user.deleted:
            raise SandboxUseError(f"{self.id} is deactivated and cannot log in")

    def _can_see(self, message: Message) -> bool:
        is_inside = self.id in self._space.channels[message.channel].members
        return is_inside and message.ephemeral_for in (None, self.id)

    def _top(self) -> Json:
        if not self._screen.modals:
            raise SandboxUseError(f"{self.id} has no modal open")
        return self._screen.modals[-1]

    def _front(self) -> Json:
        if not self._screen.modals and self._screen.home is not None:
            return self._screen.home
        return self._top()

    def _action(self, block: Json, element: Json, value: Any) -> Json:
        action: Json = {"type": element["type"], "action_id": element["action_id"]}
        action |= {"block_id": block["block_id"], "action_ts": self._space.next_ts()}
        if element["type"] == "button":
            shown = ("text", "value", "style", "url")
            return action | {name: element[name] for name in shown if name in element}
        if element["type"] == "overflow":
            # An overflow menu is chosen from like a static select.
            like = {**element, "type": "static_select"}
            return action | {"selected_option": inputs.chosen(like, value, [])}
        known = self._screen.offered.get((block["block_id"], element["action_id"]), [])
        return action | inputs.entry(element, inputs.chosen(element, value, known))

    def _show_command_answer(self, command: str, channel_id: str, answer: BotAnswer) -> BotAnswer:
        """Show what a slash command brought: the HTTP answer's text, or Slackbot's error line."""
        if answer.ok and answer.body not in ("", None, {}):
            body = answer.body if isinstance(answer.body, dict) else {"text": str(answer.body)}
            try:
                say(self._space, self.id, channel_id, body)
            except (Refusal, NotModelledError):
                answer = replace(answer, error="invalid_command_response")
        if not answer.ok:
            self._space.post(
                self._space.channels[channel_id],
                SLACKBOT,
                f'{command} failed with the error "{answer.error}"',
                ephemeral_for=self.id,
            )
        return answer


def _touched(
    blocks: list[Json], action_id: str, value: Any, block_id: str | None
) -> tuple[Json, Json]:
    """Return the one (block, element) that is meant, or raise."""
    found = [
        (block, element)
        for block, element, _ in kit.elements(blocks)
        if element.get("action_id") == action_id and block_id in (None, block["block_id"])
    ]
    if value is not None and any(element["type"] == "button" for _, element in found):
        found = [(b, e) for b, e in found if e["type"] != "button" or e.get("value") == value]
    if not found:
        there = [element.get("action_id") for _, element, _ in kit.elements(blocks)]
        raise SandboxUseError(f"there is nothing to press called {action_id!r}, only {there}")
    if len(found) > 1:
        raise SandboxUseError(f"{len(found)} elements are called {action_id!r}: say which value")
    return found[0]


def _external_select(view: Json, block_id: str, action_id: str) -> Json:
    for block, element, _ in kit.elements(view["blocks"]):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            if element["type"] in {"external_select", "multi_external_select"}:
                return element
            raise SandboxUseError(f"{action_id} is a {element['type']}")
    raise SandboxUseError(f"the view has no external select {block_id}/{action_id}")


def _flat(answer: Json) -> list[Json]:
    if "options" in answer:
        return list(answer["options"])
    return [option for group in answer["option_groups"] for option in group["options"]]


def _forge(view: Json, values: dict[str, Any]) -> None:
    for block, element, _ in kit.elements(view["blocks"]):
        if block["block_id"] in values:
            forged = inputs.entry(element, values[block["block_id"]])
            view["state"]["values"].setdefault(block["block_id"], {})[element["action_id"]] = forged
