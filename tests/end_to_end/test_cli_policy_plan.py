"""`usher policy plan`: two versions, the roster and the database; words and exit codes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.store.database import make_engine
from bot.adapters.store.store import Store
from bot.cli import app
from bot.tables import migrate_database
from tests.factories import grant, request

OK, NO, WRONG_USE = 0, 1, 2
WHO = ("-c", "user.name=Test", "-c", "user.email=test@acme.example", "-c", "commit.gpgsign=0")

COMPANY = """\
kind: company
id: acme
timezone: America/Chicago
holidays: US
groups:
  it: { members: [octo-ivy, octo-ian] }
  security: { members: [octo-sam, octo-sue] }
approvals:
  default: [manager]
  critical_adds: [security]
"""
ROLES = """\
kind: roles
roles:
  engineer: { department: engineering }
  csm: { department: customer-success }
"""
CRM = """\
kind: system
id: crm
title: CRM
provider: task
dri: it
delivery: sso
levels:
  standard:
    says: Work with accounts.
    risk: low
    bundle: { by_hand: [Invite the person] }
    request:
      by: [engineer]
      approve: [manager]
      longest: 30d
"""
ROSTER = """\
id,mail,name,role,manager_id,engagement,department,timezone,first_day,last_day,github,slack_id,handoff_vault
ann,ann@acme.example,Ann Doe,engineer,bea,core,eng,America/Chicago,2025-01-06,,octo-ann,UANN,
bea,bea@acme.example,Bea Doe,csm,,core,cs,America/Chicago,2025-01-06,,octo-bea,UBEA,
ivy,ivy@acme.example,Ivy Doe,engineer,,core,eng,America/Chicago,2025-01-06,,octo-ivy,UIVY,
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with a policy, a roster beside it, and no database yet."""
    policies = tmp_path / "policies"
    write(policies)
    (tmp_path / "people.csv").write_text(ROSTER)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "base")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLICY_DIR", str(policies))
    monkeypatch.setenv("PEOPLE_FILE", str(tmp_path / "people.csv"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/usher.db")
    return tmp_path


def write(folder: Path, crm: str = CRM) -> Path:
    (folder / "systems").mkdir(parents=True, exist_ok=True)
    (folder / "company.yml").write_text(COMPANY)
    (folder / "roles.yml").write_text(ROLES)
    (folder / "systems" / "crm.yml").write_text(crm)
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *WHO, "-C", str(folder), *words], capture_output=True, check=True)


def commit(folder: Path, name: str) -> None:
    git(folder, "add", "policies")
    git(folder, "commit", "--quiet", "--message", name)
    git(folder, "tag", name)


def plan(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "plan", *words])


def document(*words: str) -> Any:
    told = plan(*words, "--json")
    assert told.exit_code == OK, told.output
    return json.loads(told.stdout)


LOOSER = CRM.replace("by: [engineer]", "by: [engineer, csm]").replace("30d", "60d")
STRICTER = CRM.replace("30d", "8h")


def test_two_revisions_are_compared_over_the_roster(home: Path) -> None:
    write(home / "policies", LOOSER)
    commit(home, "head")

    told = plan("base", "head")

    assert told.exit_code == OK
    assert told.stdout.startswith("This loosens 2 rules: needs the security group.\n")
    assert "Of 3 people in the roster, 1 gain a way to a level and 0 lose one." in told.stdout
    assert "crm/standard request.by       added: csm  policies/systems/crm.yml:13" in told.stdout
    assert "crm/standard  csm   core        may ask for it  1" in told.stdout


def test_folders_are_compared_as_well(home: Path) -> None:
    write(home / "other", LOOSER)

    found = document("base", "other", "--names")

    assert found["loosens"] is True
    assert found["people"] == {"bea": {"gained": ["crm/standard ask"], "lost": []}}
    assert found["changes"][0]["file"] == "other/systems/crm.yml"


def test_nothing_changes_from_a_version_to_itself(home: Path) -> None:
    told = plan("base", "policies")

    assert told.exit_code == OK
    assert told.stdout.startswith("Nothing changes for anybody.\n")


def test_markdown_is_a_comment_without_names(home: Path) -> None:
    write(home / "other", LOOSER)

    told = plan("base", "other", "--markdown")

    assert told.exit_code == OK
    assert told.stdout.startswith("**This loosens 2 rules: needs the security group.**\n")
    assert "| Level | Role | Engagement | Change | People |" in told.stdout
    assert "bea" not in told.stdout


@pytest.mark.parametrize(("crm", "code"), [(LOOSER, NO), (STRICTER, OK), (CRM, OK)])
def test_a_pipeline_can_stop_at_a_loosening(home: Path, crm: str, code: int) -> None:
    write(home / "other", crm)

    assert plan("base", "other", "--fail-on-loosening").exit_code == code
    assert plan("base", "other").exit_code == OK


def test_a_broken_version_tells_its_faults(home: Path) -> None:
    write(home / "policies", CRM.replace("longest", "longes"))
    commit(home, "head")

    told = plan("base", "head")
    as_json = plan("base", "head", "--json")

    assert (told.exit_code, as_json.exit_code) == (NO, NO)
    assert "policies/systems/crm.yml:15:7: error: unknown key 'longes'" in told.stdout
    assert "«head»: policies cannot be used: 1 error" in told.stderr
    assert json.loads(as_json.stdout)["ok"] is False


@pytest.mark.parametrize("words", [("base", "nowhere"), ("nowhere", "base"), ("base", "--", "-x")])
def test_an_unknown_version_is_wrong_use(home: Path, words: tuple[str, ...]) -> None:
    told = plan(*words)

    assert told.exit_code == WRONG_USE
    assert "is neither a folder nor a revision" in told.stderr
    assert told.stdout == ""


def test_two_forms_at_once_are_wrong_use(home: Path) -> None:
    assert plan("base", "base", "--json", "--markdown").exit_code == WRONG_USE


def test_without_a_roster_only_rules_are_compared(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PEOPLE_FILE")
    write(home / "other", LOOSER)

    told = plan("base", "other")

    assert told.exit_code == OK
    assert "There is nobody in the roster, so that only the rules are compared." in told.stdout


def test_no_database_is_made_only_to_look_into_it(home: Path) -> None:
    found = document("base", "base")

    assert found["knows_access"] is False
    assert not (home / "usher.db").exists()


# ---- with a database ----------------------------------------------------------------------------


@pytest.fixture
def database(home: Path) -> Path:
    """Let Ann hold crm/standard, and Bea wait for it."""
    url = f"sqlite:///{home}/usher.db"
    migrate_database(url)
    store = Store(make_engine(url))
    with store.begin() as tx:
        tx.grants.add(grant(id="g1", person_id="ann", until=None))
        tx.requests.add(request(id="r1", person_id="bea", requester_id="bea"))
    store.close()
    return home


def test_requests_and_access_come_from_the_database(database: Path) -> None:
    write(database / "base", LOOSER.replace("60d", "permanent"))
    write(database / "head", STRICTER)

    found = document("base", "head", "--names")
    blind = document("base", "head", "--no-database")

    assert [(one["id"], one["why"]) for one in found["grants"]] == [
        ("g1", "it lasts longer than 8h")
    ]
    assert found["knows_access"] is True
    assert (blind["knows_access"], blind["grants"], blind["requests"]) == (False, [], [])


def test_a_request_in_flight_is_judged_by_both(database: Path) -> None:
    write(database / "base", LOOSER)
    write(database / "head", CRM)

    found = document("base", "head", "--names")

    assert [(one["id"], one["fate"]) for one in found["requests"]] == [("r1", "refused")]
    assert found["messages"]["requests"] == ["bea"]
