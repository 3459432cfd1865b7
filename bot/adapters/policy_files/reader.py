"""Read a policy and play its tests, from files that come from Git or from the database."""

from bot.adapters.policy_files.case_loader import cases_in, too_much_to_play
from bot.adapters.policy_files.loader import load_all_files, load_policy_files
from bot.domain.policy import Policy
from bot.domain.policy_case_report import judge_case, told
from bot.domain.policy_version import PolicyFiles


class PolicyFilesReader:
    """Implements PolicyReader."""

    def read(self, content: PolicyFiles, commit: str) -> Policy:
        """Load and check a policy; raises PolicyError with every fault."""
        return load_policy_files(content.name, content.files, commit)

    def review(self, content: PolicyFiles, commit: str) -> tuple[Policy, tuple[str, ...]]:
        """Read a policy, play its own tests, and tell those that fail, each with its place.

        Tests that are too many for one look are not played, and that is what fails.
        """
        loaded = load_all_files(content.name, content.files, commit)
        if too_much := too_much_to_play(loaded):
            return loaded.policy, (too_much,)
        results = (judge_case(case, loaded.policy) for case in cases_in(loaded))
        failed = tuple(told(result) for result in results if not result.is_passed)
        return loaded.policy, failed
