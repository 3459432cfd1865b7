"""A decision made again from its entry in the audit log is the same decision."""

import json
from dataclasses import fields, replace
from datetime import timedelta, timezone

import pytest

from bot.domain.decision import Answer, Ask, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.inbound import MAX_ANSWER
from bot.domain.people import Roster
from bot.domain.policy import Policy, Question, QuestionForm
from bot.domain.replay import difference, digest_of, facts_of, replayed
from tests.any_company import HERE, Dice
from tests.factories import NOW, ask, group, level, person, policy, roster


def questioned(form: QuestionForm) -> Policy:
    """Make a policy whose one level asks one question."""
    usual = level()
    assert usual.request
    question = Question(id="q", asks="Which one?", form=form, where=HERE)
    return policy(replace(usual, request=replace(usual.request, questions=(question,))))


def test_any_decision_is_made_again_from_its_facts_alone() -> None:
    dice = Dice(4821)
    for _ in range(500):
        one = dice.situation()
        decision = decide(one.ask, one.policy, one.roster, one.now)

        facts = json.loads(json.dumps(facts_of(one.ask, one.roster, one.policy, one.now)))

        assert replayed(facts, one.policy) == decision
        assert difference(facts, decision) == ""


UNUSUAL = {
    "requester_id": "bea",
    "person_id": "gus",
    "level_id": "crm/other",
    "duration": Duration(3, Unit.BUSINESS_DAYS),
    "held": {"crm/view": NOW.astimezone(timezone(timedelta(hours=9))), "crm/admin": None},
    "pending": frozenset({"crm/standard"}),
    "had": frozenset({"crm/a", "crm/b"}),
    "answers": {"q": "7"},
    "is_joining": True,
    "is_escalated": True,
    "is_emergency": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Ask)])
def test_every_part_of_the_question_is_kept(name: str) -> None:
    usual, unusual = (
        facts_of(question, roster(), policy(), NOW)["basis"]
        for question in (ask(), ask(**{name: UNUSUAL[name]}))
    )

    assert usual != unusual


def test_people_who_share_a_login_are_nobody_then_as_now() -> None:
    rules = policy(level(approve=("crm-owners",)), groups=(group("crm-owners", "octo-gus"),))
    twins = roster(person("gus"), person("gil", github="octo-gus"), person("ann", manager_id="gus"))
    question = ask(duration=PERMANENT)

    facts = facts_of(question, twins, rules, NOW)

    assert replayed(facts, rules) == decide(question, rules, twins, NOW)


def test_only_those_whom_the_decision_looked_at_are_written_down() -> None:
    rules = policy(level(approve=("manager",)))
    crowd = Roster([*roster(), *(person(f"p{number}") for number in range(500))])

    facts = facts_of(ask(), crowd, rules, NOW)

    assert {one["id"] for one in json.loads(facts["basis"])["people"]} == {"ann", "bea"}
    assert len(facts["basis"]) < 1000


def test_no_words_that_people_typed_are_written_down_and_no_address() -> None:
    typed = "My sister's wedding is on Friday"
    facts = facts_of(ask(answers={"q": typed}), roster(), questioned(QuestionForm.TEXT), NOW)

    assert facts["answer"] == Answer.NEEDS_APPROVAL
    for private in ("wedding", "@acme.example", "UANN"):
        assert private not in json.dumps(facts)


@pytest.mark.parametrize("form", [QuestionForm.NUMBER, QuestionForm.TEXT])
@pytest.mark.parametrize("typed", ["40718", " 40718 ", "-40718,55", "+40718.5"])
def test_a_typed_number_leaves_neither_itself_nor_a_digest(form: QuestionForm, typed: str) -> None:
    """There are so few numbers that whoever has a digest could try them all."""
    rules, question = questioned(form), ask(answers={"q": typed})

    facts = facts_of(question, roster(), rules, NOW)

    assert "40718" not in json.dumps(facts)
    assert facts == facts_of(ask(answers={"q": "7"}), roster(), rules, NOW)
    assert replayed(facts, rules) == decide(question, rules, roster(), NOW)


ANSWERS = (
    "https://example.com/in/ann",
    "http://x",
    "12",
    "1,5",
    "",
    "  ",
    " " * 301,
    f"{7:>301}",
    "…!",
    "twelve",
    "x" * 301,
)


@pytest.mark.parametrize("form", QuestionForm)
@pytest.mark.parametrize("answer", [*ANSWERS, "\ud800"])
def test_something_else_stands_in_for_an_answer_of_the_same_form(
    form: QuestionForm, answer: str
) -> None:
    rules, question = questioned(form), ask(answers={"q": answer})

    facts = facts_of(question, roster(), rules, NOW)

    assert replayed(facts, rules) == decide(question, rules, roster(), NOW)
    assert len(json.loads(facts["basis"])["ask"]["answers"]["q"]) <= MAX_ANSWER + 1


def test_two_different_answers_leave_different_digests() -> None:
    rules = questioned(QuestionForm.TEXT)

    one, other = (
        facts_of(ask(answers={"q": text}), roster(), rules, NOW) for text in ("one", "other")
    )

    assert one["basis"] != other["basis"]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"role":"engineer"', '"role":"wizard"', "it was needs_approval by crm/standard"),
        ('"manager":"bea"', '"manager":"gus"', "still needs_approval by crm/standard"),
    ],
)
def test_facts_that_were_tampered_with_lead_elsewhere(was: str, now: str, said: str) -> None:
    rules = policy(level(by=("engineer",)))
    facts = facts_of(ask(), roster(person("ann")), rules, NOW)
    assert was in facts["basis"]
    people = facts_of(ask(), roster(), policy(level(approve=("it", "security", "crm-owners"))), NOW)
    forged = facts | {"basis": facts["basis"].replace(was, now)}
    if "gus" in now:
        gus = next(p for p in json.loads(people["basis"])["people"] if p["id"] == "gus")
        basis = json.loads(forged["basis"])
        basis["people"].append(gus)
        forged["basis"] = json.dumps(basis)

    assert difference(forged, replayed(forged, rules)).startswith(said)
    assert difference(facts, replayed(facts, rules)) == ""


def test_another_policy_leads_elsewhere() -> None:
    facts = facts_of(ask(), roster(), policy(), NOW)
    stricter = policy(level(by=("csm",)))

    assert "is refused by crm/standard request.by" in difference(facts, replayed(facts, stricter))


@pytest.mark.parametrize(
    "basis", ["", "{", "[]", "{}", '{"ask":1}', '{"ask":{},"now":"x"}', "null", '"x"']
)
def test_what_nobody_wrote_as_facts_is_said(basis: str) -> None:
    facts = facts_of(ask(), roster(), policy(), NOW)

    with pytest.raises(ValueError, match=r"\S"):
        replayed({**facts, "basis": basis}, policy())
    with pytest.raises(ValueError, match="basis"):
        replayed({}, policy())


def test_the_digest_covers_every_word_of_a_decision() -> None:
    made = decide(ask(), policy(), roster(), NOW)

    changes = {"where": "x.yml:1", "policy_commit": "other", "told": ("bea",), "needs": ()}

    digests = {digest_of(replace(made, **{name: value})) for name, value in changes.items()}  # type: ignore[arg-type]  # by name
    assert len(digests | {digest_of(made)}) == len(changes) + 1
