"""The workflow for repositories without the bot's rights: its steps are run as a runner does."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import handlers.github
from bot.domain.policy_review import LOOSENS_LABEL
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from bot.sandbox.github.auth import InstallationToken
from bot.sandbox.github.snapshots import Pull

ROOT = Path(__file__).parents[2]
FILE = Path(handlers.github.__file__).parent / "policy-review.yml"
TEXT = FILE.read_text("utf-8")
FLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOB: dict[str, Any] = FLOW["jobs"]["review"]
RUNS: list[dict[str, Any]] = [step for step in JOB["steps"] if "run" in step]
INSTALL, CHECK = "install", "Check the files"
CASES, PLAN, COMMENT = "Play the test cases", "plan", "Write the comment and set the label"
SALESFORCE, TESTS = "policies/systems/salesforce.yml", "policies/tests/salesforce.yml"
REPO, IT = "acme/access", "octo-it-1"
MARK, LABEL = "<!-- usher:policy-review -->", "policy: loosens"
HALF_A_YEAR = [(SALESFORCE, "longest: 90d", "longest: 180d"), (TESTS, "days: 91", "days: 181")]
SHELLS = {
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
    "python": (sys.executable,),
}


@dataclass
class Ran:
    """What one run of the workflow did: exit codes and output by step, and its summary."""

    codes: dict[str, int] = field(default_factory=dict)
    outs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


class Runner:
    """A repository with a pull request, and as much of a runner as the workflow needs."""

    def __init__(self, folder: Path, github: GitHubEmulator) -> None:
        self.folder, self.github = folder, github
        self.policy = folder / "work" / "policy"
        self.policy.mkdir(parents=True)
        (folder / "work" / "usher").symlink_to(ROOT)
        self.git("init", "--quiet", "--initial-branch=main")
        self.put_shipped()
        self.base = self.commit()
        github.commit_files("main", {"README.md": b"# Policies\n"}, "Begin", IT)
        github.commit_files("change", {"note.md": b"x\n"}, "Change it", IT)
        self.number = github.open_pull("change", "Change it", "", IT)
        self.token = token_of(github)

    @property
    def pull(self) -> Pull:
        return self.github.pull(self.number)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ivy", "-c", "user.email=ivy@acme.example")
        done = subprocess.run(
            ["git", "-C", str(self.policy), *who, *words],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def put_shipped(self) -> None:
        for file in (ROOT / "policies").rglob("*.yml"):
            path = self.policy / "policies" / file.relative_to(ROOT / "policies")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read_bytes())

    def change(self, *changes: tuple[str, str, str]) -> None:
        """Push a commit that holds the shipped files but for these changes."""
        self.put_shipped()
        for file, old, new in changes:
            path = self.policy / file
            text = path.read_text("utf-8")
            assert old in text
            path.write_text(text.replace(old, new), "utf-8")
        self.commit()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change it")
        return self.git("rev-parse", "HEAD")

    def run(self, *only: str) -> Ran:
        """Run every `run:` step whose condition holds, or only some of them."""
        ran = Ran()
        summary = self.folder / "summary.md"
        summary.write_text("", "utf-8")
        facts = self.facts()
        for step in RUNS:
            name = str(step.get("id", step["name"]))
            if (only and name not in only) or not holds(step.get("if"), ran):
                continue
            done = self._start(step, facts, summary)
            ran.codes[name], ran.outs[name] = done.returncode, done.stdout + done.stderr
        ran.summary = summary.read_text("utf-8")
        return ran

    def facts(self) -> dict[str, str]:
        event = "github.event.pull_request"
        return {
            "github.workspace": str(self.folder / "work"),
            "github.token": self.token,
            f"{event}.number": str(self.number),
            f"{event}.base.sha": self.base,
        }

    def _start(
        self, step: dict[str, Any], facts: dict[str, str], summary: Path
    ) -> subprocess.CompletedProcess[str]:
        shell = step.get("shell", FLOW["defaults"]["run"]["shell"])
        script = self.folder / f"step.{shell}"
        script.write_text(step["run"], "utf-8")
        temp = self.folder / "temp"
        temp.mkdir(exist_ok=True)
        given = FLOW["env"] | JOB["env"] | step.get("env", {})
        environ = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PIP_NO_INDEX": "1",  # everything is here already, and nothing is to be fetched
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(temp),
            **{name: filled(str(value), facts) for name, value in given.items()},
        }
        return subprocess.run(
            [*SHELLS[shell], str(script)],
            cwd=self.policy,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )


def token_of(github: GitHubEmulator) -> str:
    """Return what `github.token` is: a token with the workflow's permissions and no others."""
    wanted = {name.replace("-", "_"): level for name, level in FLOW["permissions"].items()}
    issued: InstallationToken = github._service.credentials.issue_token(wanted)
    return issued.token


def filled(text: str, facts: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: facts[found[1]], text)


def holds(condition: str | None, ran: Ran, *, is_fork: bool = False) -> bool:
    """Answer the conditions that the workflow has; another one is a mistake of this test."""
    if condition is None:
        return not any(ran.codes.values())
    parts: dict[str, Callable[[], bool]] = {
        "!cancelled()": lambda: True,
        "steps.install.outcome == 'success'": lambda: not ran.codes.get("install"),
        "steps.plan.outcome == 'success'": lambda: ran.codes.get("plan") == 0,
        "github.event.pull_request.head.repo.full_name == github.repository": lambda: not is_fork,
    }
    inside = re.fullmatch(r"\$\{\{ (.*) \}\}", condition)
    assert inside
    return all(parts[part]() for part in inside[1].split(" && "))


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    asked = {"contents": "read", "pull_requests": "write", "metadata": "read"}
    github = GitHubEmulator(permissions=asked, events=(), rate_limits=False)
    github.serve(0)
    yield Runner(tmp_path, github)
    github.close()


def ours(runner: Runner) -> list[str]:
    return [c.body for c in runner.pull.comments if c.author == runner.github.app_login]


# ---- what it says -------------------------------------------------------------------------------


def test_a_change_that_tightens_passes_and_says_so(runner: Runner) -> None:
    runner.change((SALESFORCE, "longest: 90d", "longest: 60d"), (TESTS, "days: 90 ", "days: 60 "))

    ran = runner.run()

    assert list(ran.codes) == [INSTALL, CHECK, CASES, PLAN, COMMENT]
    assert set(ran.codes.values()) == {0}, ran.outs
    assert "::" not in "".join(ran.outs.values())
    assert "90d → 60d" in ran.summary
    (comment,) = ours(runner)
    assert "90d → 60d" in comment
    assert runner.pull.labels == []


def test_one_comment_follows_the_pull_request_from_push_to_push(runner: Runner) -> None:
    pasted = runner.github.person(IT).comment(runner.number, f"{MARK}\nThis is fine.")
    runner.change(*HALF_A_YEAR)
    looser = runner.run(CHECK, PLAN, COMMENT)
    (said_first,), labels_first = ours(runner), runner.pull.labels
    runner.change((SALESFORCE, "risk: low", "risk: lowest"))
    broken = runner.run(CHECK, CASES, PLAN, COMMENT)

    assert set(looser.codes.values()) == {0}, looser.outs
    assert "loosens 1 rule" in said_first
    assert labels_first == [LABEL] == [LOOSENS_LABEL]
    assert broken.codes == {CHECK: 1, PLAN: 0, COMMENT: 0}, broken.outs
    found = re.match(rf"::error file={SALESFORCE},line=(\d+),col=11::", broken.outs[CHECK])
    assert found
    assert "cannot be used" in broken.summary
    (comment,) = ours(runner)
    assert f"    {SALESFORCE}:{found[1]}:11: error: " in comment
    assert runner.pull.labels == []
    assert not next(c for c in runner.pull.comments if c.id == pasted.id).edited


@pytest.mark.slow
def test_a_case_that_fails_and_a_rule_without_one_show_at_their_lines(runner: Runner) -> None:
    runner.change(HALF_A_YEAR[0])

    ran = runner.run(CASES)

    assert ran.codes[CASES] == 1
    where = r"^::error file={},line=\d+,col=\d+::{}"
    assert re.search(where.format(TESTS, "FAIL too long"), ran.outs[CASES], re.MULTILINE)
    assert re.search(where.format(SALESFORCE, "no case reaches"), ran.outs[CASES], re.MULTILINE)


@pytest.mark.slow
def test_the_first_policy_has_nothing_to_compare_with_and_a_missing_label_is_a_warning(
    runner: Runner,
) -> None:
    runner.git("rm", "--quiet", "-r", "policies")
    runner.base = runner.commit()
    runner.change()
    route = f"POST /repos/{REPO}/issues/{runner.number}/labels"
    runner.github.faults.add(Fault(route=route, kind=FaultKind.STATUS, status=403))

    ran = runner.run(PLAN, COMMENT)

    assert ran.codes == {PLAN: 0, COMMENT: 0}, ran.outs
    assert "nothing to compare it with" in ours(runner)[0]
    assert "::warning::The label «policy: loosens» could not be set" in ran.outs[COMMENT]


@pytest.mark.slow
def test_a_change_that_mends_a_broken_policy_is_no_failure(runner: Runner) -> None:
    runner.change((SALESFORCE, "risk: low", "risk: lowest"))
    runner.base = runner.git("rev-parse", "HEAD")
    runner.change()

    ran = runner.run(PLAN)

    assert ran.codes == {PLAN: 0}, ran.outs
    assert "nothing to compare it with" in ran.summary


# ---- what it must not do ------------------------------------------------------------------------


def test_nothing_of_a_pull_request_is_run(runner: Runner) -> None:
    """Names and modules that a stranger may choose are data."""
    for name in ("bot", "yaml", "typer"):
        (runner.policy / name).mkdir()
        (runner.policy / name / "__init__.py").write_text("raise SystemExit(99)\n")
    hostile = runner.policy / "policies" / "systems" / "$(touch pwned) `touch pwned`.yml"
    hostile.write_text("kind: system\nid: '@octo-sec-1 <!channel>'\n")
    runner.commit()

    ran = runner.run(CHECK, PLAN, COMMENT)

    assert ran.codes == {CHECK: 1, PLAN: 0, COMMENT: 0}, ran.outs
    assert list(runner.folder.rglob("pwned")) == []
    (comment,) = runner.pull.comments
    assert "octo-sec-1" in comment.body
    assert comment.mentions == []


def test_without_usher_nothing_is_said_about_the_policy(runner: Runner) -> None:
    (runner.folder / "work" / "usher").unlink()
    runner.change(*HALF_A_YEAR)

    ran = runner.run()
    forced = runner.run(PLAN, COMMENT)

    assert list(ran.codes) == [INSTALL]
    assert ran.codes[INSTALL] != 0
    assert list(forced.codes) == [PLAN]
    assert forced.codes[PLAN] != 0
    assert ours(runner) == []


def test_nothing_is_written_for_a_fork_or_without_a_plan() -> None:
    (step,) = [step for step in RUNS if step["name"] == COMMENT]

    assert holds(step["if"], Ran(codes={PLAN: 0}))
    assert not holds(step["if"], Ran(codes={PLAN: 0}), is_fork=True)
    assert not holds(step["if"], Ran(codes={PLAN: 1}))


def test_scripts_take_nothing_from_the_event_but_through_the_environment() -> None:
    event = "github.event.pull_request"
    facts = set(re.findall(r"\$\{\{ (?!!)(.*?) \}\}", TEXT))

    assert all("${{" not in step["run"] for step in RUNS)
    assert facts == {
        f"{event}.number",
        f"{event}.base.sha",
        f"{event}.head.sha",
        "github.workspace",
        "github.token",
        "env.USHER_REPOSITORY",
        "env.USHER_REF",
    }


def test_it_may_do_no_more_than_it_needs() -> None:
    steps = [step for step in JOB["steps"] if "uses" in step]
    checkouts = [step["with"] for step in steps if step["uses"].startswith("actions/checkout@")]

    assert FLOW[True] == {"pull_request": {"paths": ["policies/**"]}}, "YAML reads `on` as true"
    assert FLOW["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert "permissions" not in JOB
    assert [one["persist-credentials"] for one in checkouts] == [False, False]
    assert [one.get("fetch-depth") for one in checkouts] == [0, None]
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]) for step in steps)
    assert [step["name"] for step in JOB["steps"] if "github.token" in str(step)] == [COMMENT]
