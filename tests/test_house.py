"""The rules of the house that no linter knows: rooms, sizes, reasons, lock files."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from typer.main import get_command

from bot.cli import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAX_FUNCTION, MAX_MODULE = 60, 400
TOP_LEVEL = {
    ".ci", ".github", ".gitignore", ".vscode", "CHANGELOG.md", "LICENSE", "Makefile",
    "Procfile", "README.md",
    "bench", "bot", "handlers", "policies", "pyproject.toml", "requirements-bench.txt",
    "requirements-dev.txt", "requirements.txt", "tests",
}  # fmt: skip

CATCH_ALL = {
    "bot/adapters/store/store.py": "the writer thread: every waiting sender must get an answer",
    "bot/sandbox/salesforce/store.py": "a rollback, which raises again",
    "bot/app.py": "the background loop: a failed round is logged, the next one comes",
    "bot/serving.py": "the edge of the worker's process: what ended it is logged, and redacted",
    "handlers/slack/routes.py": "the edge: every event gets an answer, as Bolt gives one elsewhere",
    "bot/workflows/advance.py": "the edge of a run: counted as an attempt, in the end needs_it",
    "bot/workflows/ending.py": "the edge of a run: counted as an attempt, in the end needs_it",
    "bot/workflows/handling.py": "the edge of a run: one message must not hold up the others",
    "bot/workflows/sweep.py": "one row that cannot be moved does not keep the others from it",
    "bot/workflows/telling.py": "the edge of a run: told later, at longer and longer intervals",
}
"""Where everything may be caught, and what becomes of it there."""


def sources(*roots: str) -> list[Path]:
    found = (path for root in roots for path in (ROOT / root).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def named(path: Path, node: ast.AST | int) -> str:
    line = node if isinstance(node, int) else getattr(node, "lineno", 1)
    return f"{path.relative_to(ROOT)}:{line}"


def nodes(*roots: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in sources(*roots):
        for node in ast.walk(tree(path)):
            yield path, node


def comments(*roots: str) -> Iterator[tuple[str, str]]:
    for path in sources(*roots):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type == tokenize.COMMENT:
                yield named(path, token.start[0]), token.string


def dotted(node: ast.AST) -> str:
    """Name an attribute such as «os.environ»; empty for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def tracked() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.decode().split("\0") if name]


# ---- rooms --------------------------------------------------------------------------------------


def test_imports_point_inward() -> None:
    """In a process of its own: import-linter switches off every logger that exists."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--config", "pyproject.toml", "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_bot_has_its_place_in_the_layers() -> None:
    """A module in no layer would be free to import anything."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers")
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    modules = {
        f"bot.{path.stem}"
        for path in (ROOT / "bot").iterdir()
        if path.stem not in {"__init__", "__pycache__"}
    }

    assert placed == modules | {"handlers"}


def test_only_settings_read_the_environment() -> None:
    reading = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}
    readers = {
        path.relative_to(ROOT).as_posix()
        for path, node in nodes("bot", "handlers")
        if dotted(node) in reading or reading & set(imported(node))
    }

    assert readers == {"bot/settings/loading.py"}


def test_the_domain_asks_for_no_time_of_its_own() -> None:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}

    assert [named(p, n) for p, n in nodes("bot/domain") if dotted(n) in clocks] == []


# ---- shape --------------------------------------------------------------------------------------


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{named(path, node)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path, node in nodes("bot", "handlers", "tests", "bench")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_FUNCTION
    ]

    assert long == []


def test_no_module_is_longer_than_400_lines() -> None:
    counted = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in sources("bot", "handlers", "tests", "bench")
    }

    assert {path: lines for path, lines in counted.items() if lines > MAX_MODULE} == {}


def test_every_exception_to_a_check_has_a_reason() -> None:
    exception = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover|fmt:\s*off)")
    reasoned = re.compile(
        r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\]|pragma: no cover)\s*"
        r"(#\s*|-\s+|:\s+)?\S.{4,}"
    )
    bare = [
        f"{where} {text}"
        for where, text in comments("bot", "handlers", "tests", "bench")
        if exception.search(text) and not reasoned.search(text)
    ]

    assert bare == []


def test_there_is_nothing_left_to_do() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")

    assert [c for c in comments("bot", "handlers", "tests", "bench") if marks.search(c[1])] == []


def test_everything_is_caught_only_where_it_is_answered_for() -> None:
    broad = {"Exception", "BaseException"}
    catching = {
        path.relative_to(ROOT).as_posix()
        for path, node in nodes("bot", "handlers")
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or broad & {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
        )
    }

    assert catching == set(CATCH_ALL)


def test_no_query_is_pasted_together() -> None:
    """Values come in through format_soql and bound parameters; a pasted one is an injection."""
    query = re.compile(
        r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*\b(FROM|WHERE|SET|VALUES)\b", re.DOTALL
    )
    pasted = [
        named(path, node)
        for path, node in nodes("bot/adapters", "bot/workflows", "handlers")
        if query.search(_pasted_text(node))
    ]

    assert pasted == []


def _pasted_text(node: ast.AST) -> str:
    """Return the constant text of an f-string, a % or + or a .format()."""
    match node:
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.BinOp(left=left, op=ast.Mod() | ast.Add()):
            return _text(left)
        case ast.Attribute(attr="format", value=value):
            return _text(value)
    return ""


def _text(node: ast.AST) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


# ---- tests --------------------------------------------------------------------------------------


def test_no_test_sleeps() -> None:
    sleeping = [
        named(path, node)
        for path, node in nodes("tests")
        if (isinstance(node, ast.Call) and dotted(node.func) == "time.sleep")
        or "time.sleep" in imported(node)
    ]

    assert sleeping == []


def test_nothing_is_patched() -> None:
    """Doubles implement a port and hold state; a patched name proves nothing about the real one."""
    patching = [
        named(path, node)
        for path, node in nodes("tests", "bench")
        for name in imported(node)
        if name.startswith(("unittest", "mock", "pytest_mock"))
    ]

    assert patching == []


# ---- what is shipped ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_file_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip())
    requirements = [entry for entry in entries if not entry.startswith("#")]

    assert "://" not in text
    assert "--index" not in text
    assert [e[:40] for e in requirements if not re.match(r"[\w.-]+(\[.*?\])?==\S+", e)] == []
    assert [e[:40] for e in requirements if "--hash=sha256:" not in e] == []


def test_what_the_project_asks_for_is_locked() -> None:
    wanted = {_package(text) for text in PROJECT["project"]["dependencies"]}
    locked = {
        _package(line)
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
        if line[:1].isalnum()
    }

    assert wanted - locked == set()


def _package(requirement: str) -> str:
    return re.split(r"[\[<>=~! ;]", requirement)[0].lower().replace("_", "-")


def test_the_wheel_holds_bot_and_handlers_and_their_files(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    names = zipfile.ZipFile(wheel).namelist()

    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"bot", "handlers"}
    assert {
        "bot/adapters/store/migrations/versions/0001_first.py",
        "bot/sandbox/company/people.csv",
        "handlers/github/access-request.yml",
        "handlers/github/app-manifest.json",
        "handlers/github/policy-review.yml",
        "handlers/slack/manifest.yml",
    } <= set(names)
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def test_the_top_level_holds_what_a_newcomer_expects() -> None:
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


def test_no_file_names_a_machine_or_a_package_index() -> None:
    machine = re.compile(rb"/(?:work/(?:main|shared)|root)/")
    index = re.compile(rb"(?:files\.)?py(?:pi|thonhosted)\.org|npm(?:js)\.(?:org|com)")
    guilty = [
        name
        for name in tracked()
        if (ROOT / name).is_file()
        and (machine.search(text := (ROOT / name).read_bytes()) or index.search(text))
    ]

    assert guilty == []


def test_procfile_runs_commands_that_exist() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    processes = dict(line.split(": ", 1) for line in lines)

    assert set(processes) == {"release", "web", "worker"}
    for command in processes.values():
        words = command.split()
        assert words[:3] == ["python", "-m", "bot"]
        assert words[3] in get_command(app).commands  # type: ignore[attr-defined]  # it is a group


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
