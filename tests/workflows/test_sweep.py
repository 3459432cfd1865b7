"""Whatever is due, lost or left behind is found by the sweep and started again."""

from datetime import timedelta

import pytest
from structlog.typing import EventDict

from bot.domain.approvers import Need
from bot.domain.audit import Tag
from bot.domain.errors import Unavailable
from bot.domain.grant import EndReason, GrantState
from bot.domain.inbound import Verb
from bot.domain.journal import Write
from bot.domain.request import Request, RequestState
from bot.ports import Transaction
from bot.workflows.commands import ask_again_if_changed
from bot.workflows.context import LEASE, Context
from bot.workflows.sweep import beat, forget, sweep, take_over
from tests.factories import group, policy
from tests.workflows.office import Office


def test_a_sweep_with_nothing_due_starts_nothing(office: Office) -> None:
    office.granted()

    sweep(office.ctx)

    assert office.engine.live() == []


@pytest.mark.parametrize("workflow", ["advance", "handle", "tell"])
def test_a_lost_run_is_started_again(office: Office, workflow: str) -> None:
    request_id = office.submit()
    if workflow != "handle":
        office.work()
        office.send_approval("bea", 1)
    office.lose_runs(workflow)
    office.work()

    office.travel(minutes=11)
    if workflow == "handle":
        office.approve(office.request(request_id), "bea")

    assert office.request(request_id).state is RequestState.DELIVERED
    assert not office.records.issues[1].is_open
    assert len(office.vault.items) == 1


def test_a_run_that_is_under_way_is_left_alone_until_its_lease_is_up(office: Office) -> None:
    office.ask()
    office.send_approval("bea", 1)
    (waiting,) = office.engine.live("advance")

    office.clock.travel(LEASE - timedelta(seconds=1))
    sweep(office.ctx)
    assert office.engine.live("advance") == [waiting]

    office.clock.travel(timedelta(seconds=2))
    sweep(office.ctx)
    assert len(office.engine.live("advance")) == 2
    office.work()
    assert len(office.vault.items) == 1


def test_a_lost_ending_is_started_again(office: Office) -> None:
    grant = office.granted()
    office.send_revoke("ann", 1)
    office.lose_runs("end")

    office.travel(minutes=11)

    ended = office.grant(grant.id)
    assert ended is not None
    assert ended.state is GrantState.ENDED


def test_access_ends_when_its_time_is_up(office: Office) -> None:
    grant = office.granted(how_long="7 days")

    office.travel(days=6, hours=23)
    assert office.grant(grant.id) == grant
    office.travel(hours=2)

    ended = office.grant(grant.id)
    assert ended is not None
    assert (ended.state, ended.end_reason) == (GrantState.ENDED, EndReason.EXPIRED)
    assert not office.seats.seats["ann"].is_active


def test_permanent_access_never_becomes_due(office: Office) -> None:
    grant = office.granted("crm/standard", how_long="permanent")

    office.travel(days=4000)

    assert grant.until is None
    assert office.grant(grant.id) == grant


def test_nobody_answers_reminder_escalation_lapse(office: Office) -> None:
    request = office.ask()

    office.travel(hours=3)
    assert office.request(request.id).reminders == 0
    office.travel(hours=2)
    assert "Reminder" in office.request(request.id).note
    office.travel(hours=24)
    assert "waited longer than promised" in office.request(request.id).note
    assert len(office.cards("gus", request)) == len(office.cards("ivy", request)) == 1
    office.travel(days=7)

    lapsed = office.request(request.id)
    assert lapsed.state is RequestState.LAPSED
    assert office.tags(request.id).count(Tag.REQUEST_REMINDED) == 2
    assert not office.records.issues[1].is_open


def test_once_escalated_only_the_backup_that_policy_names_may_answer_too(office: Office) -> None:
    owners = group("crm-owners", "octo-gus", "octo-gil", backup="security")
    made = policy(groups=(owners,))
    office.policies.now = office.with_groups(made.company.groups)
    request = office.approve(office.ask("crm/standard"), "bea")
    early = office.comment("sam", 1, "/approve")
    office.travel(hours=5)
    office.travel(hours=25)

    by_it = office.comment("ivy", 1, "/approve")
    by_backup = office.comment("sam", 1, "/approve")

    assert "You are not one of those who may answer" in early
    assert "You are not one of those who may answer" in by_it
    assert "Approved" in by_backup
    assert office.request(request.id).state is RequestState.DELIVERED


def test_an_approval_from_before_the_escalation_still_counts(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")
    office.travel(hours=5)
    office.travel(hours=25)

    assert office.approve(request, "gus").state is RequestState.DELIVERED


def test_reminding_asks_whoever_has_become_the_approver(office: Office) -> None:
    request = office.ask()
    office.replace_person("ann", manager_id="sue")

    office.travel(hours=5)

    decision = office.request(request.id).decision
    assert decision is not None
    assert [need.from_ for need in decision.needs] == [("sue",)]
    assert len(office.cards("sue", request)) == 1
    assert isinstance(decision.needs[0], Need)


def test_what_is_due_by_mistake_is_put_to_rest(office: Office) -> None:
    request = office.ask()
    office.comment("ann", 1, "/cancel")
    office.save(office.request(request.id), due_at=office.clock.now())

    sweep(office.ctx)

    assert office.request(request.id).due_at is None
    assert office.engine.live() == []


def test_many_sweeps_at_once_start_one_run(office: Office) -> None:
    office.ask()
    office.send_approval("bea", 1)
    office.lose_runs("advance")
    office.work()
    office.clock.travel(LEASE + timedelta(seconds=1))

    for _ in range(3):
        sweep(office.ctx)

    assert len(office.engine.live("advance")) == 1


def test_a_worker_that_beats_is_alive_and_others_are_taken_over(
    office: Office, logged: list[EventDict]
) -> None:
    beat(office.ctx)

    assert take_over(office.ctx) == 0
    assert office.engine.alive == [{office.engine.executor_id}]

    office.engine.stranded = 2
    assert take_over(office.ctx, alive_s=0) == 2
    assert office.engine.alive[-1] == set()
    assert logged[-1]["runs"] == 2


def test_old_messages_and_runs_are_forgotten_and_the_audit_log_stays(office: Office) -> None:
    grant = office.granted()
    before = office.audit(grant.id)
    office.clock.travel(timedelta(days=31))

    forget(office.ctx)

    assert office.engine.forgotten == [7 * 24 * 3600.0]
    with office.store.read() as tx:
        assert tx.inbox.get("d-1") is None
    assert office.audit(grant.id) == before


def bells(office: Office, who: str) -> list[str]:
    """List the messages that rang for somebody about what they have not answered."""
    return [m.card.headline for m in office.chat.of(f"U{who.upper()}") if ":remind:" in m.key]


def test_a_reminder_rings_once_for_those_who_have_not_answered(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")

    office.travel(hours=5)
    office.touch("sam", 1, "labeled")

    reminder = ["Reminder: CRM: standard for Ann Doe is waiting for your answer"]
    assert (bells(office, "gus"), bells(office, "bea"), bells(office, "ivy")) == (reminder, [], [])
    office.travel(hours=25)
    assert (len(bells(office, "gus")), len(bells(office, "ivy"))) == (2, 1)
    office.approve(request, "gus")
    assert len(bells(office, "gus")) == 2


@pytest.mark.parametrize("error", [KeyError("ours"), Unavailable("down", service="database")])
def test_a_row_that_cannot_be_moved_does_not_keep_the_others_from_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict], error: Exception
) -> None:
    broken, fine = office.ask(), office.ask(by="gus")

    def fail(ctx: Context, tx: Transaction, request: Request) -> bool:
        if request.id == broken.id:
            raise error
        return ask_again_if_changed(ctx, tx, request)

    monkeypatch.setattr("bot.workflows.sweep.ask_again_if_changed", fail)
    office.travel(hours=5)

    assert office.request(fine.id).reminders == 1
    (line,) = (line for line in logged if line["event"] == "sweep.row_failed")
    assert line["row"] == broken.id


def test_old_answers_are_forgotten_and_what_was_made_for_a_request_is_not(office: Office) -> None:
    request = office.ask()
    office.comment("ann", 1, "/help")
    office.press("sam", request.id, Verb.APPROVE)
    assert len(answers(office)) == 2
    office.clock.travel(timedelta(days=29))
    forget(office.ctx)
    assert len(answers(office)) == 2

    office.clock.travel(timedelta(days=2))
    forget(office.ctx)

    assert answers(office) == []
    with office.store.read() as tx:
        assert tx.writes.get(f"issue:{request.id}") is not None


def answers(office: Office) -> list[Write]:
    """List the replies and whispers that the journal knows."""
    with office.store.read() as tx:
        return [*tx.writes.of_owner("issue:1"), *tx.writes.of_owner("whisper")]
