"""An emulated org, and the adapter connected to it the way the bot is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina

from bot.domain.plan import Holder
from bot.domain.policy import Bundle
from bot.sandbox.salesforce import SalesforceEmulator
from tests.adapters.salesforce.org_bench import Bench, Connected, person
from tests.adapters.salesforce.scripted_org import ScriptedOrg


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    emulator = SalesforceEmulator()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(emulator.ca_pem)
    yield Bench(emulator, emulator.serve_tls(), ca_file)
    emulator.close()


@pytest.fixture
def salesforce(bench: Bench) -> Iterator[Connected]:
    connected = bench.connect()
    yield connected
    connected.wire.close()


@pytest.fixture(scope="module")
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedOrg]:
    org = ScriptedOrg(tmp_path_factory.mktemp("scripted"))
    yield org
    org.close()


@pytest.fixture
def scripted(_host: ScriptedOrg) -> ScriptedOrg:
    _host.forget()
    return _host


@pytest.fixture
def ann() -> Holder:
    return person("p004", "Ann Ortiz")


@pytest.fixture
def sales() -> Bundle:
    return Bundle(
        licence="Salesforce",
        profile="Standard User",
        permission_sets=("AcmeCrmUser", "InboxWithEinsteinActivityCapture"),
        permission_set_licences=("SalesforceCPQPsl",),
    )


@pytest.fixture
def view_only() -> Bundle:
    return Bundle(licence="Salesforce", profile="Read Only")


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=10, cap=True):
        yield


@pytest.fixture
def make_person() -> Callable[..., Holder]:
    return person
