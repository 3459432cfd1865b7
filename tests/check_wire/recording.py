"""Plays the tour, then what it leaves out, and returns every request that left the bot."""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import requests
from rich.console import Console

from bot.logs import configure_logs
from bot.playground import POLICIES, Playground
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.wire import Exchange
from bot.tour import ANN, CAI, DOV, Tour

LOST = {
    "github": ("POST /repos/acme/access/issues", "POST /repos/acme/access/issues/*/comments"),
    "slack": ("POST /api/chat.postMessage",),
    "salesforce": ("PATCH /services/data/*/sobjects/User/*",),
    "onepassword": ("POST /v1/vaults/*/items",),
}
"""Writes whose answers get lost, so that the bot has to look for what it did."""


def record() -> dict[str, list[Exchange]]:
    """Return the requests of both plays by service."""
    requests_play, policy_play = _about_requests(), _about_policy()
    return {name: [*sent, *policy_play[name]] for name, sent in requests_play.items()}


def _about_policy() -> dict[str, list[Exchange]]:
    with _playground() as ground:
        tour = Tour(ground, Console(file=io.StringIO()))
        tour.looser_rule()
        tour.broken_rule()
        ground.usher.catch_up_policy()
        return {each.name: list(each.exchanges) for each in ground.world.emulators}


def _about_requests() -> dict[str, list[Exchange]]:
    with _playground() as ground:
        tour = Tour(ground, Console(file=io.StringIO()))
        ann = tour.high_risk_request()
        cai = tour.low_risk_request()
        tour.onboarding()
        _look_at_slack(ground)
        tour.give_back(ann)
        tour.expiry(cai)
        _deny(ground, tour)
        _talk_on_the_issue(ground, tour)
        _lose_answers(ground, tour)
        _look_at_health(ground)
        ground.usher.catch_up()
        ground.settle()
        return {each.name: list(each.exchanges) for each in ground.world.emulators}


@contextmanager
def _playground() -> Iterator[Playground]:
    configure_logs("CRITICAL", json=False, stream=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        ground = Playground(Path(folder), policies_in_git=POLICIES)
        ground.start()
        try:
            yield ground
        finally:
            ground.stop()


def _look_at_slack(ground: Playground) -> None:
    ann = ground.world.slack.person(ANN)
    ann.command("/access", "mine")
    ann.command("/access", "help")
    ann.say("hello")
    ann.open_home()
    ground.settle()


def _deny(ground: Playground, tour: Tour) -> None:
    tour.ask_in_slack(CAI, "view", "salesforce/view-only", "30d", "Look something up")
    dov = ground.world.slack.person(DOV)
    dov.press(tour.last_card(DOV), "request:deny")
    view = dov.view
    if view is None:
        raise RuntimeError("no modal asks Dov for his reason")
    dov.submit({str(view.blocks[-1]["block_id"]): "Ask for the report instead"})
    ground.settle()


def _talk_on_the_issue(ground: Playground, tour: Tour) -> None:
    tour.ask_in_slack(ANN, "standard", "salesforce/standard", "90d", "Second quarter")
    number = ground.world.github.issues()[-1].number
    for words in ("/help", "/approve", "/cancel"):
        tour.comment("octo-ann", number, words)


def _lose_answers(ground: Playground, tour: Tour) -> None:
    for emulator in ground.world.emulators:
        for route in LOST[emulator.name]:
            emulator.faults.add(Fault(route=route, kind=FaultKind.DROP_AFTER))
    tour.ask_in_slack(CAI, "view", "salesforce/view-only", "30d", "Look once more")
    ground.travel(timedelta(minutes=10))
    ground.world.slack.person(DOV).press(tour.last_card(DOV), "request:approve")
    ground.settle()
    ground.travel(timedelta(minutes=10))


def _look_at_health(ground: Playground) -> None:
    answer = requests.get(f"{ground.url}/readyz", timeout=10)
    if answer.status_code != requests.codes.ok:
        raise RuntimeError(f"not ready: {answer.text}")
