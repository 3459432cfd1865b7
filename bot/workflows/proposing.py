"""A pull request that touches policy: judged, checked and commented, in place."""

from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.errors import ConnectorError, NotFound, PolicyError
from bot.domain.grant import Grant, GrantState
from bot.domain.policy import Policy
from bot.domain.policy_plan import plan
from bot.domain.policy_plan_sections import verdict
from bot.domain.policy_plan_text import MAX_COMMENT, markdown
from bot.domain.policy_plan_values import PolicyPlan
from bot.domain.policy_review import (
    FIRST_POLICY,
    LOOSENS_LABEL,
    ROOM_FOR_CASES,
    Opinion,
    Proposal,
    comment_text,
    of_faults,
    of_plan,
)
from bot.domain.policy_version import PolicyFiles
from bot.domain.request import ENDED, Request, RequestState
from bot.domain.seats import PoolCount
from bot.workflows.context import Context, PolicyDesk, digest, write_once

_MOST_ROWS = 1_000_000
_CLOCKS_DIFFER = timedelta(minutes=2)

log = structlog.get_logger()


def judge_proposal(ctx: Context, desk: PolicyDesk, number: int) -> str:
    """Say on a pull request what it would change; idempotent, and silent about other files."""
    proposal = desk.repository.proposal(number)
    if not proposal.is_open or not proposal.touches_policy:
        return "not about policy"
    opinion = _opinion(ctx, desk, proposal)
    desk.verdicts.set_check(proposal.head, opinion)
    # A newer commit has a run of its own, whose words must not be replaced by older ones.
    if desk.repository.proposal_head(number) != proposal.head:
        return "moved on"
    _comment(ctx, desk, number, comment_text(opinion, proposal.head))
    if desk.repository.proposal_head(number) != proposal.head:
        return "moved on"
    desk.verdicts.set_label(number, LOOSENS_LABEL, is_on=opinion.is_loosening)
    return str(opinion.conclusion)


def _opinion(ctx: Context, desk: PolicyDesk, proposal: Proposal) -> Opinion:
    try:
        content = desk.repository.files(proposal.head)
        head, told = desk.reader.review(content, proposal.head)
    except PolicyError as error:
        return of_faults(error.faults)
    except NotFound as gone:
        return of_faults((f"policies/company.yml:1:1: error: {gone.detail}",))
    failed = [case.splitlines()[0] for case in told]
    base = _base(desk, proposal)
    if base is None:
        return of_plan(FIRST_POLICY, FIRST_POLICY, is_loosening=True, failed_cases=failed)
    found = _plan(ctx, base, head)
    room = MAX_COMMENT - (ROOM_FOR_CASES if failed else 0)
    text = markdown(found, limit=room)
    opinion = of_plan(verdict(found), text, is_loosening=bool(found.loosens), failed_cases=failed)
    return replace(opinion, base=proposal.base)


def _base(desk: PolicyDesk, proposal: Proposal) -> Policy | None:
    """Read where the pull request started; None when there was no usable policy to compare with."""
    try:
        content: PolicyFiles = desk.repository.files(proposal.base)
        return desk.reader.read(content, proposal.base)
    except (NotFound, PolicyError):
        return None


def _plan(ctx: Context, base: Policy, head: Policy) -> PolicyPlan:
    """Compare over the real roster, and over what is held and asked for at this moment."""
    ctx.people.refresh()
    with ctx.ledger.read() as tx:
        requests: list[Request] = tx.requests.select(
            [state for state in RequestState if state not in ENDED], _MOST_ROWS
        )
        grants: list[Grant] = tx.grants.select(
            [state for state in GrantState if state is not GrantState.ENDED], _MOST_ROWS
        )
        had = {r.person_id: tx.grants.levels_had(r.person_id) for r in requests}
    seats, now = _seats(ctx, head), ctx.clock.now()
    return plan(base, head, ctx.people.roster(), grants, requests, seats, now, had=had)


def _seats(ctx: Context, policy: Policy) -> dict[str, tuple[PoolCount, ...]]:
    """Count the pools of every system that can be asked; one that is away is left out."""
    found: dict[str, tuple[PoolCount, ...]] = {}
    for system in policy.systems.values():
        service = ctx.services.get(system.provider)
        if service is None:
            continue
        try:
            found[system.id] = service.reader.pools()
        except ConnectorError as error:
            log.warning("policy.seats_not_counted", system=system.id, why=error.detail)
    return found


def _comment(ctx: Context, desk: PolicyDesk, number: int, text: str) -> None:
    """Write the one comment, or edit it in place when it says something else."""
    key = f"policy:{number}"
    address, is_new = write_once(
        ctx,
        key=key,
        owner="policy",
        content=digest(text),
        look=lambda write: desk.comments.find_comment(
            number, key, write.intended_at - _CLOCKS_DIFFER
        ),
        act=lambda: desk.comments.create_comment(number, text, key),
    )
    if is_new:
        return
    with ctx.ledger.read() as tx:
        written = tx.writes.get(key)
    if written is None or written.content != digest(text):
        desk.comments.update_comment(address, text, key)
        with ctx.ledger.begin() as tx:
            tx.writes.settle(key, address, digest(text))
