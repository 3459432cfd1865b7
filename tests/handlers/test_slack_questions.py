"""A level's own questions in Slack: inputs that come, keep what was typed, and show errors."""

from dataclasses import replace

from bot.domain.decision import Reason
from bot.domain.inbound import MAX_ANSWER, Submission, TypedAnswer
from bot.domain.policy import Question, QuestionForm, Where
from handlers.slack import views
from tests.handlers.slack_office import BEA, Office, office, stage

__all__ = ["office", "stage"]

LINKEDIN = Question(
    id="linkedin",
    asks="The address of your LinkedIn profile",
    form=QuestionForm.LINK,
    where=Where("crm.yml", 20),
)
DESK = Question(id="why", asks="<!here> & how many?", where=Where("x", 1), is_required=False)
REPORTS = "salesforce/reports"


def ask_what_has_questions(office: Office) -> None:
    """Fill in the form for a level that asks two questions, and send it."""
    office.desk.asked[REPORTS] = (LINKEDIN, DESK)
    office.ann.command("/access", "reports")
    office.ann.submit({"for_whom": BEA, "how_long": "90d", "why": "Quarter's numbers"})


def test_a_level_that_asks_something_adds_its_questions_and_keeps_what_was_typed(
    office: Office,
) -> None:
    ask_what_has_questions(office)

    view = office.ann.view
    assert office.inbox.envelopes == []
    assert [block["block_id"] for block in view.blocks] == [
        "level",
        "for_whom",
        "how_long",
        "why",
        "question:linkedin",
        "question:why",
    ]
    link, desk = view.blocks[-2:]
    assert link["label"]["text"] == "The address of your LinkedIn profile"
    assert (link["optional"], desk["optional"]) == (False, True)
    assert "https://" in link["hint"]["text"]
    assert view.state["level"]["form:level"]["selected_option"]["value"] == REPORTS
    assert view.state["for_whom"]["form:for_whom"]["selected_user"] == BEA
    assert view.state["how_long"]["form:how_long"]["selected_option"]["value"] == "90d"
    assert view.state["why"]["form:why"]["value"] == "Quarter's numbers"


def test_what_was_typed_is_sent_along_for_clients_that_forget_it(office: Office) -> None:
    ask_what_has_questions(office)

    level, whom, how_long, why = (block["element"] for block in office.ann.view.blocks[:4])
    assert level["initial_option"]["value"] == REPORTS
    assert whom["initial_user"] == BEA
    assert how_long["initial_option"]["value"] == "90d"
    assert why["initial_value"] == "Quarter's numbers"


def test_the_answers_go_with_the_request(office: Office) -> None:
    ask_what_has_questions(office)

    answer = office.ann.submit({"question:linkedin": "https://x.example/ann\u202e"})

    assert (answer.ok, office.ann.view) == (True, None)
    (message,) = office.inbox.messages
    assert isinstance(message, Submission)
    assert message.answers == (
        TypedAnswer("linkedin", "https://x.example/ann"),
        TypedAnswer("why", ""),
    )
    assert (message.why, message.how_long, message.for_whom) == ("Quarter's numbers", "90d", BEA)


def test_a_needed_answer_is_asked_for_by_the_client_already(office: Office) -> None:
    ask_what_has_questions(office)

    office.ann.submit({})

    assert list(office.ann.view_errors) == ["question:linkedin"]


def test_what_policy_says_of_an_answer_appears_at_its_input_even_under_a_name_of_ours(
    office: Office,
) -> None:
    ask_what_has_questions(office)
    office.desk.reasons = (
        Reason(text="This is no link.", field="linkedin"),
        Reason(text="Not so many.", field="why"),
        Reason(text="Too long.", field="how_long"),
    )

    office.ann.submit({"question:linkedin": "ann", "question:why": "99"})

    assert office.ann.view_errors == {
        "question:linkedin": "This is no link.",
        "question:why": "Not so many.",
        "how_long": "Too long.",
    }


def test_what_else_is_wrong_is_told_before_any_question_is_asked(office: Office) -> None:
    office.desk.asked[REPORTS] = (LINKEDIN,)
    office.desk.reasons = (
        Reason(text="Unanswered.", field="linkedin"),
        Reason(text="Not for you.", field="level"),
    )
    office.ann.command("/access", "reports")

    office.ann.submit({"why": "Numbers"})

    assert office.ann.view_errors == {"level": "Not for you."}


def test_only_answers_that_are_missing_bring_the_questions(office: Office) -> None:
    office.desk.reasons = (Reason(text="Unanswered.", field="linkedin"),)

    ask_what_has_questions(office)

    assert office.ann.view_errors == {}
    assert office.ann.view.blocks[-1]["block_id"] == "question:why"


def test_another_level_chosen_meanwhile_asks_its_own_questions(office: Office) -> None:
    ask_what_has_questions(office)
    other = replace(LINKEDIN, id="ticket", asks="Which ticket?")
    office.desk.asked["salesforce/standard"] = (other,)
    office.ann.suggest("level", "form:level", "standard")

    office.ann.submit({"level": "salesforce/standard", "question:linkedin": "https://x.example"})

    assert [block["block_id"] for block in office.ann.view.blocks[4:]] == ["question:ticket"]
    assert office.inbox.envelopes == []


def test_an_answer_past_the_client_is_kept_one_character_too_long_and_no_longer(
    office: Office,
) -> None:
    ask_what_has_questions(office)
    state = {"type": "plain_text_input", "value": "x" * 5000}
    office.ann.submit({"question:linkedin": state["value"]}, forged=True)

    (message,) = office.inbox.messages
    assert isinstance(message, Submission)
    assert [len(one.text) for one in message.answers] == [MAX_ANSWER + 1, 0]


def test_as_many_questions_as_a_modal_holds_are_within_slacks_limits(office: Office) -> None:
    many = tuple(
        replace(LINKEDIN, id=f"q{number}", asks="&" * 2500, is_required=False)
        for number in range(120)
    )
    office.desk.asked[REPORTS] = many
    office.ann.command("/access", "reports")

    answer = office.ann.submit({"why": "Numbers"})

    assert answer.ok
    assert len(office.ann.view.blocks) == 4 + views.MAX_QUESTIONS
    assert office.ann.submit({}).ok
    assert len(office.inbox.messages) == 1
