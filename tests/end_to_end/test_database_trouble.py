"""The database locked by somebody else: people are told that nothing was saved, truly."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.house import FORM, House

NOT_SAVED = "Nothing was saved: our database does not answer. Please try again in a minute."


def test_a_form_sent_while_the_database_is_locked_was_not_saved_and_can_be_sent_again(
    house: House,
) -> None:
    team, before = house.team(), house.count("inbox")
    person = house.slack(team.engineer)
    person.command("/access", "salesforce view-only")

    with _locked(house):
        person.submit({"why": "Prepare the review"})
        assert person.view_errors == {"why": NOT_SAVED}
    house.settle()

    assert house.count("inbox") == before
    assert house.requests_of(team.engineer) == []
    person.submit({"why": "Prepare the review"})
    house.settle()
    assert person.view_errors == {}
    assert [r.state for r in house.requests_of(team.engineer)] == [RequestState.AWAITING_APPROVAL]


def test_a_press_while_the_database_is_locked_is_answered_and_decides_nothing(
    house: House,
) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    card = house.card(team.manager, request.id)

    with _locked(house):
        house.slack(team.manager).press(card, CardAction.APPROVE)
    house.settle()

    assert house.whispers(team.manager) == [NOT_SAVED]
    assert house.request(request.id).approvals == ()
    assert "Approved." in house.press(team.manager, request.id, CardAction.APPROVE)
    assert house.has_seat(team.engineer)


def test_github_is_told_to_come_back_and_a_redelivery_is_taken(house: House) -> None:
    team = house.team()

    with _locked(house):
        form = {**FORM, "Level": "salesforce/view-only"}
        number = house.world.github.person(team.engineer.github).open_form(form).number
        house.world.github.deliver_pending(20)
    failed = [d for d in house.world.github.deliveries if d.status == 503]
    house.settle()

    assert {d.payload["issue"]["number"] for d in failed} == {number}
    assert house.request_on(number) is None
    house.world.github.redeliver(failed[0].guid)
    house.settle()
    assert len(house.requests_of(team.engineer)) == 1


def test_what_somebody_said_meanwhile_is_sent_again_by_slack_and_kept_once(house: House) -> None:
    team, before = house.team(), house.count("inbox")

    with _locked(house):
        answer = house.slack(team.engineer).say("How do I get into Salesforce?")
    assert (answer.status, house.count("inbox")) == (503, before)
    house.settle()  # Slack tries again at once, then later
    house.travel(timedelta(minutes=2))

    assert house.count("inbox") == before + 1


def test_work_that_met_a_locked_database_is_finished_afterwards(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.slack(team.manager).press(house.card(team.manager, request.id), CardAction.APPROVE)

    with _locked(house):
        threading.Event().wait(1.0)
    house.settle()
    house.travel(timedelta(minutes=11))

    assert house.request(request.id).state is RequestState.DELIVERED
    assert house.has_seat(team.engineer)


@contextmanager
def _locked(house: House) -> Iterator[None]:
    """Hold the write lock as a stuck backup or a person with a SQLite client would."""
    holder = sqlite3.connect(house.folder / "usher.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")
    finally:
        holder.close()
