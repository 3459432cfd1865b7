"""A policy directory held against an org: every name that is not there, at its place."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import faults_against, load_policy
from bot.cli.checking import check
from bot.domain.errors import PolicyError, Unavailable
from bot.domain.integration_grants import Granted
from bot.domain.policy import Bundle
from bot.domain.policy_checks_org import OrgKind, OrgNames
from tests.adapters.policy_files.seeded_mistakes import Mistake

EU = "policies/systems/crm-eu.yml"
NAMES = OrgNames(
    names={
        OrgKind.LICENCE: frozenset({"Salesforce", "Salesforce Integration"}),
        OrgKind.PACKAGE: frozenset({"SBQC"}),
        OrgKind.QUEUE: frozenset({"Inbound_Leads"}),
        OrgKind.OBJECT: frozenset({"Account", "Lead", "Opportunity"}),
    },
    fields={"Account": frozenset({"Name", "Phone"})},
    no_expiry_groups=frozenset({"Sales_Team"}),
)


@dataclass
class Org:
    """An org that has these names, or does not answer."""

    names_there: OrgNames | None
    granted_there: Granted | None = None
    asked: list[Collection[str]] = field(default_factory=list)
    asked_rights: list[tuple[str, set[str]]] = field(default_factory=list)

    def names(self, objects: Collection[str] = ()) -> OrgNames:
        self.asked.append(objects)
        if self.names_there is None:
            raise Unavailable("down", service="salesforce")
        return self.names_there

    def granted(self, bundle: Bundle, objects: Collection[str]) -> Granted:
        self.asked_rights.append((bundle.profile, {*objects}))
        assert self.granted_there is not None
        return self.granted_there


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Mistake("", {}, ()).write(tmp_path / "policies")
    return tmp_path / "policies"


def test_every_name_that_the_org_lacks_is_told_at_its_place(folder: Path) -> None:
    org = Org(NAMES)

    assert faults_against(folder, org) == (
        (
            f"{EU}:19:31: error: Salesforce allows no end on 'Sales_Team', which may manage users"
            f" or permissions: remove native_expiry ({EU}:7), or the set here"
        ),
        f"{EU}:20:18: error: the org has no package 'SBQQ' - did you mean 'SBQC'?",
        f"{EU}:32:48: error: the org has no field of Account 'Score__c' (known: Name, Phone)",
        f"{EU}:34:9: error: the org has no object 'Case' (known: Account, Lead, Opportunity)",
    )
    assert [set(asked) for asked in org.asked] == [{"Account", "Case", "Lead", "User"}]


def test_a_live_check_is_part_of_the_check(folder: Path) -> None:
    level = load_policy(folder).level("crm-eu/sync")
    asked = level.integration.asked if level and level.integration else ()
    whole = [right for right in asked if not right.field]
    fits = Granted(
        rights=dict.fromkeys(whole, ("a set",)),
        guarded={},
        unguarded={one.object: frozenset(r.field for r in asked) for one in asked},
        is_api_only=True,
    )
    fine, wrong = (
        check(folder, with_roster=False, org=Org(one, fits)) for one in (OrgNames(names={}), NAMES)
    )

    assert fine.faults == ()
    assert len(wrong.faults) == 4
    assert not wrong.as_document()["ok"]


def test_rights_that_do_not_fit_are_told_where_the_integration_is_written(folder: Path) -> None:
    org = Org(OrgNames(names={}), Granted(rights={}, guarded={}, is_api_only=True))

    found = faults_against(folder, org)

    assert all("is missing: grant it" in one for one in found)
    assert {one.split(": error")[0].rpartition(":")[0] for one in found} == {f"{EU}:30"}
    assert len(org.asked_rights) == 1


def test_rights_are_not_asked_of_a_level_whose_names_the_org_lacks(folder: Path) -> None:
    org = Org(NAMES)

    assert faults_against(folder, org)
    assert org.asked_rights == []


def test_nothing_is_asked_about_a_policy_that_is_not_sound(folder: Path) -> None:
    (folder / "roles.yml").write_text("kind: roles\n")
    org = Org(NAMES)

    checked = check(folder, with_roster=False, org=org)

    assert checked.faults
    assert org.asked == []
    with pytest.raises(PolicyError):
        faults_against(folder, org)


def test_an_org_that_does_not_answer_is_not_taken_for_one_without_names(folder: Path) -> None:
    with pytest.raises(Unavailable):
        check(folder, with_roster=False, org=Org(None))
