"""Who may use Usher, by what Slack says of them; and whether our token works."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from bot.adapters.slack.client import make_client, make_webhook, tls_context
from bot.adapters.slack.health import REQUIRED_SCOPES, SlackHealth
from bot.adapters.slack.members import REMEMBERED_S, SlackMembers
from bot.domain.errors import Unauthorized, Unavailable
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.slack import SlackEmulator
from tests.fakes.slack_wire import TEAM, TOKEN

ANN = "U0ANN00004"


class Stopwatch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    emulator = SlackEmulator()
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def members(slack: SlackEmulator, watch: Stopwatch) -> SlackMembers:
    client = make_client(token=TOKEN, api_url=slack.api_url)
    return SlackMembers(client, team_id=TEAM, monotonic=watch)


def test_a_full_member_is_welcome(members: SlackMembers) -> None:
    assert members.refusal(ANN) == ""


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        ({"is_restricted": True}, "Guest"),
        ({"is_ultra_restricted": True}, "Guest"),
        ({"is_bot": True}, "Bots"),
        ({"deleted": True}, "deactivated"),
        ({"is_stranger": True}, "workspace"),
        ({"team_id": "T0ELSEWHERE"}, "workspace"),
    ],
)
def test_guests_bots_leavers_and_outsiders_are_told_why_not(
    slack: SlackEmulator, members: SlackMembers, flags: dict[str, Any], word: str
) -> None:
    slack.add_user("U0ODD00001", name="Odd One", mail="odd@acme.example", **flags)

    assert word in members.refusal("U0ODD00001")


def test_an_id_that_slack_does_not_know_is_refused(members: SlackMembers) -> None:
    assert "do not find" in members.refusal("U0NOBODY00")


def test_slack_is_asked_again_after_ten_minutes(
    slack: SlackEmulator, members: SlackMembers, watch: Stopwatch
) -> None:
    members.refusal(ANN)
    slack.deactivate(ANN)

    watch.now = REMEMBERED_S - 1
    assert members.refusal(ANN) == ""
    watch.now = REMEMBERED_S
    assert "deactivated" in members.refusal(ANN)


def test_a_failed_look_lets_nobody_in_and_is_not_remembered(
    slack: SlackEmulator, members: SlackMembers
) -> None:
    slack.faults.add(Fault(route="POST /api/users.info", kind=FaultKind.HTML, status=502))

    with pytest.raises(Unavailable):
        members.refusal(ANN)
    assert members.refusal(ANN) == ""


def health(slack: SlackEmulator, token: str = TOKEN) -> SlackHealth:
    return SlackHealth(make_client(token=token, api_url=slack.api_url))


def test_a_healthy_token_shows_team_bot_and_scopes(slack: SlackEmulator) -> None:
    facts = health(slack).check()

    assert facts["team_id"] == TEAM
    assert facts["bot_user_id"] == slack.bot_user_id
    assert set(REQUIRED_SCOPES) <= set(facts["scopes"].split(", "))


def test_missing_scopes_are_named_with_the_way_to_mend_it(slack: SlackEmulator) -> None:
    slack.web_api.scopes = ("chat:write", "commands", "im:write")

    with pytest.raises(Unauthorized, match=r"lacks im:history, users:read\. Add them"):
        health(slack).check()


def test_a_wrong_token_is_unauthorized(slack: SlackEmulator) -> None:
    with pytest.raises(Unauthorized, match="invalid_auth"):
        health(slack, "xoxb-other").check()


def test_on_enterprise_grid_any_of_a_persons_workspaces_may_be_ours(
    slack: SlackEmulator, members: SlackMembers
) -> None:
    user = f'{{"id": "{ANN}", "team_id": "T0HOME", "enterprise_user": {{"teams": ["{TEAM}"]}}}}'
    body = f'{{"ok": true, "user": {user}}}'
    slack.faults.add(
        Fault(route="POST /api/users.info", kind=FaultKind.STATUS, status=200, body=body)
    )

    assert members.refusal(ANN) == ""


def test_without_a_team_of_our_own_only_slacks_flags_count(slack: SlackEmulator) -> None:
    slack.add_user("U0ODD00001", name="Odd One", mail="odd@acme.example", team_id="T0ELSEWHERE")
    client = make_client(token=TOKEN, api_url=slack.api_url)

    assert SlackMembers(client).refusal("U0ODD00001") == ""


def test_an_answer_without_scopes_counts_as_none(slack: SlackEmulator) -> None:
    body = '{"ok": true, "team_id": "T0ACME0001"}'
    slack.faults.add(
        Fault(route="POST /api/auth.test", kind=FaultKind.STATUS, status=200, body=body)
    )

    with pytest.raises(Unauthorized, match="lacks chat:write, commands"):
        health(slack).check()


def test_a_private_ca_is_trusted_beside_the_system(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    context = tls_context(tmp_path / "ca.pem")

    assert tls_context(None) is None
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert any("trustme" in str(ca["subject"]) for ca in context.get_ca_certs())


def test_calls_to_loopback_ignore_a_proxy_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    assert make_client(token=TOKEN, api_url="http://127.0.0.1:1/api/").proxy is None
    assert make_webhook("http://127.0.0.1:1/actions/1").proxy is None
    assert make_client(token=TOKEN).proxy == "http://proxy.example:3128"
    assert make_webhook("https://hooks.slack.com/1").proxy == "http://proxy.example:3128"
