"""What is kept comes back as it was, whatever people wrote and whatever zone they are in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store.store import Store
from bot.domain.approvers import Need
from bot.domain.audit import Entry, Tag
from bot.domain.decision import Answer, Decision, Reason
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.grant import Basis, EndReason, Grant, GrantState
from bot.domain.inbound import Surface
from bot.domain.people import Engagement, Person
from bot.domain.request import Approval, Request, RequestState, Task, Verdict
from tests.factories import approval, grant, request

QUICKLY = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Neither database is asked to keep NUL or half characters: the doorways take them off.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
names = st.text("abcdefghij-.", min_size=1, max_size=30)
zones = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=7))]
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001  # zones follow
durations = st.builds(Duration, st.integers(1, 9999), st.sampled_from(Unit)) | st.just(PERMANENT)
tasks = st.lists(
    st.builds(Task, position=st.just(0), text=texts, done_by=st.none() | names), max_size=3
).map(lambda found: tuple(replace(task, position=i) for i, task in enumerate(found)))
needs = st.builds(Need, because=names, from_=st.lists(names, max_size=3).map(tuple), where=names)
reasons = st.builds(Reason, text=texts, rule=texts, where=names, next_step=texts, field=names)
decisions = st.builds(
    Decision,
    answer=st.sampled_from(Answer),
    rule=texts,
    where=names,
    policy_commit=names,
    needs=st.lists(needs, max_size=3).map(tuple),
    reasons=st.lists(reasons, max_size=2).map(tuple),
)
requests = st.builds(
    Request,
    id=st.just(""),
    person_id=names,
    requester_id=names,
    level_id=names,
    duration=durations,
    reason=texts,
    source=st.sampled_from(Surface),
    state=st.sampled_from(RequestState),
    created_at=moments,
    changed_at=moments,
    is_birthright=st.booleans(),
    digest=names,
    decision=st.none() | decisions,
    tasks=tasks,
    starts_at=st.none() | moments,
    due_at=st.none() | moments,
    reminders=st.integers(0, 5),
    run=st.integers(0, 9),
    revision=st.integers(0, 99),
    attempts=st.integers(0, 9),
    note=texts,
    ways_out=st.lists(texts, max_size=3).map(tuple),
    ended_by=texts,
    origin=names,
)
grants = st.builds(
    Grant,
    id=st.just(""),
    person_id=names,
    level_id=names,
    basis=st.sampled_from(Basis),
    state=st.sampled_from(GrantState),
    since=moments,
    until=st.none() | moments,
    account=names,
    username=names,
    vault_id=names,
    item_id=names,
    end_reason=st.none() | st.sampled_from(EndReason),
    ended_by=texts,
    ended_at=st.none() | moments,
    due_at=st.none() | moments,
    tasks=tasks,
    run=st.integers(0, 9),
    attempts=st.integers(0, 9),
    note=texts,
)
persons = st.builds(
    Person,
    id=st.just(""),
    mail=names,
    name=texts,
    role=names,
    first_day=st.dates(),
    timezone=st.just("Asia/Kathmandu"),
    engagement=st.sampled_from(Engagement),
    manager_id=st.none() | names,
    last_day=st.none() | st.dates(),
    github=st.none() | names,
    slack_id=st.none() | names,
    handoff_vault=st.none() | names,
)


@QUICKLY
@given(kept=requests, changed=requests)
def test_a_request_comes_back_as_it_was_kept_and_as_it_was_changed(
    ledger: Store, kept: Request, changed: Request
) -> None:
    kept = replace(kept, id=uuid4().hex)
    changed = replace(changed, id=kept.id)
    with ledger.begin() as tx:
        assert tx.requests.add(kept)
        assert tx.requests.get(kept.id) == kept

    with ledger.begin() as tx:
        assert tx.requests.save(changed, was=kept)
    with ledger.read() as tx:
        assert tx.requests.get(kept.id) == changed


@QUICKLY
@given(kept=grants, changed=grants)
def test_a_grant_comes_back_as_it_was_kept_and_as_it_was_changed(
    ledger: Store, kept: Grant, changed: Grant
) -> None:
    kept = replace(kept, id=uuid4().hex, tasks=())  # it gets its tasks when it ends
    changed = replace(changed, id=kept.id)
    with ledger.begin() as tx:
        assert tx.grants.add(kept)
        assert tx.grants.get(kept.id) == kept

    with ledger.begin() as tx:
        assert tx.grants.save(changed, was=kept)
    with ledger.read() as tx:
        assert tx.grants.get(kept.id) == changed


@QUICKLY
@given(
    given_=st.lists(
        st.builds(
            Approval,
            person_id=names,
            verdict=st.sampled_from(Verdict),
            surface=st.sampled_from(Surface),
            digest=names,
            at=moments,
            reason=texts,
        ),
        max_size=5,
        unique_by=lambda a: (a.person_id, a.digest),
    )
)
def test_approvals_come_back_in_the_order_they_were_given(
    ledger: Store, given_: list[Approval]
) -> None:
    kept = request(id=uuid4().hex, issue_number=None)
    with ledger.begin() as tx:
        tx.requests.add(kept)
        assert all(tx.requests.add_approval(kept.id, one) for one in given_)

    with ledger.read() as tx:
        assert tx.requests.get(kept.id) == replace(kept, approvals=tuple(given_))


@QUICKLY
@given(kept=persons)
def test_a_newcomer_comes_back_as_they_were_kept(ledger: Store, kept: Person) -> None:
    kept = replace(kept, id=uuid4().hex)
    with ledger.begin() as tx:
        tx.people.add(kept, datetime(2026, 11, 2, tzinfo=UTC))

    with ledger.read() as tx:
        assert kept in tx.people.all()


@QUICKLY
@given(facts=st.dictionaries(names, texts, max_size=4), tag=st.sampled_from(Tag), at=moments)
def test_a_line_of_the_audit_log_comes_back_as_it_was_written(
    ledger: Store, facts: dict[str, str], tag: Tag, at: datetime
) -> None:
    entry = Entry(at=at, tag=tag, subject=uuid4().hex, actor="ann", facts=facts, policy_commit="c")
    with ledger.begin() as tx:
        tx.audit.write(entry)

    with ledger.read() as tx:
        assert tx.audit.of_subject(entry.subject) == [entry]


def test_what_is_due_first_comes_first_and_no_more_than_asked_for(ledger: Store) -> None:
    start = datetime(2026, 11, 2, tzinfo=UTC)
    with ledger.begin() as tx:
        for minutes in (3, 1, 2):
            at = start + timedelta(minutes=minutes)
            tx.requests.add(request(id=f"r-{minutes}", due_at=at, changed_at=at, issue_number=None))
            tx.grants.add(grant(id=f"g-{minutes}", due_at=at))

    with ledger.read() as tx:
        now = start + timedelta(minutes=2)
        assert [r.id for r in tx.requests.due(now, 9)] == ["r-1", "r-2"]
        assert [g.id for g in tx.grants.due(now, 9)] == ["g-1", "g-2"]
        assert [r.id for r in tx.requests.due(now, 1)] == ["r-1"]
        assert [g.id for g in tx.grants.due(now, 1)] == ["g-1"]
        assert [r.id for r in tx.requests.untold(now, 2)] == ["r-1", "r-2"]


def test_a_save_that_changes_nothing_people_see_does_not_hurry_telling(ledger: Store) -> None:
    start = datetime(2026, 11, 2, tzinfo=UTC)
    kept = request(id="r-1")
    with ledger.begin() as tx:
        tx.requests.add(kept)
        tx.requests.tell_later("r-1", start + timedelta(hours=1), 4)
        tx.requests.save(replace(kept, attempts=1), was=kept)

        assert tx.requests.untold(start, 10) == []
        assert tx.requests.tell_attempts("r-1") == 4


def test_the_latest_news_are_not_taken_for_told_by_older_ones(ledger: Store) -> None:
    kept = request(id="r-1", revision=5)
    with ledger.begin() as tx:
        tx.requests.add(kept)
        tx.requests.mark_told("r-1", 4)
        assert tx.requests.untold(kept.changed_at, 10) == [kept]
        tx.requests.mark_told("r-1", 5)
        tx.requests.mark_told("r-1", 4)
        assert tx.requests.untold(kept.changed_at, 10) == []


def test_an_approval_of_nobodys_request_is_nobodys(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.requests.add(request(id="r-1"))
        tx.requests.add_approval("r-2", approval())

        found = tx.requests.get("r-1")

    assert found is not None
    assert found.approvals == ()
    assert date(2026, 11, 2) == found.created_at.date()
