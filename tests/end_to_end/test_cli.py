"""The commands in a process of their own, beside the running bot: words, JSON and exit codes."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app, main
from bot.domain.cards import CardAction
from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from bot.sandbox.world import CONNECT_TOKEN
from tests.end_to_end.canary import find
from tests.end_to_end.house import House
from tests.end_to_end.shell import Told, usher

OK, NO, WRONG_USE, BROKEN = 0, 1, 2, 3
COMMANDS: tuple[list[str], ...] = (
    [],
    ["serve"],
    ["web"],
    ["worker"],
    ["migrate"],
    ["sandbox"],
    ["doctor"],
    ["reconcile"],
    ["policy"],
    ["policy", "check"],
    ["policy", "test"],
    ["policy", "explain"],
    ["policy", "plan"],
    ["policy", "schema"],
    ["policy", "init"],
    ["requests"],
    ["requests", "list"],
    ["requests", "show"],
    ["requests", "cancel"],
    ["requests", "retry"],
    ["grants"],
    ["grants", "list"],
    ["grants", "show"],
    ["grants", "revoke"],
    ["audit"],
    ["audit", "replay"],
)


@pytest.fixture
def said(house: House) -> Iterator[list[Told]]:
    """Collect what the commands of a test printed; none of it may hold a password."""
    told: list[Told] = []
    yield told
    made = house.passwords.made if house.passwords else []
    assert find(made, "".join(one.out + one.err for one in told)) == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    told = CliRunner().invoke(app, [*words, "--help"])

    assert told.exit_code == OK
    assert "Usage:" in told.output


def test_requests_are_listed_shown_and_cancelled(house: House, said: list[Told]) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    listed = _run(house, said, "requests", "list", "--state", "awaiting_approval", "--json")
    shown = _run(house, said, "requests", "show", request.id)
    cancelled = _run(house, said, "requests", "cancel", request.id)
    house.settle()
    again = _run(house, said, "requests", "cancel", request.id)

    assert request.id in {row["id"] for row in listed.json}
    assert {row["state"] for row in listed.json} == {"awaiting_approval"}
    assert "rule: salesforce/view-only request.approve (policies/" in shown.out
    assert "yes  salesforce/view-only request.by (policies/systems/salesforce.yml:16)" in shown.out
    assert "request:submitted" in shown.out
    assert (cancelled.code, cancelled.out) == (OK, "Cancelled.\n")
    assert house.request(request.id).state is RequestState.CANCELLED
    assert house.text(team.engineer, request.id).startswith("Cancelled")
    assert again.code == NO
    assert "This request is cancelled" in again.err


def test_a_stuck_request_is_retried_and_its_grant_revoked(house: House, said: list[Told]) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.world.onepassword.revoke_token(CONNECT_TOKEN)
    house.press(team.manager, request.id, CardAction.APPROVE)
    house.renew_vault_token()

    retried = _run(house, said, "requests", "retry", request.id)
    house.until(lambda: house.request(request.id).state is RequestState.DELIVERED)
    listed = _run(house, said, "grants", "list", "--person", team.engineer.id, "--json")
    revoked = _run(house, said, "grants", "revoke", request.id)
    house.settle()

    assert (retried.code, listed.code, revoked.code) == (OK, OK, OK)
    assert f"usher requests show {request.id}" in retried.out
    (row,) = listed.json
    assert (row["id"], row["level"], row["state"]) == (request.id, "salesforce/view-only", "active")
    grant = house.grant(request.id)
    assert grant is not None
    assert grant.state is GrantState.ENDED
    assert house.has_nothing(team.engineer)


def test_the_doctor_finds_all_fine_and_names_one_fix_for_what_is_not(
    house: House, said: list[Told]
) -> None:
    fine = _run(house, said, "doctor", "--json")
    broken = {**house.environ, "OP_CONNECT_TOKEN": "wrong", "SLACK_BOT_TOKEN": "xoxb-wrong"}
    sick = usher(broken, "doctor")
    said.append(sick)

    assert fine.code == OK, fine.out
    parts = {"settings", "policy", "roster", "database", "slack", "github", "salesforce"}
    parts |= {"1password", "policy repository", "policy in Salesforce"}
    assert parts == {one["part"] for one in fine.json}
    assert all(one["is_fine"] for one in fine.json)
    assert sick.code == BROKEN
    fixes = [line for line in sick.out.splitlines() if line.startswith("fix")]
    assert [line.split(":")[0].split()[-1] for line in fixes] == ["slack", "1password"]
    assert "Mint a token with all hand-off vaults." in fixes[1]
    assert "wrong" not in sick.out.replace("it is wrong", "")


def test_missing_and_contradictory_settings_are_all_told_at_once(said: list[Told]) -> None:
    told = usher({"GITHUB_TOKEN": "x", "GITHUB_APP_ID": "1", "PORT": "http"}, "serve")

    assert (told.code, told.out) == (WRONG_USE, "")
    for name in (
        "SLACK_BOT_TOKEN is missing",
        "SLACK_SIGNING_SECRET is missing",
        "GITHUB_REPO is missing",
        "GITHUB_TOKEN contradicts GITHUB_APP_ID",
        "SALESFORCE_URL is missing",
        "OP_CONNECT_HOST is missing",
        "PEOPLE_FILE is missing",
        "PORT is wrong",
    ):
        assert name in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("words", [("requests", "list"), ("grants", "list")])
def test_looking_needs_no_services_secret(house: House, words: tuple[str, ...]) -> None:
    told = usher({"DATABASE_URL": house.environ["DATABASE_URL"]}, *words)

    assert (told.code, told.err) == (OK, "")
    assert told.out


def test_the_bot_does_not_start_on_a_broken_policy(house: House, said: list[Told]) -> None:
    broken = house.folder / "broken"
    _copy_broken(house, broken)
    environ = {
        **house.environ,
        "POLICY_DIR": str(broken),
        "DATABASE_URL": f"sqlite:///{house.folder}/other.db",
    }

    served = usher(environ, "serve")
    checked = usher(environ, "policy", "check", "--format", "json")
    said += [served, checked]

    where = "systems/salesforce.yml:14:"
    assert (served.code, checked.code) == (NO, NO)
    assert where in served.err
    assert "lowest" in served.err
    assert "Traceback" not in served.err
    assert checked.json["ok"] is False
    (fault,) = checked.json["faults"]
    assert (fault["file"], fault["line"]) == ("broken/systems/salesforce.yml", 14)
    assert "lowest" in fault["message"]


@pytest.mark.parametrize(
    ("words", "code", "said_so"),
    [
        (["requests", "show", "r-none"], NO, "There is no request r-none."),
        (["requests", "retry", "r-none"], NO, "There is no request r-none."),
        (["grants", "revoke", "r-none"], NO, "There is no grant r-none."),
        (["requests", "list", "--state", "lost"], WRONG_USE, "one of: submitted, refused"),
        (["requests", "lisst"], WRONG_USE, "No such command"),
        (["policy", "check", "--format", "xml"], WRONG_USE, "--format is text, json or github"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said_so: str,
) -> None:
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["usher", *words])

    with pytest.raises(SystemExit) as ended:
        main()
    house.log_here()

    assert ended.value.code == code
    assert said_so in " ".join(capsys.readouterr().err.split())


def test_a_database_that_is_not_there_is_outside_and_broken(house: House, said: list[Told]) -> None:
    gone = {**house.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/usher"}

    told = usher(gone, "requests", "list")
    said.append(told)

    assert told.code == BROKEN
    assert told.err.startswith("database: ")
    assert "Traceback" not in told.err


def _run(house: House, said: list[Told], *words: str) -> Told:
    told = usher(house.environ, *words)
    said.append(told)
    return told


def _copy_broken(house: House, to: Path) -> None:
    shutil.copytree(house.policy_dir, to)
    path = to / "systems" / "salesforce.yml"
    path.write_text(path.read_text().replace("risk: low ", "risk: lowest "))
