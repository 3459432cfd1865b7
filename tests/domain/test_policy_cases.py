"""What a case of the policy's own tests comes to: by the words that real requests get."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.decision import Answer
from bot.domain.durations import PERMANENT, Calendar, Duration
from bot.domain.people import Roster
from bot.domain.policy import Policy, Risk, Where
from bot.domain.policy_cases import (
    Asked,
    Event,
    Expected,
    Joined,
    Left,
    Outcome,
    PolicyCase,
    RoleChanged,
    play,
    usual_time,
)
from tests.factories import NOW, level, person, policy, role, roster

TESTS_YML = "policies/tests/crm.yml"
ROLES = (
    role("csm", "crm/standard", "crm/mail"),
    role("seller", "crm/standard", "crm/sales"),
    role("guest", "crm/gone"),
)
LEVELS = (level(), level("mail"), level("sales"), level("admin", risk=Risk.CRITICAL))


def company() -> Policy:
    """Make the crm with roles that share one level."""
    return policy(*LEVELS, roles=ROLES)


def case(event: Event, *, people: Roster | None = None, **changes: Any) -> PolicyCase:
    default = PolicyCase(
        name="a case",
        where=Where(TESTS_YML, 14, 5),
        roster=people or roster(),
        event=event,
        at=NOW,
        expected=Expected(),
    )
    return replace(default, **changes)


def asked(**changes: Any) -> Asked:
    default = Asked(
        person_id="ann", requester_id="ann", level_id="crm/standard", duration=Duration(7)
    )
    return replace(default, **changes)


def joining(role_: str, **changes: Any) -> Outcome:
    people = roster(person("new", role=role_))
    return play(case(Joined("new"), people=people, **changes), company())


# ---- joining, leaving, moving -------------------------------------------------------------------


def test_who_joins_gets_what_the_role_gives() -> None:
    assert joining("csm").grants == ("crm/standard", "crm/mail")


def test_who_joins_does_not_get_what_they_hold() -> None:
    outcome = joining("csm", has=frozenset({"crm/mail"}))

    assert outcome.grants == ("crm/standard",)
    assert "already holds crm/mail" in outcome.words[0]


def test_a_level_that_does_not_exist_is_not_granted_and_the_words_say_so() -> None:
    outcome = joining("guest")

    assert outcome.grants == ()
    assert "There is no level" in outcome.words[0]


def test_a_role_that_nobody_knows_gives_nothing() -> None:
    assert joining("pirate").grants == ()
    assert play(case(Joined("nobody")), company()).grants == ()


def test_who_leaves_loses_everything() -> None:
    outcome = play(case(Left("ann"), has=frozenset({"crm/sales", "crm/admin"})), company())

    assert outcome.revokes == ("crm/admin", "crm/sales")
    assert outcome.grants == ()


def test_who_moves_loses_the_old_birthright_and_gets_the_new_one() -> None:
    held = frozenset({"crm/standard", "crm/mail", "crm/admin"})
    people = roster(person("new", role="csm"))

    outcome = play(case(RoleChanged("new", "seller"), people=people, has=held), company())

    assert outcome.grants == ("crm/sales",)
    assert outcome.revokes == ("crm/mail",)
    assert outcome.words == ()


def test_who_moves_loses_only_what_they_hold() -> None:
    people = roster(person("new", role="csm"))

    outcome = play(case(RoleChanged("new", "seller"), people=people), company())

    assert outcome.grants == ("crm/standard", "crm/sales")
    assert outcome.revokes == ()


def test_who_moves_into_or_out_of_an_unknown_role_is_given_nothing() -> None:
    people = roster(person("new", role="csm"))
    has = frozenset({"crm/mail"})

    out = play(case(RoleChanged("new", "pirate"), people=people, has=has), company())
    nobody = play(case(RoleChanged("nobody", "csm")), company())

    assert (out.grants, out.revokes) == ((), ("crm/mail",))
    assert (nobody.grants, nobody.revokes) == ((), ())


# ---- asking -------------------------------------------------------------------------------------


def test_a_request_is_decided_as_a_real_one() -> None:
    outcome = play(case(asked()), company())

    assert outcome.decisions[0].answer is Answer.NEEDS_APPROVAL
    assert outcome.asked == ("bea",)
    assert outcome.rules == ("crm/standard request.approve",)
    assert not outcome.is_approved


def test_what_is_held_counts() -> None:
    outcome = play(case(asked(), has=frozenset({"crm/standard"})), company())

    assert outcome.decisions[0].answer is Answer.REFUSED
    assert "already holds" in outcome.words[0]


def test_every_rule_that_refuses_is_named() -> None:
    strict = policy(level(by=("csm",)))

    outcome = play(case(asked(duration=PERMANENT)), strict)

    assert outcome.rules == ("crm/standard request.by", "crm/standard request.longest")


def test_all_yeses_together_approve() -> None:
    two = policy(level(approve=("manager", "crm-owners")))

    one = play(case(asked(), approved_by=("bea",)), two)
    both = play(case(asked(), approved_by=("bea", "gus")), two)

    assert (one.is_approved, one.objections) == (False, ())
    assert (both.is_approved, both.objections) == (True, ())


@pytest.mark.parametrize(
    ("approved_by", "words"),
    [
        (("ann",), "ann: Nobody approves their own request."),
        (("sam",), "sam: You are not one of those who may answer this request."),
        (("bea", "bea"), "bea: This request is already approved."),
        (("nobody",), "nobody: There is nobody called «nobody» in this test."),
    ],
)
def test_who_may_not_approve_is_told_why(approved_by: tuple[str, ...], words: str) -> None:
    outcome = play(case(asked(), approved_by=approved_by), company())

    assert outcome.objections[-1].startswith(words)
    assert outcome.is_approved is (approved_by[0] == "bea")


def test_nobody_can_approve_what_is_refused() -> None:
    refused = case(asked(level_id="crm/none"), approved_by=("bea",))

    outcome = play(refused, company())

    assert not outcome.is_approved
    assert len(outcome.objections) == 1


# ---- when ---------------------------------------------------------------------------------------


def test_the_usual_time_is_a_morning_on_which_the_company_works() -> None:
    zone = "Europe/Berlin"
    usual = usual_time(Calendar(zone))
    closed = frozenset(usual.date() + timedelta(days=n) for n in range(5))

    assert usual.isoformat() == "2026-11-02T09:00:00+01:00"
    assert usual_time(Calendar(zone, closed)).date() == date(2026, 11, 9)
