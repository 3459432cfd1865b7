"""Loading takes seconds at most, however much there is to read or to refuse."""

import time

import pytest

from bot.adapters.policy_files.loader import load_policy_files
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.folders import SHIPPED, contents


def test_loading_many_levels_stays_quick() -> None:
    """Checks look at each level once: twice as many may not take four times as long."""

    def seconds(count: int) -> float:
        files = contents(SHIPPED) | {
            f"systems/s{number}.yml": _system(number, levels=100).encode()
            for number in range(count)
        }
        started = time.process_time()
        load_policy_files("policies", files, "c")
        return time.process_time() - started

    seconds(1)
    assert seconds(20) < 3 * seconds(10) + 0.5


def test_a_flood_of_mistakes_is_told_in_seconds() -> None:
    """Each guess compares a name with all names: in a flood nobody needs guesses."""
    text = _system(0, levels=1_500).replace("everyone", "nobody-{n}")
    system = "".join(line.replace("{n}", str(n)) + "\n" for n, line in enumerate(text.splitlines()))
    roles = "kind: roles\nroles:\n" + "".join(
        f"  r{n}: {{ department: x, birthright: [s0/levle-{n}] }}\n" for n in range(3_000)
    )
    files = contents(SHIPPED) | {"systems/s0.yml": system.encode(), "roles.yml": roles.encode()}
    started = time.process_time()

    with pytest.raises(PolicyError) as caught:
        load_policy_files("policies", files, "c")

    found = int(caught.value.detail.split()[-2].replace(",", ""))
    *first, last = caught.value.faults
    assert (len(first), found > 4_000) == (1_000, True)
    assert last == (
        f"policies/company.yml:1:1: error: and {found - 1_000:,} more: mend these first"
        if first[0].startswith("policies/company.yml")
        else f"policies/roles.yml:1:1: error: and {found - 1_000:,} more: mend these first"
    )
    assert time.process_time() - started < 20


def _system(number: int, *, levels: int) -> str:
    head = f"kind: system\nid: s{number}\ntitle: S\nprovider: task\ndri: it\ndelivery: sso\n"
    return f"{head}levels:\n" + "".join(
        f"  level-{n}:\n    says: Read.\n    risk: low\n    bundle: {{ by_hand: [Do it] }}\n"
        "    request: { by: [everyone], longest: 30d }\n"
        for n in range(levels)
    )
