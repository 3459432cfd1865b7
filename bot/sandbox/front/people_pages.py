"""The people's pages: one person's Slack, with every gesture their client has, and their vault."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.sandbox.example import Colleague
from bot.sandbox.front.company import Company
from bot.sandbox.front.drawing import Drawing
from bot.sandbox.front.modal import Modals, seen, typed
from bot.sandbox.slack import BotAnswer, Person, SandboxUseError, SlackMessage
from bot.sandbox.slack.blocks import elements
from bot.sandbox.slack.state import dm_id

NEWEST = 50
_WORDS = {
    "refused_by_client": "Some fields need another look: see the marks in the form.",
    "trouble_connecting": "Slack says: «We had some trouble connecting. Try again?» The bot "
    "answered the form with something that Slack does not understand.",
    "operation_timeout": "Slack says: operation_timeout. The bot did not answer in three seconds.",
    "dispatch_failed": "Slack says: dispatch_failed. The bot cannot be reached, or it answered "
    "with an error.",
    "invalid_command_response": "Slack says: invalid_command_response. The bot answered the "
    "command with something that Slack does not understand.",
}


class PeoplePages:
    """Gestures of people in Slack, each a POST that leads back to the person's page."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._modals = Modals()

    def blueprint(self) -> Blueprint:
        pages = Blueprint("people", __name__)
        one = "/people/<person_id>"
        pages.add_url_rule("/", "everybody", self.everybody)
        pages.add_url_rule(one, "person", self.person)
        for name, act in (
            ("say", self.say),
            ("press", self.press),
            ("modal", self.modal),
            ("open-home", self.open_home),
            ("press-home", self.press_home),
        ):
            pages.add_url_rule(f"{one}/{name}", name, act, methods=["POST"])
        return pages

    # ---- looking

    def everybody(self) -> str:
        return render_template("everybody.html", company=self._company)

    def person(self, person_id: str) -> str:
        colleague = self._company.colleague(person_id)
        person = self._client(colleague)
        drawing = Drawing(self._company.links, self._company.members())
        modal = self._modals.draw(person, drawing)
        home = person.home
        return render_template(
            "person.html",
            company=self._company,
            colleague=colleague,
            modal=modal,
            messages=[
                self._message(drawing, colleague, one)
                for one in person.messages()[: -NEWEST - 1 : -1]
            ],
            home=drawing.parts(home.blocks, state=home.state) if home else None,
            vault=self._vault(colleague),
            shown=request.args.get("show", ""),
            can_refresh=modal is None,
        )

    # ---- gestures

    def say(self, person_id: str) -> Response:
        """Type into the message box: a slash command, or words to the bot."""
        words = request.form.get("words", "").replace("\r\n", "\n").strip()

        def gesture(person: Person) -> BotAnswer | None:
            if not words:
                raise SandboxUseError("an empty message cannot be sent")
            if words.startswith("/"):
                name, _, rest = words.partition(" ")
                return person.command(name, rest.strip())
            return person.say(words)

        return self._act(person_id, gesture)

    def press(self, person_id: str) -> Response:
        """Press a button of a message, or choose in one of its menus."""
        sent = request.form

        def gesture(person: Person) -> BotAnswer | None:
            place = (sent.get("channel", ""), sent.get("ts", ""))
            found = next((m for m in person.messages() if (m.channel, m.ts) == place), None)
            if found is None:
                raise SandboxUseError("this message is gone")
            return person.press(
                found,
                sent.get("action_id", ""),
                value=sent.get("value") or None,
                block_id=sent.get("block_id") or None,
            )

        return self._act(person_id, gesture)

    def modal(self, person_id: str) -> Response:
        """Fill in the modal and submit it, search in it, press in it, or close it."""
        return self._act(person_id, self._in_modal)

    def open_home(self, person_id: str) -> Response:
        return self._act(person_id, lambda person: person.open_home(), lambda person: person.home)

    def press_home(self, person_id: str) -> Response:
        """Press a button of the Home tab."""
        sent = request.form

        def gesture(person: Person) -> BotAnswer | None:
            if person.view is not None:
                raise SandboxUseError("a form is open in front of the Home tab")
            return person.press_in_view(
                sent.get("action_id", ""),
                value=sent.get("value") or None,
                block_id=sent.get("block_id") or None,
            )

        return self._act(person_id, gesture)

    # ---- inside

    def _client(self, colleague: Colleague) -> Person:
        if not colleague.slack_id:
            abort(404, f"{colleague.name} has no Slack account.")
        return self._company.world.slack.person(colleague.slack_id)

    def _act(
        self,
        person_id: str,
        gesture: Callable[[Person], BotAnswer | None],
        look: Callable[[Person], Any] | None = None,
    ) -> Response:
        """Do something as a person, wait a moment for what the bot makes of it, and show it."""
        look = look or _heard
        colleague = self._company.colleague(person_id)
        person = self._client(colleague)
        before = look(person)
        try:
            answer = gesture(person)
            if answer is not None and answer.error is not None:
                flash(_WORDS.get(answer.error, f"Slack says: {answer.error}"), "bad")
            elif answer is not None and person.view is None:
                self._company.wait_for_news(lambda: look(person), before)
            self._modals.open_menus(person)
        except SandboxUseError as refusal:
            flash(f"Slack's client does not let {colleague.name} do this: {refusal}.", "bad")
        return redirect(url_for("people.person", person_id=person_id))

    def _in_modal(self, person: Person) -> BotAnswer | None:
        view, sent = person.view, request.form
        if view is None or sent.get("seen") != seen(view):
            raise SandboxUseError("the form has changed or is gone; here is how it is now")
        what, _, where = sent.get("do", "submit").partition(":")
        values = typed(sent, view.blocks)
        self._modals.keep(person, values)
        match what:
            case "close":
                return person.close()
            case "search":
                self._modals.search(person, where, sent.get(f"query:{where}", ""))
                return None
            case "press":
                answer = self._press_in(person, view.blocks, where, values)
            case _:
                answer = person.submit(values)
        self._modals.forget(person)
        return answer

    @staticmethod
    def _press_in(
        person: Person, blocks: list[dict[str, Any]], where: str, values: dict[str, Any]
    ) -> BotAnswer:
        touchable = list(elements(blocks))
        if not where.isdecimal() or int(where) >= len(touchable):
            raise SandboxUseError("there is nothing to press there")
        block, element, _ = touchable[int(where)]
        is_button = element["type"] == "button"
        value = element.get("value") if is_button else values.get(block["block_id"])
        return person.press_in_view(
            element["action_id"], value=value, block_id=block["block_id"], values=values
        )

    def _message(
        self, drawing: Drawing, colleague: Colleague, message: SlackMessage
    ) -> dict[str, Any]:
        names = self._company.members()
        with self._company.world.slack.lock:
            channel = self._company.world.slack.workspace.channels[message.channel]
        is_direct = message.channel == dm_id(colleague.slack_id)
        return {
            "of": message,
            "at": datetime.fromtimestamp(float(message.ts), UTC),
            "author": names.get(message.user, "Slackbot"),
            "place": "" if is_direct else f"#{channel.name}",
            "text": drawing.mrkdwn(message.text),
            "parts": drawing.parts(message.blocks),
        }

    def _vault(self, colleague: Colleague) -> list[Any]:
        if not colleague.handoff_vault:
            return []
        return self._company.world.onepassword.items(colleague.handoff_vault)


def _heard(person: Person) -> list[SlackMessage]:
    return [message for message in person.messages() if message.user != person.id]
