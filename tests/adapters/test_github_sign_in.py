"""Signing in to GitHub, and what health says about it."""

import pytest

from bot.adapters.github import (
    GitHubClient,
    GitHubHealth,
    GitHubRecords,
    TokenCredential,
)
from bot.domain.errors import (
    Conflict,
    Unauthorized,
)
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from tests.fakes.github_client import CARD, CREATE, an_hour_ago, calls, client_of, page

# ---- signing in ---------------------------------------------------------------------------------


def test_signing_in_costs_two_calls_once(github: GitHubEmulator, records: GitHubRecords) -> None:
    assert calls(github) == []
    number = records.create_issue(page(), "request:r-1")
    records.create_comment(number, CARD, "status:r-1")

    assert calls(github)[:2] == [
        "GET /repos/acme/access/installation",
        "POST /app/installations/777/access_tokens",
    ]
    assert len(github.exchanges) == 4
    asked = github.exchanges[1].request_body
    assert asked == b'{"permissions": {"issues": "write", "metadata": "read"}}'


def test_a_token_withdrawn_early_is_renewed_once(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(Fault(route=CREATE, kind=FaultKind.STATUS, status=401))

    assert records.create_issue(page(), "request:r-1") == 1


def test_a_401_for_ever_ends_after_two_tries(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(Fault(route=CREATE, kind=FaultKind.STATUS, status=401, times=1000))

    with pytest.raises(Unauthorized):
        records.create_issue(page(), "request:r-1")

    assert calls(github).count(CREATE) == 2


def test_a_missing_permission_is_named_with_the_fix() -> None:
    github = GitHubEmulator(permissions={"issues": "read", "metadata": "read"})
    github.serve()
    client = client_of(github)

    for ask in (GitHubHealth(client).check, lambda: client.read("", "look")):
        with pytest.raises(Unauthorized, match=r"may not issues: write\. Allow it"):
            ask()
    client.close()
    github.close()


@pytest.mark.parametrize(
    ("repo", "key", "word"),
    [("acme/other", "", "not installed"), ("acme/access", "no PEM", "GITHUB_PRIVATE_KEY")],
)
def test_a_wrong_setting_is_named(repo: str, key: str, word: str, github: GitHubEmulator) -> None:
    client = client_of(github, repo=repo, key=key)

    with pytest.raises(Unauthorized, match=word):
        GitHubHealth(client).check()
    client.close()


def test_health_says_who_we_are_and_what_we_may(client: GitHubClient) -> None:
    facts = GitHubHealth(client).check()

    assert facts["user"] == "usher-bot[bot]"
    assert facts["repository"] == "acme/access"
    assert "issues: write" in facts["permissions"]


@pytest.mark.parametrize(
    ("body", "word"), [('{"archived": true}', "archived"), ('{"has_issues": false}', "no issues")]
)
def test_health_finds_a_repository_that_takes_no_issues(
    body: str, word: str, github: GitHubEmulator, client: GitHubClient
) -> None:
    route = "GET /repos/acme/access"
    github.faults.add(Fault(route=route, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Conflict, match=word):
        GitHubHealth(client).check()


def test_health_finds_that_the_repository_is_hidden(
    github: GitHubEmulator, client: GitHubClient
) -> None:
    github.faults.add(Fault(route="GET /repos/acme/access", kind=FaultKind.STATUS, status=404))

    with pytest.raises(Unauthorized, match="Check GITHUB_REPO"):
        GitHubHealth(client).check()


def test_health_finds_that_the_tokens_user_may_only_read(github: GitHubEmulator) -> None:
    token = TokenCredential(token=Secret("ghp_sandbox"))
    client = GitHubClient(repo="acme/access", credential=token, api_url=github.url)
    github.add_user("usher-pat", permission="read")

    with pytest.raises(Unauthorized, match="role Triage"):
        GitHubHealth(client).check()
    client.close()


def test_an_app_that_was_uninstalled_meanwhile_is_told_so(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(Fault(route="POST /app/*", kind=FaultKind.STATUS, status=404))

    with pytest.raises(Unauthorized, match="uninstalled"):
        records.create_issue(page(), "request:r-1")


def test_a_personal_token_works_too(github: GitHubEmulator) -> None:
    token = TokenCredential(token=Secret("ghp_sandbox"))
    client = GitHubClient(repo="acme/access", credential=token, api_url=github.url)
    records = GitHubRecords(client)

    number = records.create_issue(page(), "request:r-1")

    assert records.find_issue("request:r-1", an_hour_ago()) == number
    assert GitHubHealth(client).check()["user"] == "usher-pat"
    client.close()


def test_a_wrong_personal_token_is_refused_at_once(github: GitHubEmulator) -> None:
    token = TokenCredential(token=Secret("ghp_wrong"))
    client = GitHubClient(repo="acme/access", credential=token, api_url=github.url)

    with pytest.raises(Unauthorized, match="GITHUB_TOKEN"):
        GitHubRecords(client).create_issue(page(), "request:r-1")

    assert calls(github).count(CREATE) == 1
    client.close()
