"""`usher policy explain` as an operator types it: words, JSON and exit codes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.durations import Duration
from bot.domain.grant import EndReason, GrantState
from bot.domain.request import RequestState
from tests.end_to_end.files import keep, settle
from tests.end_to_end.shell import Told, usher
from tests.factories import approval, grant, person, request

OK, NO, WRONG_USE, BROKEN = 0, 1, 2, 3
AT = "2026-11-02T09:00"

Explain = Callable[..., Told]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    made = settle(tmp_path)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def explain(environ: dict[str, str]) -> Explain:
    def run(*words: str, at: str = AT) -> Told:
        told = CliRunner().invoke(app, ["policy", "explain", *words, "--at", at])
        return Told(code=told.exit_code, out=told.stdout, err=told.stderr)

    return run


# ---- what is said -------------------------------------------------------------------------------


def test_what_needs_an_approval_is_told_with_everybody_who_could_give_it(
    explain: Explain, environ: dict[str, str]
) -> None:
    told = explain("--person", "@octo-ann", "--level", "crm/view", "--days", "30")

    assert (told.code, told.err) == (OK, "")
    assert (
        told.out
        == """\
Ann Doe asks: crm/view, 30 days, at 2026-11-02 09:00 CST
Answer  needs approval
Rule    crm/view request.approve (policies/systems/crm.yml:12)
Policy  {commit}, from the folder {folder}

Who is asked
  as manager (policies/systems/crm.yml:12), one of:
    Bea Doe (manager)

What was checked
  yes  roster last_day           no last day
  yes  roster first_day          first day 2025-01-06
  yes  requester                 asks for themselves
  yes  roles.engineer            role engineer  (policies/roles.yml:3)
  yes  crm/view request.by       role engineer; may ask: everyone  (policies/systems/crm.yml:12)
  yes  crm/view request.longest  asked: 30 days; at most: 90 days  (policies/systems/crm.yml:12)
  yes  held                      neither held nor asked for
  yes  separation.look-or-rule   without crm/admin  (policies/separation.yml:3)
  no   crm auto_approve.again    approved beforehand? had it before: no; at most 30 days: yes  \
(policies/systems/crm.yml:30)
  yes  crm/view request.approve  manager: 1 can answer  (policies/systems/crm.yml:12)

What is held or asked for was not considered: there is no database yet.
""".replace("{commit}", told.out.split("Policy  ")[1].split(",")[0]).replace(
            "{folder}", environ["POLICY_DIR"]
        )
    )


def test_a_refusal_says_why_and_what_would_have_to_be_true(explain: Explain) -> None:
    told = explain("--person", "ann", "--level", "crm/edit", "--for", "permanent")

    assert told.code == NO
    assert "Answer  refused" in told.out
    for line in (
        "Why not",
        "  crm/edit may be asked for by seller; the role «engineer» is not named.",
        "  For good is too long for crm/edit.",
        "  «The address of your profile»: the answer is missing.",
        "  no   crm/edit request.questions.profile  the answer is missing",
        "What would have to be true (one of these)",
        "  1. Ask for 30 days instead of for good. And:",
        "     Answer the question profile, such as «https://www.example.com/me». And:",
        "     Ann Doe has the role seller in the roster.",
    ):
        assert line in told.out
    assert "Who is asked" not in told.out


def test_the_same_as_json(explain: Explain) -> None:
    told = explain("--person", "ann", "--level", "crm/edit", "--days", "31", "--json")

    assert told.code == NO
    said = told.json
    assert (said["decision"], said["rule"]) == ("refused", "crm/edit request.by")
    assert said["where"] == "policies/systems/crm.yml:18"
    assert said["policy_commit"]
    assert said["at"] == "2026-11-02T09:00:00-06:00"
    assert [reason["field"] for reason in said["reasons"]] == ["level", "how_long", "profile"]
    assert {"rule": "roles.engineer", "fact": "role engineer", "held": True}.items() <= (
        said["checks"][3].items()
    )
    assert said["changes"][0]["who"] == "IT, in the roster"
    assert said["changes"][0]["sentences"][0] == "Ask for 30 days instead of 31 days."
    assert said["held_access"] == {"considered": False, "held": [], "asked_for": []}


def test_answers_are_considered_and_the_level_may_be_in_capitals(explain: Explain) -> None:
    told = explain(
        *("--person", "bea@acme.example", "--level", "CRM/edit"),
        *("--answer", "profile=https://example.com/bea?a=b", "--json"),
    )

    assert told.code == OK
    said = told.json
    assert (said["person"], said["requester"], said["length"]) == ("bea", "bea", "30d")
    assert [need["because"] for need in said["asked"]] == ["manager", "it"]


def test_an_emergency_is_allowed_at_once_and_names_who_is_told(explain: Explain) -> None:
    told = explain(
        "--person", "ivy", "--level", "crm/admin", "--for", "4h", "--emergency", at=f"{AT}+01:00"
    )

    assert told.code == OK
    assert "Ivy Doe asks: crm/admin, 4 hours, in an emergency, at 2026-11-02 09:00" in told.out
    assert "Rule    crm/admin break_glass (policies/systems/crm.yml:28)" in told.out
    assert "Who is told\n  Bea Doe, Sam Doe, Sue Doe\n" in told.out


def test_without_a_length_it_is_the_longest_that_the_level_allows(explain: Explain) -> None:
    told = explain("--person", "sam", "--level", "crm/admin", "--by", "bea")
    unknown = explain("--person", "sam", "--level", "crm/boss")

    assert "Bea Doe asks for Sam Doe: crm/admin, 8 hours, at" in told.out
    assert "crm/boss, 30 days" in unknown.out
    assert "There is no level «crm/boss». Did you mean" in unknown.out
    assert unknown.code == NO


# ---- what is held -------------------------------------------------------------------------------


def test_what_is_held_asked_for_and_was_held_is_considered(
    explain: Explain, environ: dict[str, str]
) -> None:
    until = datetime(2026, 11, 9, 15, 0, tzinfo=UTC)
    keep(
        environ,
        grants=(grant(id="r1", level_id="crm/view", until=until),),
        requests=(request(id="r2", level_id="crm/edit", duration=Duration(7)),),
    )

    again = explain("--person", "ann", "--level", "crm/view", "--days", "7")
    apart = explain("--person", "ann", "--level", "crm/admin", "--json")
    blind = explain("--person", "ann", "--level", "crm/admin", "--no-database")

    assert again.code == NO
    assert "Ann Doe already holds crm/view until 2026-11-09 16:00 (Europe/Berlin)." in again.out
    assert "not considered" not in again.out
    assert apart.json["rule"] == "separation.look-or-rule"
    assert apart.json["changes"][0] == {
        "who": "the one who asks",
        "sentences": ["Give back crm/view."],
    }
    assert apart.json["held_access"] == {
        "considered": True,
        "held": ["crm/view"],
        "asked_for": ["crm/edit"],
    }
    assert blind.code == OK
    assert blind.out.endswith("What is held or asked for was not considered: --no-database.\n")


def test_what_was_held_before_can_be_approved_beforehand(
    explain: Explain, environ: dict[str, str]
) -> None:
    ended = datetime(2026, 10, 1, tzinfo=UTC)
    given = RequestState.DELIVERED
    approved = request(level_id="crm/view", state=given, approvals=(approval(),))
    keep(
        environ,
        requests=(approved,),
        grants=(
            grant(
                level_id="crm/view",
                state=GrantState.ENDED,
                end_reason=EndReason.EXPIRED,
                ended_at=ended,
                since=ended - timedelta(days=9),
            ),
        ),
    )

    told = explain("--person", "ann", "--level", "crm/view", "--days", "30")

    assert told.code == OK
    assert "Rule    crm auto_approve.again (policies/systems/crm.yml:30)" in told.out
    assert "Who is told\n  Bea Doe\n" in told.out


def test_who_came_through_onboarding_is_known(explain: Explain, environ: dict[str, str]) -> None:
    new = person("new", role="seller", manager_id="bea", is_on_file=False)
    keep(environ, people=(new,))

    told = explain("--person", "new", "--level", "crm/view")

    assert told.code == OK
    assert told.out.startswith("New Doe asks: crm/view, 90 days")


def test_no_database_is_made_by_looking(explain: Explain, environ: dict[str, str]) -> None:
    explain("--person", "ann", "--level", "crm/view")

    assert not Path(environ["DATABASE_URL"].removeprefix("sqlite:///")).parent.exists()


# ---- wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--level", "crm/view"), "Missing option '--person'"),
        (("--person", "zoe", "--level", "crm/view"), "has nobody for «zoe»"),
        (("--person", "Ann Doe", "--level", "crm/view"), "has several people for «Ann Doe»"),
        (("--person", "ann", "--level", "x", "--by", "<zoe>"), "--by: the roster has nobody for"),
        (("--person", "ann", "--level", "x", "--days", "1", "--for", "8h"), "write one of them"),
        (("--person", "ann", "--level", "x", "--days", "0"), "Invalid value for '--days'"),
        (("--person", "ann", "--level", "x", "--for", "3 months"), "--for: I cannot read"),
        (("--person", "ann", "--level", "x", "--answer", "profile"), "as id=answer"),
        (
            ("--person", "ann", "--level", "x", "--answer", "a=1", "--answer", "a=2"),
            "write each question once",
        ),
    ],
)
def test_wrong_use_says_what_to_write(
    explain: Explain, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")

    told = explain(*words)

    assert (told.code, told.out) == (WRONG_USE, "")
    assert said in told.err


def test_a_time_that_is_none_is_wrong_use(explain: Explain) -> None:
    told = explain("--person", "ann", "--level", "crm/view", at="tomorrow")

    assert told.code == WRONG_USE
    assert "is no time" in told.err


def test_without_a_time_it_is_now(environ: dict[str, str]) -> None:
    told = usher(environ, "policy", "explain", "--person", "ann", "--level", "crm/view", "--json")

    asked_at = datetime.fromisoformat(told.json["at"])
    assert (told.code, told.err) == (OK, "")
    assert abs(datetime.now(UTC) - asked_at) < timedelta(minutes=5)


def test_what_is_missing_is_said_with_its_exit_code(environ: dict[str, str]) -> None:
    words = ("policy", "explain", "--person", "ann", "--level", "crm/view")
    no_roster = {name: value for name, value in environ.items() if name != "PEOPLE_FILE"}
    gone = {**environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/usher"}

    blind, lost = usher(no_roster, *words), usher(gone, *words)

    assert (blind.code, blind.out) == (WRONG_USE, "")
    assert "PEOPLE_FILE is missing" in blind.err
    assert lost.code == BROKEN
    assert lost.err.startswith("database: ")
    assert usher(gone, *words, "--no-database").code == OK
