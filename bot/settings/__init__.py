"""The environment, read once into one frozen Settings; nothing else reads os.environ."""

from bot.settings.loading import (
    LOG_LEVELS,
    load_local_settings,
    load_org_settings,
    load_settings,
)
from bot.settings.values import (
    GitHubApp,
    GitHubSettings,
    GitHubToken,
    LocalSettings,
    OnePasswordSettings,
    OrgSettings,
    SalesforceClient,
    SalesforceCredential,
    SalesforceJwt,
    SalesforceSettings,
    Settings,
    SlackSettings,
)

__all__ = [
    "LOG_LEVELS",
    "GitHubApp",
    "GitHubSettings",
    "GitHubToken",
    "LocalSettings",
    "OnePasswordSettings",
    "OrgSettings",
    "SalesforceClient",
    "SalesforceCredential",
    "SalesforceJwt",
    "SalesforceSettings",
    "Settings",
    "SlackSettings",
    "load_local_settings",
    "load_org_settings",
    "load_settings",
]
