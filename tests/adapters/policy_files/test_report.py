"""Faults as people and as GitHub read them."""

from bot.adapters.policy_files.report import FaultFormat, fault_facts, format_faults

FAULT = "policies/roles.yml:3:56: error: unknown level 'salesforce/sale'"


def test_text_is_one_fault_on_each_line() -> None:
    assert format_faults([FAULT, FAULT]) == f"{FAULT}\n{FAULT}"


def test_github_gets_an_annotation_at_the_place() -> None:
    assert format_faults([FAULT], FaultFormat.GITHUB) == (
        "::error file=policies/roles.yml,line=3,col=56::unknown level 'salesforce/sale'"
    )


def test_nothing_in_a_fault_can_end_or_extend_an_annotation() -> None:
    fault = "a,b:c%.yml:1:2: error: 100% of\r\n::warning::x"

    assert format_faults([fault], FaultFormat.GITHUB) == (
        "::error file=a%2Cb%3Ac%25.yml,line=1,col=2::100%25 of%0D%0A::warning::x"
    )


def test_a_fault_of_a_table_has_a_line_and_no_column() -> None:
    assert format_faults(["people.csv:4: error: x"], FaultFormat.GITHUB) == (
        "::error file=people.csv,line=4::x"
    )


def test_a_text_without_a_place_is_still_an_error() -> None:
    assert format_faults(["no place"], FaultFormat.GITHUB) == "::error::no place"


def test_a_fault_of_a_whole_folder_has_a_file_and_no_line() -> None:
    assert format_faults(["/nope: error: x"], FaultFormat.GITHUB) == "::error file=/nope::x"


def test_a_note_is_a_notice() -> None:
    assert format_faults(["p/roles.yml:4:3: note: x"], FaultFormat.GITHUB) == (
        "::notice file=p/roles.yml,line=4,col=3::x"
    )


def test_a_script_gets_the_parts_of_a_fault() -> None:
    told = ("people.csv:4: error: y", "/nope: error: z: 1:2: error: w", "no place")

    assert fault_facts(FAULT) == {
        "file": "policies/roles.yml",
        "line": 3,
        "column": 56,
        "message": "unknown level 'salesforce/sale'",
    }
    assert [tuple(fault_facts(fault).values()) for fault in told] == [
        ("people.csv", 4, None, "y"),
        ("/nope", None, None, "z: 1:2: error: w"),
        (None, None, None, "no place"),
    ]
