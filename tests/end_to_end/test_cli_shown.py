"""`usher requests show` and `usher grants show`: by which rule, and what would help instead."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.request import RequestState
from tests.end_to_end.files import keep, settle
from tests.end_to_end.shell import Told
from tests.factories import approval, grant, request

OK, NO = 0, 1


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    made = settle(tmp_path)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


def run(*words: str) -> Told:
    told = CliRunner().invoke(app, words)
    return Told(code=told.exit_code, out=told.stdout, err=told.stderr)


def test_a_refused_request_is_shown_with_its_ways_out(environ: dict[str, str]) -> None:
    ways = ("Ask for 30 days. And: [bold]Ann[/] has the role csm in the roster.", "Wait.")
    keep(environ, requests=(request(state=RequestState.REFUSED, ways_out=ways),))

    told, said = run("requests", "show", "r1"), run("requests", "show", "r1", "--json").json

    assert f"What would have to be true (one of these):\n1. {ways[0]}\n2. Wait.\n" in told.out
    assert said["request"]["ways_out"] == list(ways)


def test_what_is_not_refused_has_none(environ: dict[str, str]) -> None:
    keep(environ, requests=(request(),))

    assert "What would have to be true" not in run("requests", "show", "r1").out


def test_a_grant_is_shown_with_the_decision_and_the_answers_it_stands_on(
    environ: dict[str, str],
) -> None:
    answers = (approval("gus", digest="before"), approval("bea"))
    given = request(state=RequestState.DELIVERED, approvals=answers)
    keep(environ, requests=(given,), grants=(grant(),))

    told, said = run("grants", "show", "r1"), run("grants", "show", "r1", "--json").json

    assert told.code == OK
    assert told.out.splitlines() == [
        "r1  active  crm/standard for ann",
        "since 2026-11-02 15:00 UTC, until: 2026-11-09 15:00 UTC",
        f"rule: crm/standard request.approve (policies/systems/crm.yml:14), policy {'c0ffee' * 4}",
        "  yes from bea (github)",
        "How it came about: usher requests show r1",
    ]
    assert (said["request"], said["grant"]["account"]) == ("r1", "005A")
    assert said["decision"]["rule"] == "crm/standard request.approve"
    assert [answer["person_id"] for answer in said["approvals"]] == ["bea"]


def test_what_a_run_left_behind_belongs_to_its_request(environ: dict[str, str]) -> None:
    keep(environ, grants=(grant(id="r9-2", until=None),))

    told, said = run("grants", "show", "r9-2"), run("grants", "show", "r9-2", "--json").json

    assert "until: permanent\nHow it came about: usher requests show r9\n" in told.out
    assert (said["request"], said["decision"], said["approvals"]) == ("r9", None, [])


def test_a_grant_that_is_not_there_is_a_no(environ: dict[str, str]) -> None:
    keep(environ)

    told = run("grants", "show", "r1")

    assert (told.code, told.out) == (NO, "")
    assert told.err == "There is no grant r1. See: usher grants list\n"
