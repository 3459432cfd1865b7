"""What a program may do: its rights, what goes with them, and what an approval of them covers."""

from dataclasses import replace

import pytest

from bot.domain.policy import Bundle, Level
from bot.domain.policy_integration import (
    ALL,
    IntegrationRights,
    ObjectRights,
    Operation,
    Right,
    uncovered,
)
from tests.domain.policy_pairs import LEVEL

READ, CREATE, EDIT = Operation.READ, Operation.CREATE, Operation.EDIT


def rights(**objects: ObjectRights) -> IntegrationRights:
    return IntegrationRights(objects=objects)


def asked(one: ObjectRights) -> set[tuple[Operation, str]]:
    return {(right.operation, right.field) for right in rights(Lead=one).asked}


def test_reading_a_field_takes_the_object_and_the_field() -> None:
    assert asked(ObjectRights(read=("Name",))) == {(READ, ""), (READ, "Name")}


def test_who_writes_a_field_reads_it() -> None:
    assert asked(ObjectRights(edit=("Name",))) == {
        (READ, ""),
        (READ, "Name"),
        (EDIT, ""),
        (EDIT, "Name"),
    }
    assert asked(ObjectRights(create=("Name",))) == {
        (READ, ""),
        (READ, "Name"),
        (CREATE, ""),
        (CREATE, "Name"),
    }


def test_who_deletes_may_edit_and_read_as_salesforce_has_it() -> None:
    assert asked(ObjectRights(delete=True)) == {(READ, ""), (EDIT, ""), (Operation.DELETE, "")}
    assert asked(ObjectRights(view_all=True)) == {(READ, ""), (Operation.VIEW_ALL, "")}


def test_rights_are_told_in_words() -> None:
    one = rights(Lead=ObjectRights(read=(ALL,), view_all=True), Case=ObjectRights(read=("Id",)))

    assert [str(right) for right in one.asked] == [
        "Case: read",
        "Case: read Id",
        "Lead: read",
        "Lead: read every field",
        "Lead: view all",
    ]


def test_a_right_on_every_field_gives_it_on_each_one() -> None:
    name, phone = Right("Lead", READ, "Name"), Right("Lead", READ, "Phone")
    every, whole = Right("Lead", READ, ALL), Right("Lead", READ)

    assert uncovered((name, phone, whole), (name,)) == (phone, whole)
    assert uncovered((name, phone), (every,)) == ()
    assert uncovered((whole, every), (every,)) == (whole,)
    assert uncovered((every,), (name, phone)) == (every,)


# ---- what an approval covers --------------------------------------------------------------------

BEFORE = "708f5791122269c3dd7daf1b7f3bd387cca4b598d56c63cd7874ad7b4c150e6a"
"""The digest of LEVEL from before levels could hold more: approvals of it were given."""
OTHERS: tuple[Level, ...] = (
    *(
        replace(LEVEL, bundle=replace(LEVEL.bundle, **{key: ("X",)}))
        for key in ("permission_set_groups", "packages", "features", "groups", "queues")
    ),
    replace(LEVEL, bundle=replace(LEVEL.bundle, role="X")),
    replace(LEVEL, integration=rights(Lead=ObjectRights(read=("Name",)))),
    replace(LEVEL, integration=rights(Lead=ObjectRights(read=(ALL,)))),
    replace(LEVEL, integration=rights(Case=ObjectRights(read=("Name",)))),
)


def test_an_approval_from_before_still_covers_a_level_that_uses_nothing_new() -> None:
    assert LEVEL.content_digest() == BEFORE


def test_whatever_a_level_holds_is_covered_by_an_approval_of_it() -> None:
    assert (
        len({LEVEL.content_digest(), *(one.content_digest() for one in OTHERS)}) == len(OTHERS) + 1
    )


@pytest.mark.parametrize("key", ["permission_set_groups", "features", "queues"])
def test_the_order_of_names_says_nothing(key: str) -> None:
    one, other = (Bundle(**{key: names}) for names in (("a", "b"), ("b", "a")))  # type: ignore[arg-type]  # any list of names

    assert one.content() == other.content()
