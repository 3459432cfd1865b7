"""A policy held against an org: names that it does not have, and ends that it forbids."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.policy import Bundle, Level, Policy, Pool, Provider
from bot.domain.policy_checks_org import OrgKind, OrgNames, check_against, objects_named
from bot.domain.policy_draft import KeyPath
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights
from tests.domain.checked_policies import draft, level, policy, role

LEVEL: KeyPath = ("systems", "crm", "levels", "standard")
FULL = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("Set",),
    permission_set_groups=("Sets",),
    permission_set_licences=("CPQPsl",),
    packages=("SBQQ",),
    features=("Marketing",),
    role="Sales",
    groups=("Everybody",),
    queues=("Inbound",),
)
RIGHTS = IntegrationRights(
    objects={
        "Lead": ObjectRights(read=(ALL,), edit=("Score__c",)),
        "Case": ObjectRights(create=("Subject",)),
    }
)
ORG = OrgNames(
    names={
        OrgKind.LICENCE: frozenset({"Salesforce", "Chatter Free"}),
        OrgKind.PROFILE: frozenset({"Standard User", "Guest"}),
        OrgKind.PERMISSION_SET: frozenset({"Set"}),
        OrgKind.PERMISSION_SET_GROUP: frozenset({"Sets"}),
        OrgKind.PERMISSION_SET_LICENCE: frozenset({"CPQPsl", "Brought"}),
        OrgKind.PACKAGE: frozenset({"SBQQ"}),
        OrgKind.FEATURE: frozenset({"Marketing"}),
        OrgKind.ROLE: frozenset({"Sales"}),
        OrgKind.GROUP: frozenset({"Everybody"}),
        OrgKind.QUEUE: frozenset({"Inbound"}),
        OrgKind.OBJECT: frozenset({"Lead", "Case", "Account"}),
    },
    fields={"Lead": frozenset({"Score__c"}), "User": frozenset({"Title"})},
    licence_of={"Standard User": "Salesforce", "Guest": "Chatter Free"},
)


def full(**changes: Any) -> Level:
    return replace(level(bundle=FULL), **changes)


def found(made: Policy, org: OrgNames = ORG) -> list[tuple[KeyPath, str]]:
    return [(one.path, one.message) for one in check_against(draft(made), org)]


def crm(*levels: Level, **more: Any) -> Policy:
    pools = {"Salesforce": Pool(), "Brought": Pool(), "package SBQQ": Pool()}
    return policy(
        *(levels or (full(),)),
        pools=more.pop("pools", pools),
        user_fields={"Title": "{role}"},
        hand_over={"Lead": "manager"},
        **more,
    )


def test_a_policy_of_names_that_the_org_has_is_fine() -> None:
    assert found(crm(full(integration=RIGHTS))) == found(crm(level())) == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("permission_sets", "permission set"),
        ("permission_set_groups", "permission set group"),
        ("permission_set_licences", "permission set licence"),
        ("packages", "package"),
        ("features", "feature"),
        ("groups", "public group"),
        ("queues", "queue"),
    ],
)
def test_a_name_of_a_list_is_told_where_it_stands(key: str, kind: str) -> None:
    (right,) = getattr(FULL, key)
    made = crm(full(bundle=replace(FULL, **{key: (right, f"{right}x")})))

    assert found(made) == [
        (
            (*LEVEL, "bundle", key, 1),
            f"the org has no {kind} '{right}x' - did you mean '{right}'?",
        )
    ]


@pytest.mark.parametrize("key", ["licence", "profile", "role"])
def test_a_single_name_is_told_where_it_stands(key: str) -> None:
    made = crm(full(bundle=replace(FULL, **{key: "Nothing of it"})), pools={})

    ((path, message),) = found(made)

    assert path == (*LEVEL, "bundle", key)
    assert message.startswith(f"the org has no {key} 'Nothing of it' (known: ")


def test_names_differ_in_capitals() -> None:
    made = crm(full(bundle=replace(FULL, permission_sets=("SET",))))

    assert [text for _, text in found(made)] == [
        "the org has no permission set 'SET' - did you mean 'Set'?"
    ]


def test_a_profile_belongs_to_its_licence() -> None:
    made = crm(full(bundle=replace(FULL, profile="Guest")))

    assert found(made) == [
        (
            (*LEVEL, "bundle", "licence"),
            (
                "the profile 'Guest' belongs to the licence 'Chatter Free', not to 'Salesforce':"
                " write that one"
            ),
        )
    ]


def test_pools_fields_and_records_that_the_org_does_not_have() -> None:
    made = crm(pools={"Brougt": Pool()})
    made = replace(
        made,
        systems={
            "crm": replace(
                made.systems["crm"], user_fields={"Titel": "x"}, hand_over={"Leed": "manager"}
            )
        },
    )

    assert found(made) == [
        (
            ("systems", "crm", "pools", "Brougt"),
            "the org has no pool 'Brougt' - did you mean 'Brought'?",
        ),
        (
            ("systems", "crm", "user_fields", "Titel"),
            "the org has no field of User 'Titel' - did you mean 'Title'?",
        ),
        (
            ("systems", "crm", "on_leave", "hand_over", "Leed"),
            "the org has no object 'Leed' - did you mean 'Lead'?",
        ),
    ]


def test_rights_name_objects_and_fields_of_the_org() -> None:
    objects = {
        "Leed": ObjectRights(read=("Name",)),
        "Lead": ObjectRights(edit=("Scor__c",)),
    }
    made = crm(full(integration=IntegrationRights(objects=objects)))
    path: KeyPath = (*LEVEL, "integration", "objects")

    assert found(made) == [
        ((*path, "Leed"), "the org has no object 'Leed' - did you mean 'Lead'?"),
        (
            (*path, "Lead", "edit", 0),
            "the org has no field of Lead 'Scor__c' - did you mean 'Score__c'?",
        ),
    ]


def test_what_could_not_be_read_is_not_judged() -> None:
    made = crm(full(integration=RIGHTS), pools={"Whatever": Pool()})

    assert found(made, OrgNames(names={})) == []


def test_other_systems_are_not_of_the_org() -> None:
    made = policy(full(), provider=Provider.TASK)

    assert found(made, OrgNames(names={OrgKind.PROFILE: frozenset()})) == []
    assert objects_named(made) == frozenset()


def test_the_objects_whose_fields_matter() -> None:
    assert objects_named(crm(full(integration=RIGHTS))) == {"Lead", "Case", "User"}
    assert objects_named(policy(full())) == frozenset()


# ---- ends of their own --------------------------------------------------------------------------

STRICT = replace(ORG, no_expiry_sets=frozenset({"Set"}), no_expiry_groups=frozenset({"Sets"}))


def test_sets_that_salesforce_never_ends_are_told_where_they_stand() -> None:
    made = crm(full(), native_expiry=True)

    (one, other) = found(made, STRICT)

    assert one[0] == (*LEVEL, "bundle", "permission_sets", 0)
    assert one[1].startswith("Salesforce allows no end on 'Set', which may manage users")
    assert other[0] == (*LEVEL, "bundle", "permission_set_groups", 0)
    assert found(made) == []


def test_sets_that_stay_for_good_or_without_ends_of_their_own_may_be_any() -> None:
    given = crm(full(request=None), native_expiry=True, roles=(role("csm", "crm/standard"),))

    assert found(given, STRICT) == found(crm(), STRICT) == []
