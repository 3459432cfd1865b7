"""What is said of policies on GitHub and to IT: true, at its place, and within the limits."""

from bot.domain.markdown import MAX_BODY, with_marker
from bot.domain.policy_review import (
    MAX_TITLE,
    Annotation,
    Conclusion,
    Proposal,
    annotations_of,
    comment_text,
    notice_of_refusal,
    now_in_force,
    of_faults,
    of_plan,
    refused,
)

FAULT = "policies/roles.yml:3:56: error: unknown level 'crm/sale' - did you mean 'crm/sales'?"
CASE = "policies/tests/crm.yml:14:5: FAIL a consultant is refused\n    expected refused"


def proposal(*files: str) -> Proposal:
    return Proposal(number=1, head="a" * 40, base="b" * 40, files=files)


def test_only_files_of_the_policy_folder_make_it_a_matter_of_policy() -> None:
    assert proposal("README.md", "policies/roles.yml").touches_policy
    assert not proposal("README.md", "docs/policies/roles.yml", "policies.yml").touches_policy


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
    assert len(with_marker(comment_text(opinion), "policy:1")) < MAX_BODY


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
    words = notice_of_refusal("c" * 40, [FAULT] * 7)

    assert words.startswith("The policy of commit cccccccccccc is refused")
    assert words.count(FAULT) == 5
    assert "and 2 more" in words
    assert words.endswith("Mend it with another commit; nothing else has to be done.")
    assert "more" not in notice_of_refusal("c" * 40, [FAULT])
