"""What a plan says about requests in flight, access held, seats, and who hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.durations import PERMANENT, Duration
from bot.domain.people import Engagement
from bot.domain.policy import (
    AutoApproval,
    BreakGlass,
    Bundle,
    Policy,
    Risk,
    Where,
)
from bot.domain.policy_plan_values import Fate, Way
from bot.domain.request import Request, RequestState, Verdict
from tests.domain.plan_making import compare, made
from tests.factories import (
    NOW,
    approval,
    grant,
    group,
    level,
    person,
    policy,
    role,
    roster,
)

WHERE = Where("policies/separation.yml", 4)
FULL = Bundle(licence="Full", permission_set_licences=("Inbox",))


# ---- the whole ----------------------------------------------------------------------------------


def test_the_same_policy_changes_nothing() -> None:
    same = policy(level(approve=("manager", "security")), level("admin", risk=Risk.CRITICAL))
    held, asked = (grant(),), (made(same, level_id="crm/admin"),)

    found = compare(same, same, grants=held, requests=asked)

    assert not found.is_felt
    assert not found.changes
    assert found.messages.people == ()
    assert found.people == len(roster())


def test_who_gains_a_level_is_told_by_role_engagement_and_person() -> None:
    people = roster(
        person("ann", role="csm"),
        person("bea", role="csm", engagement=Engagement.CONSULTANT),
    )
    base, head = policy(level(by=("engineer",))), policy(level(by=("engineer", "csm")))

    shifts = {
        (s.way, s.is_gain, s.role, s.engagement): s.people
        for s in compare(base, head, roster=people).shifts
    }

    assert shifts == {
        (Way.ASK, True, "csm", Engagement.CORE): ("ann",),
        (Way.ASK, True, "csm", Engagement.CONSULTANT): ("bea",),
    }


def test_who_left_counts_nowhere_and_who_has_not_started_only_for_day_one() -> None:
    people = roster(
        person("ann", role="csm", last_day=(NOW - timedelta(days=9)).date()),
        person("bea", role="csm", first_day=(NOW + timedelta(days=9)).date()),
    )
    base = policy(level(by=("consultant",)), level("view"), roles=(role("csm"),))
    head = policy(level(by=("csm",)), level("view"), roles=(role("csm", "crm/view"),))

    found = compare(base, head, roster=people)

    assert [(shift.way, shift.people) for shift in found.shifts] == [(Way.BIRTHRIGHT, ("bea",))]
    assert found.people == len(people) - 1


def test_a_new_member_of_a_group_is_newly_asked_by_everybody_else() -> None:
    base = policy(level(approve=("security",)))
    head = policy(level(approve=("security",)), groups=(group("security", "octo-sam", "octo-gus"),))

    (change,) = compare(base, head).approvers

    assert (change.before, change.after) == (("security",), ("security",))
    assert (change.newly_asked, change.no_longer_asked) == (("gus",), ("sue",))
    assert change.people == len(roster())


def test_a_longer_limit_is_told_with_those_who_may_ask() -> None:
    people = roster(person("ann", role="csm"))

    (change,) = compare(
        policy(level(by=("csm",))), policy(level(by=("csm",), longest=PERMANENT)), roster=people
    ).lengths

    assert (change.before, change.after, change.people) == (Duration(30), PERMANENT, 1)


def test_a_limit_that_concerns_nobody_is_only_a_change_of_the_rule() -> None:
    found = compare(policy(level(by=("csm",))), policy(level(by=("csm",), longest=Duration(60))))

    assert found.lengths == ()
    assert len(found.loosens) == 1


def test_an_emergency_rule_names_those_who_may_use_it() -> None:
    glass = BreakGlass(by=("security", "nobody"), longest=Duration(1), where=WHERE)

    found = compare(policy(level()), policy(level(break_glass=glass)))

    assert [(s.way, s.is_gain, sorted(s.people)) for s in found.shifts] == [
        (Way.EMERGENCY, True, ["sam", "sue"])
    ]


def test_what_is_approved_beforehand_is_told_as_without_approval() -> None:
    auto = AutoApproval(
        id="core",
        levels=("standard",),
        approved_by="security",
        approved_on=NOW.date(),
        record="acme/access#1",
        where=WHERE,
        roles=("engineer",),
    )
    base = policy(level())
    systems = {"crm": replace(base.systems["crm"], auto_approve=(auto,))}

    found = compare(base, replace(base, systems=systems))

    assert [(s.way, s.is_gain, len(s.people)) for s in found.shifts] == [
        (Way.AUTOMATIC, True, len(roster()))
    ]
    assert [change.rule for change in found.loosens] == ["crm auto_approve.core"]


def test_people_who_share_a_login_may_each_break_the_glass_but_not_approve() -> None:
    people = roster(person("ann", github="octo-two"), person("bea", github="Octo-Two"))
    base, head = policy(level()), policy(level(), groups=(group("it", "octo-two"),))
    glass = BreakGlass(by=("it",), longest=Duration(1), where=WHERE)
    base, head = (
        replace(
            one,
            systems={
                "crm": replace(
                    one.systems["crm"],
                    levels={
                        "standard": replace(
                            one.systems["crm"].levels["standard"], break_glass=glass
                        )
                    },
                )
            },
        )
        for one in (base, head)
    )

    found = compare(base, head, roster=people)

    gained = [s.people for s in found.shifts if s.way is Way.EMERGENCY and s.is_gain]
    assert [sorted(ids) for ids in gained] == [["ann", "bea"]]


# ---- requests in flight -------------------------------------------------------------------------


def only_fate(base: Policy, head: Policy, asked: Request) -> tuple[Fate, int] | None:
    found = compare(base, head, requests=(asked,)).requests
    return (found[0].fate, found[0].approvals_lost) if found else None


BASE = policy(level(approve=("manager", "security")))
YES = (approval("bea"), approval("sam"))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (policy(level(by=("csm",))), (Fate.REFUSED, 1)),
        (policy(level("other")), (Fate.REFUSED, 1)),
        (policy(level(approve=("manager", "crm-owners"))), (Fate.VOID, 1)),
        (policy(level(approve=("manager", "security"), says="Else.")), (Fate.VOID, 1)),
        (policy(level(approve=("manager", "security"), by=("engineer",))), None),
        (policy(level(approve=("manager", "security")), groups=(group("it", "octo-gus"),)), None),
    ],
)
def test_a_request_in_flight_may_be_refused_or_its_approvals_void(
    head: Policy, expected: tuple[Fate, int] | None
) -> None:
    assert only_fate(BASE, head, made(BASE, approvals=YES[:1])) == expected


def test_a_yes_of_somebody_who_is_no_longer_asked_is_lost_and_the_others_stay() -> None:
    head = policy(
        level(approve=("manager", "security")), groups=(group("security", "octo-sue", "octo-gus"),)
    )

    (change,) = compare(BASE, head, requests=(made(BASE, approvals=YES),)).requests

    assert (change.fate, change.approvals_lost) == (Fate.VOID, 1)
    assert change.asked == ("bea", "gus", "sue")


def test_a_no_and_a_yes_to_an_older_version_are_no_loss() -> None:
    asked = made(BASE, approvals=(approval("bea", verdict=Verdict.NO),))
    older = replace(asked, approvals=(*asked.approvals, approval("sam", digest="older")))

    assert only_fate(BASE, policy(level()), older) == (Fate.VOID, 0)


def test_a_request_that_was_in_the_way_of_its_rule_may_go_on() -> None:
    base, head = policy(level(by=("csm",))), policy(level())

    (change,) = compare(base, head, requests=(made(head),)).requests

    assert (change.fate, change.asked) == (Fate.UNBLOCKED, ("bea",))


def test_a_request_that_both_refuse_is_no_news() -> None:
    base, head = policy(level(by=("csm",))), policy(level(by=("consultant",)))

    assert only_fate(base, head, made(base)) is None


def test_a_request_that_was_approved_beforehand_needs_nobody() -> None:
    auto = AutoApproval(
        id="again",
        levels=("standard",),
        approved_by="security",
        approved_on=NOW.date(),
        record="acme/access#1",
        where=WHERE,
        already_had=True,
    )
    head = replace(BASE, systems={"crm": replace(BASE.systems["crm"], auto_approve=(auto,))})
    asked, had = made(BASE, approvals=YES[:1]), {"ann": frozenset({"crm/standard"})}

    again = compare(BASE, head, requests=(asked,), had=had)
    first = compare(BASE, head, requests=(asked,))
    both = compare(head, head, requests=(asked,), had=had)

    assert [change.fate for change in again.requests] == [Fate.ALLOWED]
    assert (first.requests, both.requests) == ((), ())


@pytest.mark.parametrize(
    "state", [RequestState.PROVISIONING, RequestState.NEEDS_IT, RequestState.DELIVERED]
)
def test_a_request_that_is_set_up_or_over_is_not_judged_again(state: RequestState) -> None:
    assert only_fate(BASE, policy(level("other")), made(BASE, state=state)) is None
