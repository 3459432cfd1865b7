"""A whole company to play stories in: the bot, the outside world, and people nobody else uses."""

import csv
import hmac
import io
import itertools
import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import requests
from sqlalchemy import text

from bot.app import Usher
from bot.domain.audit import Entry
from bot.domain.cards import CardAction
from bot.domain.grant import Grant
from bot.domain.policy import Provider
from bot.domain.request import Request
from bot.logs import configure_logs
from bot.playground import POLICIES, Playground
from bot.sandbox.example import Colleague, colleagues
from bot.sandbox.github.webhooks import Delivery
from bot.sandbox.onepassword.state import VaultItem
from bot.sandbox.salesforce import UserSnapshot
from bot.sandbox.slack import SlackMessage, View
from bot.sandbox.slack.person import Person as SlackPerson
from bot.sandbox.wire import Exchange
from bot.sandbox.world import CONNECT_TOKEN
from tests.end_to_end.canary import Errors, KeptPasswords, WatchedVault, WatchedWriter, find
from tests.end_to_end.company import GUS, Team, make_team, write_roster, write_rows

WHY = "Prepare the quarterly review with the regional team"
FORM = {"Level": "", "For whom": "", "For how long": "30 days", "Why": WHY}


class House(Playground):
    """A playground with its own copy of policies and roster, whose secrets are watched."""

    def __init__(self, folder: Path, *, extra: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.logs = io.StringIO()
        self.errors = Errors()
        self.passwords: KeptPasswords | None = None
        self.policy_dir = folder / "policies"
        self.people_file = folder / "people.csv"
        self._extra = extra or {}
        self._sent = 0
        self._numbers = itertools.count(1)
        self._vaults = [c.handoff_vault for c in colleagues()]
        shutil.copytree(POLICIES, self.policy_dir)
        write_roster(self.people_file)
        super().__init__(folder, policy_dir=self.policy_dir)
        self.world.salesforce.org.set_total("Salesforce", 200)
        self.world.salesforce.org.set_total("InboxWithEinsteinActivityCapturePsl", 50)

    def start(self) -> None:
        self.log_here()
        super().start()

    def log_here(self) -> None:
        """Let every log of this process go into `logs`, whoever took it away."""
        configure_logs("DEBUG", json=True, stream=self.logs)

    def _new_usher(self) -> Usher:
        self._environ |= {"PEOPLE_FILE": str(self.people_file), **self._extra}
        usher = super()._new_usher()
        seats = usher.context.services[Provider.SALESFORCE]
        self.passwords = self.passwords or KeptPasswords(usher.context.passwords)
        watched = replace(seats, writer=WatchedWriter(seats.writer, self.errors))
        usher.context = replace(
            usher.context,
            passwords=self.passwords,
            vault=WatchedVault(usher.context.vault, self.errors),
            services={Provider.SALESFORCE: watched},
        )
        return usher

    # ---- people ---------------------------------------------------------------------------------

    def team(self) -> Team:
        """Let four new people in: Slack, GitHub and a hand-off vault each."""
        number = next(self._numbers)
        team = make_team(number)
        for one in (team.manager, team.engineer, team.seller, team.csm):
            self.world.slack.add_user(one.slack_id, name=one.name, mail=one.mail)
            self.world.github.add_user(one.github, name=one.name, permission="write")
            self.world.onepassword.add_vault(f"Handoff - {one.id}", vault_id=one.handoff_vault)
            self._vaults.append(one.handoff_vault)
        self.renew_vault_token()
        return team

    def renew_vault_token(self, scope: str = "rw") -> None:
        """Mint the bot's token again, for all vaults there are."""
        scopes = dict.fromkeys(self._vaults, scope)
        self.world.onepassword.add_token(CONNECT_TOKEN, vaults=scopes)

    def rewrite(self, who: Colleague, **cells: str) -> None:
        """Change somebody's line of the roster, as the next HR export would."""
        with self.people_file.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["id"] == who.id:
                row.update(cells)
        write_rows(self.people_file, rows)

    @contextmanager
    def policy_changed(self, file: str, old: str, new: str) -> Iterator[None]:
        """Put another version of a policy file in force for a while, as a merge does."""
        path = self.policy_dir / file
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new))
        self._look_at_policies()
        try:
            yield
        finally:
            path.write_text(before)
            self._look_at_policies()

    def _look_at_policies(self) -> None:
        """Skip the seconds for which the bot trusts its last look."""
        self.usher.policies.refresh()

    # ---- asking ---------------------------------------------------------------------------------

    def fill_in(
        self, who: Colleague, level: str, *, how_long: str = "30d", why: str = WHY, whom: str = ""
    ) -> dict[str, str]:
        """Open the Slack form, fill it in and submit it; returns the inline errors."""
        person = self.world.slack.person(who.slack_id)
        person.command("/access")
        options = person.suggest("level", "form:level", level)
        chosen = next(option for option in options if option["value"] == level)
        values = {"level": chosen, "how_long": _choice(person.view, how_long), "why": why}
        person.submit(values | ({"for_whom": whom} if whom else {}))
        self.settle()
        return person.view_errors

    def ask(
        self, who: Colleague, level: str, *, how_long: str = "30d", why: str = WHY, whom: str = ""
    ) -> Request:
        """Ask in Slack and return the request that came of it."""
        errors = self.fill_in(who, level, how_long=how_long, why=why, whom=whom)
        assert errors == {}
        return self.requests_of(who)[-1]

    def ask_on_issue(
        self,
        who: Colleague,
        level: str,
        *,
        how_long: str = "30 days",
        why: str = WHY,
        whom: str = "",
    ) -> int:
        """Ask with the issue form and return the issue's number."""
        answers = {"Level": level, "For whom": whom, "For how long": how_long, "Why": why}
        number = self.world.github.person(who.github).open_form(answers).number
        self.settle()
        return number

    def edit_form(self, who: Colleague, number: int, **answers: str) -> None:
        """Edit the issue's form; answers are given as level=…, how_long=…, why=…, whom=…."""
        names = {"level": "Level", "whom": "For whom", "how_long": "For how long", "why": "Why"}
        given = {**FORM, **{names[key]: value for key, value in answers.items()}}
        body = "\n\n".join(f"### {k}\n\n{v or '_No response_'}" for k, v in given.items())
        self.world.github.person(who.github).edit_issue(number, body=body)
        self.settle()

    # ---- answering ------------------------------------------------------------------------------

    def comment(self, who: Colleague, number: int, words: str) -> str:
        """Comment on an issue and return what the bot replied, empty for nothing."""
        before = len(self.replies(number))
        self.world.github.person(who.github).comment(number, words)
        self.settle()
        return "\n".join(self.replies(number)[before:])

    def press(self, who: Colleague, request_id: str, action: CardAction | str) -> str:
        """Press a button of somebody's card and return what they were told, and only they."""
        before = len(self.whispers(who))
        self.world.slack.person(who.slack_id).press(self.card(who, request_id), str(action))
        self.settle()
        return "\n".join(self.whispers(who)[before:])

    def grant_standard(
        self, seller: Colleague, manager: Colleague, *, how_long: str = "90d"
    ) -> Request:
        """Ask for salesforce/standard and approve it on the issue, as manager and as its owner."""
        request = self.ask(seller, "salesforce/standard", how_long=how_long)
        assert request.issue_number is not None
        self.comment(manager, request.issue_number, "/approve")
        self.comment(GUS, request.issue_number, "/approve")
        return self.request(request.id)

    def grant_view_only(self, who: Colleague, manager: Colleague) -> Request:
        """Ask for salesforce/view-only in Slack and approve it there."""
        request = self.ask(who, "salesforce/view-only")
        self.press(manager, request.id, CardAction.APPROVE)
        return self.request(request.id)

    # ---- raw webhooks ---------------------------------------------------------------------------

    def hold_webhooks(self) -> None:
        """Let GitHub's webhooks go nowhere, as in a network cut; `post` sends them by hand."""
        self.settle()
        self._sent = len(self.world.github.deliveries)
        self.world.github.connect("http://127.0.0.1:1")

    def held(self) -> list[Delivery]:
        """Return what could not be sent since `hold_webhooks`, and connect GitHub again."""
        self.world.github.deliver_pending()
        self.world.github.connect(self.url)
        return self.world.github.deliveries[self._sent :]

    def post(self, delivery: Delivery, guid: str = "") -> int:
        """Send a webhook, signed, as it was or under another delivery id; returns the status."""
        body = json.dumps(delivery.payload).encode()
        secret = self.world.github.webhook_secret.encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": guid or delivery.guid,
            "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}",
        }
        answer = requests.post(f"{self.url}/github/webhooks", body, headers=headers, timeout=10)
        return answer.status_code

    # ---- looking: the bot's rows ----------------------------------------------------------------

    def request(self, request_id: str) -> Request:
        with self.usher.ledger.read() as tx:
            found = tx.requests.get(request_id)
        assert found is not None
        return found

    def request_on(self, number: int) -> Request | None:
        with self.usher.ledger.read() as tx:
            return tx.requests.by_issue(number)

    def requests_of(self, who: Colleague) -> list[Request]:
        """List somebody's requests, oldest first."""
        with self.usher.ledger.read() as tx:
            found = tx.requests.of_person(who.id)
        return sorted(found, key=lambda request: request.created_at)

    def grant(self, request_id: str) -> Grant | None:
        with self.usher.ledger.read() as tx:
            return tx.grants.get(request_id)

    def audit(self, subject: str) -> list[Entry]:
        with self.usher.ledger.read() as tx:
            return tx.audit.of_subject(subject)

    def count(self, table: str) -> int:
        """Count the rows of one of our tables."""
        with self.usher.database.connect() as connection:
            found = connection.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608  # ours
            return int(found.scalar_one())

    # ---- looking: the outside -------------------------------------------------------------------

    def user(self, who: Colleague) -> UserSnapshot | None:
        return self.world.salesforce.org.user(who.id)

    def items(self, who: Colleague) -> list[VaultItem]:
        return self.world.onepassword.items(who.handoff_vault)

    def has_nothing(self, who: Colleague) -> bool:
        """Whether nothing was granted: no active user, nothing in the vault, no grant."""
        user = self.user(who)
        with self.usher.ledger.read() as tx:
            grants = tx.grants.of_person(who.id)
        return (user is None or not user.is_active) and not self.items(who) and not grants

    def has_seat(self, who: Colleague) -> bool:
        """Whether somebody has an active user and exactly one item with the password in force."""
        user, items = self.user(who), self.items(who)
        is_active = user is not None and user.is_active and not user.is_frozen
        return is_active and [i.password for i in items] == [user and user.last_password]

    def replies(self, number: int) -> list[str]:
        """List the bot's comments on an issue but for the status comment, oldest first."""
        ours = self._our_comments(number)
        return [body for body in ours if "<!-- usher:status:" not in body]

    def status(self, number: int) -> str:
        """Return the one status comment."""
        (found,) = (b for b in self._our_comments(number) if "<!-- usher:status:" in b)
        return found

    def text(self, who: Colleague, request_id: str) -> str:
        """Return what somebody's card about a request says."""
        return self.card(who, request_id).text

    def cards(self, who: Colleague, request_id: str) -> list[SlackMessage]:
        """List somebody's cards about a request."""
        return [m for m in self.world.slack.dm(who.slack_id) if _is_about(m, request_id)]

    def card(self, who: Colleague, request_id: str) -> SlackMessage:
        """Return somebody's one card about a request."""
        (found,) = self.cards(who, request_id)
        return found

    def tick(self, who: Colleague, number: int, box: str = "- [ ]", mark: str = "- [x]") -> None:
        """Tick every open step of the checklist in the status comment, or write another mark."""
        comments = self.world.github.issue(number).comments
        (status,) = (c for c in comments if "<!-- usher:status:" in c.body)
        github = self.world.github.person(who.github)
        github.edit_comment(status.id, status.body.replace(box, mark))
        self.settle()

    def whispers(self, who: Colleague) -> list[str]:
        """List what the bot said so that only this person could see it."""
        said = self.world.slack.messages()
        return [m.text for m in said if m.ephemeral_for == who.slack_id]

    def slack(self, who: Colleague) -> SlackPerson:
        return self.world.slack.person(who.slack_id)

    def _our_comments(self, number: int) -> list[str]:
        """List what the bot wrote as people read it, without Markdown's escapes."""
        comments = self.world.github.issue(number).comments
        ours = [c.body for c in comments if c.author == self.world.github.app_login]
        return [body.replace("\\", "").replace("\u2060", "") for body in ours]


def leaks(house: House) -> dict[str, list[str]]:
    """Search everything that a password must never enter; empty when all is well."""
    secrets = house.passwords.made if house.passwords else []
    places = {
        "slack": b"".join(_wire(e) for e in house.world.slack.exchanges),
        "github": b"".join(_wire(e) for e in house.world.github.exchanges),
        "salesforce": b"".join(
            _wire(e) for e in house.world.salesforce.exchanges if not is_password_call(e)
        ),
        "1password": b"".join(
            _wire(e) for e in house.world.onepassword.exchanges if not is_item_call(e)
        ),
        "webhooks": str([d.payload for d in house.world.github.deliveries]).encode(),
        "database": b"".join(path.read_bytes() for path in house.folder.glob("usher.db*")),
        "logs": house.logs.getvalue().encode(),
        "errors": "\n".join(house.errors.texts).encode(),
    }
    found = {place: find(secrets, content) for place, content in places.items()}
    return {place: forms for place, forms in found.items() if forms}


def is_password_call(exchange: Exchange) -> bool:
    return exchange.method == "POST" and exchange.path.endswith("/password")


def is_item_call(exchange: Exchange) -> bool:
    return exchange.method == "POST" and exchange.path.endswith("/items")


def _wire(exchange: Exchange) -> bytes:
    """Return everything that went over the wire in one exchange."""
    asked = f"{exchange.method} {exchange.path}?{exchange.query} {exchange.request_headers}"
    return asked.encode() + exchange.request_body + (exchange.response_body or b"")


def _is_about(message: SlackMessage, request_id: str) -> bool:
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("key", "")).startswith(f"card:{request_id}:")


def _choice(view: View | None, value: str) -> dict[str, object]:
    for block in view.blocks if view else ():
        for option in block.get("element", {}).get("options", []):
            if option["value"] == value:
                return dict(option)
    raise AssertionError(f"the form does not offer {value}")


def at_once(acts: Iterable[Callable[[], object]]) -> None:
    """Do all of these at the same moment, each in its own thread."""
    todo = list(acts)
    start = threading.Barrier(len(todo))

    def run(act: Callable[[], object]) -> None:
        start.wait(10)
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in todo]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
