"""Salesforce's pulse, and a thorough look at what an admin should mend."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.login_errors import clock_complaint, is_sandbox_host
from bot.adapters.salesforce.quota import read_limits
from bot.adapters.salesforce.soql import soql
from bot.domain.errors import ConnectorError, RateLimited, Unauthorized, Unavailable
from bot.domain.field_name import FieldName
from bot.domain.quota import RESERVED_PERCENT, is_low

_FIELD_CODES = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
_SELF = "SELECT Username, {person_field} FROM User WHERE Id = {user}"
_ORG = "SELECT Name, IsSandbox FROM Organization"
_BOT = "SELECT IsActive FROM User WHERE Id = {user}"
_LOGIN = "SELECT IsFrozen FROM UserLogin WHERE UserId = {user}"
# What the current user may do, whichever profile or set it comes from (object reference,
# UserPermissionAccess).
_RIGHTS = (
    "SELECT PermissionsApiEnabled, PermissionsManageUsers, PermissionsAssignPermissionSets, "
    "PermissionsResetPasswords, PermissionsViewSetup FROM UserPermissionAccess LIMIT 1"
)
_SEES_ALL = (
    "SELECT PermissionsViewAllData, PermissionsModifyAllData FROM UserPermissionAccess LIMIT 1"
)
# Every user is assigned the set that the profile owns too, and that of a whole group.
_SEES_ALL_OF = (
    "SELECT Id, SobjectType FROM ObjectPermissions WHERE PermissionsViewAllRecords = true "
    "AND SobjectType IN {kinds} "
    "AND ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment "
    "WHERE AssigneeId = {user})"
)
_RIGHT_NAMES = {
    "PermissionsApiEnabled": "API Enabled",
    "PermissionsManageUsers": "Manage Users",
    "PermissionsAssignPermissionSets": "Assign Permission Sets",
    "PermissionsResetPasswords": "Reset User Passwords and Unlock Users",
    "PermissionsViewSetup": "View Setup and Configuration",
}


class SalesforceHealth:
    """Checks log-in, field and allowance with two calls (port Health)."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def check(self) -> Mapping[str, str]:
        """Return user, org and calls left; raises ConnectorError when something is wrong."""
        user, org = self._names()
        quota = read_limits(self._gateway.limits())
        if quota is None:
            raise Unavailable("Salesforce does not say how many calls are left.", service=SERVICE)
        return {"user": user, "org": org, "api_calls_left": f"{quota.left} of {quota.total}"}

    def complaints(
        self, *, uses_expiry: bool = False, hands_over: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Look thoroughly, and say what to mend, each with its fix (port Checkup)."""
        looks: list[Callable[[], str]] = [
            self._clock, self._kind_of_org, self._bot_user, self._rights, self._person_field,
            self._allowance, *([self._expiry] if uses_expiry else []),
            *([partial(self._sight, hands_over)] if hands_over else []),
        ]  # fmt: skip
        found: dict[str, None] = {}
        for look in looks:
            try:
                text = look()
            except (Unavailable, RateLimited) as error:
                # The other looks would only wait for the same answer.
                return (*found, error.detail)
            except ConnectorError as error:
                text = error.detail
            found |= dict.fromkeys([text] if text else [])
        return tuple(found)

    def _names(self) -> tuple[str, str]:
        token, field = self._gateway.run_as(), self._gateway.person_field
        questions = {"users": soql(_SELF, person_field=field, user=token.user_id), "orgs": _ORG}
        try:
            found = self._gateway.query(questions)
        except Unauthorized as error:
            if error.code in _FIELD_CODES:
                fix = _make_field(field)
                raise Unauthorized(fix, service=SERVICE, code=error.code) from None
            raise
        if not found["users"] or not found["orgs"]:
            raise Unauthorized("The bot's user cannot see itself and its org.", service=SERVICE)
        kind = " (sandbox)" if found["orgs"][0].get("IsSandbox") else ""
        return found["users"][0]["Username"], f"{found['orgs'][0]['Name']}{kind}"

    def _row(self, query: str) -> Mapping[str, Any]:
        found = self._gateway.query({"one": query})["one"]
        return found[0] if found else {}

    def _clock(self) -> str:
        if self._gateway.clock_off_s() is None:
            self._gateway.limits()
        off = clock_complaint(self._gateway.clock_off_s())
        return f"{off[:1].upper()}{off[1:]}"

    def _kind_of_org(self) -> str:
        is_sandbox, host = self._row(_ORG).get("IsSandbox"), self._gateway.host()
        if not isinstance(is_sandbox, bool) or is_sandbox == is_sandbox_host(host):
            return ""
        org, address = ("sandbox", "production") if is_sandbox else ("production", "sandbox")
        return (
            f"The org is a {org} org, and {host} looks like the address of a {address} org: set "
            "SALESFORCE_URL to the My Domain of the org that you mean."
        )

    def _bot_user(self) -> str:
        user = self._gateway.run_as().user_id
        if self._row(soql(_BOT, user=user)).get("IsActive") is False:
            return "The bot's user is inactive: in Setup, Users, open it and tick Active."
        if self._row(soql(_LOGIN, user=user)).get("IsFrozen") is True:
            return "The bot's user is frozen: in Setup, Users, open it and press Unfreeze."
        return ""

    def _rights(self) -> str:
        try:
            row = self._row(_RIGHTS)
        except Unauthorized as error:
            if error.code in _FIELD_CODES:
                return ""  # an org without one of these rights; nothing is guessed
            raise
        missing = [name for field, name in _RIGHT_NAMES.items() if row.get(field) is False]
        if not missing:
            return ""
        return (
            f"The bot's user lacks {', '.join(missing)}: tick that in the system permissions of "
            "its profile."
        )

    def _sight(self, kinds: Collection[str]) -> str:
        """Records that are not seen would count as none, and stay with who has left."""
        user = self._gateway.run_as().user_id
        of_some = soql(_SEES_ALL_OF, kinds=sorted(kinds), user=user)
        found = self._gateway.query({"all": _SEES_ALL, "some": of_some})
        if any(True in row.values() for row in found["all"]):
            return ""
        seen = {row["SobjectType"] for row in found["some"]}
        missing = sorted(set(kinds) - seen)
        if not missing:
            return ""
        return (
            f"The bot's user may not see every {', '.join(missing)}, which policy hands over when "
            "somebody leaves: what it cannot see stays behind without a word. Give it a "
            "permission set with View All on these objects, or with View All Data."
        )

    def _person_field(self) -> str:
        wanted = self._gateway.person_field
        field = self._field("User", wanted)
        if field is None:
            return _make_field(wanted)
        if field["name"] != wanted:
            return f"The org spells {wanted} otherwise: write SALESFORCE_PERSON_FIELD like it."
        lacking = [
            word
            for word, key in (("External ID", "externalId"), ("Unique", "unique"))
            if field.get(key) is not True
        ]
        if not lacking:
            return ""
        return (
            f"The field {wanted} is not {' and not '.join(lacking)}, so that one person could "
            "become two users: in Setup, Object Manager, User, Fields, edit it and tick that."
        )

    def _allowance(self) -> str:
        quota = self._gateway.quota()
        if not is_low(quota):
            return ""
        return (
            f"Only {quota.left} of {quota.total} calls a day are left, less than the "
            f"{RESERVED_PERCENT} % kept for others: find in Setup, System Overview, API Usage, who "
            "calls so much, or buy more calls."
        )

    def _expiry(self) -> str:
        field = self._field("PermissionSetAssignment", "ExpirationDate")
        if field is not None and field.get("createable") is True:
            return ""
        return (
            "The org does not let assignments expire, which the policy asks for: in Setup, User "
            "Management Settings, switch on «Permission Set & Permission Set Group Assignments "
            "with Expiration Dates»."
        )

    def _field(self, kind: str, name: str) -> Mapping[str, Any] | None:
        fields = self._gateway.describe(kind).get("fields")
        if not isinstance(fields, list):
            raise Unavailable(f"Salesforce does not describe {kind}.", service=SERVICE)
        for field in fields:
            if isinstance(field, dict) and str(field.get("name")).lower() == name.lower():
                return field
        return None


def _make_field(field: FieldName) -> str:
    label = field.removesuffix("__c")
    return (
        f"The User object has no field {field} that the bot may see: in Setup, Object Manager, "
        f"User, add the Text(64) field {label} with External ID and Unique (case sensitive), "
        "visible to the bot's user. Or name yours in SALESFORCE_PERSON_FIELD."
    )
