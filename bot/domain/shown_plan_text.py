"""The plan on a request's card: in full for the record and the owners, in numbers for the rest."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.cards import Fact
from bot.domain.changes import Plan
from bot.domain.plan import Holder, SeatView
from bot.domain.plan_text import idle_lines, plan_lines
from bot.domain.quoting import quoted
from bot.domain.request import Request, RequestState
from bot.domain.seats import Availability
from bot.domain.shown_plan import Deed, DeedKind, IdleSeats, ShownPlan, deeds_of

MOST_LINES = 12
MOST_IDLE_NAMED = 5
_A_NOTE = 900
"""Characters that a note may have on an issue without losing its end."""
_MOST_EXTRA = 4
_WORDS = {
    DeedKind.CREATE: "make a new account",
    DeedKind.ADOPT: "take over the account {account}",
    DeedKind.ACTIVATE: "activate the account {account} again",
    DeedKind.UNFREEZE: "let {account} log in again",
    DeedKind.PROFILE: "change the profile of {account} from {was} to {what}",
    DeedKind.ROLE: "change the role of {account} from {was}",
    DeedKind.FEATURE_OFF: "switch off the feature {what}",
    DeedKind.REMOVE: "remove the {what}",
    DeedKind.FREEZE: "freeze {account}",
    DeedKind.DEACTIVATE: "deactivate {account}",
}
_READ_AGAIN = "it is read again before anything is changed"


def shown(
    request: Request, view: SeatView, plan: Plan, holder: Holder, seats: Availability, at: datetime
) -> ShownPlan:
    """Make what people are shown of a plan."""
    return ShownPlan(
        asked=request.digest,
        at=at,
        lines=plan_lines(plan, holder),
        calls=plan.calls,
        digest=plan.digest,
        deeds=deeds_of(view.seat, plan),
        seats=seats if view.pools_to_draw else None,
    )


def unread(request: Request, why: str, at: datetime) -> ShownPlan:
    """Make what people are shown when the system could not be read."""
    problem = f"could not be read yet ({why[:200]}); {_READ_AGAIN}"
    return ShownPlan(asked=request.digest, at=at, problem=problem, is_unread=True)


def plan_facts(request: Request, title: str) -> Iterator[Fact]:
    """Say in numbers what will change and whether there is a seat; safe for every approver."""
    plan = _current(request)
    if plan is None:
        return
    if plan.is_unread:
        yield Fact(f"In {title}", f"could not be read yet; {_READ_AGAIN}")
    elif not plan.problem:
        yield Fact(f"In {title}", f"{_many(len(plan.lines), 'change')}, {_calls(plan.calls)}")
        yield Fact("Seats", _seats(plan.seats))


def plan_notes(request: Request, title: str) -> Iterator[str]:
    """Say line by line what will change, for those who look after the system and the record."""
    plan = _current(request)
    if plan is None:
        return
    head = f"{'What was to change' if request.is_over else 'What will change'} in {title}"
    if plan.problem:
        yield f"{head}: {plan.problem}."
        return
    if plan.earlier:
        yield from _listed(f"What was to change in {title} when it was asked:", plan.earlier)
    if plan.lines:
        yield from _listed(f"{head}:", plan.lines)
    else:
        yield f"{head}: nothing, the account is as it should be."


def more_note(more: Iterable[Deed], title: str) -> str:
    """Say what a plan does beyond the one that was shown, and how to go on."""
    named = [_says(deed) for deed in more]
    rest = f" and {len(named) - _MOST_EXTRA} more" if len(named) > _MOST_EXTRA else ""
    extra = f"{'; '.join(named[:_MOST_EXTRA])}{rest}"
    return (
        f"{title} is not as it was when this was approved, so nothing was changed. Beyond what was "
        f"shown it would now {extra}. Whoever retries it accepts the plan as it is shown now."
    )


def idle_notes(request: Request, *, with_names: bool) -> Iterator[str]:
    """Say how many seats of the full pool lie idle and, to its owners alone, whose they are."""
    found = request.idle_seats
    if found is None or not found.idle or request.state is not RequestState.AWAITING_SEAT:
        return
    yield _how_many(found)
    if with_names:
        yield from idle_lines(found.pool, found.idle[:MOST_IDLE_NAMED])


def _how_many(found: IdleSeats) -> str:
    number = len(found.idle)
    least = "At least " if number >= MOST_IDLE_NAMED else ""
    held = f"{_many(number, 'seat')} of {quoted(found.pool)}"
    use = "has" if number == 1 else "have"
    return f"{least}{held} {use} not been used for {found.days} days."


def _current(request: Request) -> ShownPlan | None:
    """Return what was read for the request as it stands; what was read before it is void."""
    plan = request.shown_plan
    return plan if plan is not None and plan.asked == request.digest else None


def _listed(head: str, lines: tuple[str, ...]) -> Iterator[str]:
    """List the first lines, in as many notes as it takes for none to be cut."""
    note = head
    for line in _bounded(lines):
        if len(note) + len(line) > _A_NOTE:
            yield note
            note = f"- {line}"
        else:
            note = f"{note}\n- {line}"
    yield note


def _bounded(lines: tuple[str, ...]) -> Iterator[str]:
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES} more"


def _seats(seats: Availability | None) -> str:
    if seats is None:
        return "none is needed"
    if seats.free is None:
        return "not limited"
    pool = quoted(seats.pool)
    if not seats.is_active:
        return f"{pool}: run out or switched off in the system"
    return f"{pool}: {seats.free} of {seats.total} free ({seats.used} used)"


def _calls(number: int) -> str:
    return _many(number, "API call")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _says(deed: Deed) -> str:
    account, was, what = (quoted(word) for word in (deed.account, deed.was, deed.what))
    return _WORDS[deed.kind].format(account=account, was=was, what=what)
