"""Keys, files and misspellings; and what commands need that talk to no service."""

import pickle
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
)

from bot.domain.errors import SettingsError
from bot.settings import (
    load_local_settings,
    load_settings,
)
from tests.settings.environment import pem, problem, problems


@pytest.fixture(params=["passphrase", "elliptic curve", "certificate", "empty"])
def unfit_key(request: pytest.FixtureRequest, key: rsa.RSAPrivateKey) -> str:
    return {
        "passphrase": pem(key, BestAvailableEncryption(b"x")),
        "elliptic curve": pem(ec.generate_private_key(ec.SECP256R1())),
        "certificate": trustme.CA().cert_pem.bytes().decode(),
        "empty": "",
    }[str(request.param)]


def test_only_an_rsa_key_that_opens_by_itself_is_accepted(
    environ: dict[str, str], tmp_path: Path, unfit_key: str
) -> None:
    (tmp_path / "unfit.pem").write_text(unfit_key, "utf-8")

    sentence = problem(environ | {"SALESFORCE_PRIVATE_KEY_FILE": str(tmp_path / "unfit.pem")})

    assert sentence.startswith("SALESFORCE_PRIVATE_KEY_FILE holds no RSA private key")


def test_a_ca_file_without_a_certificate_is_refused(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("hello", "utf-8")

    sentence = problem(environ | {"USHER_CA_FILE": str(tmp_path / "ca.pem")})

    assert sentence.startswith("USHER_CA_FILE holds no certificate")


def test_an_empty_token_file_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n", "utf-8")

    sentence = problem(environ | {"OP_CONNECT_TOKEN_FILE": str(tmp_path / "token")})

    assert sentence.startswith("OP_CONNECT_TOKEN_FILE is wrong")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("SLACK_SIGNING_SECERT", "SLACK_SIGNING_SECRET"),
        ("SLACK_BOT_TOKEN_FILE", "SLACK_BOT_TOKEN"),
        ("SLACK_TEAM", "SLACK_TEAM_ID"),
        ("GITHUB_REPOS", "GITHUB_REPO"),
        ("GITHUB_TOKNE", "GITHUB_TOKEN"),
        ("SALESFORCE_USER_NAME", "SALESFORCE_USERNAME"),
        ("OP_CONNECT_HOTS", "OP_CONNECT_HOST"),
        ("USHER_CAFILE", "USHER_CA_FILE"),
    ],
)
def test_a_misspelt_setting_is_told_what_was_meant(
    environ: dict[str, str], wrong: str, meant: str
) -> None:
    sentence = problem(environ | {wrong: "x"})

    assert sentence == f"{wrong} is not a setting - did you mean {meant}?"


def test_what_github_actions_sets_is_no_misspelling(environ: dict[str, str]) -> None:
    set_by_ci = [
        "ACTION",
        "ACTIONS",
        "ACTION_PATH",
        "ACTION_REPOSITORY",
        "ACTOR",
        "ACTOR_ID",
        "BASE_REF",
        "ENV",
        "EVENT_NAME",
        "EVENT_PATH",
        "GRAPHQL_URL",
        "HEAD_REF",
        "JOB",
        "OUTPUT",
        "PATH",
        "REF",
        "REF_NAME",
        "REF_PROTECTED",
        "REF_TYPE",
        "REPOSITORY",
        "REPOSITORY_ID",
        "REPOSITORY_OWNER",
        "REPOSITORY_OWNER_ID",
        "RETENTION_DAYS",
        "RUN_ATTEMPT",
        "RUN_ID",
        "RUN_NUMBER",
        "SERVER_URL",
        "SHA",
        "STATE",
        "STEP_SUMMARY",
        "TRIGGERING_ACTOR",
        "WORKFLOW",
        "WORKFLOW_REF",
        "WORKFLOW_SHA",
        "WORKSPACE",
    ]

    assert problems(environ | {f"GITHUB_{name}": "x" for name in set_by_ci}) == []


def test_local_commands_need_nothing_and_look_at_nothing_else() -> None:
    elsewhere = {"SLACK_SIGNING_SECERT": "x", "GITHUB_REPO": "wrong", "PORT": "wrong"}

    settings = load_local_settings(elsewhere)

    assert settings.database_url.reveal() == "sqlite:///var/usher.db"
    assert settings.policy_dir == Path("policies")
    assert settings.people_file is None
    assert settings.log_level == "INFO"


def test_local_commands_still_refuse_what_they_do_read() -> None:
    with pytest.raises(SettingsError) as caught:
        load_local_settings({"DATABASE_URL": "x", "LOG_LEVEL": "x", "PEOPLE_FILE": "p.csv"})

    assert [sentence.split()[0] for sentence in caught.value.problems] == [
        "DATABASE_URL",
        "LOG_LEVEL",
    ]
    assert str(caught.value) == "2 settings are wrong."


def test_without_a_mapping_the_process_environment_is_read(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PORT", "4321")

    assert load_settings().port == 4321


def test_the_error_survives_being_stored() -> None:
    error = SettingsError("1 setting is wrong.", problems=("PORT is wrong.",))

    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # ours, made one line above

    assert (str(again), again.problems) == (str(error), error.problems)
