"""README.md is held against the code: diagrams, settings, commands, policy, banner and tour."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bot import playground
from bot.adapters.policy_files.loader import load_policy
from bot.cli import app
from bot.domain.errors import SettingsError
from bot.domain.grant import GRANT_TRANSITIONS, GrantState
from bot.domain.request import ENDED, TRANSITIONS
from bot.settings import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMPANY = """
kind: company
id: acme
timezone: Europe/Berlin
holidays: DE-BE
help: { slack: "#help-it", github_label: ":help-it" }
groups:
  it: { members: [octo-ivy, octo-otto] }
  security: { members: [octo-sam, octo-tess] }
  gtm-systems: { members: [octo-gus], backup: it }
approvals: { default: [manager], critical_adds: [security] }
"""
ROLES = """
kind: roles
roles:
  csm: { department: customer-success, birthright: [salesforce/standard] }
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    """Return what stands under a heading, up to the next one of any depth."""
    found = re.search(
        rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", README, re.DOTALL | re.MULTILINE
    )
    assert found, f"README has no heading {title}"
    return found[1]


class Diagram:
    """The arrows of a Mermaid state diagram; `[*]` is the world outside."""

    def __init__(self, text: str) -> None:
        head, *lines = text.strip().splitlines()
        assert head == "stateDiagram-v2"
        arrows = [re.fullmatch(r"\s*(\S+) --> (\S+?)(?:: (\S+))?", line) for line in lines]
        assert all(arrows), "every line is an arrow"
        found = [(a[1], a[2], a[3]) for a in arrows if a]
        self.start = [to for start, to, _ in found if start == "[*]"]
        self.ends = {start for start, to, _ in found if to == "[*]"}
        self.moves = {(a, event): to for a, to, event in found if "[*]" not in (a, to)}
        assert len(found) == len(self.start) + len(self.ends) + len(self.moves)


def plain(transitions: Mapping[Any, Any]) -> dict[tuple[str, str], str]:
    return {(str(a), str(event)): str(to) for (a, event), to in transitions.items()}


def commands(group: Any, path: tuple[str, ...] = ("usher",)) -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command.help.strip().splitlines()[0]


class Listening(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return default


def test_the_life_of_a_request_is_drawn_as_the_code_has_it() -> None:
    request = Diagram(blocks("mermaid")[0])

    assert request.moves == plain(TRANSITIONS)
    assert request.start == ["submitted"]
    assert request.ends == {str(state) for state in ENDED}


def test_the_life_of_a_grant_is_drawn_as_the_code_has_it() -> None:
    grant = Diagram(blocks("mermaid")[1])

    assert grant.moves == plain(GRANT_TRANSITIONS)
    assert (grant.start, grant.ends) == (["active"], {str(GrantState.ENDED)})


def test_the_ten_lines_of_policy_load(tmp_path: Path) -> None:
    (system,) = blocks("yaml")
    (tmp_path / "systems").mkdir()
    (tmp_path / "company.yml").write_text(COMPANY, "utf-8")
    (tmp_path / "roles.yml").write_text(ROLES, "utf-8")
    (tmp_path / "systems" / "salesforce.yml").write_text(system, "utf-8")

    policy = load_policy(tmp_path, commit="readme")

    assert [level.id for level in policy.levels] == ["salesforce/standard"]


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    environ = Listening()
    with pytest.raises(SettingsError):
        load_settings(environ)
    rows = [line.split("|")[1] for line in section("Settings").splitlines() if "|" in line]
    named = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}
    refused = {"SALESFORCE_PASSWORD", "SALESFORCE_SECURITY_TOKEN", "SALESFORCE_TOKEN"}

    assert named == environ.asked - refused


def test_every_command_is_in_the_table_with_its_own_words() -> None:
    rows = re.findall(r"^\| `(usher [a-z ]+)` \| (.*) \|$", section("Operations"), re.MULTILINE)

    assert dict(rows) == dict(commands(get_command(app)))


def test_every_command_that_is_mentioned_exists() -> None:
    known = {name for name, _ in commands(get_command(app))}
    groups = {name.rsplit(" ", 1)[0] for name in known}
    mentioned = set(re.findall(r"`(usher(?: [a-z]+){1,2})", README))

    assert {
        m for m in mentioned if m not in known | groups and m.rsplit(" ", 1)[0] not in known
    } == set()


def test_every_target_of_the_makefile_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    targets = set(phony[1].split()) - {"help"}

    assert set(re.findall(r"`make ([a-z-]+)", section("Contributing"))) == targets
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)`", README)) <= targets


def test_every_file_that_is_named_exists() -> None:
    folders = "bot|handlers|policies|tests|bench|\\.ci"
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", README))
    linked = set(re.findall(r"\]\(([^)#:]+)\)", README))

    assert {name for name in named | linked if not (ROOT / name).exists()} == set()


def test_the_banner_is_what_make_run_prints() -> None:
    printed = playground._WELCOME.format(
        page="http://127.0.0.1:8090", bot="http://127.0.0.1:8080", folder="var/sandbox"
    )

    assert blocks("text")[0].strip() == printed.strip()


def test_the_tour_ends_well_and_prints_what_is_shown() -> None:
    """Days change from run to run, and «…» stands for lines and words left out."""
    command = [sys.executable, "-m", "bot", "sandbox", "--tour"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    printed = iter(_without_days(done.stdout).splitlines())
    shown = [line for line in _without_days(blocks("text")[1]).splitlines() if line.strip(" …")]

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in shown if not _comes_next(line, printed)] == []


def _without_days(text: str) -> str:
    return re.sub(r"\d{4}-\d{2}-\d{2}", "<day>", text)


def _comes_next(line: str, printed: Iterator[str]) -> bool:
    start = line.split("…", maxsplit=1)[0].rstrip()
    return any(candidate.startswith(start) for candidate in printed)
