"""The ledger's contract, the same on both databases: requests, grants and seats."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.store import Store
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.grant import GrantState
from bot.domain.handover import (
    Failure,
    HandOver,
    HandOverState,
    Leaving,
    Recipient,
    plan_hand_over,
)
from bot.domain.inbound import Surface
from bot.domain.request import Approval, RequestState, Task, Verdict
from bot.domain.seats import Availability, Idle
from bot.domain.shown_plan import Deed, DeedKind, IdleSeats, ShownPlan
from tests.factories import NOW, grant, request

HOUR = timedelta(hours=1)


def test_a_block_that_fails_leaves_nothing(ledger: Store) -> None:
    def fail_half_way() -> None:
        with ledger.begin() as tx:
            tx.requests.add(request(id="r-1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()

    with ledger.read() as tx:
        assert tx.requests.get("r-1") is None


def test_a_request_comes_back_as_it_was_kept(ledger: Store) -> None:
    kept = request(id="r-1", tasks=(Task(position=0, text="Assign a seat"),))
    with ledger.begin() as tx:
        assert tx.requests.add(kept)
        assert not tx.requests.add(kept)
        tx.requests.set_issue("r-1", 7)

    with ledger.begin() as tx:
        expected = replace(kept, issue_number=7)
        assert tx.requests.get("r-1", lock=True) == expected
        assert tx.requests.by_issue(7, lock=True) == expected
        assert tx.requests.by_issue(8) is None


def test_a_shown_plan_is_kept_whole_for_the_asking_it_was_made_for(ledger: Store) -> None:
    idle = IdleSeats(pool="Crm", days=30, at=NOW, idle=(Idle(username="gil", last_login=None),))
    kept = request(id="r-1", idle_seats=idle)
    free = Availability(pool="Crm", free=1, total=3, used=2)
    deed = Deed(DeedKind.PROFILE, "005A", "Lite", "Boss")
    plan = ShownPlan(asked=kept.digest, at=NOW, lines=("x",), calls=2, deeds=(deed,), seats=free)
    with ledger.begin() as tx:
        tx.requests.add(kept)
        tx.requests.show_plan("r-1", plan)
        tx.requests.show_plan("r-1", replace(plan, asked="another"))

    with ledger.read() as tx:
        assert tx.requests.get("r-1") == replace(kept, shown_plan=plan)


def test_what_a_person_held_is_listed_since_it_ended(ledger: Store) -> None:
    ended = grant(state=GrantState.ENDED, ended_at=NOW)
    with ledger.begin() as tx:
        tx.grants.add(ended)
        tx.grants.add(grant(id="r2"))

    with ledger.read() as tx:
        assert tx.grants.ended_since("ann", NOW) == [ended]
        assert tx.grants.ended_since("ann", NOW + timedelta(seconds=1)) == []


def test_a_late_save_changes_nothing(ledger: Store) -> None:
    first = request(id="r-1", state=RequestState.APPROVED)
    moved = replace(first, state=RequestState.AWAITING_SEAT, run=first.run + 1)
    late = replace(first, state=RequestState.CANCELLED)
    with ledger.begin() as tx:
        tx.requests.add(first)
        assert tx.requests.save(moved, was=first)
        assert not tx.requests.save(late, was=first)

        assert tx.requests.get("r-1") == moved


def test_one_person_answers_one_version_once(ledger: Store) -> None:
    yes = Approval(
        person_id="bea", verdict=Verdict.YES, surface=Surface.GITHUB, digest="d1", at=NOW
    )
    with ledger.begin() as tx:
        tx.requests.add(request(id="r-1"))
        assert tx.requests.add_approval("r-1", yes)
        assert not tx.requests.add_approval("r-1", replace(yes, verdict=Verdict.NO))
        assert tx.requests.add_approval("r-1", replace(yes, digest="d2"))

        found = tx.requests.get("r-1")

    assert found is not None
    assert [(a.digest, a.verdict) for a in found.approvals] == [
        ("d1", Verdict.YES),
        ("d2", Verdict.YES),
    ]


def test_requests_are_found_by_what_is_asked(ledger: Store) -> None:
    one = request(id="r-1", origin="o-1", due_at=NOW, state=RequestState.APPROVED)
    two = request(
        id="r-2", origin="o-2", due_at=NOW + HOUR, state=RequestState.DENIED, issue_number=8
    )
    with ledger.begin() as tx:
        assert tx.requests.add(one)
        assert tx.requests.add(two)

        assert tx.requests.due(NOW, 10) == [one]
        assert tx.requests.due(NOW + HOUR, 1) == [one]
        assert tx.requests.of_origin("o-2") == [two]
        assert {r.id for r in tx.requests.of_person(one.person_id)} == {"r-1", "r-2"}
        assert tx.requests.select([RequestState.DENIED], 10) == [two]


def test_people_are_told_until_they_know_the_latest(ledger: Store) -> None:
    kept = request(id="r-1")
    with ledger.begin() as tx:
        tx.requests.add(kept)
        assert tx.requests.untold(NOW, 10) == [kept]
        tx.requests.tell_later("r-1", NOW + HOUR, 3)
        assert tx.requests.untold(NOW, 10) == []
        assert tx.requests.tell_attempts("r-1") == 3
        assert tx.requests.untold(NOW + HOUR, 10) == [kept]
        tx.requests.mark_told("r-1", kept.revision)
        assert tx.requests.untold(NOW + HOUR, 10) == []
        news = replace(kept, revision=kept.revision + 1)
        tx.requests.save(news, was=kept)

        assert tx.requests.untold(NOW, 10) == [news]


def test_what_ending_a_grant_needs_comes_back_with_it(ledger: Store) -> None:
    to = Recipient(person_id="bea", user_id="005B", name="Bea", because="manager")
    plan = plan_hand_over({"Lead": 3, "Case": 1}, {"Lead": "manager"}, {"manager": to})
    failure = Failure(kind="Lead", record_id="00Q1", why="locked")
    hand = HandOver(
        state=HandOverState.AGREED, plan=plan, asked_at=NOW, deadline=NOW, failures=(failure,)
    )
    blocker = Blocker(kind=BlockerKind.JOB, what=("Nightly",), is_hard=False)
    first = grant(id="r-1")
    kept = replace(first, leaving=Leaving(hand_over=hand, blockers=(blocker,), looks=2))
    with ledger.begin() as tx:
        tx.grants.add(first)
        assert tx.grants.save(kept, was=first)

        assert tx.grants.get("r-1") == kept


def test_a_grant_comes_back_and_a_late_save_changes_nothing(ledger: Store) -> None:
    first = grant(id="g-1", due_at=NOW)
    ending = replace(first, state=GrantState.ENDING, run=first.run + 1)
    with ledger.begin() as tx:
        assert tx.grants.add(first)
        assert not tx.grants.add(first)
        assert tx.grants.due(NOW, 10) == [first]
        assert tx.grants.save(ending, was=first)
        assert not tx.grants.save(replace(first, state=GrantState.ENDED), was=first)

        assert tx.grants.get("g-1", lock=True) == ending
        assert tx.grants.select([GrantState.ENDING], 10) == [ending]


def test_what_has_ended_is_not_held(ledger: Store) -> None:
    held, gone = grant(id="g-1"), grant(id="g-2", state=GrantState.ENDED, level_id="crm/other")
    with ledger.begin() as tx:
        tx.grants.add(held)
        tx.grants.add(gone)

        assert tx.grants.of_person(held.person_id) == [held]


def test_a_seat_is_reserved_once_and_not_counted_against_its_own_request(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.seats.lock("crm")
        for request_id in ("r-1", "r-1", "r-2"):
            tx.seats.reserve(request_id, "crm", ["Crm", "Inbox"], NOW)

        assert tx.seats.reserved("crm", except_for="") == {"Crm": 2, "Inbox": 2}
        assert tx.seats.reserved("crm", except_for="r-2") == {"Crm": 1, "Inbox": 1}
        assert tx.seats.has("r-1")
        tx.seats.release("r-1")
        assert not tx.seats.has("r-1")
        assert tx.seats.reserved("crm", except_for="r-2") == {}
