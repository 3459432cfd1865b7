"""Which settings there are, and which of them go together."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.domain.field_name import PERSON_FIELD, FieldName
from bot.domain.secret import Secret
from bot.settings.environment import WORD, Environment, is_address
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

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_PASSWORD_LOGIN = ("SALESFORCE_PASSWORD", "SALESFORCE_SECURITY_TOKEN", "SALESFORCE_TOKEN")
_GITHUB_WAYS = "set it with GITHUB_PRIVATE_KEY_FILE, or set GITHUB_TOKEN alone"
_NO_SOAP = "Salesforce leaves out from API version 65 on and switches off in new orgs"
_SALESFORCE_WAYS = (
    "set SALESFORCE_USERNAME with SALESFORCE_PRIVATE_KEY_FILE, or SALESFORCE_CLIENT_SECRET alone"
)
_SHARED_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
_DATABASES = frozenset({"sqlite", "postgres", "postgresql", "postgresql+psycopg"})
_LAST_PORT = 65535
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read everything, by default from os.environ; raises SettingsError with all problems."""
    env = Environment(os.environ if environ is None else environ)
    settings = Settings(
        database_url=_database_url(env),
        policy_dir=env.folder("POLICY_DIR", "policies"),
        people_file=env.file("PEOPLE_FILE", "the roster, a CSV file") or Path(),
        log_level=_log_level(env),
        host=_host(env),
        port=_port(env),
        api_tokens_file=env.file("API_TOKENS_FILE"),
        ca_file=_ca_file(env),
        slack=_slack(env),
        github=_github(env),
        salesforce=_salesforce(env),
        onepassword=_onepassword(env),
    )
    env.report_misspellings()
    env.refuse_if_wrong()
    return settings


def load_local_settings(environ: Mapping[str, str] | None = None) -> LocalSettings:
    """Read only what local commands need, and leave it to them whether the files are there."""
    env = Environment(os.environ if environ is None else environ)
    people_file = env.text("PEOPLE_FILE")
    settings = LocalSettings(
        database_url=_database_url(env),
        policy_dir=Path(env.text("POLICY_DIR") or "policies"),
        people_file=Path(people_file) if people_file else None,
        log_level=_log_level(env),
    )
    env.refuse_if_wrong()
    return settings


def load_org_settings(environ: Mapping[str, str] | None = None) -> OrgSettings:
    """Read only what a look at the roster and at Salesforce needs."""
    env = Environment(os.environ if environ is None else environ)
    settings = OrgSettings(
        database_url=_database_url(env),
        policy_dir=Path(env.text("POLICY_DIR") or "policies"),
        people_file=env.file("PEOPLE_FILE", "the roster, a CSV file") or Path(),
        log_level=_log_level(env),
        ca_file=_ca_file(env),
        salesforce=_salesforce(env),
    )
    env.refuse_if_wrong()
    return settings


def _database_url(env: Environment) -> Secret:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    text = env.text("DATABASE_URL") or "sqlite:///var/usher.db"
    what = "sqlite:///path/to/usher.db or postgresql://user@host/name"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        env.complain(f"DATABASE_URL is no URL: set it to {what}.")
        return Secret("")
    if url.drivername not in _DATABASES:
        env.complain(f"DATABASE_URL is for no database that Usher knows: set it to {what}.")
    elif not url.database or ":memory:" in url.database or "mode" in url.query:
        env.complain(f"DATABASE_URL must name a database that outlives the process: {what}.")
    return Secret(text)


def _log_level(env: Environment) -> str:
    level = (env.text("LOG_LEVEL") or "INFO").upper()
    if level not in LOG_LEVELS:
        env.complain(f"LOG_LEVEL is wrong: set it to one of {', '.join(LOG_LEVELS)}.")
    return level


def _host(env: Environment) -> str:
    what = "an address of this machine without a port, such as 127.0.0.1 or 0.0.0.0"
    form = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*::?[0-9A-Fa-f:.]*")
    host = env.word("HOST", what, form=form, default="127.0.0.1")
    if ":" in host and not is_address(host):
        env.complain(f"HOST is wrong: set it to {what}.")
    return host


def _port(env: Environment) -> int:
    what = f"a number from 1 to {_LAST_PORT}"
    text = env.word("PORT", what, form=re.compile(r"[0-9]{1,5}"), default="8080")
    port = int(text or 8080)
    if not 1 <= port <= _LAST_PORT:
        env.complain(f"PORT is wrong: set it to {what}.")
    return port


def _ca_file(env: Environment) -> Path | None:
    path = env.file("USHER_CA_FILE")
    if path is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        except OSError:
            env.complain("USHER_CA_FILE holds no certificate: set it to the CA's PEM file.")
    return path


def _slack(env: Environment) -> SlackSettings:
    app_token = env.word(
        "SLACK_APP_TOKEN",
        "the app-level token (xapp-…), or take it out if you do not use Socket Mode",
        form=re.compile(r"xapp-[!-~]+"),
        default="",
    )
    api_url = env.url("SLACK_API_URL", "Slack's API", default="https://slack.com/api/").geturl()
    return SlackSettings(
        bot_token=env.secret(
            "SLACK_BOT_TOKEN",
            "the bot token (xoxb-…) from the Slack app's page «OAuth & Permissions»",
            form=re.compile(r"(xoxe\.)?xoxb-[!-~]+"),
        ),
        signing_secret=env.secret(
            "SLACK_SIGNING_SECRET", "the signing secret from the Slack app's «Basic Information»"
        ),
        app_token=Secret(app_token) if app_token else None,
        api_url=f"{api_url.rstrip('/')}/",
        team_id=env.word(
            "SLACK_TEAM_ID",
            "the workspace's id (T… or E…), or take it out",
            form=re.compile(r"[TE][A-Z0-9]{2,30}"),
            default="",
        )
        or None,
    )


def _github(env: Environment) -> GitHubSettings:
    repo = env.word("GITHUB_REPO", "the repository of the requests, as owner/name", form=_REPO)
    api_url = env.url("GITHUB_API_URL", "GitHub's API", default="https://api.github.com")
    return GitHubSettings(
        repo=repo,
        policy_repo=env.word(
            "GITHUB_POLICY_REPO",
            "the policies' repository, as owner/name",
            form=_REPO,
            default=repo,
        ),
        api_url=api_url.geturl().rstrip("/"),
        webhook_secret=env.secret(
            "GITHUB_WEBHOOK_SECRET", "the secret that you gave the webhook, without spaces"
        ),
        credential=_github_credential(env),
    )


def _github_credential(env: Environment) -> GitHubApp | GitHubToken:
    app_id = env.word(
        "GITHUB_APP_ID",
        "the number or client id on the GitHub App's page",
        form=re.compile(r"[0-9]{1,20}|Iv[0-9A-Za-z.]{8,40}"),
        default="",
    )
    key = env.private_key("GITHUB_PRIVATE_KEY")
    token = Secret(env.word("GITHUB_TOKEN", "a token without spaces", default=""))
    key_names = env.those_set("GITHUB_PRIVATE_KEY_FILE", "GITHUB_PRIVATE_KEY")
    app_names = env.those_set("GITHUB_APP_ID") + key_names
    if not env.those_set("GITHUB_TOKEN"):
        if not app_names:
            env.complain(f"GITHUB_APP_ID is missing: {_GITHUB_WAYS}.")
        elif not key_names:
            env.complain("GITHUB_PRIVATE_KEY_FILE is missing: GITHUB_APP_ID needs the App's key.")
        elif len(app_names) == len(key_names):
            env.complain(f"GITHUB_APP_ID is missing: {key_names[0]} belongs to an App.")
        return GitHubApp(app_id=app_id, private_key=key)
    if app_names:
        env.complain(f"GITHUB_TOKEN contradicts {' and '.join(app_names)}: take one side out.")
    return GitHubToken(token=token)


def _salesforce(env: Environment) -> SalesforceSettings:
    what = "your My Domain, such as https://acme.my.salesforce.com"
    url = env.url("SALESFORCE_URL", what)
    if url.path.lower().startswith("/services/soap"):
        env.complain(f"SALESFORCE_URL is for SOAP, which {_NO_SOAP}: set it to {what}.")
    elif url.path not in {"", "/"} or url.hostname in _SHARED_LOGIN_HOSTS:
        env.complain(f"SALESFORCE_URL is not the address of an org: set it to {what}.")
    return SalesforceSettings(
        url=url.geturl().rstrip("/"),
        credential=_salesforce_credential(env),
        person_field=_person_field(env),
    )


def _person_field(env: Environment) -> FieldName:
    name = env.text("SALESFORCE_PERSON_FIELD")
    try:
        return FieldName(name or PERSON_FIELD)
    except ValueError:
        what = f"the API name of a custom field on User, such as {PERSON_FIELD}"
        env.complain(f"SALESFORCE_PERSON_FIELD is wrong: set it to {what}, or take it out.")
        return PERSON_FIELD


def _salesforce_credential(env: Environment) -> SalesforceCredential:
    client_id = env.word("SALESFORCE_CLIENT_ID", "the consumer key of the connected app")
    username = env.word(
        "SALESFORCE_USERNAME",
        "the bot's Salesforce user name, which looks like a mail address",
        form=re.compile(r"[^@\s]+@[^@\s]+"),
        default="",
    )
    key = env.private_key("SALESFORCE_PRIVATE_KEY")
    secret = env.word("SALESFORCE_CLIENT_SECRET", "the app's consumer secret", default="")
    _check_salesforce_way(env)
    if secret:
        return SalesforceClient(client_id=client_id, client_secret=Secret(secret))
    return SalesforceJwt(client_id=client_id, username=username, private_key=key)


def _check_salesforce_way(env: Environment) -> None:
    if refused := env.those_set(*_PASSWORD_LOGIN):
        env.complain(
            f"{' and '.join(refused)} is refused: Usher never signs in with a password, because "
            f"that needs the SOAP log-in, which {_NO_SOAP}. Take it out and {_SALESFORCE_WAYS}."
        )
    user = env.those_set("SALESFORCE_USERNAME")
    keys = env.those_set("SALESFORCE_PRIVATE_KEY_FILE", "SALESFORCE_PRIVATE_KEY")
    if env.those_set("SALESFORCE_CLIENT_SECRET"):
        if user or keys:
            both = " and ".join(user + keys)
            env.complain(f"SALESFORCE_CLIENT_SECRET contradicts {both}: take one side out.")
    elif user and not keys and not refused:
        env.complain("SALESFORCE_PRIVATE_KEY_FILE is missing: SALESFORCE_USERNAME needs the key.")
    elif keys and not user:
        env.complain(f"SALESFORCE_USERNAME is missing: {keys[0]} signs in as this user.")
    elif not (user or keys or refused):
        env.complain(f"SALESFORCE_USERNAME is missing: {_SALESFORCE_WAYS}.")


def _onepassword(env: Environment) -> OnePasswordSettings:
    host = env.url("OP_CONNECT_HOST", "your 1Password Connect server, such as https://connect.acme")
    what = "an access token of the 1Password Connect server"
    token: Secret | Path
    # The twin is looked at first, so that it counts as known.
    if env.those_set("OP_CONNECT_TOKEN", "OP_CONNECT_TOKEN_FILE")[-1:] == ["OP_CONNECT_TOKEN_FILE"]:
        token = Path(env.text("OP_CONNECT_TOKEN_FILE"))
        content = env.content("OP_CONNECT_TOKEN_FILE")
        if content is not None and not WORD.fullmatch(content):
            env.complain(f"OP_CONNECT_TOKEN_FILE is wrong: put {what} into the file.")
    else:
        token = env.secret("OP_CONNECT_TOKEN", what)
    return OnePasswordSettings(host=host.geturl().rstrip("/"), token=token)
