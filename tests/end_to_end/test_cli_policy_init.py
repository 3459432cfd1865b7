"""`usher policy init` on the sandbox's org: a first policy, checked, and nothing changed there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.policy_files.loader import load_policy
from bot.cli import app
from bot.domain.changes import Freeze
from bot.domain.errors import PolicyError, Unauthorized
from bot.domain.policy import Bundle, Risk
from bot.sandbox.world import World
from tests.adapters.salesforce.org_bench import Bench, person
from tests.end_to_end.shell import ROOT, Told, usher

OK, NO = 0, 1
SALES = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser", "InboxWithEinsteinActivityCapture"),
)
STANDARD = Bundle(licence="Salesforce", profile="Standard User", permission_sets=("AcmeCrmUser",))
READING = Bundle(licence="Salesforce", profile="Read Only")
SELLERS = [person("p004", "Ann Ortiz"), person("p005", "Leo Brandt")]
HELD = {"p004": SALES, "p005": SALES, "p008": STANDARD, "p006": READING, "p012": READING}
PEOPLE = [
    *SELLERS,
    person("p008", "Mia Sato"),
    person("p006", "Cai Moreno"),
    person("p012", "Sam Okoye"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run the example company, where five people have a seat beside the administrator."""
    made = World(tmp_path_factory.mktemp("world"))
    bench = Bench(made.salesforce, made.salesforce.url, made.folder / "sandbox-ca.pem")
    salesforce = bench.connect()
    for one in PEOPLE:
        view = salesforce.converge(one, HELD[one.person_id])
    salesforce.writer.apply(Freeze(), PEOPLE[-1], view)
    salesforce.wire.close()
    yield made
    made.close()


@pytest.fixture(scope="module")
def environ(world: World) -> Mapping[str, str]:
    """Only what the command needs: nothing of Slack, GitHub or 1Password is set up yet."""
    database = f"sqlite:///{world.folder}/usher.db"
    everything = world.settings(database_url=database, port=8080, policy_dir=ROOT / "policies")
    needed = ("DATABASE_URL", "PEOPLE_FILE", "SALESFORCE_", "USHER_CA_FILE")
    return {name: value for name, value in everything.items() if name.startswith(needed)}


@dataclass(frozen=True, kw_only=True)
class First:
    """A policy made by the command in a process of its own, and what the org saw of it."""

    folder: Path
    told: Told
    exchanges: Sequence[Any]

    @property
    def lines(self) -> list[str]:
        return self.told.out.splitlines()


@pytest.fixture(scope="module")
def first(world: World, environ: Mapping[str, str]) -> First:
    before, folder = len(world.salesforce.exchanges), world.folder / "first"
    told = usher(environ, "policy", "init", str(folder))
    return First(folder=folder, told=told, exchanges=world.salesforce.exchanges[before:])


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "first"


def written(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def init(environ: Mapping[str, str], folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "init", str(folder), *words], env={**environ})


def refusal(environ: Mapping[str, str], folder: Path) -> str:
    """Return what is in the way: `usher` prints it and ends with 1."""
    told = init(environ, folder).exception
    assert isinstance(told, PolicyError)
    return "\n".join((told.detail, *told.faults))


def test_the_first_policy_of_an_org_is_sound_and_would_change_nothing(first: First) -> None:
    folder = str(first.folder)
    checked = CliRunner().invoke(app, ["policy", "check", folder])
    tested = CliRunner().invoke(app, ["policy", "test", folder, "--require-coverage"])

    assert (first.told.code, first.told.err) == (OK, "")
    assert (checked.exit_code, tested.exit_code) == (OK, OK)
    assert any(line.startswith("It loads without a mistake, and ") for line in first.lines)
    compared = "Compared with the org: 5 active accounts of people in the roster, no difference."
    assert compared in first.lines
    assert "questions are left to you: look for TODO: in the files." in first.told.out
    assert not any(exchange.is_write for exchange in first.exchanges)


def test_the_levels_are_what_people_have(first: First) -> None:
    crm = load_policy(first.folder).systems["salesforce"]
    inbox = "standard-user-with-inbox-with-einstein-activity-capture"
    admin = Bundle(licence="Salesforce", profile="System Administrator")

    assert {name: (level.risk, level.bundle) for name, level in crm.levels.items()} == {
        "read-only": (Risk.HIGH, READING),
        "standard-user": (Risk.HIGH, STANDARD),
        inbox: (Risk.HIGH, SALES),
        "system-administrator": (Risk.CRITICAL, admin),
    }
    rule = crm.levels[inbox].request
    assert rule is not None
    assert (rule.by, rule.approve) == (("account-executive",), ("manager",))
    assert crm.username == "{mail}.crm"


def test_every_account_without_a_level_is_listed_with_the_reason(first: First) -> None:
    nobody = "nobody in the roster has this mail address, single sign-on identity or user name"

    assert "6 active accounts without a level:" in first.lines
    for name in ("hal.mercer", "ida.fonseca", "nora.quist", "tom.reyes"):
        assert f"  {name}@acme.example.crm (Standard User): {nobody}" in first.lines
    assert "  sam.okoye@acme.example.crm (Read Only): frozen: p012 cannot log in" in first.lines
    assert any(line.endswith("the user that Usher itself works as") for line in first.lines)
    assert "1 active of type AutomatedProcess, whom Usher never touches." in first.lines
    assert "sam.okoye" not in "".join(written(first.folder).values())


def test_every_file_leads_to_its_schema_and_another_run_writes_the_same(
    first: First, environ: Mapping[str, str], target: Path
) -> None:
    target.mkdir()  # an empty folder is as good as none
    init(environ, target)

    files = written(target)
    assert files == written(first.folder)
    for name, text in files.items():
        if name.endswith(".yml"):
            link = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
            assert (target / name).parent.joinpath(link).is_file()


def test_a_script_reads_what_was_found(environ: Mapping[str, str], target: Path) -> None:
    told = init(environ, target, "--it", "octo-it-1,octo-zed", "--json")

    found = json.loads(told.output)
    assert found["levels"]["read-only"] == 1
    assert (found["accounts"], found["strangers"]) == (5, ["octo-zed"])
    assert {one["because"] for one in found["without_level"]} == {"unknown", "own", "frozen"}
    assert found["questions"] == "".join(written(target).values()).count("TODO:")
    assert "it: { members: [octo-it-1, octo-zed] }" in written(target)["company.yml"]


def test_who_cannot_answer_or_be_recognised_yet_is_told(
    world: World, environ: Mapping[str, str], target: Path
) -> None:
    gus = world.salesforce.org.user("gus.hale@acme.example.crm")
    assert gus is not None
    bench = Bench(world.salesforce, world.salesforce.url, world.folder / "sandbox-ca.pem")
    salesforce = bench.connect()
    salesforce.writing.update("User", gus.id, {"Username": "boss@acme.example.crm"})

    told = init(environ, target, "--it", "octo-it-1,octo-zed")
    salesforce.writing.update("User", gus.id, {"Username": gus.username})
    salesforce.wire.close()

    assert "IT must write the person id into them.\n  boss@acme.example.crm: p002" in told.output
    assert "Nobody in the roster has the GitHub login octo-zed" in told.output


def test_either_way_of_signing_in_to_salesforce_will_do(
    world: World, first: First, environ: Mapping[str, str], target: Path
) -> None:
    by_key = {"SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"}
    by_secret = {name: value for name, value in environ.items() if name not in by_key}

    init({**by_secret, "SALESFORCE_CLIENT_SECRET": world.salesforce.client_secret}, target)

    assert written(target) == written(first.folder)


def test_nothing_is_ever_overwritten(environ: Mapping[str, str], target: Path) -> None:
    target.mkdir()
    file = target / "company.yml"
    file.write_text("mine")

    told = usher(environ, "policy", "init", str(target))

    assert (told.code, told.out) == (NO, "")
    assert "is not empty, and nothing there is ever overwritten: name another folder" in told.err
    assert "is a file: name a folder that is empty or not there yet" in refusal(environ, file)
    assert "is not empty" in refusal(environ, target)
    assert written(target) == {"company.yml": "mine"}


def test_what_is_in_the_way_is_told_and_nothing_is_written(
    environ: Mapping[str, str], target: Path, tmp_path: Path
) -> None:
    roster = tmp_path / "people.csv"
    lines = Path(environ["PEOPLE_FILE"]).read_text().splitlines()
    roster.write_text("\n".join([lines[0], lines[1].replace("chief-executive", "Chief Executive")]))

    told = refusal({**environ, "PEOPLE_FILE": str(roster)}, target)

    assert told.startswith("No policy can be written yet: 3 things are in the way.")
    assert "write chief-executive in the roster" in told
    assert "--it login-1,login-2" in told
    assert "no active account belongs to somebody of the roster" in told
    assert not target.exists()


def test_an_org_that_refuses_is_no_empty_org(
    world: World, environ: Mapping[str, str], target: Path
) -> None:
    world.salesforce.org.deny_tokens()
    told = init(environ, target)
    world.salesforce.org.deny_tokens(flag=False)

    assert isinstance(told.exception, Unauthorized)
    assert not target.exists()


def test_a_folder_that_cannot_be_written_is_told(
    environ: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    told = refusal(environ, tmp_path / "file" / "first")

    assert "cannot be written: Not a directory" in told
    assert "cannot be read: File name too long" in refusal(environ, tmp_path / ("x" * 300))


@pytest.mark.parametrize("command", ["init", "schema"])
def test_the_commands_explain_themselves(command: str) -> None:
    told = CliRunner().invoke(app, ["policy", command, "--help"])

    assert told.exit_code == OK
    assert "Usage:" in told.output
