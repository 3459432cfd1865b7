"""A crowd at a few seats: requests, revokes and failures at once, played by real threads.

Runs of one lane are played one at a time, as the engine does; telling is left out, as it draws on
no pool.
"""

import random
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from bot import operating
from bot.domain.changes import Change
from bot.domain.durations import PERMANENT
from bot.domain.errors import Conflict, RateLimited, RequestRejected, SeatsExhausted, Unavailable
from bot.domain.grant import GrantState
from bot.domain.inbound import Submission
from bot.domain.people import Roster
from bot.domain.plan import Holder, SeatView
from bot.domain.policy import AutoApproval, Bundle, Delivery, Policy, Where
from bot.domain.request import Request, RequestState
from bot.domain.seats import Idle, PoolCount
from bot.workflows.context import TELL
from bot.workflows.engine import Run
from bot.workflows.sweep import sweep
from tests.factories import level, person, policy
from tests.fakes.seats import FakeSeats
from tests.workflows.office import WHY, Office, on_slack

THREADS = 4
PEOPLE = [f"p{number}" for number in range(40)]
LEVELS = {
    "crm/view": Bundle(licence="Crm", profile="Read Only"),
    "crm/mail": Bundle(licence="Crm", profile="Standard User", permission_set_licences=("Inbox",)),
    "crm/desk": Bundle(licence="Crm", profile="Standard User", permission_set_licences=("Voice",)),
}
POOLS = {"crm/view": ("Crm",), "crm/mail": ("Crm", "Inbox"), "crm/desk": ("Crm", "Voice")}
TOTALS = {"Crm": 12, "Inbox": 4, "Voice": 3}
_TROUBLES = [
    Unavailable("down", service="crm"),
    RateLimited("busy", service="crm", retry_after_s=60),
    Conflict("a rule of the org says no", service="crm"),
    SeatsExhausted("somebody was faster", service="crm", pool="Crm"),
]
_CALLS = ("observe", "CreateUser", "UpdateUser", "Assign", "Freeze", "Remove", "Deactivate")


@dataclass
class OneAtATime(FakeSeats):
    """Answers one call at a time, as an org does for the rows that a call locks."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        with self._lock:
            return super().observe(holder, bundle)

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        with self._lock:
            changed = super().apply(change, holder, view)
            assert all(self.used(pool) <= total for pool, total in self.totals.items())
            return changed

    def pools(self) -> tuple[PoolCount, ...]:
        with self._lock:
            return super().pools()

    def idle(self, pool: PoolCount, days: int) -> tuple[Idle, ...]:
        with self._lock:
            return super().idle(pool, days)


@dataclass
class Crowd:
    """Plays rounds of events against an office; `seed` decides what happens."""

    office: Office
    seed: int

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # no secret, and the same each time
        self._lock = threading.Condition()
        self._lanes: dict[str, deque[Callable[[], object]]] = defaultdict(deque)
        self._busy: set[str] = set()
        self._asked = 0
        office = self.office
        office.seats = OneAtATime(
            totals=dict(TOTALS), profiles={"Read Only": "Crm", "Standard User": "Crm"}, sets=set()
        )
        service = replace(
            next(iter(office.ctx.services.values())),
            reader=office.seats,
            writer=office.seats,
            records=None,
        )
        office.ctx = replace(office.ctx, services=dict.fromkeys(office.ctx.services, service))
        office.bind()
        office.policies.now = open_policy()
        office.people.file = Roster(person(name) for name in PEOPLE)

    # ---- what happens ---------------------------------------------------------------------------

    def round(self, events: int) -> None:
        """Let so many things happen at once, with some trouble, and wait until all runs rest."""
        for _ in range(3):
            call, error = self._chance.choice(_CALLS), self._chance.choice(_TROUBLES)
            if self._chance.random() < 0.3:
                self.office.seats.troubles.lose(call)
            else:
                self.office.seats.troubles.refuse(call, error, times=self._chance.choice([1, 3]))
        self.at_once([self._event() for _ in range(events)])

    def _event(self) -> Callable[[], object]:
        ctx, dice = self.office.ctx, self._chance.random()
        held, stuck = self.office.grants(GrantState.ACTIVE), self.stuck()
        waiting = self.office.requests(RequestState.AWAITING_SEAT)
        if held and dice < 0.3:
            grant = self._chance.choice(held)
            return partial(operating.revoke_grant, ctx, grant.id, actor="cli:ivy")
        if waiting and dice < 0.35:
            one = self._chance.choice(waiting)
            return partial(operating.cancel_request, ctx, one.id, actor="cli:ivy")
        if stuck and dice < 0.5:
            return partial(operating.retry, ctx, self._chance.choice(stuck), actor="cli:ivy")
        self._asked += 1
        asking = Submission(
            actor=on_slack(self._chance.choice(PEOPLE)),
            level=self._chance.choice(list(LEVELS)),
            how_long="permanent",
            why=WHY,
        )
        return partial(self.office.send, asking, f"crowd-{self._asked}")

    def stuck(self) -> list[str]:
        """Name the requests and grants that IT must look at."""
        grants = self.office.grants(GrantState.NEEDS_IT)
        requests = self.office.requests(RequestState.NEEDS_IT)
        return [*(one.id for one in grants), *(one.id for one in requests)]

    def pass_time(self, *, threads: int = THREADS) -> None:
        """Let everybody who waits look again."""
        self.office.clock.travel(timedelta(minutes=16))
        sweep(self.office.ctx)
        self.at_once([], threads=threads)

    def settle(self) -> None:
        """Take all trouble away, and look again one after the other until nothing moves."""
        self.office.seats.troubles.clear()
        before = None
        while before != (before := self._states()):
            self.pass_time(threads=1)

    def _states(self) -> list[tuple[str, str]]:
        requests = [(one.id, f"{one.state} {one.note}") for one in self.office.requests()]
        return sorted([*requests, *((one.id, one.state) for one in self.office.grants())])

    def end(self) -> None:
        """Take everything away and cancel what waits."""
        ctx = self.office.ctx
        while True:
            self.settle()
            idle = self.office.requests(RequestState.AWAITING_SEAT, RequestState.NEEDS_IT)
            held = self.office.grants(GrantState.ACTIVE)
            stuck = self.office.grants(GrantState.NEEDS_IT)
            acts: list[Callable[[], object]] = [
                *(partial(operating.cancel_request, ctx, r.id, actor="cli:ivy") for r in idle),
                *(partial(operating.revoke_grant, ctx, g.id, actor="cli:ivy") for g in held),
                *(partial(operating.retry, ctx, g.id, actor="cli:ivy") for g in stuck),
            ]
            if not acts:
                return
            self.at_once(acts)

    # ---- threads --------------------------------------------------------------------------------

    def at_once(self, acts: list[Callable[[], object]], *, threads: int = THREADS) -> None:
        """Do these, and every run that comes of them, in several threads."""
        for number, act in enumerate(acts):
            self._lanes[f"act-{number}"].append(partial(_ignoring_refusals, act))
        errors: list[BaseException] = []
        workers = [threading.Thread(target=self._work, args=(errors,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert errors == []

    def _work(self, errors: list[BaseException]) -> None:
        while (taken := self._take()) is not None:
            lane, act = taken
            try:
                act()
            except BaseException as error:  # noqa: BLE001  # told by the test, not by a thread
                errors.append(error)
            with self._lock:
                self._busy.discard(lane)
                self._lock.notify_all()

    def _take(self) -> tuple[str, Callable[[], object]] | None:
        """Take what comes next in a lane that nobody works in; None when nothing is left."""
        with self._lock:
            while (taken := self._next()) is None:
                self._collect()
                if (taken := self._next()) is not None:
                    break
                if not self._busy:
                    self._lock.notify_all()
                    return None
                self._lock.wait()
            lane, acts = taken
            self._busy.add(lane)
            return lane, acts.popleft()

    def _next(self) -> tuple[str, deque[Callable[[], object]]] | None:
        free = ((lane, acts) for lane, acts in self._lanes.items() if lane not in self._busy)
        return next(((lane, acts) for lane, acts in free if acts), None)

    def _collect(self) -> None:
        for run in self.office.engine.take_all():
            if run.workflow != TELL:
                self._lanes[run.lane].append(partial(self._play, run))

    def _play(self, run: Run) -> str:
        return self.office.play(run)


def _ignoring_refusals(act: Callable[[], object]) -> None:
    try:
        act()
    except RequestRejected:
        return  # somebody else was faster


def open_policy() -> Policy:
    """Make a CRM whose levels are given without asking, and whose log-in is single sign-on."""
    levels = [
        level(id_.partition("/")[2], longest=PERMANENT, bundle=bundle)
        for id_, bundle in LEVELS.items()
    ]
    made = policy(*levels)
    beforehand = AutoApproval(
        id="everybody",
        levels=tuple(one.name for one in levels),
        approved_by="octo-sam",
        approved_on=date(2026, 1, 5),
        record="https://acme.example/decisions/1",
        where=Where("policies/systems/crm.yml", 20),
    )
    crm = replace(made.systems["crm"], delivery=Delivery.SSO, auto_approve=(beforehand,))
    return replace(made, systems={"crm": crm})


def binding_pool(office: Office, request: Request) -> tuple[str, int]:
    """Name the pool that keeps a request waiting, counted another way than the code does."""
    waiting = office.requests(RequestState.AWAITING_SEAT)
    ahead = [r for r in waiting if (r.created_at, r.id) < (request.created_at, request.id)]
    free = {}
    for pool in _wanted(office, request):
        before = sum(pool in _wanted(office, other) for other in ahead)
        free[pool] = max(0, TOTALS[pool] - office.seats.used(pool) - before)
    pool = min(free, key=lambda name: free[name])
    return pool, free[pool]


def _wanted(office: Office, request: Request) -> list[str]:
    seat = office.seats.seats.get(request.person_id)
    held = seat.pools if seat else frozenset[str]()
    return [pool for pool in POOLS[request.level_id] if pool not in held]
