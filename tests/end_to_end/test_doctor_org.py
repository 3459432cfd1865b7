"""The doctor holds the policy in force against the Salesforce org."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.doctor import Finding, examine
from bot.sandbox.world import World
from tests.end_to_end.shell import ROOT

PART = "policy in Salesforce"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def environ(world: World, tmp_path: Path) -> Mapping[str, str]:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    url = f"sqlite:///{tmp_path}/usher.db"
    return world.settings(database_url=url, port=8080, policy_dir=tmp_path / "policies")


def system_file(environ: Mapping[str, str]) -> Path:
    return Path(environ["POLICY_DIR"]) / "systems/salesforce.yml"


def about_org(environ: Mapping[str, str]) -> list[Finding]:
    return [one for one in examine(environ) if one.part in (PART, "salesforce")]


def test_a_policy_that_names_only_what_the_org_has_is_fine(environ: Mapping[str, str]) -> None:
    pulse, held = about_org(environ)

    assert (pulse.is_fine, held.part, held.is_fine) == (True, PART, True)


def test_a_name_that_the_org_lacks_is_told_with_what_was_meant(environ: Mapping[str, str]) -> None:
    file = system_file(environ)
    file.write_text(file.read_text().replace("profile: Read Only", "profile: Read-Only", 1))

    (wrong,) = [one for one in about_org(environ) if not one.is_fine]

    assert wrong.part == PART
    assert "salesforce.yml:15" in wrong.text
    assert "no profile 'Read-Only' - did you mean 'Read Only'?" in wrong.text


def test_however_much_is_wrong_the_doctor_stays_short(environ: Mapping[str, str]) -> None:
    sets = ", ".join(f"Nothing{number}" for number in range(40))
    file = system_file(environ)
    file.write_text(
        file.read_text().replace("permission_sets: [AcmeCrmUser]", f"permission_sets: [{sets}]", 1)
    )

    wrong = [one for one in about_org(environ) if not one.is_fine]

    assert len(wrong) == 11
    assert wrong[-1].text == "and 30 more; run: usher policy check --live"


def test_ends_in_salesforce_need_an_org_that_allows_them(
    world: World, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = system_file(environ)
    file.write_text(file.read_text() + "native_expiry: true\n")
    monkeypatch.setattr(world.salesforce.org.settings, "expiring_assignments", False)

    found = [one.text for one in about_org(environ) if not one.is_fine]

    assert any("does not let assignments expire" in text for text in found)
