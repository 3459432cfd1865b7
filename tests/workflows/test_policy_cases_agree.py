"""`usher policy test` and the running bot cannot differ: the same people, rules and answers."""

from dataclasses import replace

import pytest

from bot.domain.durations import Duration
from bot.domain.people import Roster
from bot.domain.policy import Policy, Separation, Where
from bot.domain.policy_cases import Asked, Event, Expected, Joined, Outcome, PolicyCase, play
from bot.domain.request import RequestState
from tests.factories import hire, role
from tests.workflows.office import Office
from tests.workflows.office_policy import company_policy

APART = Separation(
    id="view-and-sales",
    never_both=("crm/view", "crm/sales"),
    why="One test has to be refused.",
    where=Where("policies/separation.yml", 3, 5),
)
JOBS = {
    "plain": ("crm/standard", "phone/desk"),
    "nothing": (),
    "critical": ("crm/view", "crm/admin"),
    "misspelt": ("crm/vue", "crm/view"),
    "apart": ("crm/view", "crm/sales", "phone/desk"),
    "apart-too": ("crm/sales", "crm/view"),
}


def company() -> Policy:
    made = company_policy()
    jobs = {id_: role(id_, *levels) for id_, levels in JOBS.items()}
    return replace(made, roles={**made.roles, **jobs}, separations=(APART,))


def played(office: Office, event: Event, **changes: tuple[str, ...]) -> Outcome:
    """Play an event with the office's people, at its time."""
    case = PolicyCase(
        name="a case",
        where=Where("policies/tests/crm.yml", 3, 5),
        roster=Roster(office.people.roster()),
        event=event,
        at=office.clock.now(),
        expected=Expected(),
    )
    return play(replace(case, **changes), company())  # type: ignore[arg-type]  # of one type here


@pytest.mark.parametrize("job", JOBS)
def test_who_joins_gets_the_same_from_both(office: Office, job: str) -> None:
    office.policies.now = company()
    status = office.desk.onboard(hire(role=job))
    given = [item.level_id for item in status.items if item.state is not RequestState.REFUSED]

    outcome = played(office, Joined("new"))

    assert sorted(outcome.grants) == sorted(given)


@pytest.mark.parametrize(
    ("level_id", "approvers"),
    [
        ("crm/view", ("bea",)),
        ("crm/view", ("ann", "sam")),
        ("crm/standard", ("gus",)),
        ("crm/standard", ("gus", "ann", "bea")),
        ("crm/admin", ("gus", "bea")),
        ("crm/admin", ("sam", "gus", "bea")),
        ("phone/desk", ("bea",)),
    ],
)
def test_who_asks_gets_the_same_answer_from_both(
    office: Office, level_id: str, approvers: tuple[str, ...]
) -> None:
    office.policies.now = company()
    request = office.ask(level_id, how_long="7 days")
    for name in approvers:
        if request.issue_number:
            office.comment(name, request.issue_number, "/approve")
    after = office.request(request.id)

    asked = Asked(person_id="ann", requester_id="ann", level_id=level_id, duration=Duration(7))
    outcome = played(office, asked, approved_by=approvers)

    decision = outcome.decisions[0]
    assert request.decision is not None
    assert (decision.answer, decision.rule) == (request.decision.answer, request.decision.rule)
    assert decision.needs == request.decision.needs
    still_open = {RequestState.REFUSED, RequestState.AWAITING_APPROVAL}
    assert outcome.is_approved is (after.state not in still_open)
