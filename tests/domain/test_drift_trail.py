"""Who did it, as the org's own log says, and which of that is news."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.changes import Part
from bot.domain.drift_kinds import Kind
from tests.domain.drift_world import (
    ADMIN,
    OWN,
    World,
    lose,
    user,
    with_,
)
from tests.factories import NOW

# ---- who did it ---------------------------------------------------------------------------------


def test_who_assigned_a_set_is_named_by_the_trail() -> None:
    world = World()
    ann = world.add("ann")
    with_(Part.SET, "Old")(world, ann)
    world.more["labels"] = {(Part.SET, "Old"): "Old Set"}
    text = f"Permission set Old Set: assigned to user Ann Doe (UserID: [{ann.id[:15]}])"
    world.say("Permission set Other: assigned to user Ann Doe", action="PermSetAssign")
    world.say(text, action="PermSetAssign", at=NOW - timedelta(days=9))
    world.say(text, action="PermSetUnassign", at=NOW - timedelta(days=20))

    (found,) = world.findings()

    assert (found.by, found.since) == ("gus@acme.example", NOW - timedelta(days=9))


def test_who_froze_somebody_is_named_even_if_the_org_has_lost_that_user() -> None:
    world = World()
    world.put(world.add("ann"), is_frozen=True)
    world.say("Froze user Ann Doe", action="frozeuser", by="005000000000999AAA")

    (found,) = world.findings()

    assert (found.kind, found.by) == (Kind.FROZEN, "005000000000999AAA")


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Changed role for user Ann Doe from Seller to Boss", ADMIN),
        ("Changed role for user ann@acme.example from Seller to Boss", ADMIN),
    ],
)
def test_a_change_by_somebody_else_that_left_nothing_is_told_as_such(text: str, by: str) -> None:
    world = World()
    world.add("ann")
    world.say(text, action="changedroleforuser", by=by)

    (found,) = world.findings()

    assert (found.kind, found.what, found.by) == (Kind.FOREIGN_CHANGE, text, "gus@acme.example")
    assert (found.person_id, found.since) == ("ann", NOW)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Changed role for user Ann Doe from Seller to Boss", {"by": OWN}),
        ("Changed role for user Ann Doe from Seller to Boss", {"at": NOW - timedelta(days=5)}),
        ("Changed role for user Bea Doe from Seller to Boss", {}),
        ("Changed role for user [005000000000777]", {}),
        ("Changed the company's address", {}),
    ],
)
def test_old_changes_ones_own_and_those_of_others_are_no_news(
    text: str, facts: dict[str, Any]
) -> None:
    world = World()
    world.add("ann")
    world.say(text, action="changedroleforuser", **facts)

    assert world.kinds() == []


def test_what_people_do_to_themselves_or_usher_has_mended_since_is_no_news() -> None:
    world = World()
    ann, text = world.add("ann"), "Changed role for user Ann Doe from Seller to Boss"
    world.say(text, action="changedroleforuser", by=ann.id)
    assert world.kinds() == []
    world.say(text, action="changedroleforuser", at=NOW - timedelta(hours=2))
    world.say(text, action="changedroleforuser", by=OWN, at=NOW - timedelta(hours=1))

    assert world.kinds() == []


def test_a_name_that_two_users_have_accuses_nobody() -> None:
    world = World()
    world.add("ann")
    world.put(user(300, name="Ann Doe", is_active=False))
    world.say("Changed role for user Ann Doe from A to B", action="changedroleforuser")

    assert world.kinds() == []


def test_changes_on_accounts_that_are_moving_or_gone_are_no_news() -> None:
    world = World()
    ann, text = world.add("ann"), "Changed role for user Ann Doe from Seller to Boss"
    world.say(text, action="changedroleforuser")
    world.in_flux.add("ann")
    assert world.kinds() == []
    world.in_flux.clear()
    lose(world, ann)

    assert world.kinds() == [(Kind.MISSING_ACCOUNT, "")]
