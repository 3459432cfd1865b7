"""Mistakes that show when a policy is held against the roster."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bot.domain.people import Person, Roster
from bot.domain.policy import Bundle, Policy, Pool
from bot.domain.policy_checks_roster import check_roster
from tests import factories
from tests.factories import level, role

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def people(*roles: str, **changes: Any) -> Roster:
    return Roster(
        factories.person(f"p{number}", role=role_id, **changes)
        for number, role_id in enumerate(roles)
    )


def told(made: Policy, roster: Roster) -> list[str]:
    return [one.message for one in check_roster(made, roster, now=NOW)]


def test_a_role_that_no_policy_knows_is_told_with_who_has_it() -> None:
    made = factories.policy()
    known = ("engineer", "csm", "consultant")

    assert told(made, people(*known)) == []
    cooks = "no policy knows the role «cook» of p10, p11, p5, p6, p7 and 2 more"
    assert told(made, people(*known, "enginer", "plumber", *["cook"] * 7)) == [
        f"{cooks} (write it into roles.yml)",
        "no policy knows the role «enginer» of p3 - did you mean 'engineer'?",
        "no policy knows the role «plumber» of p4 (write it into roles.yml)",
    ]


def test_whoever_has_left_needs_no_policy() -> None:
    left: Person = factories.person("old", role="typist", last_day=date(2026, 1, 1))

    assert told(factories.policy(), Roster([*people("engineer", "csm", "consultant"), left])) == []


def test_a_role_that_nobody_has_is_a_note() -> None:
    (note,) = check_roster(factories.policy(), people("engineer", "csm"), now=NOW)

    assert (note.is_note, note.message) == (
        True,
        "nobody in the roster has the role 'consultant'",
    )
    assert note.where == factories.policy().roles["consultant"].where


def test_guesses_for_a_strange_roster_end() -> None:
    found = told(factories.policy(), people(*(f"engineer-{number:02}" for number in range(60))))

    assert sum("did you mean" in message for message in found) == 50


def test_there_are_seats_for_everybody_who_gets_one_with_the_role() -> None:
    bundle = Bundle(licence="Crm", profile="P", permission_set_licences=("Mail",))
    both = (level("standard", bundle=bundle), level("reader"))
    made = factories.policy(*both, roles=(role("csm", "crm/standard", "crm/reader", "crm/gone"),))
    pools = {"Crm": Pool(seats=3), "Mail": Pool(seats=2), "Uncounted": Pool()}
    made = replace(made, systems={"crm": replace(made.systems["crm"], pools=pools)})

    found = check_roster(made, people("csm", "csm", "csm", "engineer", "consultant"), now=NOW)

    (error,) = found
    assert error.message.startswith(
        "3 people get a seat of 'Mail' with their role, and 2 are bought"
    )
    assert error.where == made.systems["crm"].where
    assert not error.is_note
