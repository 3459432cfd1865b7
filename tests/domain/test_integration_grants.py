"""What a level grants an integration, held against all that it may do."""

from typing import Any

from bot.domain.integration_grants import Granted, in_short, misfits
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights, Operation, Right

SET = ("the permission set Sync",)
READ, EDIT = Operation.READ, Operation.EDIT


def asks(**objects: ObjectRights) -> IntegrationRights:
    return IntegrationRights(objects=objects)


def grants(*rights: Right, **more: Any) -> Granted:
    facts = {
        "guarded": {"Account": {"Phone": True, "Score": False}},
        "unguarded": {"Account": frozenset({"Name"})},
        "is_api_only": True,
    }
    return Granted(rights=dict.fromkeys(rights, SET), **{**facts, **more})


def of(operation: Operation, *fields: str) -> tuple[Right, ...]:
    return (Right("Account", operation), *(Right("Account", operation, one) for one in fields))


def test_what_fits_exactly_is_fine() -> None:
    asked = asks(Account=ObjectRights(read=("Name", "Score"), create=("Name", "Phone")))
    there = (*of(READ, "Score", "Phone"), *of(EDIT, "Phone")[1:], *of(Operation.CREATE))

    assert misfits(asked, grants(*there)) == ()


def test_every_field_means_each_one_that_can_be_granted() -> None:
    asked = asks(Account=ObjectRights(read=(ALL,), edit=(ALL,)))
    there = (*of(READ, "Score", "Phone"), *of(EDIT, "Phone"))

    assert misfits(asked, grants(*there)) == ()
    lacking = misfits(asked, grants(*of(READ, "Score"), *of(EDIT)))
    assert [text.partition(" is missing")[0] for text in lacking] == [
        "Account: edit Phone", "Account: read Phone"
    ]  # fmt: skip


def test_what_is_missing_is_told_by_object_and_operation() -> None:
    asked = asks(Account=ObjectRights(read=("Phone", "Score")), Lead=ObjectRights(view_all=True))

    found = misfits(asked, grants())

    assert [text.partition(" is missing")[0] for text in found] == [
        "Account: read",
        "Account: read Phone, Score",
        "Lead: read",
        "Lead: view all",
    ]


def test_a_field_that_usher_cannot_see_must_be_granted_by_its_name() -> None:
    asked = asks(Account=ObjectRights(read=("Hidden__c",)))

    (lacking,) = misfits(asked, grants(*of(READ)))

    assert lacking.startswith("Account: read Hidden__c is missing")
    assert misfits(asked, grants(*of(READ, "Hidden__c"))) == ()


def test_what_is_too_much_is_told_with_who_grants_it() -> None:
    asked = asks(Account=ObjectRights(read=("Phone",)))
    more = (Right("Case", READ), Right("Account", Operation.MODIFY_ALL))

    found = misfits(asked, grants(*of(READ, "Phone", "Score"), *more))

    assert found == tuple(
        f"{what} is too much: the permission set Sync grants it; take it away there, or write it"
        " under integration"
        for what in ("Account: modify all", "Account: read Score", "Case: read")
    )


def test_powers_people_and_muted_groups_are_told() -> None:
    asked = asks(Account=ObjectRights(read=("Name",)))
    powers = {"Modify All Data": ("the profile Loud", *SET)}

    found = misfits(asked, grants(*of(READ), powers=powers, is_api_only=False, unclear=("Team",)))

    assert [text.partition(":")[0] for text in found] == [
        "the account would not be API-only",
        "the permission set group Team mutes rights, and nothing tells what is left",
        "Modify All Data is too much",
    ]
    assert "the profile Loud, the permission set Sync" in found[2]


def test_however_much_is_wrong_it_is_told_in_short() -> None:
    names = tuple(f"Field{number:03}" for number in range(400))
    guarded = {"Account": dict.fromkeys(names, True)}
    wide = asks(Account=ObjectRights(read=names))
    many = asks(**{f"Object{number:03}": ObjectRights(delete=True) for number in range(300)})

    (one,) = misfits(wide, grants(Right("Account", READ), guarded=guarded))
    told = in_short(misfits(many, grants()))

    assert one.startswith("Account: read Field000, Field001, Field002, Field003, Field004 and 395")
    assert len(told) < 1_000
    assert told.endswith("And 892 more: usher policy check --live lists them.")
    assert in_short(misfits(wide, grants(guarded=guarded))).count(". ") == 1
