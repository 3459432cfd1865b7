"""What a decision says it has looked at, and whether a level's questions are answered."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter

from bot.domain.decision import Answer, Ask, Check, Decision, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Roster
from bot.domain.policy import Policy, Question, QuestionForm, Where
from tests.factories import CRM_YML, NOW, ask, level, person, policy, roster


def decided(question: Ask, rules: Policy, people: Roster | None = None) -> Decision:
    return decide(question, rules, people or roster(), NOW)


def texts(decision: Decision) -> list[str]:
    return [reason.text for reason in decision.reasons]


def check_of(decision: Decision, rule: str) -> Check:
    (found,) = (check for check in decision.checks if check.rule == rule)
    return found


# ---- questions ----------------------------------------------------------------------------------


def asking(form: QuestionForm = QuestionForm.LINK, *, is_required: bool = True) -> Policy:
    question = Question(
        id="profile",
        asks="The address of your profile",
        where=Where(CRM_YML, 17),
        form=form,
        is_required=is_required,
    )
    one = level()
    assert one.request
    return policy(replace(one, request=replace(one.request, questions=(question,))))


def answering(text: str, id_: str = "profile") -> Ask:
    return ask(answers={id_: text})


LINKS = ("https://example.com/in/ann", "http://www.example.com", " https://example.com?a=b ")


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        *((QuestionForm.LINK, link) for link in LINKS),
        *((QuestionForm.NUMBER, number) for number in ("7", "-7", "7.50", "1,5")),
        (QuestionForm.TEXT, "I sell"),
    ],
)
def test_an_answer_in_its_form_is_fine(form: QuestionForm, answer: str) -> None:
    decision = decided(answering(answer), asking(form))

    assert decision.answer is Answer.NEEDS_APPROVAL
    assert check_of(decision, "crm/standard request.questions.profile").fact == "answered"


@pytest.mark.parametrize(
    ("form", "answer", "problem"),
    [
        (QuestionForm.TEXT, "", "the answer is missing"),
        (QuestionForm.NUMBER, " \n", "the answer is missing"),
        (QuestionForm.TEXT, "…!", "the answer has no words in it"),
        (QuestionForm.TEXT, "x" * 301, "the answer is too long"),
        *(
            (QuestionForm.LINK, text, "this is no link")
            for text in ("ann", "javascript:alert(1)", "https://", "https://ann", "https://a b.com")
        ),
        *((QuestionForm.NUMBER, text, "this is no number") for text in ("seven", "1e3", "٣")),
    ],
)
def test_a_missing_or_unfit_answer_is_refused_and_the_question_is_to_blame(
    form: QuestionForm, answer: str, problem: str
) -> None:
    decision = decided(answering(answer), asking(form))

    (reason,) = decision.reasons
    assert (reason.field, reason.text) == ("profile", f"«The address of your profile»: {problem}.")
    assert (reason.rule, reason.where) == (
        "crm/standard request.questions.profile",
        f"{CRM_YML}:17",
    )
    assert reason.next_step


def test_what_is_not_required_may_be_left_out_but_not_be_wrong() -> None:
    rules = asking(is_required=False)

    assert decided(ask(), rules).answer is Answer.NEEDS_APPROVAL
    assert decided(answering("ann"), rules).answer is Answer.REFUSED


def test_an_answer_to_no_question_is_refused() -> None:
    knowing, without = (
        decided(answering("7", "shoe size"), rules)
        for rules in (asking(is_required=False), policy())
    )

    assert texts(knowing) == ["crm/standard does not ask for «shoe size»."]
    assert [reason.field for reason in knowing.reasons] == ["shoe size"]
    assert knowing.reasons[0].next_step == "It asks for: profile."
    assert without.reasons[0].next_step == "Leave the answer out."


def test_onboarding_answers_no_questions() -> None:
    question = ask(is_joining=True)

    answer = decided(question, asking(), roster(person("ann", role="csm")))

    assert answer.answer is Answer.ALLOWED


# ---- what was checked ---------------------------------------------------------------------------


def test_a_decision_says_what_was_checked_with_which_facts_by_which_rule() -> None:
    rules = policy(level(not_=("consultant",)))

    found = decided(ask(), rules, roster(person("ann", last_day=date(2026, 12, 1)))).checks

    assert [(check.rule, check.fact, check.where) for check in found] == [
        ("roster last_day", "last day 2026-12-01; today 2026-11-02", ""),
        ("roster first_day", "first day 2025-01-06", ""),
        ("requester", "asks for themselves", ""),
        ("roles.engineer", "role engineer", "policies/roles.yml:4"),
        (
            "crm/standard request.not",
            "role engineer, engagement core; not for: consultant",
            f"{CRM_YML}:13",
        ),
        ("crm/standard request.by", "role engineer; may ask: everyone", f"{CRM_YML}:12"),
        ("crm/standard request.longest", "asked: 7 days; at most: 30 days", f"{CRM_YML}:15"),
        ("roster last_day", "ends 2026-11-09; last day 2026-12-01", ""),
        ("held", "neither held nor asked for", ""),
        ("crm/standard request.approve", "manager: 1 can answer", f"{CRM_YML}:14"),
    ]
    assert all(check.held for check in found)


def test_checks_name_nobody_and_what_did_not_hold_is_marked() -> None:
    answer = decided(ask(requester_id="gus", duration=PERMANENT), policy())

    assert [check.rule for check in answer.checks if not check.held] == [
        "requester",
        "crm/standard request.longest",
    ]
    assert not [check for check in answer.checks if "Doe" in check.fact]


def test_a_decision_stored_before_there_were_checks_can_still_be_read() -> None:
    stored = (
        '{"answer":"needs_approval","rule":"r","where":"w","policy_commit":"c",'
        '"needs":[{"because":"manager","from_":["bea"],"where":"w"}],"reasons":[]}'
    )

    old = TypeAdapter(Decision).validate_json(stored)

    assert (old.checks, old.told, old.needs[0].backups) == ((), (), ())


def test_business_days_are_compared_at_the_moment_of_asking() -> None:
    rules = policy(level(longest=Duration(5, Unit.BUSINESS_DAYS)))
    friday = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)

    monday_answer, friday_answer = (
        decide(ask(duration=Duration(6)), rules, roster(), now) for now in (NOW, friday)
    )

    # Five business days from Monday end on Monday, and from Friday on the next Friday.
    assert monday_answer.answer is friday_answer.answer is Answer.NEEDS_APPROVAL
    assert decided(ask(duration=Duration(8)), rules).answer is Answer.REFUSED
