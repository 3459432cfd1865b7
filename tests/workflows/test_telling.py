"""Everybody concerned sees how a request stands: issue, status comment and cards."""

from datetime import timedelta

import pytest

from bot.domain.audit import Tag
from bot.domain.errors import Conflict, NotFound, RateLimited, Unauthorized, Unavailable
from bot.domain.request import RequestState
from tests.workflows.office import Office

DOWN = Unavailable("down", service="slack")


def test_issue_and_card_say_the_same(office: Office) -> None:
    request = office.ask()

    status, card = office.status(request).content, office.card("ann", request)

    assert not isinstance(status, str)
    assert status.headline == card.headline == "Waiting for approval · CRM: view"
    assert status.digest == card.digest == request.digest


def test_what_people_saw_is_edited_and_not_sent_again(office: Office) -> None:
    request = office.ask("crm/standard")

    office.approve(request, "bea", "gus")

    assert len(list(office.records.on(1, "status:"))) == 1
    assert "Access is ready" in office.card("ann", request).headline
    assert "Access is ready" in office.card("bea", request).headline
    assert not office.records.issues[1].is_open


def test_nothing_is_edited_that_would_say_the_same(office: Office) -> None:
    request = office.ask()
    edits = office.status(request).edits

    office.touch("sam", 1, "labeled")

    assert office.request(request.id).revision > request.revision
    assert office.status(request).edits == edits
    assert office.cards("ann", request)[0].edits == 0


def test_what_ends_the_waiting_is_also_said_in_a_message_of_its_own_once(office: Office) -> None:
    grant = office.granted()
    for _ in range(3):
        office.touch("sam", 1, "labeled")

    news = [m for m in office.chat.of("UANN") if m.key.startswith("news:")]

    assert [m.key for m in news] == [f"news:{grant.id}:delivered:ann"]


@pytest.mark.parametrize(
    ("fake", "call"),
    [
        ("records", "create_issue"),
        ("records", "update_issue"),
        ("records", "create_comment"),
        ("chat", "post"),
    ],
)
def test_one_surface_that_is_down_does_not_keep_the_others_from_being_told(
    office: Office, fake: str, call: str
) -> None:
    getattr(office, fake).troubles.refuse(call, DOWN, times=99)

    request = office.ask()

    assert bool(office.cards("ann", request)) == (fake == "records")
    assert bool(office.records.issues) == (call != "create_issue")
    getattr(office, fake).troubles.clear()
    office.travel(minutes=2)
    assert len(office.cards("ann", request)) == len(office.cards("bea", request)) == 1
    assert len(office.records.issues) == len(list(office.records.on(1, "status:"))) == 1


@pytest.mark.parametrize(
    ("fake", "call"),
    [("records", "create_issue"), ("records", "create_comment"), ("chat", "post")],
)
def test_a_lost_answer_makes_no_second_issue_comment_or_card(
    office: Office, fake: str, call: str
) -> None:
    getattr(office, fake).troubles.lose(call, times=1)

    request = office.ask()
    office.travel(minutes=2)

    assert len(office.records.issues) == 1
    assert len(list(office.records.on(1, "status:"))) == 1
    assert [len(office.cards(who, request)) for who in ("ann", "bea")] == [1, 1]


def test_a_busy_service_is_left_alone_as_long_as_it_says(office: Office) -> None:
    busy = RateLimited("slow down", service="slack", retry_after_s=600)
    office.chat.troubles.refuse("post", busy)

    request = office.ask()
    calls = office.chat.troubles.calls.count("post")

    office.travel(minutes=9)
    assert office.chat.troubles.calls.count("post") == calls
    office.travel(minutes=2)
    assert len(office.cards("ann", request)) == len(office.cards("bea", request)) == 1


@pytest.mark.parametrize("error", [Unauthorized("no"), Conflict("no"), KeyError("ours")])
def test_telling_goes_on_trying_ever_more_rarely(office: Office, error: Exception) -> None:
    office.chat.troubles.refuse("post", error, times=9999)
    request = office.ask()

    for _ in range(12):
        office.travel(minutes=16)

    with office.store.read() as tx:
        assert tx.requests.tell_attempts(request.id) > 5
        assert tx.requests.untold(office.clock.now() + timedelta(minutes=15), 10) != []
        assert tx.requests.untold(office.clock.now(), 10) == []


def test_a_person_whom_nobody_can_reach_is_noted_and_stops_nothing(office: Office) -> None:
    office.chat.gone.add("UBEA")

    request = office.ask()

    assert len(office.cards("ann", request)) == 1
    (entry,) = [e for e in office.audit(request.id) if e.tag is Tag.MESSAGE_UNDELIVERABLE]
    assert entry.facts["to"] == "bea"
    with office.store.read() as tx:
        assert tx.requests.untold(office.clock.now() + timedelta(days=1), 10) == []


def test_a_message_that_was_deleted_stops_nothing(office: Office) -> None:
    request = office.ask()
    office.chat.troubles.refuse("update", NotFound("gone", service="slack"), times=9)

    office.approve(request, "bea")

    status = office.status(request).content
    assert not isinstance(status, str)
    assert "Access is ready" in status.headline
    assert Tag.MESSAGE_UNDELIVERABLE in office.tags(request.id)


def test_a_person_without_slack_is_told_on_the_issue_alone(office: Office) -> None:
    office.replace_person("ann", slack_id=None)
    number = office.records.open_by_hand()
    office.reply_to(
        office.form(number, by="ann"),
        number,
    )

    (request,) = office.requests()
    assert office.status(request).content
    assert office.cards("ann", request) == []


def test_the_owners_hear_what_is_stuck_and_how_it_went_on(office: Office) -> None:
    office.seats.troubles.refuse("CreateUser", Conflict("a rule says no", service="crm"))
    request = office.approve(office.ask(), "bea")

    for name in ("gus", "gil", "ivy", "ian"):
        card = office.card(name, request)
        assert any("a rule says no" in note for note in card.notes)
        assert f"usher requests retry {request.id}" in str(card.notes)
    office.comment("ivy", 1, "/cancel")

    assert office.request(request.id).state is RequestState.CANCELLED
    assert "Access has ended" in office.card("gus", request).headline


def test_a_level_that_took_another_ones_place_is_told_on_both_issues(office: Office) -> None:
    old = office.granted("crm/view")

    office.granted("crm/standard")

    assert "Access has ended" in office.card("ann", office.request(old.id)).headline
    notes = str(office.card("ann", office.request(old.id)).notes)
    assert "Another level of the same system took its place" in notes


def test_closing_the_issue_waits_for_github_too(office: Office) -> None:
    request = office.ask()
    office.records.troubles.refuse("update_issue", DOWN, times=99)
    office.comment("bea", 1, "/deny no")
    assert office.records.issues[1].is_open

    office.records.troubles.clear()
    office.travel(minutes=5)

    assert office.request(request.id).state is RequestState.DENIED
    assert not office.records.issues[1].is_open


@pytest.mark.parametrize("call", ["update_issue", "update_comment"])
def test_an_issue_that_was_deleted_is_noted_once_and_given_up(office: Office, call: str) -> None:
    request = office.ask("crm/standard")
    gone = NotFound("no such issue", service="github")
    office.records.troubles.refuse(call, gone, times=99)

    office.approve(request, "bea", "gus")

    assert office.request(request.id).state is RequestState.DELIVERED
    (entry,) = [e for e in office.audit(request.id) if e.tag is Tag.MESSAGE_UNDELIVERABLE]
    assert entry.facts["to"] == "issue #1"
    with office.store.read() as tx:
        assert tx.requests.untold(office.clock.now() + timedelta(days=1), 10) == []
