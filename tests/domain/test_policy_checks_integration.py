"""Levels for programs: what they ask for, and that no person's account becomes one."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.policy import BreakGlass, Bundle, Delivery, Level, Policy, Provider
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import KeyPath
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights
from tests.domain.checked_policies import HERE, draft, level, messages, policy, role, rule

OBJECTS: KeyPath = ("systems", "crm", "levels", "sync", "integration", "objects")
NAME = ObjectRights(read=("Name",))


def sync(by: tuple[str, ...] = ("program",), **objects: ObjectRights) -> Level:
    rights = IntegrationRights(objects=objects or {"Account": NAME})
    return replace(level("sync", rule=rule(by=by)), integration=rights)


def company(*levels: Level, roles: tuple[Any, ...] = (), **more: Any) -> Policy:
    return policy(*levels, roles=(role("csm"), role("program"), *roles), **more)


def test_a_level_for_a_program_is_sound() -> None:
    rights = ObjectRights(read=(ALL,), create=("Name",), edit=("Name",), delete=True, view_all=True)
    people = level(rule=rule(by=("csm",)))

    assert messages(company(sync(Account=rights, Lead=NAME), people)) == []


@pytest.mark.parametrize(
    ("one", "path", "message"),
    [
        (ObjectRights(), (), "nothing is asked for of Lead: write read, create, edit, delete or"),
        (ObjectRights(read=("A", "a")), ("read", 1), "'a' stands here twice: remove one"),
        (
            ObjectRights(edit=("Name", ALL)),
            ("edit", 1),
            "'all' stands for every field: remove it, or the others",
        ),
    ],
)
def test_rights_say_something_and_say_it_once(
    one: ObjectRights, path: KeyPath, message: str
) -> None:
    (finding,) = check_policy(draft(company(sync(Lead=one))))

    assert finding.path == (*OBJECTS, "Lead", *path)
    assert finding.message.startswith(message)


def test_an_empty_list_of_fields_is_told_where_it_stands() -> None:
    made = draft(company(sync(Lead=ObjectRights())))
    place: KeyPath = (*OBJECTS, "Lead", "read")

    (finding,) = check_policy(replace(made, values={**made.values, place: HERE}))

    assert finding.path == place
    assert finding.message.startswith("read is empty: write fields, or [all] for every field")


def test_an_object_in_doubt_is_not_said_to_be_empty() -> None:
    assert messages(company(sync(Lead=ObjectRights())), (*OBJECTS, "Lead", "raed")) == []


def test_a_program_names_objects_each_once() -> None:
    empty = replace(sync(), integration=IntegrationRights(objects={}))

    assert messages(company(empty)) == ["crm/sync: objects is empty: write what the program may do"]
    assert messages(company(empty), (*OBJECTS, "Leed")) == []
    assert messages(company(sync(Lead=NAME, LEAD=NAME)))[0].startswith("'LEAD' stands here twice")


# ---- whose account it is ------------------------------------------------------------------------


def test_nobody_mails_a_program_a_link() -> None:
    made = company(sync())
    crm = replace(made.systems["crm"], delivery=Delivery.VENDOR_EMAIL)
    made = replace(made, systems={"crm": crm})

    (message,) = messages(made)

    assert message.endswith("opens no mail with a link: write delivery: onepassword, or sso")
    assert messages(made, ("systems", "crm", "delivery")) == []


def test_a_program_has_no_emergencies() -> None:
    glass = BreakGlass(by=("it",), longest=rule().longest, where=HERE)
    made = company(replace(sync(), break_glass=glass))

    assert any("this one is for a program: remove it" in one for one in messages(made))


def test_nobody_asks_for_a_programs_level_for_an_account_of_their_own() -> None:
    assert messages(company(sync(("everyone",))))[0].startswith("'everyone' are people")
    both = company(sync(("csm",)), level(rule=rule(by=("csm",))))
    given = company(sync(("chief",)), level("plain"), roles=(role("chief", "crm/plain"),))

    assert messages(both) == [
        (
            "'csm' may have crm/standard too, which is for people: a program's account is nobody's"
            " own, so write a role that only programs have"
        )
    ]
    assert messages(given)[0].startswith("'chief' may have crm/plain too")
    assert messages(company(sync(("progam",)))) == [
        "unknown role 'progam' - did you mean 'program'?"
    ]


def test_no_person_gets_a_programs_level_on_day_one() -> None:
    people = level(rule=rule(by=("lead",)))
    own = replace(sync(), request=None)
    roles = (role("lead", "crm/sync"), role("robot", "crm/sync", "crm/gone"))
    made = company(own, people, roles=roles)
    broken: KeyPath = ("systems", "crm", "levels", "gone")

    (finding,) = check_policy(draft(made, broken))

    assert finding.path == ("roles", "roles", "lead", "birthright", 0)
    assert finding.message.startswith("'lead' may have crm/standard too")


def test_a_birthright_of_another_system_says_nothing() -> None:
    made = company(level(), roles=(role("lead", "crm/standard"),))

    assert messages(made) == []


def test_a_task_has_no_programs() -> None:
    made = company(replace(sync(), bundle=Bundle(by_hand=("Do it",))), provider=Provider.TASK)

    assert messages(made) == [
        "a task system has no API, so nobody would see to 'integration': remove it"
    ]
