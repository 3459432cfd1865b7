"""Somebody who leaves records behind, for tests of what becomes of these."""

from dataclasses import replace
from datetime import datetime

from bot.domain.durations import Duration, Unit
from bot.domain.grant import Grant, GrantState
from bot.domain.handover import HandOver
from bot.domain.inbound import IssueCommand, Verb
from tests.workflows.office import Office, on_github

BEA, GUS = "005-bea", "005-gus"


def with_records(office: Office) -> Grant:
    """Ann has access, and by policy leaves opportunities to her manager and leads to the owners."""
    now = office.policies.now
    crm = replace(now.systems["crm"], hand_over={"Opportunity": "manager", "Lead": "crm-owners"})
    company = replace(now.company, revoke_within=Duration(8, Unit.HOURS))
    office.policies.now = replace(now, systems={**now.systems, "crm": crm}, company=company)
    office.business.active = {"bea": BEA, "gus": GUS}
    return office.granted("crm/sales")


def account(office: Office) -> str:
    return office.seats.seats["ann"].user_id


def state(office: Office, grant: Grant) -> GrantState:
    found = office.grant(grant.id)
    assert found is not None
    return found.state


def hand_over(office: Office, grant: Grant) -> HandOver:
    found = office.grant(grant.id)
    assert found is not None
    assert found.leaving is not None
    assert found.leaving.hand_over is not None
    return found.leaving.hand_over


def issue(office: Office, grant: Grant) -> str:
    """Return the notes of the status comment."""
    content = office.status(office.request(grant.id)).content
    assert not isinstance(content, str)
    return "\n".join((content.headline, *content.notes))


def yes(office: Office, written_at: datetime) -> str:
    """Let Gus write his yes at this moment."""
    command = IssueCommand(
        actor=on_github("gus"),
        issue_number=1,
        comment_id=9,
        verb=Verb.APPROVE,
        argument="hand-over",
        written_at=written_at,
    )
    return office.reply_to(command, 1)
