"""All four emulators together, and the settings with which a bot finds them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.example import PEOPLE_FILE, files_below
from bot.sandbox.github import GitHubEmulator
from bot.sandbox.onepassword import ConnectEmulator
from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.slack import SlackEmulator
from bot.sandbox.wire import Emulator


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where each emulator listens on loopback; 0 picks a free port."""

    slack: int = 0
    github: int = 0
    salesforce: int = 0
    onepassword: int = 0


class World:
    """The outside world of the example company, running.

    `policies` is a folder that becomes the repository's `policies/`, by `POLICY_AUTHOR`, before the
    bot is told of anything; `app_manifest` is a file that says what the GitHub App may and hears.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        clock: Callable[[], float] = time.time,
        rate_limits: bool = True,
        policies: Path | None = None,
        app_manifest: Path | None = None,
    ) -> None:
        where = ports or Ports()
        self.folder = folder
        self.slack = SlackEmulator(clock=clock, rate_limits=rate_limits)
        self.github = GitHubEmulator(
            clock=clock,
            auth_clock=time.time,
            rate_limits=rate_limits,
            manifest=json.loads(app_manifest.read_text("utf-8")) if app_manifest else None,
        )
        # Its tokens and the bot's assertions live by the machine's clock, also when stories travel.
        self.salesforce = SalesforceEmulator()
        self.onepassword = ConnectEmulator(clock=clock)
        self.slack.serve(where.slack)
        self.github.serve(where.github)
        self.salesforce.serve_tls(where.salesforce)
        self.onepassword.serve(where.onepassword)
        self._write_keys()
        if policies is not None:
            files = files_below(policies, under="policies")
            self.github.commit_files(
                self.github.code.store.default_branch, files, "Add the policy", POLICY_AUTHOR
            )

    @property
    def emulators(self) -> tuple[Emulator, ...]:
        return (self.slack, self.github, self.salesforce, self.onepassword)

    def connect(self, bot_url: str) -> None:
        """Tell Slack and GitHub where the bot takes their requests."""
        self.slack.connect(bot_url)
        self.github.connect(bot_url)

    def close(self) -> None:
        for emulator in self.emulators:
            emulator.close()

    def settings(self, *, database_url: str, port: int, policy_dir: Path) -> dict[str, str]:
        """Return the environment for a bot that lives in this world."""
        return {
            "DATABASE_URL": database_url,
            "POLICY_DIR": str(policy_dir),
            "PEOPLE_FILE": str(PEOPLE_FILE),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "SLACK_BOT_TOKEN": "xoxb-sandbox-bot",
            "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_TEAM_ID": "T0ACME0001",
            "GITHUB_REPO": "acme/access",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_WEBHOOK_SECRET": "sandbox-webhook-secret",
            "GITHUB_APP_ID": "424242",
            "GITHUB_PRIVATE_KEY_FILE": str(self.folder / "github-app.pem"),
            "SALESFORCE_URL": self.salesforce.url,
            "SALESFORCE_CLIENT_ID": "3MVG9sandbox",
            "SALESFORCE_USERNAME": "usher@acme.example.crm",
            "SALESFORCE_PRIVATE_KEY_FILE": str(self.folder / "salesforce.pem"),
            "OP_CONNECT_HOST": self.onepassword.url,
            "OP_CONNECT_TOKEN": CONNECT_TOKEN,
            "API_TOKENS_FILE": str(self.folder / "api-tokens.txt"),
            "USHER_CA_FILE": str(self.folder / "sandbox-ca.pem"),
        }

    def _write_keys(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {
            "github-app.pem": self.github.private_key_pem.encode(),
            "salesforce.pem": self.salesforce.private_key_pem.encode(),
            "sandbox-ca.pem": self.salesforce.ca_pem,
            "api-tokens.txt": _API_TOKENS.encode(),
        }
        for name, content in files.items():
            path = self.folder / name
            path.write_bytes(content)
            path.chmod(0o600)


POLICY_AUTHOR = "octo-gtm-1"
HR_TOKEN = "sandbox-hr-token"
CONNECT_TOKEN = "sandbox-connect-token"
_API_TOKENS = (
    "# name and SHA-256 of the token; this one is sandbox-hr-token\n"
    "hr-system sha256:c1a9589bb89f0bad71301df808133167b436fead10701dc5d7a65269e798896d\n"
)
