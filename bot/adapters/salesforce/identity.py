"""Which Salesforce user is surely this person, and which users Usher must never touch."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.errors import SERVICE
from bot.domain.errors import Unauthorized
from bot.domain.field_name import FieldName
from bot.domain.plan import Holder

ADMIN_PROFILE = "System Administrator"

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
LAST_ADMIN = "This is the last active System Administrator, and Usher does not change that user."


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


def is_active_admin(row: Record) -> bool:
    profile = row.get("Profile") or {}
    return row.get("IsActive") is True and profile.get("Name") == ADMIN_PROFILE


def _is_surely(row: Record, holder: Holder) -> bool:
    if _same(row.get("FederationIdentifier"), holder.mail):
        return True
    return _same(row.get("Username"), holder.username) and _same(row.get("Email"), holder.mail)


def _same(value: object, wanted: str) -> bool:
    return isinstance(value, str) and bool(value) and value.casefold() == wanted.casefold()
