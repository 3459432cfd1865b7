"""News of the policies' repository: adopted or refused, judged, told, and lost by nobody."""

from dataclasses import replace

import pytest

from bot.domain.errors import Unavailable
from bot.domain.inbound import PolicyProposed, PolicyPushed
from bot.domain.policy import Policy
from bot.domain.policy_review import Conclusion, Proposal, Standing
from bot.domain.policy_version import REPOSITORY, VersionState
from bot.workflows.context import PolicyDesk
from tests.factories import roster
from tests.fakes.policy_desk import FakePolicyDesk
from tests.workflows.office import Office, colleague, on_github
from tests.workflows.office_policy import company_policy

FAULTS = ("policies/roles.yml:1:1: error: this file is missing",)


@pytest.fixture
def desk(office: Office) -> FakePolicyDesk:
    desk = FakePolicyDesk()
    reviewers = PolicyDesk(repository=desk, verdicts=desk, comments=office.records, reader=desk)
    office.ctx = replace(office.ctx, policy_desk=reviewers)
    office.bind()
    return desk


def push(office: Office, desk: FakePolicyDesk, commit: str, policy: Policy | None) -> None:
    desk.tip = commit
    if policy is None:
        desk.faults[commit] = FAULTS
    else:
        desk.policies[commit] = replace(policy, commit=commit)
    office.send(PolicyPushed(actor=on_github("ivy")))
    office.work()


def state_of(office: Office, commit: str) -> VersionState | None:
    with office.ledger.read() as tx:
        version = tx.policies.get(commit)
    return version.state if version else None


def test_a_good_commit_is_kept_and_marked(office: Office, desk: FakePolicyDesk) -> None:
    push(office, desk, "a" * 40, company_policy())

    assert state_of(office, "a" * 40) is VersionState.GOOD
    assert desk.standings["a" * 40].is_in_force
    with office.ledger.read() as tx:
        assert tx.policies.commit_of(REPOSITORY, VersionState.GOOD) == "a" * 40


def test_a_refused_commit_is_told_to_every_one_of_it_who_has_slack(
    office: Office, desk: FakePolicyDesk
) -> None:
    others = [colleague(name) for name in ("ann", "bea", "gus", "gil", "ivy", "ian")]
    office.people.file = roster(
        *(replace(p, slack_id=None) if p.id == "ian" else p for p in others)
    )
    push(office, desk, "b" * 40, None)

    told = [m for m in office.chat.messages.values() if "b" * 12 in m.card.headline]
    assert len(told) == 1
    assert not desk.standings["b" * 40].is_in_force


def test_an_outage_of_github_loses_no_news(office: Office, desk: FakePolicyDesk) -> None:
    tip, away = desk.newest, True

    def newest() -> str:
        if away:
            raise Unavailable("GitHub cannot be reached.", service="github")
        return tip()

    desk.newest = newest  # type: ignore[method-assign]  # an outage
    push(office, desk, "a" * 40, company_policy())
    assert state_of(office, "a" * 40) is None

    away = False
    office.travel(minutes=2)

    assert state_of(office, "a" * 40) is VersionState.GOOD


def test_news_that_were_cut_short_after_the_commit_was_kept_are_told_in_full_later(
    office: Office, desk: FakePolicyDesk
) -> None:
    """That a commit is in force already does not mean that everybody has heard of it."""
    mark, fails = desk.set_status, True

    def set_status(commit: str, standing: Standing) -> None:
        if fails:
            raise RuntimeError("killed")
        mark(commit, standing)

    desk.set_status = set_status  # type: ignore[method-assign]  # the worker dies
    push(office, desk, "a" * 40, company_policy())
    assert state_of(office, "a" * 40) is VersionState.GOOD
    assert desk.standings == {}

    fails = False
    office.travel(minutes=2)

    assert desk.standings["a" * 40].is_in_force


def test_a_first_policy_is_nothing_to_compare_and_for_security_to_see(
    office: Office, desk: FakePolicyDesk
) -> None:
    number = office.records.open_by_hand("The first policy")
    desk.policies["h" * 40] = replace(company_policy(), commit="h" * 40)
    desk.proposals[number] = Proposal(
        number=number, head="h" * 40, base="0" * 40, touches_policy=True
    )
    office.send(PolicyProposed(actor=on_github("ivy"), pull_number=number))
    office.work()

    assert desk.opinions["h" * 40].conclusion is Conclusion.NEUTRAL
    assert desk.labels[number] == {"policy: loosens"}


def test_a_closed_proposal_is_left_alone(office: Office, desk: FakePolicyDesk) -> None:
    desk.proposals[7] = Proposal(
        number=7, head="h" * 40, base="0" * 40, touches_policy=True, is_open=False
    )
    office.send(PolicyProposed(actor=on_github("ivy"), pull_number=7))
    office.work()

    assert desk.opinions == {}


@pytest.mark.parametrize("looks", [1, 2])
def test_a_run_for_an_older_commit_says_nothing_once_there_is_a_newer_one(
    office: Office, desk: FakePolicyDesk, looks: int
) -> None:
    number = office.records.open_by_hand("The first policy")
    desk.policies["h" * 40] = replace(company_policy(), commit="h" * 40)
    desk.proposals[number] = Proposal(
        number=number, head="h" * 40, base="0" * 40, touches_policy=True
    )
    heads = iter(["h" * 40] * (looks - 1) + ["i" * 40])
    desk.proposal_head = lambda _number: next(heads)  # type: ignore[method-assign]  # a push
    office.send(PolicyProposed(actor=on_github("ivy"), pull_number=number))
    office.work()

    assert "h" * 40 in desk.opinions
    assert number not in desk.labels
    assert len(list(office.records.on(number))) == looks - 1


def test_where_nobody_reviews_policies_the_news_is_put_away(office: Office) -> None:
    delivery = office.send(PolicyPushed(actor=on_github("ivy")))
    office.work()

    with office.ledger.read() as tx:
        kept = tx.inbox.get(delivery)
    assert kept is not None
    assert kept.handled_at is not None
