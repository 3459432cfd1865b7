"""The tour: the whole story against the sandbox, without a human, each step in plain words."""

import re
import tempfile
from datetime import timedelta
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from bot.logs import configure_logs
from bot.playground import POLICIES, Playground, propose_half_a_year
from bot.sandbox.example import colleagues
from bot.sandbox.github.snapshots import StatusMark
from bot.sandbox.salesforce import UserSnapshot
from bot.sandbox.slack import SlackMessage, View
from bot.sandbox.world import CONNECT_TOKEN, HR_TOKEN
from bot.tour_leaving import leaving

ANN, BEA, CAI, DOV, GUS = "U0ANN00004", "U0BEA00003", "U0CAI00006", "U0DOV00007", "U0GUS00002"
IVY, SECURITY = "U0IVY00010", "octo-sec-1"
NEWCOMER = {
    "id": "p101",
    "mail": "noor.haddad@acme.example",
    "name": "Noor Haddad",
    "role": "csm",
    "manager_id": "p009",
    "timezone": "Asia/Tokyo",
    "github": "octo-noor",
    "slack_id": "U0NOO00101",
    "handoff_vault": "vaultnoor00000000000000101",
}


class TourFailed(Exception):
    """A step did not have its effect."""


class Tour:
    """Plays people through the emulators and checks what came of it."""

    def __init__(self, ground: Playground, out: Console) -> None:
        self.ground = ground
        self.world = ground.world
        self._out = out
        self._step = 0

    def chapter(self, title: str) -> None:
        self._out.print(f"\n[bold]{title}[/]")

    def say(self, text: str) -> None:
        self._step += 1
        self._out.print(f"  {self._step:>2}. ", end="")
        self._out.print(text, markup=False)

    def check(self, what: str, is_so: object) -> None:
        if not is_so:
            raise TourFailed(what)
        self._out.print("      [green]✓[/] ", end="")
        self._out.print(what, markup=False)

    # ---- chapters -------------------------------------------------------------------------------

    def high_risk_request(self) -> int:
        """Ask in Slack, refuse a self-approval, approve on GitHub, provision, deliver, tell."""
        self.chapter("Ann asks for Salesforce in Slack")
        self.ask_in_slack(ANN, "standard", "salesforce/standard", "90d", "Q1 pipeline reviews")
        self.say("Ann typed /access standard, chose 90 days, and said why.")
        issue = self.world.github.issues()[-1]
        self.check(f"issue #{issue.number} is open: {issue.title}", issue.state == "open")
        card = self.last_card(ANN)
        self.check(
            f"Ann's card says: {card.text.splitlines()[0]}", "Waiting for approval" in card.text
        )

        self.say("Ann tries to approve her own request on the issue.")
        self.comment("octo-ann", issue.number, "/approve")
        self.check(
            f"the answer is no: {self.last_comment(issue.number)}",
            "Nobody approves their own request" in self.last_comment(issue.number),
        )
        self.say("Bea, her manager, and Gus, who looks after Salesforce, approve on the issue.")
        self.comment("octo-bea", issue.number, "/approve")
        self.check("one yes is not enough", self.user("p004") is None)
        self.comment("octo-gtm-1", issue.number, "/approve")
        self.see_access("p004", "vaultann000000000000000004", issue.number)
        return issue.number

    def see_access(self, person_id: str, vault: str, number: int) -> None:
        user = self.user(person_id)
        if user is None:
            raise TourFailed(f"Salesforce has no user for {person_id}")
        self.check(
            f"Salesforce has {user.username}: {user.licence}, {user.profile}, "
            f"sets {', '.join(user.permission_sets) or 'none'}",
            user.is_active and not user.is_frozen,
        )
        items = self.world.onepassword.items(vault)
        self.check(
            f"the hand-off vault has «{items[-1].title}»" if items else "an item in the vault",
            len(items) == 1 and items[0].password == user.last_password,
        )
        issue = self.world.github.issue(number)
        self.check("the issue is closed and says so", issue.state == "closed")

    def low_risk_request(self) -> int:
        """Ask with the GitHub form, approve in Slack."""
        self.chapter("Cai asks with the issue form on GitHub, and Dov approves in Slack")
        number = self.ask_to_read("30 days")
        self.say("Cai filled in the form for salesforce/view-only, 30 days.")
        self.approve_in_slack(number)
        return number

    def approve_in_slack(self, number: int) -> None:
        """Let Dov say yes to Cai."""
        card = self.last_card(DOV)
        self.check("Dov has a card with Approve and Deny", "request:approve" in str(card.blocks))
        self.world.slack.person(DOV).press(card, "request:approve")
        self.ground.settle()
        self.say("Dov pressed Approve.")
        self.see_access("p006", "vaultcai000000000000000006", number)

    def onboarding(self) -> None:
        """The HR system says who joins; the role's levels are granted on the first day."""
        self.chapter("Noor joins in three days, says the HR system")
        first_day = (self.ground.clock.now() + timedelta(days=3)).date().isoformat()
        self.world.slack.add_user("U0NOO00101", name="Noor Haddad", mail=NEWCOMER["mail"])
        self.world.onepassword.add_vault("Handoff - p101", vault_id=NEWCOMER["handoff_vault"])
        vaults = [NEWCOMER["handoff_vault"], *(c.handoff_vault for c in colleagues())]
        self.world.onepassword.add_token(CONNECT_TOKEN, vaults=dict.fromkeys(vaults, "rw"))
        body = {"person": {**NEWCOMER, "first_day": first_day}}
        answers = [self._post_onboarding(body) for _ in range(2)]
        self.say("It sent the same call twice, as such systems do.")
        self.check("once made, once recognised", [a.status_code for a in answers] == [201, 200])
        self.ground.settle()
        self.check("nothing is made before the first day", self.user("p101") is None)
        self.ground.travel(timedelta(days=4))
        self.say("The first day has come.")
        user = self.user("p101")
        self.check(
            f"Noor has {user.username if user else 'nothing'}", user is not None and user.is_active
        )

    def _post_onboarding(self, body: dict[str, dict[str, str]]) -> requests.Response:
        headers = {"Authorization": f"Bearer {HR_TOKEN}", "Idempotency-Key": "hire-noor-1"}
        url = f"{self.ground.url}/api/v1/onboardings"
        return requests.post(url, json=body, headers=headers, timeout=10)

    def give_back(self, number: int) -> None:
        """Ann gives her access back from Slack."""
        self.chapter("Ann gives her seat back")
        card = self.last_card(ANN)
        self.world.slack.person(ANN).press(card, "grant:give_back")
        self.ground.settle()
        self.say("Ann pressed «Give back» on her card.")
        self.see_ended("p004", "vaultann000000000000000004", number)

    def expiry(self, number: int) -> None:
        """Cai's thirty days are over."""
        self.chapter("Cai's 30 days are over")
        self.ground.travel(timedelta(days=31))
        self.say("A month has passed.")
        self.see_ended("p006", "vaultcai000000000000000006", number)

    def looser_rule(self) -> None:
        """A pull request that loosens a rule: judged, shown, merged, and in force."""
        self.chapter("IT changes a rule: reading Salesforce for 180 days instead of 90")
        refused = self.ask_to_read("180 days")
        self.say("Cai asks to read for 180 days.")
        why = [line for line in self.last_comment(refused).splitlines() if "90 days" in line]
        self.check(
            f"the answer is no: {why[0].lstrip('- ') if why else 'nothing about 90 days'}",
            why and self.world.github.issue(refused).state == "closed",
        )
        number = propose_half_a_year(self.world)
        self.ground.settle()
        self.say("Ivy of IT opens a pull request that makes it 180 days, with its test cases.")
        self.see_opinion(number)
        merged = self.world.github.merge_pull(number, SECURITY)
        self.ground.settle()
        self.say("Sam of security reads it and merges it.")
        mark = self._policy_mark(merged)
        self.check(f"the merged commit is marked: {mark.description}", mark.state == "success")
        self.check(
            "it is the policy in force", self.ground.usher.policies.policy().commit == merged
        )
        asked = self.ask_to_read("180 days")
        self.say("Cai asks for 180 days once more.")
        self.approve_in_slack(asked)

    def see_opinion(self, number: int) -> None:
        """Show what stands on a pull request that loosens a rule."""
        pull = self.world.github.pull(number)
        checks, labels = pull.checks, pull.labels
        self.check(
            f"its check says: {checks[-1].title if checks else 'nothing'}",
            checks and "loosens" in checks[-1].title and checks[-1].conclusion == "neutral",
        )
        self.check(f"it is labelled: {', '.join(labels)}", labels == ["policy: loosens"])
        comments = [c.body for c in pull.comments if c.author == self.world.github.app_login]
        self.check(
            "one comment says what it changes:",
            len(comments) == 1 and "90d → 180d" in comments[0],
        )
        for line in filter(None, _as_shown(comments[0]).splitlines()):
            self._out.print(f"        │ {line}", markup=False, highlight=False)

    def broken_rule(self) -> None:
        """A commit with a mistake: refused, and the last good policy stays."""
        self.chapter("Somebody commits a mistake to the policy")
        good = self.ground.usher.policies.policy().commit
        file = "systems/gong.yml"
        text = (POLICIES / file).read_text("utf-8").replace("risk: low", "risk: lo", 1)
        broken = self.world.github.commit_files(
            "main", {f"policies/{file}": text.encode()}, "Tidy up", "octo-it-2"
        )
        self.ground.settle()
        self.say("Otto of IT commits «risk: lo» straight to the default branch.")
        mark = self._policy_mark(broken)
        self.check(f"the commit is marked: {mark.description}", mark.state == "failure")
        in_force = self.ground.usher.policies.policy().commit
        self.check("the policy before it is still in force", in_force == good != broken)
        told = [m.text for m in self.world.slack.dm(IVY) if broken[:12] in m.text]
        self.check(
            f"Ivy reads in Slack: {told[0].splitlines()[0] if told else 'nothing'}",
            len(told) == 1 and f"policies/{file}:" in told[0],
        )

    def see_ended(self, person_id: str, vault: str, number: int) -> None:
        user = self.user(person_id)
        if user is None:
            raise TourFailed(f"Salesforce lost the user of {person_id}")
        self.check(f"{user.username} is inactive", not user.is_active)
        self.check("no permission sets", not user.permission_sets)
        self.check("no permission set licences", not user.permission_set_licences)
        self.check("the vault item is gone", not self.world.onepassword.items(vault))
        self.check("the issue is closed", self.world.github.issue(number).state == "closed")

    def ending_state(self) -> None:
        """Print the org, the vaults, the issues and everybody's Slack as they stand."""
        self.chapter("How everything stands at the end")
        users = Table("Salesforce user", "active", "profile", "permission sets", box=None)
        for user in self.world.salesforce.org.users():
            users.add_row(
                user.username,
                "yes" if user.is_active else "no",
                user.profile,
                ", ".join(user.permission_sets),
            )
        self._out.print(users)
        total, used = self.world.salesforce.org.licence("Salesforce")
        self._out.print(f"\nSalesforce seats: {used} of {total} used\n")
        issues = Table("Issue", "state", "labels", "title", box=None)
        for issue in self.world.github.issues():
            issues.add_row(f"#{issue.number}", issue.state, ", ".join(issue.labels), issue.title)
        self._out.print(issues)
        vaults = Table("\nVault", "items", box=None)
        for vault in (
            "vaultann000000000000000004",
            "vaultcai000000000000000006",
            NEWCOMER["handoff_vault"],
        ):
            titles = [item.title for item in self.world.onepassword.items(vault)]
            vaults.add_row(vault, ", ".join(titles) or "empty")
        self._out.print(vaults)
        slack = Table("\nSlack of", "last word", box=None)
        for name, slack_id in (
            ("Ann", ANN),
            ("Bea", BEA),
            ("Cai", CAI),
            ("Dov", DOV),
            ("Gus", GUS),
        ):
            slack.add_row(name, self.last_card(slack_id).text.splitlines()[0])
        self._out.print(slack)

    # ---- people ---------------------------------------------------------------------------------

    def ask_in_slack(self, slack_id: str, words: str, level: str, how_long: str, why: str) -> None:
        person = self.world.slack.person(slack_id)
        person.command("/access", words)
        options = person.suggest("level", _action_id(person.view, "level"), level)
        chosen = next(option for option in options if option["value"] == level)
        how = _option(person.view, how_long)
        answer = person.submit({"level": chosen, "how_long": how, "why": why})
        if person.view_errors:
            raise TourFailed(f"the modal says: {person.view_errors} ({answer.status})")
        self.ground.settle()

    def ask_to_read(self, how_long: str) -> int:
        """Let Cai fill in the form of the repository; returns the issue's number."""
        made = self.world.github.person("octo-cai").open_form(
            {
                "Level": "salesforce/view-only",
                "For whom": "",
                "For how long": how_long,
                "Why": "Check which customers hit the importer bug",
            },
            title="Salesforce for me",
        )
        self.ground.settle()
        return made.number

    def comment(self, login: str, number: int, body: str) -> None:
        self.world.github.person(login).comment(number, body)
        self.ground.settle()

    def last_comment(self, number: int) -> str:
        comments = self.world.github.issue(number).comments
        ours = [c for c in comments if c.author == self.world.github.app_login]
        return _as_shown(ours[-1].body)

    def last_comment_with(self, number: int, words: str) -> str:
        comments = self.world.github.issue(number).comments
        ours = [_as_shown(c.body) for c in comments if c.author == self.world.github.app_login]
        return next((body for body in reversed(ours) if words in body), "")

    def last_card(self, slack_id: str) -> SlackMessage:
        messages = [m for m in self.world.slack.dm(slack_id) if "fields" in str(m.blocks)]
        if not messages:
            raise TourFailed(f"{slack_id} has no message")
        return messages[-1]

    def _policy_mark(self, commit: str) -> StatusMark:
        for mark in self.world.github.statuses(commit):
            if mark.context == "usher/policy":
                return mark
        raise TourFailed(f"commit {commit[:12]} has no mark")

    def user(self, person_id: str) -> UserSnapshot | None:
        return self.world.salesforce.org.user(person_id)


def _as_shown(body: str) -> str:
    """Take away what GitHub does not show: hidden marks and escapes."""
    return re.sub(r"\\([^\w\s])", r"\1", body.partition("<!--")[0].strip())


def _action_id(view: View | None, block_id: str) -> str:
    for block in view.blocks if view else ():
        if block.get("block_id") == block_id:
            return str(block["element"]["action_id"])
    raise TourFailed(f"no modal with {block_id} opened")


def _option(view: View | None, value: str) -> dict[str, object]:
    """Find the offered option with this value in the open modal."""
    for block in view.blocks if view else ():
        for option in block.get("element", {}).get("options", []):
            if option["value"] == value:
                return dict(option)
    raise TourFailed(f"the modal does not offer {value}")


def play(out: Console) -> int:
    """Play the tour and return the exit code: 0 only if every step had its effect."""
    with tempfile.TemporaryDirectory() as folder:
        import sys

        configure_logs("ERROR", json=False, stream=sys.stderr)
        ground = Playground(Path(folder), policies_in_git=POLICIES)
        ground.start()
        tour = Tour(ground, out)
        try:
            _chapters(tour)
        except TourFailed as failed:
            out.print("      [red]✗[/] ", end="")
            out.print(f"{failed}", markup=False)
            return 1
        finally:
            ground.stop()
    out.print("\n[green]Every step had its effect.[/]")
    return 0


def _chapters(tour: Tour) -> None:
    ann = tour.high_risk_request()
    cai = tour.low_risk_request()
    tour.onboarding()
    tour.give_back(ann)
    tour.expiry(cai)
    leaving(tour)
    tour.looser_rule()
    tour.broken_rule()
    tour.ending_state()
