"""What operators do from the command line, through the same moves as everybody else."""

from bot.domain.errors import InvalidRequest, StaleApproval
from bot.domain.grant import EndReason, GrantState, request_of
from bot.domain.request import RequestEvent, RequestState
from bot.workflows.commands import cancel
from bot.workflows.context import Context
from bot.workflows.moves import end_grant, lock_grant, move, retry_grant


def cancel_request(ctx: Context, request_id: str, *, actor: str) -> str:
    """Cancel a request; raises InvalidRequest or StaleApproval."""
    with ctx.ledger.begin() as tx:
        request = tx.requests.get(request_id, lock=True)
        if request is None:
            raise _unknown(request_id)
        return cancel(ctx, tx, request, actor=actor, name=actor)


def retry(ctx: Context, stuck_id: str, *, actor: str) -> str:
    """Try again what got stuck: a request, or the taking away of a grant; takes either's id."""
    request_id = request_of(stuck_id)
    with ctx.ledger.begin() as tx:
        request = tx.requests.get(request_id, lock=True)
        is_grant_id = stuck_id != request_id
        if request is None or (is_grant_id and tx.grants.get(stuck_id) is None):
            raise _unknown(stuck_id)
        if request.state is RequestState.NEEDS_IT and not is_grant_id:
            move(ctx, tx, request, RequestEvent.RETRY, actor=actor)
            return "Trying again; see: usher requests show " + request_id
        for seen in tx.grants.of_person(request.person_id):
            is_meant = stuck_id in (seen.id, seen.request_id)
            if (
                is_meant
                and seen.state is GrantState.NEEDS_IT
                and (grant := lock_grant(tx, seen.id))
            ):
                retry_grant(ctx, tx, grant, actor=actor)
                return "Trying again to take the access away."
    raise StaleApproval(
        f"{request_id} is {request.state.words}; nothing is stuck.",
        next_step="See: usher requests list --state needs_it",
    )


def revoke_grant(ctx: Context, grant_id: str, *, actor: str) -> str:
    """Take access away; raises InvalidRequest or StaleApproval."""
    with ctx.ledger.begin() as tx:
        grant = lock_grant(tx, grant_id)
        if grant is None:
            raise InvalidRequest(
                f"There is no grant {grant_id}.", next_step="See: usher grants list"
            )
        end_grant(ctx, tx, grant, reason=EndReason.REVOKED, actor=actor)
    return "The access is being taken away; see: usher requests show " + request_of(grant_id)


def _unknown(request_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"There is no request {request_id}.", next_step="See: usher requests list"
    )
