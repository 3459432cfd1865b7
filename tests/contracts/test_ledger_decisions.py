"""The ledger's contract, the same on both databases: policies as they were, and what people had."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store.store import Store
from bot.domain.audit import Entry, Tag
from bot.domain.decision import decide
from bot.domain.grant import EndReason, GrantState
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState
from bot.domain.replay import difference, facts_of, replayed
from bot.workflows.replaying import replay
from tests.any_company import Dice
from tests.factories import NOW, ask, grant, policy, request, roster

HOUR = timedelta(hours=1)
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


def test_what_somebody_had_is_what_they_held_and_hold_no_more(ledger: Store) -> None:
    ended = {"state": GrantState.ENDED, "end_reason": EndReason.EXPIRED}
    with ledger.begin() as tx:
        tx.grants.add(grant(id="g1", level_id="crm/a", **ended))
        tx.grants.add(grant(id="g2", level_id="crm/a", **ended))
        tx.grants.add(grant(id="g3", level_id="crm/b", **ended | {"person_id": "bea"}))
        tx.grants.add(grant(id="g4", level_id="crm/c"))
        tx.grants.add(grant(id="g5", level_id="crm/d", state=GrantState.ENDING))
        left = ended | {"end_reason": EndReason.ABANDONED}
        tx.grants.add(grant(id="g6", level_id="crm/e", **left))

        assert tx.grants.levels_had("ann") == {"crm/a"}
        assert tx.grants.levels_had("bea") == {"crm/b"}
        assert tx.grants.levels_had("gus") == frozenset()


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
