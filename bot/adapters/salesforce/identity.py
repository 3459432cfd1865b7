"""Which Salesforce user is surely this person, and which users Usher must never touch."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.errors import SERVICE
from bot.domain.adoption import is_surely
from bot.domain.errors import Unauthorized
from bot.domain.field_name import FieldName
from bot.domain.plan import Holder
from bot.domain.policy_pools import is_licence_of_programs

ADMIN_PROFILE = "System Administrator"

ADMIN_RIGHTS = ("PermissionsManageUsers", "PermissionsModifyAllData")

_SEVERAL = (
    "Salesforce has several users who could be this person. IT must write the person id into "
    "the right one or free the user name."
)
_SOMEBODY_ELSE = (
    "The user name or the SSO identity belongs to a Salesforce user with another person id. "
    "IT must look."
)
_NOT_SURE = (
    "A Salesforce user has this user name but another mail address, so it may be somebody else. "
    "IT must write the person id into the user if it is the same person."
)
_OWN = "This is the user that Usher itself works as, and Usher does not change it."
_NO_PERSON = "This Salesforce user is not a standard user, and Usher changes standard users only."
LAST_ADMIN = (
    "This is the last active administrator who can log in besides Usher, and Usher does not change "
    "that user."
)
_PROGRAMS = (
    "This is the user of an integration, and the level is for people, so Usher does not change it."
)
_NOT_ADOPTED = (
    "This is the user of an integration that has no person id, and Usher changes no such user. IT "
    "must write the person id into it if it belongs to this line of the roster."
)
_PERSONS = (
    "This is a person's user, and the level is for an integration, which needs a user of its own."
)
API_ONLY = "PermissionsApiUserOnly"


@dataclass(frozen=True, kw_only=True)
class Match:
    """The user's row if one surely is the person; else why not, or nothing at all."""

    row: Record | None = None
    refusal: str = ""


def match(found: Sequence[Record], holder: Holder, person_field: FieldName) -> Match:
    """Pick the holder's user among those that share any key with them.

    The person id wins. A user without one is adopted when the SSO identity, or user name and mail
    together, are the holder's; a mail address alone says nothing, for it is not unique.
    """
    for row in found:
        if person_id_of(row, person_field) == holder.person_id:
            return Match(row=row)
    if not found:
        return Match()
    if len(found) > 1:
        return Match(refusal=_SEVERAL)
    row = found[0]
    if person_id_of(row, person_field):
        return Match(refusal=_SOMEBODY_ELSE)
    return Match(row=row) if _is_surely(row, holder) else Match(refusal=_NOT_SURE)


def person_id_of(row: Record, person_field: FieldName) -> str | None:
    """Return the person id in a user's row; raises Unauthorized where the org spells it otherwise.

    SOQL does not mind capital letters, but answers with its own: without this, everybody would look
    like a user of nobody.
    """
    if person_field not in row:
        detail = f"The org spells {person_field} otherwise: write SALESFORCE_PERSON_FIELD like it."
        raise Unauthorized(detail, service=SERVICE, code="PERSON_FIELD")
    value = row[person_field]
    return value if isinstance(value, str) else None


def protection(row: Record, own_user_id: str) -> str:
    """Say why this user is out of bounds whoever it is; empty if it is not."""
    if str(row.get("Id", ""))[:15] == own_user_id[:15]:
        return _OWN
    return "" if row.get("UserType") == "Standard" else _NO_PERSON


def trespass(row: Record, sets: Sequence[Record], *, is_own: bool, for_programs: bool) -> str:
    """Say why a level of this kind has no business with a user of that kind; empty if it has.

    `sets` are the permission sets that the user has; `is_own` says that the user has the holder's
    person id. Nobody's own account becomes a program's, nor the other way round.
    """
    if for_programs and not is_for_programs(row, sets):
        return _PERSONS
    if is_for_programs(row, sets):
        if not for_programs:
            return _PROGRAMS
        return "" if is_own else _NOT_ADOPTED
    return ""


def is_for_programs(row: Record, sets: Sequence[Record]) -> bool:
    """Whether a program works with this user: it is API-only, or has a licence for integrations."""
    profile = row.get("Profile") or {}
    licence = (profile.get("UserLicense") or {}).get("Name", "")
    is_api_only = any(one.get(API_ONLY) is True for one in (profile, *sets))
    return is_api_only or is_licence_of_programs(licence)


def is_active_admin(row: Record, sets: Sequence[Record]) -> bool:
    """Whether this user can manage users and all data, by the profile and the sets together.

    The standard profile counts by its name, whatever an org has taken away from it.
    """
    profile = row.get("Profile") or {}
    can_all = all(any(one.get(flag) is True for one in (profile, *sets)) for flag in ADMIN_RIGHTS)
    return row.get("IsActive") is True and (can_all or profile.get("Name") == ADMIN_PROFILE)


def _is_surely(row: Record, holder: Holder) -> bool:
    names = ("FederationIdentifier", "Username", "Email")
    sso, username, mail = (str(row.get(name) or "") for name in names)
    return is_surely(holder, sso=sso, username=username, mail=mail)
