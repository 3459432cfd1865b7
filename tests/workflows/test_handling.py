"""Messages of the inbox are carried out once and answered once, whatever fails on the way."""

from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.domain.inbound import Chatter, IssueCommand, Press, Verb
from bot.workflows.context import MAX_ATTEMPTS
from bot.workflows.handling import reply_key
from bot.workflows.sweep import sweep
from tests.workflows.office import Office, on_github, on_slack

DOWN = Unavailable("down", service="github")


def help_wanted(number: int = 1) -> IssueCommand:
    return IssueCommand(actor=on_github("ann"), issue_number=number, comment_id=1, verb=Verb.HELP)


@pytest.fixture
def number(office: Office) -> int:
    return office.records.open_by_hand()


def test_a_reply_that_cannot_be_sent_is_sent_later_and_once(office: Office, number: int) -> None:
    office.records.troubles.refuse("create_comment", DOWN, times=1)
    assert office.reply_to(help_wanted(), number) == ""

    office.travel(minutes=2)
    office.travel(minutes=2)

    assert len(list(office.records.on(number, "reply:"))) == 1


def test_a_reply_whose_answer_was_lost_is_not_sent_twice(office: Office, number: int) -> None:
    office.records.troubles.lose("create_comment")
    office.reply_to(help_wanted(), number)

    office.travel(minutes=2)

    assert len(list(office.records.on(number, "reply:"))) == 1


def test_a_reply_is_sent_however_long_the_service_was_down(office: Office, number: int) -> None:
    office.records.troubles.refuse("create_comment", DOWN, times=MAX_ATTEMPTS + 5)
    office.send(help_wanted())
    office.work()

    for _ in range(MAX_ATTEMPTS + 8):
        office.travel(minutes=20)

    assert len(list(office.records.on(number, "reply:"))) == 1


def test_waiting_long_in_the_queue_is_no_failure(office: Office, number: int) -> None:
    office.send(help_wanted())
    for _ in range(MAX_ATTEMPTS + 1):
        office.clock.travel(timedelta(minutes=2))
        sweep(office.ctx)
    office.records.troubles.refuse("create_comment", DOWN, times=MAX_ATTEMPTS - 1)

    for _ in range(MAX_ATTEMPTS + 1):
        office.travel(minutes=20)

    assert len(list(office.records.on(number, "reply:"))) == 1


def test_one_message_of_a_batch_that_fails_does_not_hold_up_the_others(
    office: Office, number: int
) -> None:
    office.members.troubles.refuse("refusal", KeyError("ours"))
    office.submit()
    office.send(help_wanted())

    office.work()

    assert len(list(office.records.on(number, "reply:"))) == 1
    office.travel(minutes=2)
    assert len(office.requests()) == 1


def test_a_whisper_that_may_have_been_heard_is_not_repeated(office: Office) -> None:
    office.chat.troubles.lose("whisper")
    office.send(Press(actor=on_slack("ann"), verb=Verb.APPROVE, request_id="nothing"))
    office.work()

    office.travel(minutes=2)

    assert len(office.chat.whispers) == 1
    assert office.chat.troubles.calls.count("whisper") == 1


def test_chatter_is_kept_and_starts_nothing(office: Office) -> None:
    office.send(Chatter(actor=on_slack("ann"), event_type="message", text_length=5))

    assert office.engine.live() == []
    with office.store.read() as tx:
        kept = tx.inbox.get("d-1")
    assert kept is not None
    assert kept.answered_at is not None


def test_a_database_that_is_gone_for_a_while_loses_nothing(office: Office) -> None:
    office.submit()
    office.break_database()
    office.work()
    office.mend_database()

    office.travel(minutes=2)

    assert len(office.requests()) == 1


@pytest.mark.parametrize(
    ("delivery_id", "key"),
    [
        ("72d3162e-cc78", "reply:72d3162e-cc78"),
        ("a b<!--c-->", "reply:a-b----c---"),
    ],
)
def test_the_key_of_a_reply_is_plain_and_bounded(delivery_id: str, key: str) -> None:
    assert reply_key(delivery_id) == key
    assert len(reply_key(delivery_id * 50)) < 80


def test_long_delivery_ids_that_begin_alike_are_answered_each(office: Office, number: int) -> None:
    for end in ("1", "2"):
        office.send(help_wanted(), "x" * 150 + end)

    office.work()

    assert len(list(office.records.on(number, "reply:"))) == 2
