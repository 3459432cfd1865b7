"""Who may come in: the App by JWT, its installation by token, a user by a classic token."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import github
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.github import GitHubEmulator

Body = dict[str, object]


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(clock=clock)
    emulator.serve()
    yield emulator
    emulator.close()


def integration(emulator: GitHubEmulator, app_id: str = "424242") -> github.GithubIntegration:
    return github.GithubIntegration(
        auth=github.Auth.AppAuth(app_id, emulator.private_key_pem),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


def ask(emulator: GitHubEmulator, path: str, credential: str, **claims: object) -> tuple[int, Body]:
    if claims:
        # PyJWS signs any claims, PyJWT refuses an issuer that is not text.
        payload = json.dumps(claims).encode()
        credential = "Bearer " + jwt.PyJWS().encode(payload, emulator.private_key_pem, "RS256")
    answer = requests.get(emulator.url + path, headers={"Authorization": credential}, timeout=5)
    return answer.status_code, answer.json()


def test_the_app_signs_in_and_works_as_its_bot(emulator: GitHubEmulator) -> None:
    app = integration(emulator)

    with app, app.get_github_for_installation(777, {"issues": "write"}) as client:
        issue = client.get_repo("acme/access").create_issue("A request")

        assert app.get_app().slug == "usher-bot"
        assert app.get_repo_installation("acme", "access").id == 777
        assert issue.user.login == emulator.app_login == "usher-bot[bot]"
        assert issue.user.type == "Bot"


def test_a_token_has_the_permissions_asked_for_and_an_hour(
    emulator: GitHubEmulator, clock: Clock
) -> None:
    with integration(emulator) as app:
        token = app.get_access_token(777, {"issues": "read"})

    assert token.permissions == {"issues": "read", "metadata": "read"}
    assert token.expires_at == datetime.fromtimestamp(int(clock.now), UTC) + timedelta(hours=1)
    assert ask(emulator, "/repos/acme/access", f"token {token.token}")[0] == 200
    clock.now += 3600
    status, body = ask(emulator, "/repos/acme/access", f"token {token.token}")
    assert (status, body["message"]) == (401, "Bad credentials")


def test_a_token_request_without_permissions_gets_all_of_the_installation(
    emulator: GitHubEmulator,
) -> None:
    with integration(emulator) as app:
        assert app.get_access_token(777).permissions["pull_requests"] == "write"


@pytest.mark.parametrize("wanted", [{"administration": "read"}, {"contents": "write"}])
def test_asking_for_more_than_was_granted_is_refused(
    emulator: GitHubEmulator, wanted: dict[str, str]
) -> None:
    with integration(emulator) as app, pytest.raises(github.GithubException) as refusal:
        app.get_access_token(777, wanted)

    assert refusal.value.status == 422
    assert "not granted to this installation" in refusal.value.data["message"]


def test_a_token_without_write_permission_may_only_read(emulator: GitHubEmulator) -> None:
    app = integration(emulator)

    with app, app.get_github_for_installation(777, {"issues": "read"}) as client:
        repo = client.get_repo("acme/access")
        assert repo.get_issues().totalCount == 0
        with pytest.raises(github.GithubException) as refusal:
            repo.create_issue("A request")

    assert refusal.value.status == 403
    assert refusal.value.data["message"] == "Resource not accessible by integration"
    assert refusal.value.data["documentation_url"].endswith("#create-an-issue")


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"iat": -60, "exp": 601}, 401, "too far in the future"),
        ({"iat": -600, "exp": -1}, 401, "'Expiration time' claim"),
        ({"iat": 30, "exp": 300}, 401, "'Issued at' claim"),
        ({"iat": -60, "exp": 300, "iss": "1"}, 404, "Integration not found"),
        ({"iat": -60, "exp": 300, "iss": None}, 401, "Missing 'issuer' claim"),
    ],
)
def test_a_jwt_outside_the_rules_is_refused(
    emulator: GitHubEmulator, clock: Clock, claims: dict[str, int], status: int, message: str
) -> None:
    now = int(clock.now)
    given = {**claims, "iat": now + claims["iat"], "exp": now + claims["exp"]}

    answer = ask(emulator, "/app", "", **{"iss": "424242", **given})

    assert answer[0] == status
    assert message in str(answer[1]["message"])


def test_an_app_id_as_a_number_and_a_client_id_are_good_issuers(
    emulator: GitHubEmulator, clock: Clock
) -> None:
    times = {"iat": int(clock.now), "exp": int(clock.now) + 600}
    status, body = ask(emulator, "/app", "", iss=424242, **times)

    assert status == 200
    assert ask(emulator, "/app", "", iss=body["client_id"], **times)[0] == 200


def test_a_jwt_signed_by_another_key_is_refused(emulator: GitHubEmulator, clock: Clock) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": "424242", "iat": int(clock.now), "exp": int(clock.now) + 60}

    token = jwt.encode(claims, stranger, algorithm="RS256")

    assert ask(emulator, "/app", f"Bearer {token}")[0] == 401


def test_a_classic_token_acts_as_a_user(emulator: GitHubEmulator) -> None:
    with github.Github(
        auth=github.Auth.Token("ghp_sandbox"),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        issue = client.get_repo("ACME/Access").create_issue("By a machine user")

        assert client.get_user().login == issue.user.login == "usher-pat"
        assert issue.user.type == "User"


@pytest.mark.parametrize(
    ("path", "credential", "status", "message"),
    [
        ("/repos/acme/access/issues", "", 404, "Not Found"),
        ("/repos/acme/other/issues", "token ghp_sandbox", 404, "Not Found"),
        ("/repos/acme/access/issues", "token wrong", 401, "Bad credentials"),
        ("/user", "", 401, "Requires authentication"),
        ("/app", "token ghp_sandbox", 401, "A JSON web token could not be decoded"),
        ("/user", "Basic dTpw", 401, "Bad credentials"),
        ("/app", "Bearer a.b.c", 401, "A JSON web token could not be decoded"),
    ],
)
def test_whoever_may_not_is_told_so_as_github_does(
    emulator: GitHubEmulator, path: str, credential: str, status: int, message: str
) -> None:
    answered, body = ask(emulator, path, credential)

    assert (answered, body["message"], body["status"]) == (status, message, str(status))
    assert str(body["documentation_url"]).startswith("https://docs.github.com/rest")


def test_an_installation_is_found_by_its_id_and_no_other(emulator: GitHubEmulator) -> None:
    with integration(emulator) as app:
        assert app.get_app_installation(777).app_id == 424242
        assert [installation.id for installation in app.get_installations()] == [777]
        with pytest.raises(github.UnknownObjectException):
            app.get_app_installation(778)
        with pytest.raises(github.UnknownObjectException):
            app.get_access_token(778)


def test_a_token_can_be_narrowed_to_repositories_of_the_installation_only(
    emulator: GitHubEmulator,
) -> None:
    now = int(time.time())
    claims = json.dumps({"iss": "424242", "iat": now - 5, "exp": now + 60}).encode()
    signed = jwt.PyJWS().encode(claims, emulator.private_key_pem, "RS256")

    def narrowed_to(name: str) -> requests.Response:
        return requests.post(
            f"{emulator.url}/app/installations/777/access_tokens",
            json={"repositories": [name]},
            headers={"Authorization": f"Bearer {signed}"},
            timeout=5,
        )

    assert narrowed_to("access").status_code == 201
    assert narrowed_to("payroll").status_code == 422


def test_an_installation_token_is_no_user_and_a_jwt_opens_no_repository(
    emulator: GitHubEmulator,
) -> None:
    with integration(emulator) as app:
        token = app.get_access_token(777).token
        signed = app.auth.token

    assert ask(emulator, "/user", f"token {token}")[0] == 403
    assert ask(emulator, "/repos/acme/access/issues", f"Bearer {signed}")[0] == 403
    assert ask(emulator, "/users/OCTO-ann", f"token {token}")[1]["name"] == "Ann Ortiz"
    assert ask(emulator, "/users/nobody-here", f"token {token}")[0] == 404


def test_a_test_may_travel_in_time_while_tokens_follow_the_machines_clock() -> None:
    emulator = GitHubEmulator(clock=lambda: 2_000_000_000, auth_clock=time.time)
    emulator.serve()
    app = integration(emulator)

    with app, app.get_github_for_installation(777, {"issues": "write"}) as client:
        issue = client.get_repo("acme/access").create_issue("From the future")

    assert issue.created_at == datetime.fromtimestamp(2_000_000_000, UTC)
    emulator.close()
