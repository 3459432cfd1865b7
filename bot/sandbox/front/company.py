"""The example company as the pages need it: its world, its people and how they are called."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort

from bot.sandbox.example import Colleague
from bot.sandbox.front.links import Links
from bot.sandbox.world import World

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Company:
    """What all pages share; `patience_s` is how long an action waits for the bot."""

    world: World
    people: tuple[Colleague, ...]
    links: Links
    patience_s: float

    def colleague(self, person_id: str) -> Colleague:
        """Return one of the roster, or answer 404."""
        found = next((one for one in self.people if one.id == person_id), None)
        if found is None:
            abort(404, f"Nobody in the example company has the id {person_id}.")
        return found

    def manager(self, colleague: Colleague) -> Colleague | None:
        return next((one for one in self.people if one.id == colleague.manager_id), None)

    def reports(self, colleague: Colleague) -> list[Colleague]:
        return [one for one in self.people if one.manager_id == colleague.id]

    def members(self) -> dict[str, str]:
        """Return the names of Slack's people who can be chosen and mentioned, by id."""
        with self.world.slack.lock:
            users = self.world.slack.workspace.users
            return {key: user.name for key, user in users.items() if not user.deleted}

    def wait_for_news(self, look: Callable[[], Any], before: Any) -> None:
        """Wait until `look` no longer returns `before`: the bot goes on after it has answered."""
        pause = threading.Event()
        deadline = time.monotonic() + self.patience_s
        while look() == before and time.monotonic() < deadline:
            pause.wait(_LOOK_EVERY_S)
