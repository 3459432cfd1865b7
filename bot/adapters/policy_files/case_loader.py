"""Load a policy together with its cases."""

from pathlib import Path

from bot.adapters.policy_files.case_files import cases_of
from bot.adapters.policy_files.loader import Loaded, load_all
from bot.domain.policy import Policy
from bot.domain.policy_cases import PolicyCase


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
