"""What operators do from the command line, through the same moves as everybody else."""

from bot.domain.errors import InvalidRequest, StaleApproval
from bot.domain.grant import EndReason, GrantState
from bot.domain.request import RequestEvent, RequestState
from bot.workflows.commands import cancel
from bot.workflows.context import Context
from bot.workflows.moves import end_grant, move, retry_grant


def cancel_request(ctx: Context, request_id: str, *, actor: str) -> str:
    """Cancel a request; raises InvalidRequest or StaleApproval."""
    with ctx.ledger.begin() as tx:
        request = tx.requests.get(request_id, lock=True)
        if request is None:
            raise _unknown(request_id)
        return cancel(ctx, tx, request, actor=actor, name=actor)


def retry(ctx: Context, request_id: str, *, actor: str) -> str:
    """Try again what got stuck: the request, or the taking away of its grant."""
    with ctx.ledger.begin() as tx:
        request = tx.requests.get(request_id, lock=True)
        grant = tx.grants.get(request_id, lock=True)
        if request is not None and request.state is RequestState.NEEDS_IT:
            move(ctx, tx, request, RequestEvent.RETRY, actor=actor)
            return "Trying again; see: usher requests show " + request_id
        if grant is not None and grant.state is GrantState.NEEDS_IT:
            retry_grant(ctx, tx, grant, actor=actor)
            return "Trying again to take the access away."
    if request is None:
        raise _unknown(request_id)
    raise StaleApproval(
        f"{request_id} is {request.state.replace('_', ' ')}; nothing is stuck.",
        next_step="See: usher requests list --state needs_it",
    )


def revoke_grant(ctx: Context, grant_id: str, *, actor: str) -> str:
    """Take access away; raises InvalidRequest or StaleApproval."""
    with ctx.ledger.begin() as tx:
        grant = tx.grants.get(grant_id, lock=True)
        if grant is None:
            raise InvalidRequest(
                f"There is no grant {grant_id}.", next_step="See: usher grants list"
            )
        end_grant(ctx, tx, grant, reason=EndReason.REVOKED, actor=actor)
    return "The access is being taken away; see: usher requests show " + grant_id


def _unknown(request_id: str) -> InvalidRequest:
    return InvalidRequest(
        f"There is no request {request_id}.", next_step="See: usher requests list"
    )
