"""The ledger's contract, the same on both databases: policies as they were, and what people had."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.store.store import Store
from bot.domain.audit import Entry, Tag
from bot.domain.decision import decide
from bot.domain.grant import EndReason, GrantState
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState
from bot.domain.replay import difference, facts_of, replayed
from bot.domain.request import Verdict
from bot.ports import Transaction
from bot.workflows.replaying import replay
from tests.any_company import Dice
from tests.factories import NOW, approval, ask, grant, policy, request, roster

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FILES = {"company.yml": b"kind: company\n", "systems/crm.yml": "says: «ü» ✓\r\n".encode() * 500}


def version(commit: str = "c0ffee", **changes: object) -> PolicyVersion:
    content = PolicyFiles(name="policies", files=FILES)
    return replace(PolicyVersion(commit=commit, content=content, at=NOW), **changes)  # type: ignore[arg-type]  # by name


def test_a_policy_is_kept_byte_by_byte_and_once(ledger: Store) -> None:
    odd = version(content=PolicyFiles(name="p", files={"a.yml": bytes(range(256)), "b.yml": b""}))
    with ledger.begin() as tx:
        assert tx.policies.get("c0ffee") is None
        assert not tx.policies.has("c0ffee")
        assert tx.policies.add(odd)
        assert not tx.policies.add(version(at=NOW + HOUR))

        assert tx.policies.has("c0ffee")
        assert tx.policies.get("c0ffee") == odd


def test_a_refused_policy_is_kept_with_its_faults_and_is_not_the_newest_good_one(
    ledger: Store,
) -> None:
    faults = ("policies/roles.yml:3:1: error: «ü»", "policies/company.yml:9:9: error: y")
    refused = version(
        "bad", at=NOW + 2 * HOUR, state=VersionState.REFUSED, faults=faults, source=REPOSITORY
    )
    with ledger.begin() as tx:
        assert tx.policies.commit_of(REPOSITORY) is None
        tx.policies.add(version("elsewhere", at=NOW + 3 * HOUR, source="directory"))
        for one in (
            version("first", source=REPOSITORY),
            version("second", at=NOW + HOUR, source=REPOSITORY),
            refused,
        ):
            tx.policies.put(one)

        assert tx.policies.get("bad") == refused
        assert tx.policies.commit_of(REPOSITORY) == "bad"
        assert tx.policies.commit_of(REPOSITORY, VersionState.GOOD) == "second"


def test_a_version_that_comes_back_is_the_newest_again(ledger: Store) -> None:
    again = version("first", at=NOW + 2 * HOUR, source=REPOSITORY)
    with ledger.begin() as tx:
        tx.policies.add(version("first", source="directory"))
        tx.policies.put(version("second", at=NOW + HOUR, source=REPOSITORY))
        tx.policies.put(again)

        assert tx.policies.commit_of(REPOSITORY) == "first"
        assert tx.policies.get("first") == again


def test_a_policy_takes_little_room(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.policies.add(version())
        size = tx.connection.exec_driver_sql("SELECT length(files) FROM policies").scalar_one()

    assert size < sum(map(len, FILES.values())) / 10


def hold(tx: Transaction, level_id: str, why: EndReason | None, **about: Any) -> None:
    """Let somebody have held a level; `by` approved it, `began` days from now, for an hour."""
    began = NOW + about.get("began", 0) * DAY
    by, who = about.get("by", ("bea",)), about.get("who", "ann")
    id_ = f"{level_id}@{who}@{began:%d}"
    asked = request(id=id_, person_id=who, level_id=level_id, issue_number=None)
    asked = replace(asked, emergency=about.get("emergency", ""))
    tx.requests.add(asked)
    for person_id in by:
        said = approval(person_id, digest=about.get("shown", asked.digest))
        tx.requests.add_approval(id_, replace(said, verdict=about.get("verdict", Verdict.YES)))
    state = about.get("state", GrantState.ENDED if why else GrantState.ACTIVE)
    ended_at = began + HOUR if state is GrantState.ENDED else None
    held = grant(id=id_, person_id=who, level_id=level_id, since=began, state=state)
    tx.grants.add(replace(held, end_reason=why, ended_at=ended_at))


@pytest.mark.parametrize("why", [EndReason.EXPIRED, EndReason.GIVEN_BACK, EndReason.REPLACED])
def test_what_somebody_had_was_approved_for_them_and_ended_well(
    ledger: Store, why: EndReason
) -> None:
    with ledger.begin() as tx:
        hold(tx, "crm/a", why)
        hold(tx, "crm/a", why, began=2)
        hold(tx, "crm/b", why, who="gus", by=("bea", "ivy"))

        assert tx.grants.levels_had("ann") == {"crm/a"}
        assert tx.grants.levels_had("gus") == {"crm/b"}
        assert tx.grants.levels_had("ivy") == frozenset()


def test_what_is_held_still_or_ended_badly_was_not_had(ledger: Store) -> None:
    with ledger.begin() as tx:
        hold(tx, "crm/a", None)
        hold(tx, "crm/b", EndReason.EXPIRED, state=GrantState.ENDING)
        hold(tx, "crm/c", EndReason.EXPIRED, state=GrantState.NEEDS_IT)
        hold(tx, "crm/d", EndReason.REVOKED)
        hold(tx, "crm/e", EndReason.ABANDONED)

        assert tx.grants.levels_had("ann") == frozenset()


@pytest.mark.parametrize(
    "about",
    [
        pytest.param({"by": ()}, id="nobody approved it"),
        pytest.param({"emergency": "The sync is down"}, id="an emergency"),
        pytest.param({"shown": "something else"}, id="what was approved is void"),
        pytest.param({"verdict": Verdict.NO}, id="a no"),
    ],
)
def test_what_people_did_not_approve_was_not_had(ledger: Store, about: dict[str, Any]) -> None:
    with ledger.begin() as tx:
        hold(tx, "crm/a", EndReason.EXPIRED, **about)

        assert tx.grants.levels_had("ann") == frozenset()


@pytest.mark.parametrize("state", [GrantState.ENDED, GrantState.ENDING, GrantState.NEEDS_IT])
def test_a_revocation_outweighs_what_was_had_before(ledger: Store, state: GrantState) -> None:
    with ledger.begin() as tx:
        hold(tx, "crm/a", EndReason.EXPIRED)
        hold(tx, "crm/a", EndReason.REVOKED, began=1, by=(), emergency="Down", state=state)
        hold(tx, "crm/b", EndReason.EXPIRED)
        hold(tx, "crm/b", EndReason.REVOKED, began=1, who="gus")

        assert tx.grants.levels_had("ann") == {"crm/b"}


def test_only_an_approval_after_a_revocation_makes_it_good(ledger: Store) -> None:
    with ledger.begin() as tx:
        hold(tx, "crm/a", EndReason.EXPIRED)
        hold(tx, "crm/a", EndReason.REVOKED, began=1)
        hold(tx, "crm/a", EndReason.EXPIRED, began=2, by=(), emergency="Down again")
        assert tx.grants.levels_had("ann") == frozenset()

        hold(tx, "crm/a", EndReason.GIVEN_BACK, began=3)
        assert tx.grants.levels_had("ann") == {"crm/a"}


def test_answers_and_an_emergency_come_back_as_they_were(ledger: Store) -> None:
    asked = request(answers={"q": "«ü» \\ \"'", "a": ""}, emergency="The CRM is down ✓")
    with ledger.begin() as tx:
        tx.requests.add(asked)
        kept = tx.requests.get("r1")
        assert kept == asked

        tx.requests.save(replace(asked, answers={}, emergency=""), was=asked)
        kept = tx.requests.get("r1")
        assert kept is not None
        assert (kept.answers, kept.emergency) == ({}, "")


def test_the_newest_entries_of_a_kind_come_first(ledger: Store) -> None:
    with ledger.begin() as tx:
        for number, tag in enumerate((Tag.DECISION_MADE, Tag.TASK_DONE, Tag.DECISION_MADE)):
            tx.audit.write(Entry(at=NOW, tag=tag, subject=f"r{number}", actor="ann"))

        assert [e.subject for e in tx.audit.newest(Tag.DECISION_MADE, 10)] == ["r2", "r0"]
        assert [e.subject for e in tx.audit.newest(Tag.DECISION_MADE, 1)] == ["r2"]
        assert list(tx.audit.newest(Tag.GRANT_ENDED, 10)) == []


@pytest.mark.parametrize(
    "count", [500, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_decisions_read_back_from_the_log_come_out_as_they_were(ledger: Store, count: int) -> None:
    dice = Dice(count)
    made = [dice.situation() for _ in range(count)]
    with ledger.begin() as tx:
        for number, one in enumerate(made):
            facts = facts_of(one.ask, one.roster, one.policy, one.now)
            entry = Entry(
                at=NOW, tag=Tag.DECISION_MADE, subject=str(number), actor="ann", facts=facts
            )
            tx.audit.write(entry)

    with ledger.read() as tx:
        kept = {int(e.subject): e.facts for e in tx.audit.newest(Tag.DECISION_MADE, count)}

    assert len(kept) == count
    for number, one in enumerate(made):
        again = replayed(kept[number], one.policy)
        assert again == decide(one.ask, one.policy, one.roster, one.now)
        assert difference(kept[number], again) == ""


def test_policies_are_looked_up_while_the_log_is_read(ledger: Store) -> None:
    facts = facts_of(ask(), roster(), policy(), NOW)
    with ledger.begin() as tx:
        for commit in ("early", "late"):
            tx.policies.add(version(commit))
        for number in range(1200):
            commit = "early" if number < 100 else "late"
            entry = Entry(
                at=NOW,
                tag=Tag.DECISION_MADE,
                subject=f"r{number}",
                actor="ann",
                facts=facts,
                policy_commit=commit,
            )
            tx.audit.write(entry)

    with ledger.read() as tx:
        done = replay(tx, lambda _content, commit: replace(policy(), commit=commit), 10_000)

    assert (done.decisions, done.policies) == (1200, 2)
    assert len(done.differing) == 1200  # the commit is part of a decision
    assert done.differing[0].request == "r1199"
