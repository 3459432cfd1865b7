"""Every decision that moves a request is kept with all that it rests on, and comes out again."""

import json
from collections.abc import MutableMapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot import operating
from bot.domain.audit import Entry, Tag
from bot.domain.errors import Conflict, PolicyError, Unavailable
from bot.domain.policy import Policy
from bot.domain.policy_version import PolicyFiles
from bot.domain.request import RequestState
from bot.workflows.replaying import Replay, replay
from tests.factories import group, hire, policy
from tests.fakes.company import FakePolicies
from tests.workflows.office import Office

ALL = 10_000


class Shelf:
    """Every policy that was in force at an office, by commit, as the files would give it."""

    def __init__(self, *policies: Policy) -> None:
        self._policies = {policy.commit: policy for policy in policies}

    def load(self, content: PolicyFiles, commit: str) -> Policy:
        assert content.files == {"company.yml": commit.encode()}
        return self._policies[commit]


def replayed(office: Office, *policies: Policy, limit: int = ALL) -> Replay:
    with office.store.read() as tx:
        return replay(tx, Shelf(office.policies.now, *policies).load, limit)


def decisions(office: Office, request_id: str) -> list[Entry]:
    return [entry for entry in office.audit(request_id) if entry.tag is Tag.DECISION_MADE]


def test_the_decision_stands_in_the_log_before_each_move_that_rests_on_it(office: Office) -> None:
    request = office.ask()
    office.approve(request, "bea")

    tags = office.tags(request.id)

    for move in (Tag.REQUEST_ASKED, Tag.REQUEST_APPROVED):
        assert Tag.DECISION_MADE in tags[: tags.index(move)]
    assert len(decisions(office, request.id)) == 2
    assert [entry.actor for entry in decisions(office, request.id)] == ["ann", "bea"]


def test_a_refusal_and_a_birthright_are_kept_too(office: Office) -> None:
    refused = office.ask(how_long="200 days")
    joined = office.desk.onboard(hire())

    assert refused.state is RequestState.REFUSED
    answers = [
        decisions(office, id_)[0].facts["answer"]
        for id_ in (refused.id, *(item.request_id for item in joined.items))
    ]
    assert answers == ["refused", "allowed", "allowed"]
    assert replayed(office).differing == ()


def test_no_word_that_people_typed_is_in_the_facts(office: Office) -> None:
    request = office.ask(why="My sister's wedding")

    (entry,) = decisions(office, request.id)

    assert "wedding" not in json.dumps(dict(entry.facts))
    assert len(json.dumps(dict(entry.facts))) < 3000


def test_each_policy_that_was_in_force_is_kept_once(office: Office) -> None:
    before = office.policies.now
    office.ask("crm/view")
    office.ask("crm/standard")
    office.change_level("crm/view", says="Read it all.")
    office.travel(hours=5)

    with office.store.read() as tx:
        first, second = tx.policies.get(before.commit), tx.policies.get("another")
    assert first is not None
    assert second is not None
    assert first.at < second.at
    again = replayed(office, before)
    assert (again.decisions, again.policies, again.differing) == (4, 2, ())


def test_everything_that_happens_to_a_request_comes_out_again(office: Office) -> None:
    before = office.policies.now
    grant = office.granted()
    office.comment("ann", office.request(grant.id).issue_number, "/revoke")
    number = office.records.open_by_hand()
    office.reply_to(office.form(number, by="bea", for_whom="@octo-ann"), number)
    office.reply_to(office.form(number, how_long="60 days", is_edit=True), number)
    office.travel(days=8)
    office.ask("crm/admin", how_long="8h")
    office.change_level("crm/admin", says="Everything.")
    office.travel(days=1)

    again = replayed(office, before)

    assert again.decisions >= 6
    assert again.differing == ()


def test_what_stops_a_request_before_it_is_set_up_is_kept_each_time(office: Office) -> None:
    before = office.policies.now
    office.seats.troubles.refuse("CreateUser", Conflict("no", service="crm"))
    request = office.approve(office.ask(), "bea")
    level = before.level("crm/view")
    assert level is not None
    assert level.request is not None
    office.change_level("crm/view", request=replace(level.request, by=("csm",)))

    for _ in range(2):
        operating.retry(office.ctx, request.id, actor="cli:ivy")
        office.work()

    kept = [(entry.facts["answer"], entry.policy_commit) for entry in decisions(office, request.id)]
    then, now = before.commit, office.policies.now.commit
    asked = ("needs_approval", then)
    assert kept == [asked, asked, ("refused", now), ("refused", now)]
    tags = office.tags(request.id)
    assert tags[-3:] == [Tag.REQUEST_RETRIED, Tag.DECISION_MADE, Tag.REQUEST_FAILED]
    assert replayed(office, before).differing == ()


def test_a_level_that_is_gone_when_it_retries_stops_it_by_a_kept_decision(
    office: Office,
) -> None:
    office.seats.troubles.refuse("CreateUser", Conflict("no", service="crm"))
    request = office.approve(office.ask(), "bea")
    systems = {"phone": office.policies.now.systems["phone"]}
    office.policies.now = replace(office.policies.now, systems=systems, commit="another")

    operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert office.request(request.id).state is RequestState.NEEDS_IT
    assert decisions(office, request.id)[-1].facts["answer"] == "refused"


def test_what_still_stands_is_kept_once_for_each_policy_however_often_it_is_tried(
    office: Office,
) -> None:
    before = office.policies.now
    office.seats.troubles.refuse("CreateUser", Unavailable("down", service="crm"), times=999)
    request = office.approve(office.ask(), "bea")
    office.travel(minutes=16)
    assert len(decisions(office, request.id)) == 2

    office.change_level("crm/standard", says="Something else.")
    for _ in range(3):
        office.travel(minutes=16)
    office.seats.troubles.clear()
    office.travel(minutes=16)

    assert office.request(request.id).state is RequestState.DELIVERED
    last = decisions(office, request.id)[2:]
    assert [entry.policy_commit for entry in last] == [office.policies.now.commit]
    assert replayed(office, before).differing == ()


def test_what_lets_a_request_have_a_seat_is_kept(office: Office) -> None:
    office.seats.totals["Crm"] = 0
    request = office.approve(office.ask(), "bea")
    office.change_level("crm/standard", says="Something else.")
    office.seats.totals["Crm"] = 1

    office.travel(minutes=11)

    tags, last = office.tags(request.id), decisions(office, request.id)[-1]
    assert last.policy_commit == "another"
    assert tags[tags.index(Tag.REQUEST_RESERVED) - 1] is Tag.DECISION_MADE


def test_calling_the_backups_in_is_kept_and_a_reminder_alone_is_not(office: Office) -> None:
    owners = group("crm-owners", "octo-gus", "octo-gil", backup="security")
    office.policies.now = office.with_groups(policy(groups=(owners,)).company.groups)
    request = office.ask("crm/standard")
    office.travel(hours=5)
    assert len(decisions(office, request.id)) == 1

    office.travel(hours=25)

    escalated = decisions(office, request.id)[-1]
    assert len(decisions(office, request.id)) == 2
    assert json.loads(escalated.facts["basis"])["ask"]["escalated"] is True
    assert "sam" in escalated.facts["basis"]
    assert replayed(office).differing == ()


@pytest.mark.parametrize("verdict", ["/approve", "/deny no"])
def test_asking_whoever_steps_in_is_kept(office: Office, verdict: str) -> None:
    request = office.ask()
    office.replace_person("bea", last_day=date(2026, 11, 1))

    office.comment("bea", request.issue_number, verdict)

    assert office.cards("ivy", request) != []
    assert len(decisions(office, request.id)) == 2
    assert "ivy" in decisions(office, request.id)[-1].facts["basis"]
    assert replayed(office).differing == ()


def test_a_yes_after_which_others_are_asked_than_before_keeps_that(office: Office) -> None:
    request = office.ask("crm/standard")
    office.replace_person("ann", manager_id="sue")

    office.comment("gus", request.issue_number, "/approve")

    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert [entry.actor for entry in decisions(office, request.id)] == ["ann", "gus"]
    assert "sue" in decisions(office, request.id)[-1].facts["basis"]


def test_only_the_newest_are_replayed_when_told_so(office: Office) -> None:
    office.ask()
    office.ask("crm/standard")

    assert replayed(office, limit=1).decisions == 1


def test_an_entry_that_was_tampered_with_is_found(office: Office) -> None:
    request = office.ask()
    with office.store.begin() as tx:
        sql = "UPDATE audit SET facts = replace(facts, '\\\"engineer\\\"', '\\\"wizard\\\"')"
        changed = tx.connection.exec_driver_sql(f"{sql} WHERE tag = 'decision:made'").rowcount
    assert changed == 1

    (found,) = replayed(office).differing

    assert (found.request, found.policy) == (request.id, office.policies.now.commit)
    assert "it was needs_approval by crm/view request.approve, and is refused" in found.what


def test_an_entry_whose_facts_nobody_wrote_is_found(office: Office) -> None:
    office.ask()
    with office.store.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE audit SET facts = '{}' WHERE tag = 'decision:made'")

    (found,) = replayed(office).differing

    assert "these are not the facts of a decision" in found.what


def test_a_policy_that_was_not_kept_is_found(office: Office) -> None:
    office.ask()
    with office.store.begin() as tx:
        tx.connection.exec_driver_sql("DELETE FROM policies")

    (found,) = replayed(office).differing

    assert found.what == "the files of this version of the policy were not kept"


def test_another_policy_under_the_same_commit_is_found(office: Office) -> None:
    then = office.policies.now
    office.ask()
    office.change_level("crm/view", request=None)
    forged = replace(office.policies.now, commit=then.commit)
    office.policies.now = then

    (found,) = replayed(office, forged).differing

    assert "and is refused by crm/view" in found.what


def test_a_policy_that_cannot_be_read_any_more_is_found(office: Office) -> None:
    office.ask()

    def load(_content: PolicyFiles, _commit: str) -> Policy:
        raise PolicyError("cannot be used: 1 error", faults=("policies/roles.yml:3:1: too old",))

    with office.store.read() as tx:
        (found,) = replay(tx, load, ALL).differing

    assert found.what.endswith("cannot be read any more: policies/roles.yml:3:1: too old")


def test_a_policy_without_its_files_holds_nothing_up_and_is_said_in_the_log(
    office: Office, logged: list[MutableMapping[str, Any]]
) -> None:
    class Nowhere(FakePolicies):
        def files(self, commit: str) -> None:
            del commit

    office.policies = Nowhere(office.policies.now)
    office.ctx = replace(office.ctx, policies=office.policies)
    office.bind()

    request = office.ask()

    assert request.state is RequestState.AWAITING_APPROVAL
    commits = [line["commit"] for line in logged if line["event"] == "policy.not_kept"]
    assert commits == [office.policies.now.commit]
