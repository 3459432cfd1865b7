"""Mistakes that only the whole policy shows: unknown names, and parts that could not be read."""

from dataclasses import replace

from bot.domain.policy import Bundle, Where
from bot.domain.policy_draft import Draft, Finding, KeyPath
from tests.domain.checked_policies import (
    HERE,
    group,
    level,
    messages,
    policy,
    role,
    rule,
)


def test_a_sound_policy_has_no_findings() -> None:
    assert messages(policy(level())) == []


def test_a_birthright_must_name_a_level() -> None:
    made = policy(level(), roles=(role("csm", "crm/standrad", "hr/reader"),))

    assert messages(made) == [
        "unknown level 'crm/standrad' - did you mean 'crm/standard'?",
        "unknown level 'hr/reader' (known: crm/standard)",
    ]


def test_a_birthright_without_its_system_or_level_is_guessed() -> None:
    made = policy(
        level("one", rule=None), level("two"), roles=(role("csm", "one", "crm", "c/two"),)
    )

    assert messages(made) == [
        "unknown level 'one' - did you mean 'crm/one'?",
        "unknown level 'crm' (known: crm/one, crm/two)",
        "unknown level 'c/two' - did you mean 'crm/two'?",
    ]


def test_a_system_that_is_misspelt_is_guessed_first() -> None:
    made = policy(level(), roles=(role("csm", "crn/standard"),))

    assert messages(made) == ["unknown level 'crn/standard' - did you mean 'crm/standard'?"]


def test_where_the_name_that_was_meant_is_wrong_itself_that_is_the_mistake() -> None:
    made = policy(level("standard"), roles=(role("csm", "crm/standrad"), role("cms")))
    rules = policy(
        level(rule=rule(by=("csn",), approve=("sce",))), groups=(group("sec", "a", "b"),)
    )

    assert messages(made, ("systems", "crm", "levels", "standard")) == []
    assert messages(rules, ("roles", "roles", "csm"), ("company", "groups", "sec")) == []


def test_a_long_name_is_cut() -> None:
    made = policy(level(), roles=(role("csm", "x" * 500),))

    (message,) = messages(made)

    assert message == f"unknown level '{'x' * 60}…' (known: crm/standard)"


def test_guesses_end_before_anybody_has_to_wait() -> None:
    names = tuple(f"crm/standrad-{number}" for number in range(300))
    levels = tuple(level(f"standard-{number}") for number in range(100))

    found = messages(policy(*levels, roles=(role("csm", *names),)))

    assert [("did you mean" in message) for message in found] == [True] * 200 + [False] * 100
    assert found == messages(policy(*levels, roles=(role("csm", *names),)))


def test_without_any_system_no_level_is_unknown() -> None:
    made = policy(level(), roles=(role("csm", "crm/standard"),))

    assert messages(replace(made, systems={})) == []


# ---- parts that could not be read ---------------------------------------------------------------


def test_what_stands_in_a_broken_part_is_not_told_again() -> None:
    made = policy(
        level(rule=rule(by=("cms",), approve=("secrity",)), bundle=Bundle()),
        roles=(role("csm", "crm/standrad"),),
        groups=(group("gtm", "ann"),),
    )

    request: KeyPath = ("systems", "crm", "levels", "standard")
    unread: list[KeyPath] = [("company",), ("roles",), (*request, "bundle"), (*request, "request")]

    assert messages(made, *unread) == []


def test_names_that_a_broken_part_may_declare_are_not_unknown() -> None:
    made = policy(level(rule=rule(by=("cms",), approve=("secrity",))), roles=(role("csm", "hr/x"),))

    assert messages(made, ("roles",), ("company", "groups"), ("systems", "hr")) == []


def test_doubt_within_a_part_silences_what_would_follow_from_it() -> None:
    made = policy(level(rule=None, bundle=Bundle()), groups=(group("gtm", "ann"),))
    in_level: KeyPath = ("systems", "crm", "levels", "standard", "reqest")

    told = messages(
        made, in_level, ("systems", "crm", "provider"), ("company", "groups", "gtm", "bckup")
    )

    assert told == []


def test_a_finding_is_placed_at_the_key_or_value_or_what_surrounds_it() -> None:
    at = {n: Where("f.yml", n, n) for n in range(1, 5)}
    spot = Draft(
        policy=policy(level()),
        keys={("a",): at[1], ("a", "b"): at[2]},
        values={("a",): at[3], ("a", "b"): at[4]},
    )

    assert spot.where(Finding(("a", "b"), "x")) == at[4]
    assert spot.where(Finding(("a", "b"), "x", at_key=True)) == at[2]
    assert spot.where(Finding(("a", "c"), "x")) == at[3]
    assert spot.where(Finding(("z",), "x")) == HERE
