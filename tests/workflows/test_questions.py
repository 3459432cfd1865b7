"""A level's own questions: answered before a request is made, kept and approved with it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.cards import Card, Fact
from bot.domain.inbound import TypedAnswer
from bot.domain.policy import Question, QuestionForm, Where
from bot.domain.request import Request, RequestState
from tests.workflows.office import Office

ASKS = "The address of your LinkedIn profile"
LINKEDIN = Question(id="linkedin", asks=ASKS, form=QuestionForm.LINK, where=Where("crm.yml", 20))
DESK = Question(id="desk", asks="Which desk?", where=Where("crm.yml", 21), is_required=False)
LINK = "https://linkedin.example/in/ann"


@pytest.fixture
def office(office: Office) -> Office:
    level = office.policies.now.level("crm/view")
    assert level is not None
    assert level.request
    office.change_level("crm/view", request=replace(level.request, questions=(LINKEDIN, DESK)))
    return office


def answers(**given: str) -> tuple[TypedAnswer, ...]:
    return tuple(TypedAnswer(question, text) for question, text in given.items())


def ask_on_issue(office: Office, **words: Any) -> tuple[int, str, Request | None]:
    number = office.records.open_by_hand()
    said = office.reply_to(office.form(number, **words), number)
    with office.store.read() as tx:
        return number, said, tx.requests.by_issue(number)


def test_the_desk_knows_what_a_level_asks(office: Office) -> None:
    assert office.desk.questions(" CRM/view ") == (LINKEDIN, DESK)
    assert office.desk.questions("crm/standard") == office.desk.questions("no/such") == ()


def test_the_preview_blames_the_question_that_has_no_good_answer(office: Office) -> None:
    form = office.form(1)

    missing = office.desk.preview(form)
    wrong = office.desk.preview(replace(form, answers=answers(linkedin="no link")))

    assert [reason.field for reason in (*missing, *wrong)] == ["linkedin", "linkedin"]
    assert office.desk.preview(replace(form, answers=answers(linkedin=LINK))) == ()


def test_answers_are_kept_and_shown_to_whoever_approves_and_on_the_issue(office: Office) -> None:
    request = office.ask(answers=answers(linkedin=LINK, desk="By the *window*"))

    assert request.answers == {"linkedin": LINK, "desk": "By the *window*"}
    for shown in (office.card("bea", request), office.status(request).content):
        assert isinstance(shown, Card)
        assert {Fact(ASKS, LINK), Fact("Which desk?", "By the *window*")} <= set(shown.facts)


def test_a_missing_answer_on_an_issue_names_the_heading_and_an_edit_makes_it_good(
    office: Office,
) -> None:
    number, said, request = ask_on_issue(office)

    assert request is None
    assert f"add a line «### {ASKS}» with the answer below it" in said
    assert office.records.issues[number].is_open

    edited = office.form(number, answers=(TypedAnswer(ASKS, LINK),), is_edit=True)
    office.reply_to(edited, number)
    (made,) = office.requests()
    assert (made.state, made.answers) == (RequestState.AWAITING_APPROVAL, {"linkedin": LINK})


def test_a_wrong_answer_in_slack_is_told_and_makes_no_request(office: Office) -> None:
    office.submit(answers=answers(linkedin="see my mail"))
    office.work()

    (said,) = [text for _who, text, _url in office.chat.whispers]
    assert ASKS in said
    assert "###" not in said
    assert office.requests() == []


def test_when_more_than_answers_is_wrong_everything_is_said_and_it_is_refused(
    office: Office,
) -> None:
    request = office.ask(how_long="200 days")

    assert request.state is RequestState.REFUSED
    assert "too long" in request.note
    assert ASKS in request.note


def test_an_edit_of_an_answer_voids_what_was_approved(office: Office) -> None:
    level = office.policies.now.level("crm/view")
    assert level is not None
    assert level.request
    both = replace(level.request, approve=("manager", "crm-owners"))
    office.change_level("crm/view", request=both)
    number, _said, request = ask_on_issue(office, answers=answers(linkedin=LINK))
    assert request is not None
    office.comment("bea", number, "/approve")

    other = answers(linkedin=f"{LINK}-2")
    said = office.reply_to(office.form(number, answers=other, is_edit=True), number)

    assert "1 earlier approval is void" in said
    now = office.request(request.id)
    assert now.answers == {"linkedin": f"{LINK}-2"}
    assert now.digest != request.digest
    assert "Still needed: manager" in office.comment("gus", number, "/approve")


def as_asked(request: Request) -> Request:
    """Leave out which fields of the issue were read last: that is for Usher alone."""
    return replace(request, form_digest="", read_digest="")


def test_the_same_answers_once_more_change_nothing(office: Office) -> None:
    number, _said, request = ask_on_issue(office, answers=answers(linkedin=LINK))

    same = (TypedAnswer(ASKS.upper(), f" {LINK} "),)
    said = office.reply_to(office.form(number, answers=same, is_edit=True), number)

    assert said == ""
    assert [as_asked(one) for one in office.requests()] == [as_asked(request)]


def test_an_edit_that_takes_a_needed_answer_away_is_refused_with_its_heading(
    office: Office,
) -> None:
    number, _said, request = ask_on_issue(office, answers=answers(linkedin=LINK))

    said = office.reply_to(office.form(number, is_edit=True), number)

    assert "This edit would be refused." in said
    assert f"add a line «### {ASKS}»" in said
    assert [as_asked(one) for one in office.requests()] == [as_asked(request)]


def test_a_question_that_policy_adds_later_refuses_what_waits_without_an_answer(
    office: Office,
) -> None:
    standard = office.policies.now.level("crm/standard")
    assert standard is not None
    assert standard.request
    request = office.ask("crm/standard")
    asking = replace(standard.request, questions=(LINKEDIN,))
    office.change_level("crm/standard", request=asking)

    office.comment("bea", request.issue_number, "/approve")

    assert office.request(request.id).state is RequestState.REFUSED
    assert ASKS in office.request(request.id).note


def test_hostile_answers_are_bounded(office: Office) -> None:
    office.submit(answers=answers(linkedin=LINK, desk="@everyone " * 40))
    office.work()

    (said,) = [text for _who, text, _url in office.chat.whispers]
    assert "more than 300 characters" in said
    assert office.requests() == []
    assert "@" not in said
