"""Chapters of the tour about seats: a full pool, records that are handed over, a blocked end."""

from datetime import timedelta
from typing import Protocol

from bot.playground import Playground
from bot.sandbox.salesforce import UserSnapshot
from bot.sandbox.salesforce.blockers import Blocker
from bot.sandbox.slack import SlackMessage
from bot.sandbox.world import World

BEA, LEO, MIA, RAJ = "U0BEA00003", "U0LEO00005", "U0MIA00008", "U0RAJ00009"
LEO_ID, MIA_ID, BEAS_USER = "p005", "p008", "bea.kline@acme.example.crm"
_POOL = "Salesforce"


class Guide(Protocol):
    """What these chapters need of the tour."""

    ground: Playground
    world: World

    def chapter(self, title: str) -> None: ...
    def say(self, text: str) -> None: ...
    def check(self, what: str, is_so: object) -> None: ...
    def ask_in_slack(
        self, slack_id: str, words: str, level: str, how_long: str, why: str
    ) -> None: ...
    def comment(self, login: str, number: int, body: str) -> None: ...
    def last_comment_with(self, number: int, words: str) -> str: ...
    def last_card(self, slack_id: str) -> SlackMessage: ...
    def user(self, person_id: str) -> UserSnapshot | None: ...


def leaving(tour: Guide) -> None:
    """Play all of it: who waits for a seat gets that of the one who leaves."""
    leos = seller(tour)
    mias = full_pool(tour)
    hand_over(tour, leos)
    blocked(tour, mias)


def seller(tour: Guide) -> int:
    """Let Leo work with Salesforce."""
    tour.chapter("Leo works with Salesforce, and the last free seat is his")
    org = tour.world.salesforce.org
    tour.world.salesforce.admin.create_user(BEAS_USER)
    number = ask(tour, LEO, BEA)
    tour.say("Leo asked for salesforce/view-only, and Bea, his manager, said yes in Slack.")
    user = tour.user(LEO_ID)
    tour.check("Leo has a user", user is not None and user.is_active)
    org.seed_records(LEO_ID, 250, ["Opportunity"])
    org.seed_records(LEO_ID, 3, ["Lead", "Account"])
    org.set_total(_POOL, org.licence(_POOL)[1] + 1)
    tour.say("He wins 250 opportunities, 3 leads and 3 accounts. One seat is kept for joiners.")
    return number


def full_pool(tour: Guide) -> int:
    """Refuse a seat that is not there, and say which pool is full."""
    tour.chapter("Mia asks for Salesforce, and no seat is free")
    number = ask(tour, MIA, RAJ)
    tour.say("Mia asked for salesforce/view-only, and Raj, her manager, said yes in Slack.")
    card = tour.last_card(MIA).text
    why = [line for line in card.splitlines() if f"seats of {_POOL} are taken" in line]
    tour.check(f"Mia reads: {why[0] if why else card}", why and tour.user(MIA_ID) is None)
    return number


def hand_over(tour: Guide, number: int) -> None:
    """Take Leo's access at once, and his records with one yes."""
    tour.chapter("Leo leaves, and somebody must get what he worked on")
    tour.comment("octo-bea", number, "/revoke")
    tour.say("Bea comments /revoke.")
    user = tour.user(LEO_ID)
    tour.check(
        "at once Leo cannot log in any more: his user is frozen and has no sets",
        user is not None and user.is_frozen and not user.permission_sets,
    )
    shown = tour.last_comment_with(number, "hand-over")
    for line in [line for line in shown.splitlines() if "→" in line or "stay" in line]:
        tour.check(f"the issue says: {line.lstrip('- ')}", "Leo" not in line)
    tour.check("nothing is moved without a yes", owned(tour, LEO_ID)["Opportunity"] == 250)  # noqa: PLR2004  # as many as he won
    tour.ground.travel(timedelta(seconds=2))  # GitHub tells whole seconds only
    tour.comment("octo-it-1", number, "/approve hand-over")
    tour.say("Gus would get the leads, so that Ivy of IT comments /approve hand-over.")
    left, beas = owned(tour, LEO_ID), owned(tour, BEAS_USER)
    tour.check(
        f"Bea has {beas['Opportunity']} opportunities, and Leo keeps {left['Account']} accounts",
        (beas["Opportunity"], left["Opportunity"], left["Lead"]) == (250, 0, 0),
    )
    user = tour.user(LEO_ID)
    tour.check("Leo's user is inactive", user is not None and not user.is_active)
    shown = tour.last_comment_with(number, "of 253")
    tour.check("the issue says: 253 of 253 handed over", "253 of 253 handed over" in shown)
    tour.ground.travel(timedelta(minutes=11))
    user = tour.user(MIA_ID)
    tour.check("Leo's seat is free, and Mia has it", user is not None and user.is_active)


def blocked(tour: Guide, number: int) -> None:
    """Show an end that Salesforce refuses, and how it comes about in the end."""
    tour.chapter("Mia leaves, but she is the default lead owner of the org")
    blockers = tour.world.salesforce.org.blockers
    blockers.put(Blocker.DEFAULT_LEAD_OWNER, MIA_ID)
    tour.comment("octo-raj", number, "/revoke")
    tour.say("Raj comments /revoke, and Salesforce refuses to deactivate her.")
    user = tour.user(MIA_ID)
    tour.check(
        "Mia cannot log in any more all the same",
        user is not None and user.is_active and user.is_frozen,
    )
    shown = tour.last_comment_with(number, "lead owner")
    why = [line for line in shown.splitlines() if "lead owner" in line]
    tour.check(f"the issue says: {why[0] if why else 'nothing'}", len(why) > 1)
    tour.check(f"and where: {why[-1].lstrip('- ')}", "https://" in why[-1])
    blockers.clear(Blocker.DEFAULT_LEAD_OWNER)
    tour.ground.travel(timedelta(minutes=16))
    tour.say("An administrator names somebody else, and a quarter of an hour goes by.")
    user = tour.user(MIA_ID)
    tour.check("her user is inactive", user is not None and not user.is_active)
    tour.check("the issue is closed", tour.world.github.issue(number).state == "closed")


def ask(tour: Guide, who: str, manager: str) -> int:
    """Ask in Slack to read Salesforce, and let the manager say yes there."""
    tour.ask_in_slack(who, "view", "salesforce/view-only", "30d", "Prepare the quarter's review")
    number = tour.world.github.issues()[-1].number
    tour.world.slack.person(manager).press(tour.last_card(manager), "request:approve")
    tour.ground.settle()
    return number


def owned(tour: Guide, user: str) -> dict[str, int]:
    """Count what a user owns in the org."""
    return tour.world.salesforce.org.owned(user)
