"""A first policy from a roster and an org: what is in it, and what is in its way."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.errors import PolicyError
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy_starter import start_policy
from bot.domain.policy_starter_accounts import Account
from bot.domain.policy_starter_files import questions_in, starter_files
from bot.domain.seats import PoolCount
from tests.domain.starter_org import (
    ANN,
    BEA,
    IAN,
    IVY,
    ROSTER,
    SAM,
    YESTERDAY,
    account,
    org,
    started,
)
from tests.factories import NOW, person

# ---- the company --------------------------------------------------------------------------------


def test_groups_are_guessed_from_roles_and_departments() -> None:
    guest = person("gil", department="IT", engagement=Engagement.CONSULTANT)
    without = person("may", department="it", github=None)
    gone = person("old", department="it", last_day=YESTERDAY)
    roster = Roster((*ROSTER, guest, without, gone))

    found = started(roster=roster)

    assert (found.it.members, found.it.is_guess) == (("octo-ian", "octo-ivy"), True)
    assert found.security is not None
    assert found.security.members == ("octo-sam", "octo-sue")
    assert found.critical_adds == "security"
    assert found.strangers == ()


def test_people_named_on_the_command_line_are_taken_as_they_are() -> None:
    found = started(it=["@octo-ann", " octo-bea", "OCTO-ANN", ""], security=["octo-eve"])

    assert (found.it.members, found.it.is_guess) == (("octo-ann", "octo-bea"), False)
    assert found.security is not None
    assert found.security.members == ("octo-eve",)
    assert found.strangers == ("octo-eve",)


def test_without_anybody_in_security_it_agrees_to_critical_levels() -> None:
    found = started(roster=Roster((ANN, IVY, IAN)))

    assert found.security is None
    assert found.critical_adds == "it"


def test_company_zone_and_departments_are_what_most_people_have() -> None:
    berlin = person("kai", timezone="Europe/Berlin", mail="kai@other.example", department="ops")
    lab = person("lin", department="lab")
    lab2 = person("lou", department="lab")

    found = started(roster=Roster((*ROSTER, berlin, lab, lab2)))

    assert (found.company, found.timezone) == ("acme", "America/Chicago")
    engineers = next(role for role in found.roles if role.id == "engineer")
    assert (engineers.departments, engineers.people) == (("lab", "ops"), 4)


def test_a_company_whose_mails_say_nothing_has_a_name_all_the_same() -> None:
    people = [replace(one, mail=f"{one.id}@例.example") for one in (ANN, IVY, IAN)]
    mine = account(mail="ann@例.example")

    assert started(mine, roster=Roster(people)).company == "company"


@pytest.mark.parametrize(
    ("usernames", "pattern", "odd"),
    [
        (("ann@acme.example", "bea@acme.example", "ivy@old.crm"), "{mail}", 1),
        (("Ann@acme.example.crm", "bea@acme.example.crm"), "{mail}.crm", 0),
        (("ann@crm.acme", "bea@crm.acme"), "{mail_name}@crm.acme", 0),
        (("ann@crm.acme", "bea@crm.acme", "xyz@crm.acme"), "{mail_name}@crm.acme", 1),
        (("ann@{x}.acme",), "{mail_name}@{{x}}.acme", 0),
        (("seller-1@crm.acme", "seller-2@crm.acme"), "{mail}", 2),
        (("ann@acme.examples",), "{mail_name}@acme.examples", 0),
    ],
)
def test_user_names_follow_the_pattern_that_most_have(
    usernames: tuple[str, ...], pattern: str, odd: int
) -> None:
    who = ("ann", "bea", "ivy")
    found = started(
        *(account(id_, username=name) for id_, name in zip(who, usernames, strict=False))
    )

    assert (found.username, len(found.odd_usernames)) == (pattern, odd)


def test_user_names_may_be_made_of_the_person_id() -> None:
    numbered = replace(ANN, id="p004")
    mine = account(username="p004@crm.acme")

    assert started(mine, roster=Roster((numbered, IVY, IAN))).username == "{id}@crm.acme"


def test_accounts_that_usher_would_not_adopt_are_told() -> None:
    found = started(
        account("ann"),
        account("bea", username="chief@acme.example"),
        account("ivy", username="i@x.y", sso="ivy@acme.example", mail="other@x.y"),
        account("ian", username="j@x.y", person_id="ian"),
        account("sam", mail="", username="sam@acme.example.crm", sso="SAM@acme.example"),
    )

    assert [one.person.id for one in found.unrecognised] == ["bea"]


def test_single_sign_on_is_how_people_get_in_if_most_have_it() -> None:
    known = [account(id_, sso=f"{id_}@acme.example") for id_ in ("ann", "bea")]

    assert started(*known, account("ivy")).is_sso
    assert not started(known[0], account("ivy")).is_sso


def test_only_pools_that_levels_draw_from_are_in_the_policy() -> None:
    pools = tuple(
        PoolCount(name=name, total=5, used=1) for name in ("CPQPsl", "Chatter", "Salesforce")
    )
    inventory = org(account(licences={"CPQPsl"}), pools=pools)

    found = start_policy(ROSTER, inventory, NOW)

    assert [pool.name for pool in found.pools] == ["CPQPsl", "Salesforce"]


# ---- what is in the way -------------------------------------------------------------------------


def refused(roster: Roster = ROSTER, *accounts: Account, **words: Any) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as error:
        started(*accounts, roster=roster, **words)
    return error.value.faults


def test_everything_that_is_in_the_way_is_told_at_once() -> None:
    odd = person("kai", role="Account Executive")
    more = person("lin", role="Account Executive")
    every = person("mo", role="everyone")
    strange = person("may", role="営業")

    told = refused(Roster((ANN, odd, more, every, strange)), account("zoe"), it=["a b"])

    said = "\n".join(told)
    assert len(told) == 6
    for piece in (
        "2 people have the role «Account Executive», which cannot be a name in the policy",
        "write account-executive in the roster",
        "1 person has the role 'everyone', which means all roles: rename it",
        "1 person has the role «営業»",
        "write words such as account-executive in the roster",
        "--it: «a b» is not a GitHub login",
        "two people are needed for that; only a b was found",
        "no active account belongs to somebody of the roster",
        "\n    «zoe＠acme․example․crm»: nobody in the roster has this mail address",
    ):
        assert piece in said


def test_without_two_people_in_it_there_is_no_policy() -> None:
    (told,) = refused(Roster((ANN, BEA)))

    assert "nobody was found. Name them: --it login-1,login-2" in told


def test_of_many_strange_accounts_only_some_are_listed() -> None:
    (told,) = refused(ROSTER, *(account(f"x{number}") for number in range(50)))

    assert told.count("nobody in the roster has") == told.count("\n") == 20


# ---- the files ----------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_files_in_any_order() -> None:
    accounts = [account(one.id, sets={"A", "B"} if one in (ANN, SAM) else ()) for one in ROSTER]

    one = starter_files(started(*accounts))
    other = starter_files(started(*reversed(accounts), roster=Roster(reversed([*ROSTER]))))

    assert one == other
    assert list(one) == [
        "company.yml",
        "roles.yml",
        "systems/salesforce.yml",
        "tests/salesforce.yml",
    ]


def test_what_nobody_has_decided_is_a_question() -> None:
    files = starter_files(started(account("ann"), account("bea", profile="System Administrator")))

    assert questions_in(files) == "".join(files.values()).count("TODO:") > 10
    crm_file = files["systems/salesforce.yml"]
    assert "url:" not in crm_file
    assert "# 1 person has this today: 1 engineer." in crm_file
    assert "# TODO: It looks like administration. Is it?" in crm_file
    assert "12 bought, 3 used" in crm_file


def test_people_log_in_at_the_address_of_the_org() -> None:
    text = starter_files(started(url="https://acme.my.salesforce.com"))["systems/salesforce.yml"]

    assert 'url: "https://acme.my.salesforce.com"' in text


def people(count: int, **facts: Any) -> list[Person]:
    return [person(f"e{number}", **facts) for number in range(count)]


def test_what_all_of_a_role_have_may_be_its_birthright() -> None:
    two = people(2, department="lab")
    roster = Roster((*two, IVY, IAN, SAM))
    accounts = [account(one.id) for one in (*two, IVY, SAM)]

    roles = starter_files(started(*accounts, roster=roster))["roles.yml"]

    assert "All 2 in this role have salesforce/standard-user today. Is it a birthright?" in roles
    assert "The only one in this role has salesforce/standard-user today." in roles
    assert roles.count("birthright?") == 2  # only one of two in IT has it


def test_a_role_in_several_departments_is_a_question_and_one_in_none_is_anywhere() -> None:
    roster = Roster((person("ann", department="lab"), person("bea", department="ops"), IVY, IAN))
    roles = starter_files(started(roster=roster))["roles.yml"]

    assert (
        "People in this role are in 2 departments, most in this one. Is it right?"
        in roles.replace("\n  # ", " ")
    )
    assert "engineer: { department: lab }" in roles
    assert "department: any" in starter_files(started(roster=Roster((ANN, IVY, IAN))))["roles.yml"]


def test_accounts_without_a_level_are_counted_in_the_file_and_never_named() -> None:
    one = starter_files(started(account(), account("zoe")))["systems/salesforce.yml"]
    more = starter_files(started(account(), account("zoe"), account("yan")))

    assert "1 active account has none (1 of nobody in the roster)" in " ".join(one.split("\n# "))
    told = " ".join(more["systems/salesforce.yml"].split("\n# "))
    assert "2 active accounts have none (2 of nobody in the roster)" in told
    assert "zoe" not in "".join(more.values())
    assert " none (" not in starter_files(started(account()))["systems/salesforce.yml"]


def test_the_state_of_a_pool_stands_beside_it() -> None:
    pools = (
        PoolCount(name="CPQPsl", total=-1, used=1),
        PoolCount(name="Salesforce", total=5, used=5, is_active=False),
    )

    made = start_policy(ROSTER, org(account(licences={"CPQPsl"}), pools=pools), NOW)

    text = starter_files(made)["systems/salesforce.yml"]
    assert "CPQPsl: { keep_free: 0, when_full: wait }  # without a limit, 1 used" in text
    assert "# 5 bought, 5 used, switched off" in text
