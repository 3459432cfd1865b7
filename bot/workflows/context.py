"""What every run needs, and the moves that all of them share."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.domain.audit import Entry, Tag
from bot.domain.errors import ConnectorError, OutcomeUnknown, RateLimited, StaleApproval
from bot.domain.grant import Grant
from bot.domain.journal import Write
from bot.domain.policy import Policy, Provider
from bot.domain.request import Request
from bot.ports import (
    Chat,
    Clock,
    Comments,
    Ledger,
    Members,
    Passwords,
    PeopleSource,
    PolicyReader,
    PolicyRepository,
    PolicySource,
    PolicyVerdicts,
    RecordReader,
    Records,
    RecordWriter,
    RightsReader,
    SeatReader,
    SeatWriter,
    Transaction,
    Vault,
)
from bot.workflows.engine import Engine, Run

log = structlog.get_logger()

LEASE = timedelta(minutes=10)
"""How long a run may take before the sweep starts another one for its row."""

ADVANCE, END, TELL, HANDLE = "advance", "end", "tell", "handle"
MAX_ATTEMPTS = 8


@dataclass(frozen=True, kw_only=True)
class RecordService:
    """The business records of a provider: one object that can only look, and one that can give."""

    reader: RecordReader
    writer: RecordWriter


@dataclass(frozen=True, kw_only=True)
class SeatService:
    """A provider with an API: one object that can only look, and one that can change.

    One whose users own nothing has no `records`; one without `rights` takes no integrations.
    """

    reader: SeatReader
    writer: SeatWriter
    records: RecordService | None = None
    rights: RightsReader | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyDesk:
    """Where policies are reviewed: their repository, what is said there, and who reads them."""

    repository: PolicyRepository
    verdicts: PolicyVerdicts
    comments: Comments
    reader: PolicyReader


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything outside that the runs may use."""

    ledger: Ledger
    engine: Engine
    clock: Clock
    policies: PolicySource
    people: PeopleSource
    services: Mapping[Provider, SeatService]
    passwords: Passwords
    vault: Vault
    chat: Chat
    members: Members
    records: Records
    comments: Comments
    policy_desk: PolicyDesk | None = None

    def policy(self) -> Policy:
        return self.policies.policy()


def start_advance(ctx: Context, tx: Transaction, request: Request) -> None:
    """Start the run that moves this request on; its number is in the row already."""
    run = Run(
        workflow=ADVANCE,
        id=f"{ADVANCE}:{request.id}:{request.run}",
        lane=request.person_id,
        arguments=(request.id, request.run),
    )
    ctx.engine.enqueue(tx.connection, run)


def start_end(ctx: Context, tx: Transaction, grant: Grant) -> None:
    """Start the run that takes this grant away."""
    run = Run(
        workflow=END,
        id=f"{END}:{grant.id}:{grant.run}",
        lane=grant.person_id,
        arguments=(grant.id, grant.run),
    )
    ctx.engine.enqueue(tx.connection, run)


def start_tell(ctx: Context, tx: Transaction, request: Request, attempt: int = 0) -> None:
    """Start the run that shows people the request's latest revision."""
    run = Run(
        workflow=TELL,
        id=f"{TELL}:{request.id}:{request.revision}:{attempt}",
        lane=f"tell:{request.id}",
        arguments=(request.id, request.revision),
    )
    ctx.engine.enqueue(tx.connection, run)


def start_handling(
    ctx: Context, tx: Transaction, delivery_ids: list[str], attempt: int = 0
) -> None:
    """Start the run that handles these messages of the inbox."""
    name = digest("\n".join(delivery_ids))
    run = Run(
        workflow=HANDLE,
        id=f"{HANDLE}:{name}:{attempt}",
        lane=f"in:{name}",
        arguments=(delivery_ids,),
    )
    ctx.engine.enqueue(tx.connection, run)


def changed(ctx: Context, tx: Transaction, request: Request, *, was: Request) -> bool:
    """Write back a request that people should hear about; False when the row has gone on."""
    told = replace(request, revision=was.revision + 1, changed_at=ctx.clock.now())
    if not tx.requests.save(told, was=was):
        return False
    start_tell(ctx, tx, told)
    return True


def get_to_know(ctx: Context, *person_ids: str) -> None:
    """Look whether somebody has joined a moment ago, in another process; outside a transaction."""
    roster = ctx.people.roster()
    if not all(roster.get(person_id) for person_id in person_ids):
        ctx.people.refresh()


def still_wanted(ctx: Context, request: Request) -> None:
    """Read the row again before an outside write: a run that comes back late must not go on.

    Raises StaleApproval when the request is in another state or another run has it.
    """
    with ctx.ledger.read() as tx:
        current = tx.requests.get(request.id)
    if current is None or (current.run, current.state) != (request.run, request.state):
        raise StaleApproval("The request has gone on.")


def touch(ctx: Context, tx: Transaction, request_id: str) -> None:
    """Show a request again because something about its grant changed."""
    request = tx.requests.get(request_id, lock=True)
    if request is not None:
        changed(ctx, tx, request, was=request)


def item_key(request_id: str) -> str:
    """Make the journal key of the log-in stored for a request."""
    return f"item:{request_id}"


def status_key(request_id: str) -> str:
    """Make the marker key of a request's status comment."""
    return f"status:{request_id}"


def show_again(ctx: Context, tx: Transaction, request: Request) -> None:
    """Write the status comment anew although it says nothing new: somebody else has edited it."""
    forget_shown(tx, request.id)
    changed(ctx, tx, request, was=request)


def forget_shown(tx: Transaction, request_id: str) -> None:
    """Note that the status comment is not ours any more, so that the next telling writes it."""
    shown = tx.writes.get(status_key(request_id))
    if shown is not None and shown.address is not None:
        tx.writes.settle(shown.key, shown.address, "")


def audit(ctx: Context, tx: Transaction, tag: Tag, subject: str, actor: str, **facts: str) -> None:
    """Write one line of the audit log under the policy of this moment."""
    entry = Entry(
        at=ctx.clock.now(),
        tag=tag,
        subject=subject,
        actor=actor,
        facts=facts,
        policy_commit=ctx.policy().commit,
    )
    tx.audit.write(entry)
    about = {f"about_{name}": str(fact) for name, fact in facts.items() if fact}
    log.info(str(tag), subject=subject, actor=actor, **about)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after this many failures: 30 s, doubling, at most 15 minutes."""
    return timedelta(seconds=min(30 * 2 ** max(0, attempts - 1), 900))


def write_once(
    ctx: Context,
    *,
    key: str,
    owner: str,
    content: str,
    look: Callable[[Write], str | None],
    act: Callable[[], str],
    settled: Callable[[Transaction, str], None] | None = None,
) -> tuple[str, bool]:
    """Make one outbound creation have one effect, whatever is lost or killed on the way.

    The intent is written down first. If it was there before, an earlier try may have got through:
    look for its effect before acting. `settled` adds what must be kept together with the address.
    Returns the address, and whether it was made just now.
    """
    with ctx.ledger.begin() as tx:
        earlier = tx.writes.get(key)
        intent = Write(key=key, owner=owner, content=content, intended_at=ctx.clock.now())
        if earlier is None and not tx.writes.intend(intent):
            earlier = intent  # another run has just begun the same write
    if earlier is not None and earlier.address is not None:
        return earlier.address, False
    found = look(earlier) if earlier is not None else None
    try:
        address = found or act()
    except OutcomeUnknown:
        raise
    except ConnectorError:
        if earlier is None:  # surely nothing was done, so nothing is left to look for
            with ctx.ledger.begin() as tx:
                tx.writes.withdraw(key)
        raise
    with ctx.ledger.begin() as tx:
        tx.writes.settle(key, address, "" if found else content)
        if settled is not None:
            settled(tx, address)
    return address, found is None


def digest(text: str) -> str:
    """Digest a content, to tell whether it has changed."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_worth_a_retry(error: Exception) -> bool:
    """Whether trying again at once may help (the answer was lost, or the service hiccuped)."""
    if isinstance(error, RateLimited):
        return False  # the service has said when to come back
    return isinstance(error, ConnectorError) and type(error).retryable
