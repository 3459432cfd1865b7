"""A look at the Salesforce org of the settings, for commands that change nothing there."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.adapters.salesforce.credentials import AccessTokens
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.names import SalesforceNames
from bot.adapters.salesforce.wire import Wire
from bot.ports import OrgDirectory
from bot.services import salesforce_credential
from bot.settings import OrgSettings, load_org_settings


@contextmanager
def reading(settings: OrgSettings) -> Iterator[Gateway]:
    """Connect with a client that cannot write, and disconnect afterwards."""
    org = settings.salesforce
    wire = Wire(org.url, ca_file=settings.ca_file)
    tokens = AccessTokens(wire, salesforce_credential(org.credential))
    try:
        yield Gateway(wire, tokens, person_field=org.person_field)
    finally:
        wire.close()


@contextmanager
def org_of_settings() -> Iterator[OrgDirectory]:
    """Connect to the org for its names; raises SettingsError when nobody has said which it is."""
    with reading(load_org_settings()) as gateway:
        yield SalesforceNames(gateway)
