"""The kinds of drift, a closed set, and one finding of a kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.changes import Part, Plan


class Kind(StrEnum):
    """How an org can differ from the grants; `says` is one sentence about each."""

    MISSING_ACCOUNT = "missing_account"
    MISSING_SET = "missing_set"
    MISSING_SET_GROUP = "missing_set_group"
    MISSING_SET_LICENCE = "missing_set_licence"
    MISSING_PACKAGE = "missing_package"
    MISSING_MEMBERSHIP = "missing_membership"
    MISSING_FEATURE = "missing_feature"
    SURPLUS_SET = "surplus_set"
    SURPLUS_SET_GROUP = "surplus_set_group"
    SURPLUS_SET_LICENCE = "surplus_set_licence"
    SURPLUS_PACKAGE = "surplus_package"
    SURPLUS_MEMBERSHIP = "surplus_membership"
    SURPLUS_FEATURE = "surplus_feature"
    WRONG_PROFILE = "wrong_profile"
    WRONG_LICENCE = "wrong_licence"
    WRONG_ROLE = "wrong_role"
    WRONG_END = "wrong_end"
    EXPIRED_ASSIGNMENT = "expired_assignment"
    FROZEN = "frozen"
    INACTIVE = "inactive"
    UNGRANTED_ACTIVE = "ungranted_active"
    UNKNOWN_ACTIVE = "unknown_active"
    LEAVER_ACTIVE = "leaver_active"
    RESIDUE = "residue"
    PERSON_ID_MISSING = "person_id_missing"
    PERSON_ID_TWICE = "person_id_twice"
    PERSON_ID_ASTRAY = "person_id_astray"
    WRONG_USERNAME = "wrong_username"
    FOREIGN_CHANGE = "foreign_change"
    POOL_OVERSUBSCRIBED = "pool_oversubscribed"
    POOL_CLOSED = "pool_closed"
    IDLE_LICENCE = "idle_licence"
    PROTECTED_DIFFERS = "protected_differs"
    RIGHTS_MISSING = "rights_missing"
    RIGHTS_SURPLUS = "rights_surplus"

    @property
    def says(self) -> str:
        return _SAYS[self]

    @property
    def is_healed(self) -> bool:
        """Whether Usher may mend it: give what was granted, take what nobody granted, end leavers.

        Who froze or deactivated somebody may have had a reason, whoever let somebody in too, and
        an identity that is in doubt is no ground to act on.
        """
        return self in _HEALED


MISSING: Mapping[Part, Kind] = {
    Part.SET: Kind.MISSING_SET,
    Part.SET_GROUP: Kind.MISSING_SET_GROUP,
    Part.SET_LICENCE: Kind.MISSING_SET_LICENCE,
    Part.PACKAGE: Kind.MISSING_PACKAGE,
    Part.GROUP: Kind.MISSING_MEMBERSHIP,
    Part.QUEUE: Kind.MISSING_MEMBERSHIP,
}
SURPLUS: Mapping[Part, Kind] = {
    Part.SET: Kind.SURPLUS_SET,
    Part.SET_GROUP: Kind.SURPLUS_SET_GROUP,
    Part.SET_LICENCE: Kind.SURPLUS_SET_LICENCE,
    Part.PACKAGE: Kind.SURPLUS_PACKAGE,
    Part.GROUP: Kind.SURPLUS_MEMBERSHIP,
    Part.QUEUE: Kind.SURPLUS_MEMBERSHIP,
}

_HEALED = frozenset(
    {
        *MISSING.values(),
        *SURPLUS.values(),
        Kind.MISSING_FEATURE,
        Kind.SURPLUS_FEATURE,
        Kind.WRONG_PROFILE,
        Kind.WRONG_LICENCE,
        Kind.WRONG_ROLE,
        Kind.WRONG_END,
        Kind.EXPIRED_ASSIGNMENT,
        Kind.PERSON_ID_MISSING,
        Kind.LEAVER_ACTIVE,
        Kind.RESIDUE,
    }
)

_SAYS = {
    Kind.MISSING_ACCOUNT: "Access was granted, and there is no account.",
    Kind.MISSING_SET: "A permission set that was granted is not assigned.",
    Kind.MISSING_SET_GROUP: "A permission set group that was granted is not assigned.",
    Kind.MISSING_SET_LICENCE: "A permission set licence that was granted is not assigned.",
    Kind.MISSING_PACKAGE: "A package licence that was granted is not assigned.",
    Kind.MISSING_MEMBERSHIP: "Somebody is not in a group or queue that was granted.",
    Kind.MISSING_FEATURE: "A feature that was granted is switched off.",
    Kind.SURPLUS_SET: "A permission set is assigned that nobody granted.",
    Kind.SURPLUS_SET_GROUP: "A permission set group is assigned that nobody granted.",
    Kind.SURPLUS_SET_LICENCE: "A permission set licence is assigned that nobody granted.",
    Kind.SURPLUS_PACKAGE: "A package licence is assigned that nobody granted.",
    Kind.SURPLUS_MEMBERSHIP: "Somebody is in a group or queue that nobody granted.",
    Kind.SURPLUS_FEATURE: "A feature is switched on that nobody granted.",
    Kind.WRONG_PROFILE: "The profile is another one than was granted.",
    Kind.WRONG_LICENCE: "The user licence is another one than was granted.",
    Kind.WRONG_ROLE: "The role is another one than was granted.",
    Kind.WRONG_END: "An assignment ends at another moment than the grant.",
    Kind.EXPIRED_ASSIGNMENT: "An assignment is still there although its own end has passed.",
    Kind.FROZEN: "Access was granted, and the account is frozen.",
    Kind.INACTIVE: "Access was granted, and the account is inactive.",
    Kind.UNGRANTED_ACTIVE: "Somebody of the roster has an active account that nobody granted.",
    Kind.UNKNOWN_ACTIVE: "An active account belongs to nobody of the roster.",
    Kind.LEAVER_ACTIVE: "Somebody has left, and the account is still active.",
    Kind.RESIDUE: "An inactive account still holds what costs seats or gets work.",
    Kind.PERSON_ID_MISSING: "The account of somebody who holds access lacks the person id.",
    Kind.PERSON_ID_TWICE: "Two accounts have the same person id.",
    Kind.PERSON_ID_ASTRAY: "An account has the person id of somebody else.",
    Kind.WRONG_USERNAME: "The user name is not what policy says.",
    Kind.FOREIGN_CHANGE: "Somebody other than Usher changed an account that Usher governs.",
    Kind.POOL_OVERSUBSCRIBED: "More seats are taken than were bought.",
    Kind.POOL_CLOSED: "A pool that is in use has expired or is inactive.",
    Kind.IDLE_LICENCE: "Somebody holds a licence and has not logged in for long.",
    Kind.PROTECTED_DIFFERS: "An account that Usher must not touch differs from the grants.",
    Kind.RIGHTS_MISSING: "An integration cannot do what its level says.",
    Kind.RIGHTS_SURPLUS: "An integration can do more than its level says.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that differs: whose account, which level, what, and since when by whom if known.

    `plan` is what would mend the whole account, not this thing alone; None if Usher does not.
    """

    kind: Kind
    what: str = ""
    person_id: str = ""
    user_id: str = ""
    username: str = ""
    level_id: str = ""
    grant_id: str = ""
    by: str = ""
    since: datetime | None = None
    plan: Plan | None = None

    @property
    def is_healable(self) -> bool:
        return self.plan is not None
