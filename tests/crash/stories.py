"""The main stories, played by people who notice when something did not work and do it again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from bot.sandbox.example import colleagues
from bot.sandbox.slack import BotAnswer, SlackMessage
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.records import SandboxUseError
from bot.sandbox.world import CONNECT_TOKEN, HR_TOKEN
from tests.crash.ground import Ground

ANN, CAI, DOV = "U0ANN00004", "U0CAI00006", "U0DOV00007"
NEWCOMER = {
    "id": "p101",
    "mail": "noor.haddad@acme.example",
    "name": "Noor Haddad",
    "role": "csm",
    "manager_id": "p009",
    "timezone": "Asia/Tokyo",
    "github": "octo-noor",
    "slack_id": "U0NOO00101",
    "handoff_vault": "vaultnoor00000000000000101",
}
Plot = Callable[[Ground], None]


@dataclass(frozen=True)
class Story:
    """What happens before, with nothing broken, and the part whose writes are broken one by one."""

    name: str
    prelude: Plot
    plot: Plot


# ---- the stories --------------------------------------------------------------------------------


def _nothing(_ground: Ground) -> None:
    """Start from an empty database."""


def request(ground: Ground) -> None:
    """Ask in Slack, be refused one's own approval, be approved on GitHub, get the log-in."""
    ask_in_slack(ground, ANN, words="sales", level="salesforce/sales", days="90d")
    comment(ground, "octo-ann", "/approve")
    comment(ground, "octo-bea", "/approve")
    comment(ground, "octo-gtm-1", "/approve")
    tick_all(ground, "octo-gtm-1")


def give_back(ground: Ground) -> None:
    """Press «Give back» on one's own card."""
    press(ground, ANN, "grant:give_back")


def low_risk_request(ground: Ground) -> None:
    """Ask in Slack and be approved there."""
    ask_in_slack(ground, CAI, words="view", level="salesforce/view-only", days="30d")
    press(ground, DOV, "request:approve")


def expiry(ground: Ground) -> None:
    """Let the time run out."""
    ground.travel(timedelta(days=31))
    ground.settle()


def announce_newcomer(ground: Ground) -> None:
    """Let Slack and 1Password know the newcomer, as their administrators would."""
    slack_id, vault = NEWCOMER["slack_id"], NEWCOMER["handoff_vault"]
    ground.world.slack.add_user(slack_id, name=NEWCOMER["name"], mail=NEWCOMER["mail"])
    ground.world.onepassword.add_vault("Handoff - p101", vault_id=vault)
    vaults = dict.fromkeys([vault, *(c.handoff_vault for c in colleagues())], "rw")
    ground.world.onepassword.add_token(CONNECT_TOKEN, vaults=vaults)


def onboarding(ground: Ground) -> None:
    """Be announced by the HR system, and have one's access on the first day."""
    first_day = (ground.clock.now() + timedelta(days=3)).date().isoformat()
    _post_onboarding(ground, {"person": {**NEWCOMER, "first_day": first_day}})
    ground.settle()
    ground.travel(timedelta(days=4))
    ground.settle()


def with_leads(ground: Ground) -> None:
    """Have access, and more leads than three calls take."""
    low_risk_request(ground)
    ground.world.salesforce.org.seed_records("p006", 450, ["Lead"])


def hand_over(ground: Ground) -> None:
    """Give back one's access, and let IT hand the leads over to the system's owner."""
    press(ground, CAI, "grant:give_back")
    ground.travel(timedelta(seconds=2))  # GitHub tells whole seconds only
    comment(ground, "octo-it-1", "/approve hand-over")


STORIES = {
    story.name: story
    for story in (
        Story("request", _nothing, request),
        Story("give_back", request, give_back),
        Story("expiry", low_risk_request, expiry),
        Story("onboarding", announce_newcomer, onboarding),
        Story("hand_over", with_leads, hand_over),
    )
}

# ---- gestures -----------------------------------------------------------------------------------


def ask_in_slack(ground: Ground, slack_id: str, *, words: str, level: str, days: str) -> None:
    person = ground.world.slack.person(slack_id)
    while person.view is None:
        ground.insist(lambda: person.command("/access", words))
        ground.settle()
    option = _suggested(ground, person, level)
    values = {"level": option, "how_long": _offered(person, "how_long", days), "why": "Q1 reviews"}
    ground.insist(lambda: person.submit(values))
    if person.view is not None:
        # A repeated submit: the first one had come through, and the form says so.
        assert "already" in str(person.view_errors), person.view_errors
        person.close()
    ground.settle()


def _suggested(ground: Ground, person: Person, level: str) -> dict[str, Any]:
    """Type into the search until it offers the level."""
    action = _element(person, "level")["action_id"]
    while True:
        try:
            options = person.suggest("level", action, level)
        except SandboxUseError:
            ground.settle()  # Slack shows «no options» while the bot is down
        else:
            return next(option for option in options if option["value"] == level)


def _offered(person: Person, block_id: str, value: str) -> dict[str, Any]:
    options = _element(person, block_id)["options"]
    return next(dict(option) for option in options if option["value"] == value)


def _element(person: Person, block_id: str) -> dict[str, Any]:
    view = person.view
    assert view is not None
    return next(dict(b["element"]) for b in view.blocks if b["block_id"] == block_id)


def press(ground: Ground, slack_id: str, action: str) -> None:
    """Press a button; once it is gone from the card there is nothing to press again."""
    person = ground.world.slack.person(slack_id)
    assert _cards_with(ground, slack_id, action), f"no card of {slack_id} offers {action}"

    def try_to() -> BotAnswer:
        cards = _cards_with(ground, slack_id, action)
        return person.press(cards[-1], action) if cards else NOTHING_TO_DO

    ground.insist(try_to)
    ground.settle()


NOTHING_TO_DO = BotAnswer(status=200, body="", took_s=0.0)


def _cards_with(ground: Ground, slack_id: str, action: str) -> list[SlackMessage]:
    return [m for m in ground.world.slack.dm(slack_id) if action in str(m.blocks)]


def comment(ground: Ground, login: str, body: str) -> None:
    ground.world.github.person(login).comment(1, body)
    ground.settle()


def tick_all(ground: Ground, login: str) -> None:
    """Tick every box of the checklist in the status comment."""
    github = ground.world.github
    (status,) = (c for c in github.issue(1).comments if "- [ ]" in c.body)
    github.person(login).edit_comment(status.id, status.body.replace("- [ ]", "- [x]"))
    ground.settle()


def _post_onboarding(ground: Ground, body: dict[str, Any]) -> None:
    """Post until it is answered, under one idempotency key, as HR systems do."""
    headers = {"Authorization": f"Bearer {HR_TOKEN}", "Idempotency-Key": "hire-noor-1"}
    url = f"{ground.url}/api/v1/onboardings"
    while True:
        try:
            with requests.Session() as session:
                answer = session.post(url, json=body, headers=headers, timeout=10)
        except requests.ConnectionError:
            ground.settle()
        else:
            assert answer.status_code in (200, 201), answer.text
            return
