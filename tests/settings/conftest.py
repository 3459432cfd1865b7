"""A complete environment, as a person would set it up."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.settings.environment import CANARY, pem


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def environ(tmp_path: Path, key: rsa.RSAPrivateKey) -> dict[str, str]:
    """Return the least that serve needs."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "people.csv").write_text("id\n", "utf-8")
    (tmp_path / "key.pem").write_text(pem(key), "utf-8")
    return {
        "POLICY_DIR": str(tmp_path / "policies"),
        "PEOPLE_FILE": str(tmp_path / "people.csv"),
        "SLACK_BOT_TOKEN": f"xoxb-{CANARY}",
        "SLACK_SIGNING_SECRET": f"signing-{CANARY}",
        "GITHUB_REPO": "acme/access",
        "GITHUB_WEBHOOK_SECRET": f"webhook-{CANARY}",
        "GITHUB_APP_ID": "424242",
        "GITHUB_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
        "SALESFORCE_URL": "https://acme.my.salesforce.com",
        "SALESFORCE_CLIENT_ID": "3MVG9",
        "SALESFORCE_USERNAME": "usher@acme.example",
        "SALESFORCE_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
        "OP_CONNECT_HOST": "https://connect.acme.example",
        "OP_CONNECT_TOKEN": f"connect-{CANARY}",
        "PATH": "/usr/bin",
    }
