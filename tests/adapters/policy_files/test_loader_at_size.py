"""Loading much, or much that is wrong: no garbage is looked for, and a flood is cut."""

import gc
from collections.abc import Iterator

import pytest

from bot.adapters.policy_files.loader import load_policy_files
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.folders import SHIPPED, contents


@pytest.fixture
def collector() -> Iterator[None]:
    """Leave the garbage collector as it was, whatever a test does with it."""
    was_on = gc.isenabled()
    yield
    if was_on:
        gc.enable()
    else:
        gc.disable()


@pytest.mark.usefixtures("collector")
def test_garbage_is_not_looked_for_while_a_policy_is_read() -> None:
    files = contents(SHIPPED) | {"systems/s0.yml": _system(0, levels=1_000).encode()}
    gc.enable()
    before = sum(one["collections"] for one in gc.get_stats())

    load_policy_files("policies", files, "c")

    assert sum(one["collections"] for one in gc.get_stats()) - before < 10
    assert gc.isenabled()


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("is_on", [True, False])
def test_the_garbage_collector_stays_as_it_was_also_after_a_refusal(is_on: bool) -> None:  # noqa: FBT001  # a parameter of the test
    if is_on:
        gc.enable()
    else:
        gc.disable()

    load_policy_files("policies", contents(SHIPPED), "c")
    with pytest.raises(PolicyError):
        load_policy_files("policies", {}, "c")

    assert gc.isenabled() is is_on


def test_a_flood_of_mistakes_is_cut_and_counted() -> None:
    text = _system(0, levels=500).replace("everyone", "nobody-{n}")
    system = "".join(line.replace("{n}", str(n)) + "\n" for n, line in enumerate(text.splitlines()))
    roles = "kind: roles\nroles:\n" + "".join(
        f"  r{n}: {{ department: x, birthright: [s0/levle-{n}] }}\n" for n in range(1_000)
    )
    files = contents(SHIPPED) | {"systems/s0.yml": system.encode(), "roles.yml": roles.encode()}

    with pytest.raises(PolicyError) as caught:
        load_policy_files("policies", files, "c")

    found = int(caught.value.detail.split()[-2].replace(",", ""))
    *first, last = caught.value.faults
    assert (len(first), found > 1_200) == (1_000, True)
    first_file = first[0].partition(":")[0]
    assert last == f"{first_file}:1:1: error: and {found - 1_000:,} more: mend these first"


def _system(number: int, *, levels: int) -> str:
    head = f"kind: system\nid: s{number}\ntitle: S\nprovider: task\ndri: it\ndelivery: sso\n"
    return f"{head}levels:\n" + "".join(
        f"  level-{n}:\n    says: Read.\n    risk: low\n    bundle: {{ by_hand: [Do it] }}\n"
        "    request: { by: [everyone], longest: 30d }\n"
        for n in range(levels)
    )
