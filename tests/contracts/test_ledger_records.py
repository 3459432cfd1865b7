"""The ledger's contract, the same on both databases: inbox, journal, audit, people, workers."""

from datetime import date, timedelta

import pytest

from bot.adapters.store.records import Posted
from bot.adapters.store.store import Store, Transaction
from bot.domain.audit import Entry, Tag
from bot.domain.desk import OnboardingCall
from bot.domain.journal import Write
from tests.factories import NOW, person

HOUR = timedelta(hours=1)


def keep(tx: Transaction, *delivery_ids: str) -> set[str]:
    return tx.inbox.keep(
        [Posted(delivery_id=i, source="github", message="{}", at=NOW) for i in delivery_ids]
    )


def test_a_message_is_kept_once(ledger: Store) -> None:
    with ledger.begin() as tx:
        assert keep(tx, "d-1") == {"d-1"}
        assert keep(tx, "d-1", "d-2") == {"d-2"}

        kept = tx.inbox.get("d-1", lock=True)

    assert kept is not None
    assert (kept.message, kept.received_at, kept.handled_at) == ("{}", NOW, None)


def test_a_message_is_open_until_it_is_answered(ledger: Store) -> None:
    later = NOW + HOUR
    with ledger.begin() as tx:
        keep(tx, "d-1")
        assert [k.delivery_id for k in tx.inbox.open(later, later, 10)] == ["d-1"]
        tx.inbox.postpone("d-1", later + HOUR, "slow", attempts=1)
        assert tx.inbox.open(later, later, 10) == []
        tx.inbox.handled("d-1", "Done.", later)
        (handled,) = tx.inbox.open(later, later, 10)
        assert (handled.reply, handled.attempts, handled.answered_at) == ("Done.", 1, None)
        tx.inbox.answered("d-1", later)
        assert tx.inbox.open(later, later + HOUR, 10) == []


def test_only_answered_messages_are_forgotten(ledger: Store) -> None:
    with ledger.begin() as tx:
        keep(tx, "d-1", "d-2")
        tx.inbox.handled("d-1", None, NOW)

        assert tx.inbox.forget(NOW + HOUR) == 1
        assert tx.inbox.get("d-1") is None
        assert tx.inbox.get("d-2") is not None


def test_a_write_is_intended_first_and_settled_later(ledger: Store) -> None:
    intent = Write(key="issue:r-1", owner="r-1", intended_at=NOW, content="c0")
    with ledger.begin() as tx:
        tx.writes.intend(intent)
        tx.writes.intend(Write(key="issue:r-1", owner="r-9", intended_at=NOW + HOUR))
        assert tx.writes.get("issue:r-1") == intent
        tx.writes.settle("issue:r-1", "7", "c1")

        (settled,) = tx.writes.of_owner("r-1")

    assert (settled.address, settled.content) == ("7", "c1")


def test_only_an_intent_that_came_to_nothing_can_be_withdrawn(ledger: Store) -> None:
    with ledger.begin() as tx:
        for key in ("open", "settled"):
            tx.writes.intend(Write(key=key, owner="r-1", intended_at=NOW))
        tx.writes.settle("settled", "7", "")

        tx.writes.withdraw("open")
        tx.writes.withdraw("settled")

        assert tx.writes.get("open") is None
        assert tx.writes.get("settled") is not None
        tx.writes.undo("settled")
        assert tx.writes.get("settled") is None


def test_old_answers_are_forgotten_and_what_is_kept_up_to_date_is_not(ledger: Store) -> None:
    owners = {"reply": "issue:7", "whisper": "whisper", "card": "r-1"}
    with ledger.begin() as tx:
        for key, owner in owners.items():
            tx.writes.intend(Write(key=key, owner=owner, intended_at=NOW))
            tx.writes.settle(key, "1", "")

        assert tx.writes.forget(NOW) == 0
        assert tx.writes.forget(NOW + HOUR) == 2
        assert tx.writes.get("card") is not None


def test_the_audit_log_keeps_order_and_words(ledger: Store) -> None:
    entries = [
        Entry(
            at=NOW, tag=tag, subject="r-1", actor="ann", facts={"why": "«Q1» ✓"}, policy_commit="c"
        )
        for tag in (Tag.REQUEST_SUBMITTED, Tag.REQUEST_ASKED)
    ]
    with ledger.begin() as tx:
        for entry in entries:
            tx.audit.write(entry)

        assert tx.audit.of_subject("r-1") == entries
        assert tx.audit.of_subject("r-2") == []


def test_onboarded_people_are_remembered_whole_and_once(ledger: Store) -> None:
    newcomer = person("noor", handoff_vault="v" * 26)
    with ledger.begin() as tx:
        tx.people.add(newcomer, NOW)
        tx.people.add(person("noor", name="Somebody Else"), NOW)

        assert tx.people.all() == [newcomer]


def test_an_onboarded_person_is_forgotten_once_the_roster_names_them(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.people.add(person("noor"), NOW)
        tx.people.add(person("omar"), NOW)

        tx.people.remove("noor")
        tx.people.remove("nobody")

        assert tx.people.all() == [person("omar")]


def test_an_onboarding_is_taken_once_per_caller_and_key(ledger: Store) -> None:
    call = OnboardingCall(
        caller="hr",
        idempotency_key="hire-1",
        fingerprint="f1",
        person_id="noor",
        mail="noor@acme.example",
        name="Noor",
        role="csm",
        manager_id="bea",
        timezone="Asia/Tokyo",
        first_day=date(2027, 1, 4),
    )
    with ledger.begin() as tx:
        assert tx.onboardings.add("onb-1", call, NOW)
        assert not tx.onboardings.add("onb-2", call, NOW)

        kept = tx.onboardings.get("onb-1")
        assert tx.onboardings.get("onb-2") is None

    assert kept is not None
    assert (kept.fingerprint, kept.first_day) == ("f1", date(2027, 1, 4))


@pytest.mark.parametrize("beats", [(100.0,), (40.0, 100.0)])
def test_a_worker_lives_by_its_last_beat(ledger: Store, beats: tuple[float, ...]) -> None:
    with ledger.begin() as tx:
        tx.workers.beat("dead", 10.0)
        for at in beats:
            tx.workers.beat("w-1", at)

        assert tx.workers.alive(50.0) == {"w-1"}
        tx.workers.forget(before=50.0)
        assert tx.workers.alive(0.0) == {"w-1"}


def test_a_cursor_moves(ledger: Store) -> None:
    with ledger.begin() as tx:
        assert tx.cursors.get("github") is None
        tx.cursors.set("github", NOW)
        tx.cursors.set("github", NOW + HOUR)

        assert tx.cursors.get("github") == NOW + HOUR
        assert tx.connection.in_transaction()
