"""An emulated Salesforce org that the unmodified simple-salesforce talks to over TLS."""

from bot.sandbox.salesforce.emulator import SalesforceEmulator
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.passwords import Mail
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.snapshots import UserSnapshot

__all__ = ["Mail", "Org", "SalesforceEmulator", "UserSnapshot", "UsernameRegistry"]
