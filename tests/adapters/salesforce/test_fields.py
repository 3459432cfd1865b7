"""The fields of a new user, for any name and zone a roster may hold."""

import string
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.salesforce.fields import new_user, salesforce_zone
from bot.adapters.salesforce.passwords import SalesforcePasswords
from bot.domain.plan import Holder
from bot.sandbox.example import colleagues
from bot.sandbox.salesforce.picklists import TIME_ZONES

names = st.text(st.characters(exclude_categories=["C"]), max_size=150)


def holder(name: str = "Ann Ortiz", **changed: str) -> Holder:
    facts = {
        "person_id": "p004",
        "mail": "ann@acme.example",
        "username": "Ann@Acme.example.crm",
        "timezone": "Europe/Berlin",
    }
    return Holder(name=name, **{**facts, **changed})


@given(names)
def test_any_name_fits(name: str) -> None:
    fields = new_user(holder(name), "00e000000000001")

    assert 1 <= len(fields["Alias"]) <= 8
    assert fields["Alias"].isascii()
    assert 1 <= len(fields["LastName"]) <= 80
    assert len(fields.get("FirstName", "")) <= 40
    assert len(fields["CommunityNickname"]) <= 40
    assert "FederationIdentifier" not in fields


@pytest.mark.parametrize(
    ("name", "first", "last", "alias"),
    [
        ("Ann Ortiz", "Ann", "Ortiz", "aortiz"),
        ("  Ludwig  van Beethoven ", "Ludwig", "van Beethoven", "lvanbeet"),
        ("Ōtani", None, "Ōtani", "otani"),
        ("大谷 翔平", "大谷", "翔平", "p004"),
        ("", None, "p004", "p004"),
    ],
)
def test_a_name_is_cut_after_its_first_word(name: str, first: str, last: str, alias: str) -> None:
    fields = new_user(holder(name), "00e000000000001")

    assert (fields.get("FirstName"), fields["LastName"], fields["Alias"]) == (first, last, alias)


def test_policys_fields_are_filled_and_never_in_the_place_of_ours() -> None:
    wanted = {"Department": "sales", "Title": " ", "LastName": "Somebody else"}
    one = Holder(
        person_id="p004",
        name="Ann Ortiz",
        mail="ann@acme.example",
        username="ann@acme.example.crm",
        timezone="Europe/Berlin",
        fields=wanted,
    )

    fields = new_user(one, "00e000000000001")

    assert (fields["Department"], fields["LastName"]) == ("sales", "Ortiz")
    assert "Title" not in fields, "what the roster does not know is not set to nothing"


def test_people_with_the_same_mail_name_have_different_nicknames() -> None:
    one = new_user(holder(), "00e000000000001")["CommunityNickname"]
    other = new_user(holder(person_id="p005"), "00e000000000001")["CommunityNickname"]

    assert one != other
    assert one.startswith("ann.")


def test_the_user_name_is_in_small_letters() -> None:
    assert new_user(holder(), "00e000000000001")["Username"] == "ann@acme.example.crm"


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("America/New_York", "America/New_York"),
        ("America/Detroit", "America/New_York"),
        ("Europe/Vienna", "Europe/Paris"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Kathmandu", "GMT"),
        ("Mars/Olympus", "GMT"),
        ("../etc/passwd", "GMT"),
        ("", "GMT"),
    ],
)
def test_a_zone_becomes_one_that_salesforce_knows(zone: str, known: str) -> None:
    assert salesforce_zone(zone) == known


def test_every_zone_of_the_world_is_accepted_by_an_org() -> None:
    zones = {salesforce_zone(name) for name in available_timezones()}
    zones |= {salesforce_zone(one.timezone) for one in colleagues()}

    assert zones <= set(TIME_ZONES)


def test_passwords_are_long_mixed_and_never_the_same() -> None:
    made = {SalesforcePasswords().new().reveal() for _ in range(50)}

    assert len(made) == 50
    for password in made:
        assert len(password) == 24
        assert set(password) & set(string.ascii_uppercase)
        assert set(password) & set(string.ascii_lowercase)
        assert set(password) & set(string.digits)
        assert set(password) & set("!#$%-_=+")
