"""A policy directory held against an org: every name that is not there, at its place."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import faults_against
from bot.cli.checking import check
from bot.domain.errors import PolicyError, Unavailable
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
    asked: list[Collection[str]] = field(default_factory=list)

    def names(self, objects: Collection[str] = ()) -> OrgNames:
        self.asked.append(objects)
        if self.names_there is None:
            raise Unavailable("down", service="salesforce")
        return self.names_there


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
    fine, wrong = (
        check(folder, with_roster=False, org=Org(one)) for one in (OrgNames(names={}), NAMES)
    )

    assert fine.faults == ()
    assert len(wrong.faults) == 4
    assert not wrong.as_document()["ok"]


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
