"""Each mistake in a policy is told once, at its line and column, in words for people."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.policy_files.source import read_source

SHIPPED = Path(__file__).parents[3] / "policies"
COMPANY, ROLES, SALESFORCE = "company.yml", "roles.yml", "systems/salesforce.yml"
PYDANTIC = re.compile(
    r"Input should|Field required|Extra inputs|String should|Value error|pydantic|instance of"
    r"|valid (string|integer|tuple|dictionary)|permitted|tagged-union|wrong (form|value)\b"
)


def mistakes() -> Iterator[tuple[str, ...]]:
    """Read the table of edits and the faults that they make."""
    lines = Path(__file__).with_name("mistakes.txt").read_text().splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    for file, old, new, fault in zip(*[iter(entries)] * 4, strict=True):
        assert (old[0], new[0], fault[0]) == ("-", "+", "=")
        yield file, old[2:].replace("\\n", "\n"), new[2:].replace("\\n", "\n"), fault[2:]


@pytest.mark.parametrize(("file", "old", "new", "expected"), [*mistakes()])
def test_a_mistake_is_told_once_at_its_place(
    edit: Callable[[str, str, str], None],
    faults: Callable[[], tuple[str, ...]],
    file: str,
    old: str,
    new: str,
    expected: str,
) -> None:
    edit(file, old, new)

    assert faults() == (f"policies/{file}:{expected}",)


def test_all_mistakes_of_all_files_are_told_together_in_order(
    edit: Callable[[str, str, str], None], faults: Callable[[], tuple[str, ...]]
) -> None:
    edit(SALESFORCE, "approve: [manager], longest: 90d", "aprove: [manager], longest: 90d")
    edit(SALESFORCE, "by: [csm, account-executive]", "by: [cms, account-executive]")
    edit(SALESFORCE, "provider: salesforce", "provider: slack")
    edit(ROLES, "salesforce/sales,", "salesforce/sale,")
    edit(COMPANY, ", backup: it", "")

    assert [fault.partition(": error: ")[0] for fault in faults()] == [
        "policies/company.yml:13:3",
        "policies/roles.yml:3:58",
        "policies/systems/salesforce.yml:4:11",
        "policies/systems/salesforce.yml:15:51",
        "policies/systems/salesforce.yml:20:21",
    ]


def test_a_file_that_is_not_yaml_hides_no_mistake_of_another(
    edit: Callable[[str, str, str], None], faults: Callable[[], tuple[str, ...]]
) -> None:
    edit(COMPANY, "groups:", "groups: [")
    edit(SALESFORCE, "longest: 8h", "longest: permanent")

    broken, *others = faults()

    assert broken.startswith("policies/company.yml:")
    (told,) = others
    place = "policies/systems/salesforce.yml:34:82"
    assert told.startswith(f"{place}: error: salesforce/admin is critical: 'longest' may not be")


def test_a_value_that_yaml_refuses_is_not_refused_again(
    edit: Callable[[str, str, str], None], faults: Callable[[], tuple[str, ...]]
) -> None:
    edit(SALESFORCE, "risk: high", "risk: yes")
    edit(SALESFORCE, "  sales:", "  standard:")

    places = [fault.partition(": error: ")[0] for fault in faults()]

    assert places == [
        "policies/systems/salesforce.yml:18:11",
        "policies/systems/salesforce.yml:21:3",
    ]


def leaves_replaced(data: Any, value: Any, depth: int) -> Any:
    """Replace everything at this depth, and every leaf above it, by one value."""
    if depth == 0 or not isinstance(data, dict | list) or not data:
        return value
    if isinstance(data, list):
        return [leaves_replaced(item, value, depth - 1) for item in data]
    return {key: leaves_replaced(item, value, depth - 1) for key, item in data.items()}


@pytest.mark.parametrize("value", [None, 7, -1, True, "", "No Such\u202eThing", [], [[]], {}])
@pytest.mark.parametrize("file", [COMPANY, ROLES, SALESFORCE])
def test_no_wrong_value_lets_the_librarys_words_through(file: str, value: Any) -> None:
    from bot.adapters.policy_files.strict_yaml import load

    kind = {COMPANY: "company", ROLES: "roles", SALESFORCE: "system"}[file]
    document, _ = load((SHIPPED / file).read_bytes(), file=file)
    assert document is not None
    for depth in range(2, 8):
        # JSON is YAML, so that the file can be written back without a library.
        text = json.dumps(leaves_replaced(document.data, value, depth) | {"kind": kind})
        source = read_source(kind, file, text.encode())

        for fault in source.faults:
            assert not PYDANTIC.search(fault.message), fault
            assert "cannot be used here" not in fault.message
            assert fault.message.isprintable()
