"""The settings as values: frozen, and secrets as Secret."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bot.domain.field_name import FieldName
from bot.domain.secret import Secret


@dataclass(frozen=True, kw_only=True)
class SlackSettings:
    """`app_token` switches Socket Mode on; `team_id` shuts out every other workspace."""

    bot_token: Secret
    signing_secret: Secret
    app_token: Secret | None
    api_url: str
    team_id: str | None


@dataclass(frozen=True, kw_only=True)
class GitHubApp:
    """Sign in as an App's installation; `private_key` is PEM."""

    app_id: str
    private_key: Secret


@dataclass(frozen=True, kw_only=True)
class GitHubToken:
    """Sign in as a user."""

    token: Secret


@dataclass(frozen=True, kw_only=True)
class GitHubSettings:
    """Requests live in `repo`, policies are reviewed in `policy_repo`."""

    repo: str
    policy_repo: str
    api_url: str
    webhook_secret: Secret
    credential: GitHubApp | GitHubToken


@dataclass(frozen=True, kw_only=True)
class SalesforceJwt:
    """Sign in by JWT bearer; `private_key` is PEM."""

    client_id: str
    username: str
    private_key: Secret


@dataclass(frozen=True, kw_only=True)
class SalesforceClient:
    """Sign in by client credentials."""

    client_id: str
    client_secret: Secret


SalesforceCredential: TypeAlias = SalesforceJwt | SalesforceClient


@dataclass(frozen=True, kw_only=True)
class SalesforceSettings:
    """`person_field` is the External ID of people on the org's User object."""

    url: str
    credential: SalesforceCredential
    person_field: FieldName


@dataclass(frozen=True, kw_only=True)
class OnePasswordSettings:
    """A token's Path is for reading again when the file changes."""

    host: str
    token: Secret | Path


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """What commands need that talk to no service; the database's URL may hold a password."""

    database_url: Secret
    policy_dir: Path
    people_file: Path | None
    log_level: str


@dataclass(frozen=True, kw_only=True)
class OrgSettings(LocalSettings):
    """What a look at the roster and at Salesforce needs."""

    people_file: Path
    ca_file: Path | None
    salesforce: SalesforceSettings


@dataclass(frozen=True, kw_only=True)
class Settings(LocalSettings):
    """What serve, web and worker need."""

    people_file: Path
    host: str
    port: int
    api_tokens_file: Path | None
    ca_file: Path | None
    slack: SlackSettings
    github: GitHubSettings
    salesforce: SalesforceSettings
    onepassword: OnePasswordSettings
