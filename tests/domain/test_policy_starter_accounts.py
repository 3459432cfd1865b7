"""Whose the accounts of an org are, which levels they make, and whether a policy fits them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.people import Roster
from bot.domain.policy import Bundle, Risk
from bot.domain.policy_starter_accounts import Account, Census, Open, take_census
from bot.domain.policy_starter_levels import differences, levels_held, slug
from tests.domain.starter_org import ANN, ROSTER, YESTERDAY, account, org
from tests.factories import NOW, level, policy


def census(*accounts: Account, roster: Roster = ROSTER) -> Census:
    return take_census(org(*accounts), roster, NOW)


def names(*accounts: Account, **changes: Any) -> dict[str, tuple[str, ...]]:
    """Tell who holds which level."""
    inventory = org(*accounts, **changes)
    held = levels_held(take_census(inventory, ROSTER, NOW), inventory)
    return {one.name: tuple(person.id for person in one.people) for one in held}


# ---- whose account it is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        account(),
        account(mail="ANN@ACME.example", username="whatever@else.where"),
        account(mail="other@acme.example", sso="ann@acme.example"),
        account(mail="other@acme.example", username="ann@acme.example"),
        account(mail="other@acme.example", username="x@y.z", person_id="ann"),
        account(mail="bea@acme.example", sso="bea@acme.example", person_id="ann"),
    ],
    ids=["mail", "mail in capitals", "single sign-on", "user name", "person id", "id before mail"],
)
def test_an_account_belongs_to_whom_its_keys_name(found: Account) -> None:
    seen = census(found)

    assert [(one.account, one.person) for one in seen.placed] == [(found, ANN)]
    assert seen.unplaced == ()


LEAVER = replace(ANN, last_day=YESTERDAY)
UNPLACED = {
    "Usher's own": (Open.OWN, account("usher", mail="ann@acme.example"), "that Usher itself"),
    "nobody's": (Open.UNKNOWN, account("zoe"), "nobody in the roster has this mail"),
    "with an id that nobody has": (
        Open.UNKNOWN,
        account(person_id="p-9"),
        "carries the person id «p-9», which the roster does not have",
    ),
    "with keys of two people": (
        Open.SEVERAL_PEOPLE,
        account(sso="bea@acme.example"),
        "differ: bea and ann",
    ),
    "frozen": (Open.FROZEN, account(is_frozen=True), "ann cannot log in"),
}


@pytest.mark.parametrize(("because", "found", "says"), UNPLACED.values(), ids=list(UNPLACED))
def test_an_account_that_is_not_clearly_somebodys_is_listed(
    because: Open, found: Account, says: str
) -> None:
    seen = census(found)

    assert seen.placed == ()
    assert [(one.account, one.because) for one in seen.unplaced] == [(found, because)]
    assert says in seen.unplaced[0].says


def test_a_leavers_account_is_listed_and_makes_no_level() -> None:
    seen = census(account(), roster=Roster((LEAVER,)))

    assert [one.because for one in seen.unplaced] == [Open.LEFT]
    assert "ann left on 2026-11-01" in seen.unplaced[0].says


def test_of_two_accounts_of_one_person_none_is_guessed() -> None:
    seen = census(account(), account(user_id="005000000secondAAA", username="ann2@acme.example"))

    assert seen.placed == ()
    assert {one.because for one in seen.unplaced} == {Open.SEVERAL_ACCOUNTS}
    assert "ann has 2 active accounts" in seen.unplaced[0].says


def test_of_two_accounts_of_one_person_the_one_with_the_person_id_is_meant() -> None:
    own = account(user_id="005000000secondAAA", username="ann2@acme.example", person_id="ann")

    seen = census(account(), own)

    assert [one.account for one in seen.placed] == [own]
    assert [one.because for one in seen.unplaced] == [Open.SEVERAL_ACCOUNTS]


def test_who_starts_next_week_and_has_an_account_already_counts() -> None:
    later = replace(ANN, first_day=(NOW + timedelta(days=7)).date())

    assert census(account(), roster=Roster((later,))).placed[0].person == later


# ---- levels -------------------------------------------------------------------------------------


def test_people_with_the_same_access_share_a_level() -> None:
    assert names(account("bea"), account("ann"), account("zoe")) == {
        "standard-user": ("ann", "bea")
    }


def test_levels_of_a_profile_are_named_for_what_they_have_beyond_the_others() -> None:
    found = names(
        account("ann", sets={"AcmeCrmUser"}),
        account("bea", sets={"AcmeCrmUser", "InboxBeta"}, licences={"SalesforceCPQPsl"}),
        account("ivy", profile="Read Only", sets={"AcmeCrmUser"}),
    )

    assert found == {
        "read-only": ("ivy",),
        "standard-user": ("ann",),
        "standard-user-with-inbox-beta-and-salesforce-cpq-psl": ("bea",),
    }


def test_levels_with_much_more_than_the_others_are_numbered_the_most_held_first() -> None:
    many = {"A", "B", "C"}

    found = names(
        account("ann", sets=many),
        account("bea", sets={"D", "E", "F"}),
        account("ivy", sets={"D", "E", "F"}),
        account("ian", sets={"G" * 80}),
    )

    assert found == {
        "standard-user": ("bea", "ivy"),
        "standard-user-2": ("ann",),
        "standard-user-3": ("ian",),
    }


def test_profiles_whose_names_look_alike_get_levels_of_their_own() -> None:
    found = names(
        account("ann", profile="Sales User"),
        account("bea", profile="Sales-User"),
        account("ivy", profile="営業"),
        account("ian", profile="営業", sets={"部"}),
    )

    assert sorted(found) == ["profile", "profile-with-more", "sales-user", "sales-user-2"]


def test_what_a_set_brings_along_is_no_part_of_a_level() -> None:
    inventory = org(
        account(sets={"Inbox"}, licences={"InboxPsl", "CPQPsl"}), brings={"Inbox": "InboxPsl"}
    )

    (found,) = levels_held(take_census(inventory, ROSTER, NOW), inventory)

    assert found.bundle.permission_sets == ("Inbox",)
    assert found.bundle.permission_set_licences == ("CPQPsl",)


@pytest.mark.parametrize(
    ("found", "risk"),
    [
        (account(), Risk.HIGH),
        (account(profile="System Administrator"), Risk.CRITICAL),
        (account(profile="Systemadministrator"), Risk.CRITICAL),
        (account(profile="Power"), Risk.CRITICAL),
        (account(sets={"Keys"}), Risk.CRITICAL),
        (account(sets={"AcmeAdmin"}), Risk.CRITICAL),
    ],
)
def test_what_may_manage_users_or_is_called_so_is_critical(found: Account, risk: Risk) -> None:
    inventory = org(found, strong_profiles=frozenset({"Power"}), strong_sets=frozenset({"Keys"}))

    (made,) = levels_held(take_census(inventory, ROSTER, NOW), inventory)

    assert made.risk is risk
    assert made.longest.is_permanent is (risk is Risk.HIGH)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Standard User", "standard-user"),
        ("InboxWithEinsteinActivityCapture", "inbox-with-einstein-activity-capture"),
        ("SalesforceCPQUser", "salesforce-cpq-user"),
        ("Minimum Access - API Only", "minimum-access-api-only"),
        ("Vertrieb Süd & Öst", "vertrieb-sud-ost"),
        ("営業", ""),
        ("x" * 59 + " yy", "x" * 59),
    ],
)
def test_a_name_is_written_as_the_policy_writes_names(text: str, name: str) -> None:
    assert slug(text) == name


# ---- the comparison -----------------------------------------------------------------------------


CRM = policy(
    level(bundle=Bundle(licence="Salesforce", profile="Standard User", permission_sets=("A",)))
)


def told_of(found: Account) -> list[str]:
    inventory = org(found, brings={"A": "APsl"})
    return differences(CRM, "crm", take_census(inventory, ROSTER, NOW), inventory)


@pytest.mark.parametrize("found", [account(sets={"A"}), account(sets={"A"}, licences={"APsl"})])
def test_an_account_that_is_what_a_level_gives_makes_no_difference(found: Account) -> None:
    assert told_of(found) == []


@pytest.mark.parametrize(
    "found",
    [
        account(sets={"A"}, licences={"OtherPsl"}),
        account(sets={"A", "B"}),
        account(),
        account(sets={"A"}, profile="Read Only"),
        account(sets={"A"}, licence="Platform"),
    ],
)
def test_an_account_differs_if_anything_would_change(found: Account) -> None:
    assert told_of(found) == ["ann@acme.example.crm: no level of crm is what this account has"]
