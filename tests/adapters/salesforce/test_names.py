"""What the org has by name, read for a check of the policy against it."""

from pathlib import Path

from bot.adapters.policy_files.loader import faults_against
from bot.adapters.salesforce.names import SalesforceNames
from bot.domain.policy import Bundle
from bot.domain.policy_checks_org import OrgKind
from bot.domain.policy_integration import Operation, Right
from bot.domain.policy_pools import Feature
from tests.adapters.salesforce.org_bench import Bench, Connected

SHIPPED = Path(__file__).parents[3] / "policies"


def test_every_kind_is_read(salesforce: Connected) -> None:
    found = SalesforceNames(salesforce.reading).names(("Account", "Nothing__c"))

    assert found.names.keys() == set(OrgKind)
    assert "Salesforce" in found.names[OrgKind.LICENCE]
    assert "SalesforceCPQPsl" in found.names[OrgKind.PERMISSION_SET_LICENCE]
    assert "AcmeCrmUser" in found.names[OrgKind.PERMISSION_SET]
    assert Feature.MARKETING in found.names[OrgKind.FEATURE]
    assert {"Account", "User"} <= found.names[OrgKind.OBJECT]
    assert found.licence_of["Read Only"] == "Salesforce"
    assert found.fields.keys() == {"User", "Account"}
    assert "Name" in found.fields["Account"]
    assert found.names[OrgKind.PERMISSION_SET] > found.no_expiry_sets


def test_the_shipped_policy_names_only_what_the_example_org_has(salesforce: Connected) -> None:
    assert faults_against(SHIPPED, SalesforceNames(salesforce.reading)) == ()


def test_nothing_is_written(bench: Bench, salesforce: Connected) -> None:
    SalesforceNames(salesforce.reading).names()

    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)


def test_what_a_level_grants_is_read_too(salesforce: Connected) -> None:
    intake = Bundle(profile="Read Only", permission_sets=("AcmeLeadIntake",))

    found = SalesforceNames(salesforce.reading).granted(intake, ("Lead",))

    assert Right("Lead", Operation.READ) in found.rights
