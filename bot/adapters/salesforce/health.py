"""Salesforce's pulse: whose token it is, calls left today, and the field Usher needs."""

from collections.abc import Mapping

from simple_salesforce.format import format_soql

from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.gateway import Gateway
from bot.domain.errors import Unauthorized, Unavailable

_FIELD_CODES = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
_SELF = "SELECT Username, Usher_Person_Id__c FROM User WHERE Id = {user}"
_FIX = (
    "The User object has no field Usher_Person_Id__c that the bot may see: in Setup, Object "
    "Manager, User, add the Text(64) field Usher_Person_Id with External ID and Unique (case "
    "sensitive), visible to the bot's user."
)


class SalesforceHealth:
    """Checks log-in, field and allowance with two calls (port Health)."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def check(self) -> Mapping[str, str]:
        """Return user, org and calls left; raises ConnectorError when something is wrong."""
        user, org = self._names()
        daily = self._gateway.limits().get("DailyApiRequests")
        if not isinstance(daily, dict):
            raise Unavailable("Salesforce does not say how many calls are left.", service=SERVICE)
        return {
            "user": user,
            "org": org,
            "api_calls_left": f"{daily.get('Remaining')} of {daily.get('Max')}",
        }

    def _names(self) -> tuple[str, str]:
        token = self._gateway.run_as()
        questions = {
            "users": format_soql(_SELF, user=token.user_id),
            "orgs": "SELECT Name, IsSandbox FROM Organization",
        }
        try:
            found = self._gateway.query(questions)
        except Unauthorized as error:
            if error.code in _FIELD_CODES:
                raise Unauthorized(_FIX, service=SERVICE, code=error.code) from None
            raise
        if not found["users"] or not found["orgs"]:
            raise Unauthorized("The bot's user cannot see itself and its org.", service=SERVICE)
        kind = " (sandbox)" if found["orgs"][0].get("IsSandbox") else ""
        return found["users"][0]["Username"], f"{found['orgs'][0]['Name']}{kind}"
