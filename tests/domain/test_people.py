"""People are found in every spelling of themselves, and never taken for each other."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import Roster
from tests.factories import EVERYBODY, NOW, person, policy, roster


def found(words: str, *people: object) -> list[str]:
    return [one.id for one in roster(*people).find(words)]  # type: ignore[arg-type]  # persons


@pytest.mark.parametrize(
    "words",
    [
        "ann",
        " ann ",
        "ann@acme.example",
        "ANN@Acme.Example",
        "octo-ann",
        "@octo-ann",
        "@OCTO-Ann",
        "Ann Doe",
        "  ann doe",
    ],
)
def test_a_person_is_found_by_id_mail_login_or_name(words: str) -> None:
    assert found(words) == ["ann"]


@pytest.mark.parametrize("words", ["", " ", "@", "zoe", "@ann", "ann@other.example", "Ann", "UANN"])
def test_nobody_is_found_by_anything_else(words: str) -> None:
    assert found(words) == []


def test_a_shared_name_finds_everybody_who_has_it() -> None:
    assert found("ann doe", person("zoe", name="ANN DOE")) == ["ann", "zoe"]


def test_an_id_that_is_somebody_elses_login_is_ambiguous() -> None:
    assert found("ann", person("zoe", github="Ann")) == ["ann", "zoe"]
    assert found("@ann", person("zoe", github="Ann")) == ["zoe"]


def test_logins_and_mails_ignore_case_and_ids_do_not() -> None:
    company = roster()

    ann = company.get("ann")
    assert company.by_github("OCTO-ann") is ann
    assert company.by_mail(" Ann@ACME.example ") is ann
    assert company.by_slack("UANN") is ann
    assert company.get("ANN") is company.get(None) is company.by_slack("uann") is None


@pytest.mark.parametrize(
    "shared", [{"github": "Octo-Ivy"}, {"slack_id": "UIVY"}, {"mail": "IVY@acme.example"}]
)
def test_what_two_people_share_finds_neither_of_them(shared: dict[str, str]) -> None:
    """Somebody who joins under an approver's login must not become that approver."""
    company = roster(person("zoe", **shared))

    by = {
        "github": company.by_github("octo-ivy"),
        "slack_id": company.by_slack("UIVY"),
        "mail": company.by_mail("ivy@acme.example"),
    }
    assert {key for key, one in by.items() if one is None} == set(shared)
    assert company.get("ivy") is not None


def test_a_group_has_only_people_whom_the_roster_file_names() -> None:
    """Who holds an API token names logins too, and must not make approvers with them."""
    onboarded = person("zoe", github="octo-zoe", is_on_file=False)
    company, rules = roster(onboarded), policy()
    it = replace(rules.company.groups["it"], members=("octo-ivy", "OCTO-zoe", "octo-nobody"))
    rules = replace(rules, company=replace(rules.company, groups={"it": it}))

    assert [one.id for one in company.members(it.members)] == ["ivy"]
    assert rules.is_member(replace(onboarded, is_on_file=True), "it")
    assert not rules.is_member(onboarded, "it")
    assert not rules.is_member(onboarded, "nobody")


def test_people_without_a_login_are_not_each_other() -> None:
    company = roster(person("ann", github=None), person("bea", github=""))

    assert company.by_github("") is None


def test_a_roster_is_its_people() -> None:
    assert [one.id for one in roster()] == list(EVERYBODY)
    assert len(Roster([])) == 0


def test_the_mail_name_is_what_stands_before_the_at() -> None:
    assert person(mail="ann.doe@acme.example").mail_name == "ann.doe"


def test_an_instant_is_shown_where_the_person_works() -> None:
    assert person(timezone="Asia/Kolkata").local_time(NOW) == "2026-11-02 20:30 (Asia/Kolkata)"


@given(
    st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda ago: NOW - ago),
    st.sampled_from(("America/Chicago", "Pacific/Auckland", "Pacific/Honolulu")),
)
def test_a_person_is_active_from_the_first_day_to_the_last_where_they_work(
    now: datetime, zone: str
) -> None:
    here = person(timezone=zone).today(now)

    first, last = here, here
    assert person(timezone=zone, first_day=first, last_day=last).is_active(now)
    assert not person(timezone=zone, first_day=first + timedelta(days=1)).is_active(now)
    assert not person(timezone=zone, last_day=last - timedelta(days=1)).is_active(now)


def test_whoever_has_no_last_day_has_not_left() -> None:
    assert not person(last_day=None).has_left(NOW)
    assert person(last_day=date(2026, 11, 1)).has_left(NOW)
