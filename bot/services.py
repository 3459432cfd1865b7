"""Connections to everything outside, made from the settings; nothing is called yet."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.adapters.github.changes import GitHubChanges
from bot.adapters.github.client import GitHubClient
from bot.adapters.github.health import GitHubHealth
from bot.adapters.github.policies import GitHubPolicies
from bot.adapters.github.records import GitHubRecords
from bot.adapters.github.sign_in import (
    POLICY_PERMISSIONS,
    READING_PERMISSIONS,
    AppCredential,
    TokenCredential,
)
from bot.adapters.onepassword import ConnectVault
from bot.adapters.policy_files.reader import PolicyFilesReader
from bot.adapters.salesforce.credentials import AccessTokens, ClientCredentials, JwtBearer
from bot.adapters.salesforce.gateway import WritingGateway
from bot.adapters.salesforce.health import SalesforceHealth
from bot.adapters.salesforce.names import SalesforceNames
from bot.adapters.salesforce.object_rights import SalesforceRights
from bot.adapters.salesforce.quota import QuotaWatch
from bot.adapters.salesforce.records import SalesforceRecords, SalesforceRecordWriter
from bot.adapters.salesforce.seats import SalesforceSeats, SalesforceSeatWriter
from bot.adapters.salesforce.wire import Wire
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import make_client
from bot.adapters.slack.health import SlackHealth
from bot.adapters.slack.members import SlackMembers
from bot.ports import Checkup, Clock, Health, OrgDirectory
from bot.settings import GitHubApp, SalesforceClient, SalesforceJwt, Settings
from bot.workflows.context import PolicyDesk, RecordService, SeatService


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything outside, connected."""

    slack: SlackChat
    members: SlackMembers
    github: GitHubRecords
    changes: GitHubChanges
    github_client: GitHubClient
    policies: PolicyDesk
    salesforce: SeatService
    vault: ConnectVault
    health: Mapping[str, Health]
    checkups: Mapping[str, Checkup]
    org: OrgDirectory
    salesforce_quota: QuotaWatch


def connect(settings: Settings, clock: Clock) -> Services:
    """Make the clients of all services; nothing is called yet."""
    ca_file = settings.ca_file
    tls = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    credential = _github_credential(settings)
    there: dict[str, Any] = {"api_url": settings.github.api_url, "ca_file": ca_file}
    github = GitHubClient(repo=settings.github.repo, credential=credential, **there)
    # with tokens of their own: an App that may not judge policies still takes requests
    where: dict[str, Any] = {"repo": settings.github.policy_repo, "credential": credential, **there}
    reader = GitHubClient(permissions=READING_PERMISSIONS, **where)
    judge = GitHubClient(permissions=POLICY_PERMISSIONS, **where)
    records = GitHubRecords(github)
    slack = make_client(
        token=settings.slack.bot_token.reveal(), api_url=settings.slack.api_url, tls=tls
    )
    wire = Wire(settings.salesforce.url, ca_file=ca_file)
    tokens = AccessTokens(
        wire,
        salesforce_credential(settings.salesforce.credential),
        clock=lambda: clock.now().timestamp(),
    )
    gateway = WritingGateway(wire, tokens, person_field=settings.salesforce.person_field)
    pulse = SalesforceHealth(gateway)
    vault = ConnectVault(settings.onepassword.host, settings.onepassword.token, ca_file=ca_file)
    return Services(
        slack=SlackChat(slack, issue_url=records.issue_url),
        members=SlackMembers(slack, team_id=settings.slack.team_id),
        github=records,
        changes=GitHubChanges(github),
        github_client=github,
        policies=PolicyDesk(
            repository=GitHubPolicies(reader),
            verdicts=GitHubPolicies(judge),
            comments=GitHubRecords(judge),
            reader=PolicyFilesReader(),
        ),
        salesforce=SeatService(
            reader=SalesforceSeats(gateway),
            writer=SalesforceSeatWriter(gateway),
            records=RecordService(
                reader=SalesforceRecords(gateway), writer=SalesforceRecordWriter(gateway)
            ),
            rights=SalesforceRights(gateway),
        ),
        vault=vault,
        health={
            "slack": SlackHealth(slack),
            "github": GitHubHealth(github),
            "salesforce": pulse,
            "1password": vault,
        },
        checkups={"salesforce": pulse},
        org=SalesforceNames(gateway),
        salesforce_quota=wire.quota,
    )


def _github_credential(settings: Settings) -> AppCredential | TokenCredential:
    held = settings.github.credential
    if isinstance(held, GitHubApp):
        return AppCredential(app_id=held.app_id, private_key=held.private_key)
    return TokenCredential(token=held.token)


def salesforce_credential(
    held: SalesforceJwt | SalesforceClient,
) -> JwtBearer | ClientCredentials:
    """Return how to sign in to Salesforce."""
    if isinstance(held, SalesforceJwt):
        return JwtBearer(
            client_id=held.client_id, username=held.username, private_key=held.private_key
        )
    return ClientCredentials(client_id=held.client_id, client_secret=held.client_secret)
