"""Files made to hurt are refused, at little cost in time and memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.policy_files.seeded_mistakes import VALID, Mistake

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("loading_in_limits.py")
MOST_SECONDS, MOST_MIB = 5, 64
COMPANY, ROLES, SEPARATION = "company.yml", "roles.yml", "separation.yml"
SALESFORCE, GONG = "systems/salesforce.yml", "systems/gong.yml"


def roles(department: str) -> str:
    return VALID[ROLES].replace("department: any", f"department: {department}")


BOMB = "kind: roles\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)
REFUSED: Mapping[str, tuple[str, str | bytes, str]] = {
    "a bomb of aliases": (ROLES, BOMB, "policies/roles.yml:2:4: error: anchors (&a)"),
    "two thousand brackets": (ROLES, roles("[" * 2000), "nested over 20 levels deep"),
    "two thousand braces": (ROLES, roles("{a: " * 2000), "nested over 20 levels deep"),
    "two thousand dashes": (
        ROLES,
        VALID[ROLES] + "x: \n" + "- " * 2000,
        "nested over 20 levels deep",
    ),
    "two thousand indentations": (
        ROLES,
        "kind: roles\nroles:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 1200)),
        "nested over 20 levels deep",
    ),
    "a hundred thousand keys": (
        ROLES,
        "kind: roles\nroles:\n" + "".join(f" r{n}:\n" for n in range(100_000)),
        "policies/roles.yml:",
    ),
    "a hundred thousand unknown keys": (
        GONG,
        VALID[GONG] + "".join(f"r{n}: 1\n" for n in range(99_000)),
        "policies/systems/gong.yml:",
    ),
    "a hundred thousand list items": (
        ROLES,
        VALID[ROLES].replace("[salesforce/standard]", "[" + "x/yz, " * 100_000 + "]"),
        "policies/roles.yml:",
    ),
    "a list of four hundred thousand yes": (
        ROLES,
        VALID[ROLES].replace("[salesforce/standard]", "[" + "on," * 300_000 + "]"),
        "policies/roles.yml:",
    ),
    "fifteen thousand unknown keys": (
        GONG,
        VALID[GONG] + "".join(f"titel{n}: 1\n" for n in range(15_000)),
        "policies/systems/gong.yml:18:1: error: unknown key 'titel0'",
    ),
    "fifteen thousand unknown roles": (
        GONG,
        VALID[GONG].replace("everyone", ", ".join(f"enginer{n}" for n in range(15_000))),
        "policies/systems/gong.yml:17:21: error: unknown role 'enginer0'",
    ),
    "five thousand roles with unknown levels": (
        ROLES,
        VALID[ROLES]
        + "".join(f"  r{n}: {{ department: it, birthright: [gong/r{n}] }}\n" for n in range(5_000)),
        "policies/roles.yml:10:38: error: unknown level 'gong/r0'",
    ),
    "five thousand groups that wait for each other": (
        COMPANY,
        VALID[COMPANY].replace(
            "  gtm-systems:",
            "".join(f"  g{n}: {{ members: [a], backup: g{n + 1} }}\n" for n in range(4_999))
            + "  g4999: { members: [a] }\n  gtm-systems:",
        ),
        "policies/company.yml:13:3: error: group 'g0'",
    ),
    "a circle of five thousand groups": (
        COMPANY,
        VALID[COMPANY].replace(
            "  gtm-systems:",
            "".join(
                f"  g{n}: {{ members: [a{n}], backup: g{(n + 1) % 5_000} }}\n" for n in range(5_000)
            )
            + "  gtm-systems:",
        ),
        "backups go in a circle",
    ),
    "four thousand rules that say the same": (
        SEPARATION,
        "kind: separation\nrules:\n"
        + "".join(
            f"  - {{ id: r{n}, never_both: [salesforce/sales, gong/recorder], why: so }}\n"
            for n in range(4_000)
        ),
        "policies/separation.yml:3:",
    ),
    "four thousand cases of unknown people": (
        "tests/salesforce.yml",
        VALID["tests/salesforce.yml"]
        + "".join(
            f"  - {{ name: c{n}, joined: p{n}, expect: {{ grants: [] }} }}\n" for n in range(4_000)
        ),
        "policies/tests/salesforce.yml:32:25: error: unknown person 'p0'",
    ),
    "five million bytes": (ROLES, VALID[ROLES] + "#" * 5_000_000, "1,000,000 bytes"),
    "five million bytes of keys": (
        SALESFORCE,
        "kind: system\n" + "".join(f"r{n}: 1\n" for n in range(500_000)),
        "1,000,000 bytes",
    ),
    "a text of nearly a million characters": (
        GONG,
        VALID[GONG].replace("title: Gong", f"title: {'x' * 990_000}"),
        "policies/systems/gong.yml:3:8: error: title",
    ),
    "a key of nearly a million characters": (
        GONG,
        VALID[GONG].replace("title: Gong", f"? {'x' * 990_000}\n: Gong"),
        "policies/systems/gong.yml:",
    ),
    "a number of nearly a million digits": (
        SALESFORCE,
        VALID[SALESFORCE].replace("keep_free: 1", f"keep_free: {'9' * 990_000}"),
        "policies/systems/salesforce.yml:10:28: error:",
    ),
    "a user name of a million braces": (
        SALESFORCE,
        VALID[SALESFORCE].replace("{mail_name}@", "{" * 400_000),
        "policies/systems/salesforce.yml:8:11: error: ",
    ),
    "null bytes": (ROLES, b"\0" * 500_000, "policies/roles.yml:1:1: error: the character U+0000"),
    "a byte order mark": (ROLES, "\ufeff" + VALID[ROLES], "policies/roles.yml:1:1: error: a byte"),
    "text that is not UTF-8": (ROLES, b"\xff" * 500_000, "policies/roles.yml:1:1: error: not UTF"),
    "line ends of three kinds": (
        ROLES,
        VALID[ROLES].replace("\n", "\r\n", 2).replace("roles:\r\n", "roles:\r"),
        "policies/roles.yml:2:7: error: the character U+000D",
    ),
    "a million tabs": (ROLES, VALID[ROLES] + "\t\n" * 400_000, "policies/roles.yml:10:1: error: "),
    "a million question marks": (ROLES, "kind: roles\n" + "? " * 400_000, "policies/roles.yml:"),
    "a million colons": (ROLES, "kind: roles\nroles: " + ":" * 900_000, "policies/roles.yml:"),
    "a hundred thousand documents": (ROLES, VALID[ROLES] + "---\n" * 100_000, "one document"),
    "a hundred thousand tags": (ROLES, roles("[" + "!x y, " * 100_000 + "]"), "tags"),
}
ACCEPTED: Mapping[str, tuple[str, str | bytes]] = {
    "line ends of Windows": (SALESFORCE, VALID[SALESFORCE].replace("\n", "\r\n")),
    "line ends of Windows in some lines": (ROLES, VALID[ROLES].replace("\n", "\r\n", 3)),
    "an end without a line end": (ROLES, VALID[ROLES].rstrip("\n")),
    "a comment of nearly a million characters": (ROLES, VALID[ROLES] + "# " + "x" * 990_000),
    "a hundred thousand empty lines": (ROLES, VALID[ROLES] + "\n" * 100_000),
}
ENDLESS = ("a file without an end", "a file of two gibibytes")


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """Load all of them, each in a process of its own, and return what each has cost."""
    base = tmp_path_factory.mktemp("hostile")
    files = {name: (file, text) for name, (file, text, _) in REFUSED.items()} | dict(ACCEPTED)
    for name, (file, text) in files.items():
        Mistake(name, {file: text}, ()).write(base / name / "policies")
    for name in ENDLESS:
        Mistake(name, {ROLES: None}, ()).write(base / name / "policies")
    (base / ENDLESS[0] / "policies" / ROLES).symlink_to("/dev/zero")
    with (base / ENDLESS[1] / "policies" / ROLES).open("wb") as sparse:
        sparse.truncate(2 * 1024**3)
    Mistake("", {}, ()).write(base / "ordinary" / "policies")
    folders = [str(base / name / "policies") for name in ("ordinary", *files, *ENDLESS)]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *folders],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {cost["name"]: cost for cost in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", [*REFUSED, *ENDLESS])
def test_a_hostile_file_is_refused_at_little_cost(
    costs: Mapping[str, Mapping[str, Any]], name: str
) -> None:
    cost = costs[name]
    assert "killed" not in cost, cost
    _, _, says = REFUSED.get(name, (ROLES, "", "policies/roles.yml:1:1: error: "))

    assert cost["faults"], cost
    assert says in cost["faults"][0]
    assert all(len(fault) < 1000 for fault in cost["faults"])
    assert cost["seconds"] < MOST_SECONDS
    assert cost["mib"] < MOST_MIB


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_unusual_file_is_accepted_at_little_cost(
    costs: Mapping[str, Mapping[str, Any]], name: str
) -> None:
    cost = costs[name]
    assert "killed" not in cost, cost

    assert cost["faults"] is None
    assert cost["seconds"] < MOST_SECONDS
    assert cost["mib"] < MOST_MIB
