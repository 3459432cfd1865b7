"""The app manifest that customers paste into Slack says what the code needs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import handlers.slack
from bot.adapters.slack.health import REQUIRED_SCOPES
from handlers.slack.actions import COMMAND
from handlers.slack.chatter import EVENTS
from handlers.slack.routes import PATH

SCOPE_OF_EVENT = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
}


@pytest.fixture
def manifest() -> Any:
    folder = Path(handlers.slack.__file__).parent
    return yaml.safe_load((folder / "manifest.yml").read_text())


def test_it_has_the_command_and_the_events_that_the_code_answers(manifest: Any) -> None:
    [command] = manifest["features"]["slash_commands"]

    assert command["command"] == COMMAND
    assert sorted(manifest["settings"]["event_subscriptions"]["bot_events"]) == sorted(EVENTS)


def test_it_asks_for_the_scopes_that_the_code_needs_and_no_others(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    of_events = {SCOPE_OF_EVENT[event] for event in EVENTS} - {None}

    assert set(scopes) == set(REQUIRED_SCOPES) | of_events
    assert scopes == sorted(scopes)


def test_every_address_is_the_one_route(manifest: Any) -> None:
    settings = manifest["settings"]
    addresses = {
        manifest["features"]["slash_commands"][0]["url"],
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
        settings["interactivity"]["message_menu_options_url"],
    }

    assert addresses == {f"https://usher.example.com{PATH}"}
    assert settings["interactivity"]["is_enabled"] is True


def test_it_is_within_slacks_lengths(manifest: Any) -> None:
    shown = manifest["display_information"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
