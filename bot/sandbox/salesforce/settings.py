"""What an admin or the vendor may have set otherwise in another org; the defaults are the strictest
reading where sources are silent or disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.salesforce.errors import Code, record_error

GROUP_LOCKED = "Group membership operation already in progress"
"""The vendor's words (engineering blog 2012, D5)."""


@dataclass
class Settings:
    """The switches of one org; change them at any time."""

    expiring_assignments: bool = True
    """"Permission Set & Permission Set Group Assignments with Expiration Dates", a User Management
    setting (D17). Off, this sandbox refuses to write ExpirationDate; the Summer '21 release notes
    tie only the pages of Setup to it, so the original may be more lenient."""

    keeps_expired_rows: bool = True
    """Whether an expired assignment stays, inactive, or goes. Not verified (salesforce.md §10)."""

    groups_bring_licences: bool = False
    """Whether assigning a permission set group assigns the licences that its sets need. Third
    parties say that the user must have them before; help D7 speaks of sets alone."""

    recalculates_groups: bool = True
    """Whether a changed permission set group is Updated at once or stays Outdated."""

    ignores_federation_case: bool = False
    """Federation ids are case-sensitive unless the org switched that off (Summer '20 notes, D4)."""

    checks_rights: bool = True
    """Whether writes take the permission that the object reference asks for."""

    def closed(self) -> frozenset[tuple[str, str]]:
        """Return the fields, by object and name, that nobody can write now."""
        if self.expiring_assignments:
            return frozenset()
        return frozenset({("PermissionSetAssignment", "ExpirationDate")})


class GroupLock:
    """The org's one lock on roles and group membership (D5).

    The original waits ten seconds for it; here whoever finds it taken is refused at once. `lost`
    refuses that many writes, `is_held` all (an administrator moves roles), and `held_for_s` makes
    every write keep it so long after, which catches clients that do not take turns.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.lost = 0
        self.is_held = False
        self.held_for_s = 0.0
        self._holder = 0
        self._until = 0.0

    def take(self, call: int) -> None:
        """Take the lock for the API call with this number, or raise UNABLE_TO_LOCK_ROW."""
        is_lost, self.lost = self.lost > 0, max(0, self.lost - 1)
        is_busy = call != self._holder and self._clock() < self._until
        if is_lost or self.is_held or is_busy:
            raise record_error(Code.UNABLE_TO_LOCK_ROW, GROUP_LOCKED)
        self._holder, self._until = call, self._clock() + self.held_for_s
