"""What settings may be, and what is said of those that may not."""

import dataclasses
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.domain.errors import SettingsError
from bot.settings import (
    GitHubApp,
    GitHubToken,
    SalesforceClient,
    SalesforceJwt,
    load_settings,
)
from tests.settings.environment import CANARY, pem, problem, problems, without


def test_the_least_that_is_needed_leaves_the_rest_at_its_defaults(environ: dict[str, str]) -> None:
    settings = load_settings(environ)

    assert settings.database_url.reveal() == "sqlite:///var/usher.db"
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8080, "INFO")
    assert (settings.api_tokens_file, settings.ca_file) == (None, None)
    assert settings.slack.api_url == "https://slack.com/api/"
    assert (settings.slack.app_token, settings.slack.team_id) == (None, None)
    assert settings.github.api_url == "https://api.github.com"
    assert settings.github.policy_repo == settings.github.repo == "acme/access"
    assert settings.salesforce.url == "https://acme.my.salesforce.com"
    assert settings.onepassword.host == "https://connect.acme.example"


def test_everything_can_be_set(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("# none\n", "utf-8")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    settings = load_settings(
        environ
        | {
            "DATABASE_URL": f"postgres://usher:{CANARY}@db:5432/usher",
            "HOST": "::",
            "PORT": "443",
            "LOG_LEVEL": "debug",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_TEAM_ID": "T0123ABC",
            "SLACK_API_URL": "https://slack-gov.com/api",
            "GITHUB_API_URL": "http://127.0.0.1:9000/api/v3/",
            "GITHUB_POLICY_REPO": "acme/policies",
            "API_TOKENS_FILE": str(tmp_path / "tokens"),
            "USHER_CA_FILE": str(tmp_path / "ca.pem"),
        }
    )

    assert settings.database_url.reveal() == f"postgres://usher:{CANARY}@db:5432/usher"
    assert (settings.host, settings.port, settings.log_level) == ("::", 443, "DEBUG")
    assert settings.slack.app_token is not None
    assert settings.slack.team_id == "T0123ABC"
    assert settings.slack.api_url == "https://slack-gov.com/api/"
    assert settings.github.api_url == "http://127.0.0.1:9000/api/v3"
    assert settings.github.policy_repo == "acme/policies"
    assert settings.api_tokens_file == tmp_path / "tokens"
    assert settings.ca_file == tmp_path / "ca.pem"


def test_settings_are_frozen_and_show_no_secret(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"DATABASE_URL": f"postgresql://u:{CANARY}@h/d"})

    assert CANARY not in repr(settings)
    assert "PRIVATE KEY" not in repr(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]  # that it is refused is the point


def test_an_empty_environment_gets_one_sentence_for_each_thing_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    found = problems({})

    assert [sentence.split()[0] for sentence in found] == [
        "POLICY_DIR",
        "PEOPLE_FILE",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "GITHUB_REPO",
        "GITHUB_WEBHOOK_SECRET",
        "GITHUB_APP_ID",
        "SALESFORCE_URL",
        "SALESFORCE_CLIENT_ID",
        "SALESFORCE_USERNAME",
        "OP_CONNECT_HOST",
        "OP_CONNECT_TOKEN",
    ]
    assert all(sentence.endswith(".") for sentence in found)


def test_set_to_nothing_or_blanks_is_not_set(environ: dict[str, str]) -> None:
    blank = {"SLACK_APP_TOKEN": "", "GITHUB_TOKEN": "  ", "SALESFORCE_CLIENT_SECRET": "\n"}

    assert problems(environ | blank) == []
    assert "SLACK_BOT_TOKEN is missing" in problem(environ | {"SLACK_BOT_TOKEN": " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "usher.db"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://h:port/d"),
        ("HOST", "127.0.0.1:8080"),
        ("HOST", "two words"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("LOG_LEVEL", "LOUD"),
        ("POLICY_DIR", "nowhere"),
        ("PEOPLE_FILE", "nowhere.csv"),
        ("PEOPLE_FILE", "."),
        ("PEOPLE_FILE", "\0"),
        ("API_TOKENS_FILE", "nowhere"),
        ("USHER_CA_FILE", "nowhere"),
        ("SLACK_BOT_TOKEN", "xoxp-1"),
        ("SLACK_APP_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "two words"),
        ("SLACK_TEAM_ID", "acme"),
        ("SLACK_API_URL", "slack.com"),
        ("SLACK_API_URL", "https://[bad"),
        ("SLACK_API_URL", "https://slack.com:port/api"),
        ("SLACK_API_URL", "https://slack.com/api?x=1"),
        ("GITHUB_API_URL", "http://github.acme.example"),
        ("GITHUB_API_URL", "https://user:word@github.acme.example"),
        ("GITHUB_API_URL", "ftp://127.0.0.1"),
        ("GITHUB_REPO", "access"),
        ("GITHUB_REPO", "https://github.com/acme/access"),
        ("GITHUB_POLICY_REPO", "acme/.."),
        ("GITHUB_APP_ID", "usher"),
        ("GITHUB_PRIVATE_KEY_FILE", "nowhere.pem"),
        ("SALESFORCE_URL", "https://login.salesforce.com"),
        ("SALESFORCE_URL", "https://acme.my.salesforce.com/lightning"),
        ("SALESFORCE_USERNAME", "usher"),
        ("OP_CONNECT_HOST", "http://connect.acme.example"),
        ("OP_CONNECT_TOKEN", "two words"),
        ("OP_CONNECT_TOKEN_FILE", "nowhere"),
    ],
)
def test_a_value_of_the_wrong_form_is_named_with_what_it_must_be(
    environ: dict[str, str], name: str, value: str
) -> None:
    sentence = problem(environ | {name: value})

    assert sentence.startswith(f"{name} ")
    assert sentence.endswith(".")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.9.9.9", "localhost:1", "[::1]:1"])
def test_plain_http_is_for_loopback(environ: dict[str, str], host: str) -> None:
    assert problems(environ | {"OP_CONNECT_HOST": f"http://{host}"}) == []


def test_no_message_quotes_a_value_wherever_a_secret_was_put(environ: dict[str, str]) -> None:
    for wrong in (f"{CANARY}: x", f"http://{CANARY}.example/{CANARY}?{CANARY}"):
        confused = dict.fromkeys(environ, wrong) | {f"SLACK_SIGNING_SECERT_{CANARY}"[:20]: wrong}
        with pytest.raises(SettingsError) as caught:
            load_settings(confused)

        assert CANARY not in f"{caught.value!r} {caught.value.problems}"
        assert CANARY.lower() not in " ".join(caught.value.problems).lower()


def test_app_and_token_contradict_each_other_at_github(environ: dict[str, str]) -> None:
    sentence = problem(environ | {"GITHUB_TOKEN": "ghp_1"})

    assert "GITHUB_TOKEN contradicts GITHUB_APP_ID and GITHUB_PRIVATE_KEY_FILE" in sentence


def test_github_is_signed_in_to_as_an_app_or_with_a_token(environ: dict[str, str]) -> None:
    no_app = without(environ, "GITHUB_APP_ID", "GITHUB_PRIVATE_KEY_FILE")

    app = load_settings(environ).github.credential
    token = load_settings(no_app | {"GITHUB_TOKEN": "ghp_1"}).github.credential

    assert isinstance(app, GitHubApp)
    assert app.app_id == "424242"
    assert isinstance(token, GitHubToken)
    assert token.token.reveal() == "ghp_1"


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY_FILE"),
        ("GITHUB_PRIVATE_KEY_FILE", "GITHUB_APP_ID"),
        ("SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"),
        ("SALESFORCE_PRIVATE_KEY_FILE", "SALESFORCE_USERNAME"),
    ],
)
def test_half_a_credential_says_which_half_is_missing(
    environ: dict[str, str], there: str, missing: str
) -> None:
    sentence = problem(without(environ, missing))

    assert sentence.startswith(f"{missing} is missing")
    assert there in sentence


def test_key_and_client_secret_contradict_each_other_at_salesforce(
    environ: dict[str, str],
) -> None:
    sentence = problem(environ | {"SALESFORCE_CLIENT_SECRET": "x"})

    assert "contradicts SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE" in sentence


def test_salesforce_is_signed_in_to_by_jwt_or_client_credentials(environ: dict[str, str]) -> None:
    no_key = without(environ, "SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE")

    jwt = load_settings(environ).salesforce.credential
    client = load_settings(no_key | {"SALESFORCE_CLIENT_SECRET": "x"}).salesforce.credential

    assert isinstance(jwt, SalesforceJwt)
    assert jwt.username == "usher@acme.example"
    assert isinstance(client, SalesforceClient)
    assert client.client_secret.reveal() == "x"


def test_user_name_password_and_token_are_refused_at_salesforce(environ: dict[str, str]) -> None:
    password = {"SALESFORCE_PASSWORD": CANARY, "SALESFORCE_SECURITY_TOKEN": CANARY}

    sentence = problem(without(environ, "SALESFORCE_PRIVATE_KEY_FILE") | password)

    assert sentence.startswith("SALESFORCE_PASSWORD and SALESFORCE_SECURITY_TOKEN")
    assert "never signs in with a password" in sentence
    assert "SALESFORCE_PRIVATE_KEY_FILE" in sentence


def test_the_person_field_has_a_default_and_must_be_a_custom_field(environ: dict[str, str]) -> None:
    name = "SALESFORCE_PERSON_FIELD"

    assert load_settings(environ).salesforce.person_field == "Usher_Person_Id__c"
    assert load_settings(environ | {name: "HR_Id__c"}).salesforce.person_field == "HR_Id__c"
    for wrong in ("Email", "x__c FROM User --", CANARY):
        assert problem(environ | {name: wrong}).startswith(f"{name} is wrong: set it to the API")


def test_a_file_wins_over_its_plain_twin(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n", "utf-8")
    twins = {
        "GITHUB_PRIVATE_KEY": "no key at all",
        "SALESFORCE_PRIVATE_KEY": "no key at all",
        "OP_CONNECT_TOKEN_FILE": str(tmp_path / "token"),
    }

    settings = load_settings(environ | twins)

    assert isinstance(settings.github.credential, GitHubApp)
    assert "PRIVATE KEY" in settings.github.credential.private_key.reveal()
    assert settings.onepassword.token == tmp_path / "token"


def test_a_key_in_one_line_is_understood(environ: dict[str, str], key: rsa.RSAPrivateKey) -> None:
    one_line = pem(key).replace("\n", "\\n")
    plain = without(environ, "GITHUB_PRIVATE_KEY_FILE") | {"GITHUB_PRIVATE_KEY": one_line}

    credential = load_settings(plain).github.credential

    assert isinstance(credential, GitHubApp)
    assert credential.private_key.reveal() == pem(key)
