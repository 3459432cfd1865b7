"""What the workflows count on in Vault, of the fake and of 1Password Connect alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
import stamina

from bot.adapters.onepassword import ConnectVault
from bot.domain.errors import ConnectorError, NotFound, OutcomeUnknown, Unauthorized
from bot.domain.secret import Secret
from bot.domain.vault import Handoff
from bot.ports import Vault
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.onepassword import ConnectEmulator
from tests.fakes.vault import FakeVault

ANN, BEA, GONE = (name.ljust(26, "0") for name in ("vaultann", "vaultbea", "vaultgone"))
LOG_IN = Handoff(
    vault_id=ANN,
    title="CRM",
    username="ann@crm.example",
    url="https://crm.example",
    note="Approved by Bea.",
    tag="req-r1",
)
PASSWORD = Secret("made-up-1")


@dataclass
class Bench:
    """An implementation, the passwords in a vault, and ways to make trouble."""

    vault: Vault
    passwords: Callable[[str], list[str]]
    lose_answer: Callable[[], None]
    make_write_only: Callable[[], None]


@pytest.fixture(params=["fake", "connect"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "fake":
        fake = FakeVault(ANN, BEA)

        def close() -> None:
            fake.is_write_only = True

        yield Bench(
            fake,
            lambda vault_id: [item.password for item in fake.of(vault_id)],
            lambda: fake.troubles.lose("create_item"),
            close,
        )
        return
    connect = ConnectEmulator(token="good-token")
    for number, vault_id in enumerate((ANN, BEA)):
        connect.add_vault(f"Handoff {number}", vault_id=vault_id)
    connect.add_token("good-token", vaults=dict.fromkeys((ANN, BEA), "rw"))
    connect.serve()
    lost = Fault(route="POST /v1/vaults/*", kind=FaultKind.DROP_AFTER)
    with stamina.set_testing(testing=True, attempts=2, cap=True):
        yield Bench(
            ConnectVault(connect.url, Secret("good-token"), timeout_s=5.0),
            lambda vault_id: [str(item.password) for item in connect.items(vault_id)],
            lambda: connect.faults.add(lost),
            lambda: connect.add_token("good-token", vaults=dict.fromkeys((ANN, BEA), "w")),
        )
    connect.close()


def test_a_log_in_is_found_by_vault_and_tag(bench: Bench) -> None:
    item_id = bench.vault.create_item(LOG_IN, PASSWORD)

    assert bench.passwords(ANN) == ["made-up-1"]
    assert bench.vault.find_item(ANN, "req-r1") == item_id
    assert bench.vault.find_item(ANN, "req-r2") is None
    assert bench.vault.find_item(BEA, "req-r1") is None


def test_creating_twice_makes_two(bench: Bench) -> None:
    ids = {bench.vault.create_item(LOG_IN, PASSWORD) for _ in range(2)}

    assert len(ids) == len(bench.passwords(ANN)) == 2
    assert bench.vault.find_item(ANN, "req-r1") in ids


def test_removing_is_fine_twice(bench: Bench) -> None:
    item_id = bench.vault.create_item(LOG_IN, PASSWORD)

    for _ in range(2):
        bench.vault.delete_item(ANN, item_id)

    assert bench.passwords(ANN) == []
    assert bench.vault.find_item(ANN, "req-r1") is None


def test_an_item_is_removed_from_its_own_vault_only(bench: Bench) -> None:
    item_id = bench.vault.create_item(LOG_IN, PASSWORD)

    bench.vault.delete_item(BEA, item_id)

    assert bench.passwords(ANN) == ["made-up-1"]


def test_a_lost_answer_is_unknown_and_can_be_found(bench: Bench) -> None:
    bench.lose_answer()

    with pytest.raises(OutcomeUnknown):
        bench.vault.create_item(LOG_IN, PASSWORD)

    assert bench.vault.find_item(ANN, "req-r1") is not None


def test_a_vault_that_is_not_there_takes_nothing(bench: Bench) -> None:
    with pytest.raises((NotFound, Unauthorized)) as refused:
        bench.vault.create_item(replace(LOG_IN, vault_id=GONE), PASSWORD)

    assert "made-up-1" not in str(refused.value)


def test_a_token_that_may_only_write_stores_and_does_not_look(bench: Bench) -> None:
    bench.make_write_only()

    item_id = bench.vault.create_item(LOG_IN, PASSWORD)

    assert bench.passwords(ANN) == ["made-up-1"]
    assert item_id
    with pytest.raises(Unauthorized) as refused:
        bench.vault.find_item(ANN, "req-r1")
    assert isinstance(refused.value, ConnectorError)
