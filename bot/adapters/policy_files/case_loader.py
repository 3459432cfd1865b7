"""Load a policy together with its cases."""

from pathlib import Path

from bot.adapters.policy_files.case_files import cases_of
from bot.adapters.policy_files.loader import Loaded, load_all
from bot.domain.policy import Policy
from bot.domain.policy_cases import PolicyCase

MAX_CASES, MAX_PEOPLE = 2_000, 1_000
"""More is not played for a pull request, which anybody may open; `usher policy test` plays all."""


def load_cases(directory: Path) -> tuple[Policy, tuple[PolicyCase, ...]]:
    """Return a policy and the cases of all files in tests/, in the order of files and lines.

    Raises PolicyError with every fault, of the cases too.
    """
    loaded = load_all(directory)
    return loaded.policy, cases_in(loaded)


def cases_in(loaded: Loaded) -> tuple[PolicyCase, ...]:
    """Return the cases of a policy that is loaded."""
    cases = (cases_of(one.model, one.places, loaded.policy) for one in loaded.cases)
    return tuple(case for of_file in cases for case in of_file)


def too_much_to_play(loaded: Loaded) -> str:
    """Say which tests are too many to be played while somebody waits, or nothing."""
    cases = people = 0
    for one in loaded.cases:
        cases, people = cases + len(one.model.cases), people + len(one.model.people)
        if cases > MAX_CASES or people > MAX_PEOPLE:
            most = f"{MAX_CASES:,} cases and {MAX_PEOPLE:,} people"
            text = f"a review plays at most {most} of all files: none was played, remove some"
            return f"{one.file}:1:1: FAIL {text}"
    return ""
