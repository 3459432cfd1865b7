"""What is said of policies on GitHub and to IT: true, at its place, and within the limits."""

from dataclasses import replace

from bot.domain.markdown import MAX_BODY, with_marker
from bot.domain.policy_review import (
    MAX_TITLE,
    Annotation,
    Conclusion,
    alarm_of_cases,
    alarm_of_refusal,
    annotations_of,
    comment_text,
    now_in_force,
    of_faults,
    of_plan,
    refused,
)

FAULT = "policies/roles.yml:3:56: error: unknown level 'crm/sale' - did you mean 'crm/sales'?"
CASE = "policies/tests/crm.yml:14:5: FAIL a consultant is refused\n    expected refused"


def test_a_mistake_is_an_annotation_at_its_place() -> None:
    opinion = of_faults([FAULT])

    assert opinion.conclusion is Conclusion.FAILURE
    assert opinion.title == "1 mistake: this policy would be refused"
    assert opinion.annotations == (
        Annotation(
            file="policies/roles.yml",
            line=3,
            column=56,
            message="unknown level 'crm/sale' - did you mean 'crm/sales'?",
        ),
    )
    assert "policies/roles.yml:3:56" in opinion.text


def test_a_fault_without_a_place_is_listed_and_no_annotation() -> None:
    assert annotations_of(["something is wrong", "policies/a.yml:7: error: no column"]) == (
        Annotation(file="policies/a.yml", line=7, message="no column"),
    )


def test_a_thousand_mistakes_are_counted_and_the_first_ones_listed() -> None:
    opinion = of_faults([FAULT.replace(":3:", f":{n}:") for n in range(1, 1001)])

    assert opinion.title.startswith("1000 mistakes")
    assert len(opinion.annotations) == 1000
    assert "and 950 more" in opinion.text
    assert len(with_marker(comment_text(opinion, "a" * 40), "policy:1")) < MAX_BODY


def test_a_failing_case_fails_the_check_and_the_plan_is_still_shown() -> None:
    opinion = of_plan("Nothing changes.", "The plan.", is_loosening=True, failed_cases=[CASE])

    assert opinion.conclusion is Conclusion.FAILURE
    assert opinion.title == "1 test case of policies/tests fail"
    assert opinion.text.endswith("The plan.")
    assert opinion.is_loosening
    assert opinion.annotations[0].line == 14


def test_a_loosening_passes_and_stands_out() -> None:
    loosens = of_plan("This loosens 1 rule.", "The plan.", is_loosening=True)
    neutral = of_plan("Nothing changes.", "The plan.", is_loosening=False)

    assert (loosens.conclusion, neutral.conclusion) == (Conclusion.NEUTRAL, Conclusion.SUCCESS)
    assert loosens.title == "This loosens 1 rule."


def test_what_stands_beside_a_commit_fits_there() -> None:
    long = [f"policies/roles.yml:3:56: error: {'very ' * 100}wrong"]

    assert now_in_force(6).title == "In force: 6 levels"
    assert now_in_force(1).is_in_force
    assert not refused(long).is_in_force
    assert len(refused(long).title) == MAX_TITLE


def test_it_hears_which_commit_why_and_what_to_do() -> None:
    card = alarm_of_refusal("c" * 40, [FAULT] * 7)

    assert card.headline == "The policy of commit cccccccccccc is refused"
    assert card.notes.count(FAULT) == 5
    assert "and 2 more" in card.notes
    assert card.notes[-1].endswith("Mend it with another commit.")
    assert not any("more" in note for note in alarm_of_refusal("c" * 40, [FAULT]).notes)


def test_a_policy_in_force_whose_cases_object_is_told_apart_from_a_refused_one() -> None:
    card = alarm_of_cases("c" * 40, [CASE])

    assert card.headline.endswith("fails its own tests")
    assert "It is in force" in card.notes[0]
    assert card.notes[1] == CASE.splitlines()[0]
    assert now_in_force(6, [CASE]).title == "In force: 6 levels; 1 test case of policies/tests fail"


def test_the_comment_ends_with_the_commits_that_it_is_about() -> None:
    plan = of_plan("Nothing changes.", "The plan.", is_loosening=False)
    compared = replace(plan, base="b" * 40)

    assert comment_text(plan, "a" * 40).endswith("\n\n_This is about commit aaaaaaaaaaaa._")
    assert comment_text(compared, "a" * 40).endswith(
        "commit aaaaaaaaaaaa, compared with bbbbbbbbbbbb._"
    )
