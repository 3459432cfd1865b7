"""Each of the mistakes that people make is found: once, at its place, with what to write."""

from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import load_policy
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.seeded_mistakes import VALID, Mistake, mistakes

ALL = tuple(mistakes())


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.name for mistake in ALL])
def test_a_mistake_is_found_once_at_its_place(mistake: Mistake, tmp_path: Path) -> None:
    mistake.write(tmp_path / "policies")

    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path / "policies", commit="test")

    told = caught.value.faults
    assert len(told) == len(mistake.faults), told
    for expected, fault in zip(mistake.faults, told, strict=True):
        assert expected.is_met_by(fault), f"{fault}\nis not\n{expected}"


def test_the_policy_without_a_mistake_loads(tmp_path: Path) -> None:
    Mistake("", {}, ()).write(tmp_path / "policies")

    policy = load_policy(tmp_path / "policies", commit="test")

    assert set(policy.systems) == {"crm-eu", "gong", "salesforce", "zapier"}
    assert [rule.id for rule in policy.separations] == [
        "crm-admin-and-automation",
        "admin-and-recorder",
    ]


def test_there_is_a_mistake_in_every_file_and_each_has_a_name_of_its_own() -> None:
    names = [mistake.name for mistake in ALL]

    assert len(names) == len(set(names)) >= 60
    assert {file for mistake in ALL for file in mistake.changes} >= set(VALID)
