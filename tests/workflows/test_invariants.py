"""Whatever people do and whatever fails, in any order: nobody has what was not approved.

Random stories are played against the workflows. What must hold at every moment is checked after
each step; what must hold once everything works again, at the end.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import operating
from bot.domain.errors import Conflict, RateLimited, RequestRejected, SeatsExhausted, Unavailable
from bot.domain.grant import EndReason, GrantState
from bot.domain.inbound import Submission
from bot.domain.request import Request, RequestState
from bot.domain.review import still_missing
from tests.workflows.office import WHY, Office, on_github

PEOPLE = ("ann", "bea", "gus", "gil", "ivy", "sam")
LEVELS = ("crm/view", "crm/standard", "crm/sales", "phone/desk")
ON_THE_WAY = (RequestState.AWAITING_SEAT, RequestState.PROVISIONING)
CALLS = {
    "seats": ("observe", "CreateUser", "UpdateUser", "Assign", "Freeze",
              "Remove", "Deactivate", "set_password"),
    "vault": ("find_item", "create_item", "delete_item"),
    "records": ("create_issue", "update_issue", "create_comment", "update_comment"),
    "chat": ("post", "update", "find_message"),
}  # fmt: skip
ERRORS = {
    "down": Unavailable("down", service="fake"),
    "busy": RateLimited("busy", service="fake", retry_after_s=90),
    "no": Conflict("no", service="fake"),
    "full": SeatsExhausted("full", service="fake", pool="Crm"),
}

people, levels = st.sampled_from(PEOPLE), st.sampled_from(LEVELS)
which = st.integers(0, 5)
calls = st.sampled_from([(fake, call) for fake, names in CALLS.items() for call in names])
events = st.one_of(
    st.tuples(st.just("ask"), people, levels, st.sampled_from(["3 days", "30 days", "permanent"])),
    st.tuples(st.just("approve"), which),
    st.tuples(st.just("say"), people, which, st.sampled_from(["deny no", "cancel", "revoke"])),
    st.tuples(st.just("amend"), which, levels),
    st.tuples(st.just("tick"), which),
    st.tuples(st.just("travel"), st.sampled_from([1, 15, 300, 2000, 11000])),
    st.tuples(st.just("trouble"), calls, st.sampled_from(list(ERRORS)), st.sampled_from([1, 3, 9])),
    st.tuples(st.just("lose"), calls),
    st.tuples(st.just("lose_run"), st.sampled_from(["advance", "end", "tell"]), which),
    st.tuples(st.just("seats"), st.integers(0, 2)),
    st.tuples(st.just("policy"), levels, st.integers(0, 2)),
    st.tuples(st.just("retry"), which),
)


class Story:
    """Plays events in an office; what an event needs and is not there makes it nothing."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def play(self, event: tuple[Any, ...]) -> None:
        name, *arguments = event
        getattr(self, f"_{name}")(*arguments)
        self.office.work()

    def _ask(self, who: str, level: str, how_long: str) -> None:
        self.office.submit(level, by=who, how_long=how_long)

    def _approve(self, number: int) -> None:
        request = self._numbered(number)
        if request is not None and request.decision is not None:
            for need in request.decision.needs:
                self.office.comment(need.from_[-1], request.issue_number, "/approve")

    def _say(self, who: str, number: int, words: str) -> None:
        request = self._numbered(number)
        if request is not None:
            self.office.comment(who, request.issue_number, f"/{words}")

    def _amend(self, number: int, level: str) -> None:
        request = self._numbered(number)
        if request is not None:
            edit = Submission(
                actor=on_github(request.requester_id),
                level=level,
                how_long="5 days",
                why=WHY,
                issue_number=request.issue_number,
                is_edit=True,
            )
            self.office.send(edit)

    def _tick(self, number: int) -> None:
        request = self._numbered(number)
        records = self.office.records
        if request is not None and list(records.on(request.issue_number or 0, "status:")):
            self.office.tick("ivy", request.issue_number, 0, 1, 2)

    def _travel(self, minutes: int) -> None:
        self.office.travel(minutes=minutes)

    def _trouble(self, call: tuple[str, str], error: str, times: int) -> None:
        getattr(self.office, call[0]).troubles.refuse(call[1], ERRORS[error], times=times)

    def _lose(self, call: tuple[str, str]) -> None:
        getattr(self.office, call[0]).troubles.lose(call[1])

    def _lose_run(self, workflow: str, number: int) -> None:
        """Approve, or give back, and let the run that comes of it be lost."""
        request = self._numbered(number)
        if request is None or request.decision is None or request.issue_number is None:
            return
        if workflow == "end":
            self.office.send_revoke(request.person_id, request.issue_number)
        else:
            for need in request.decision.needs:
                self.office.send_approval(need.from_[-1], request.issue_number)
        self.office.engine.take(workflow)

    def _seats(self, free: int) -> None:
        self.office.seats.totals["Crm"] = self.office.seats.used("Crm") + free

    def _policy(self, level: str, version: int) -> None:
        self.office.change_level(level, says=f"Version {version} of it.")

    def _retry(self, number: int) -> None:
        request = self._numbered(number)
        if request is not None:
            try:
                operating.retry(self.office.ctx, request.id, actor="cli:ivy")
            except RequestRejected:
                return  # nothing is stuck

    def _numbered(self, number: int) -> Request | None:
        found = [r for r in self.office.requests() if r.issue_number is not None]
        return found[number % len(found)] if found else None

    def settle(self) -> None:
        """Let everything work again, let IT retry what is stuck, and wait."""
        for fake in CALLS:
            getattr(self.office, fake).troubles.clear()
        self.office.seats.totals.update(Crm=50, Inbox=50)
        for _ in range(2):
            for _ in range(4):
                self.office.travel(minutes=16)
            for number in range(len(self.office.requests())):
                self.play(("retry", number))


def check_always(office: Office) -> None:
    requests = {r.id: r for r in office.requests()}
    grants = {g.id: g for g in office.grants()}
    for request in requests.values():
        if request.state is RequestState.DELIVERED:
            assert request.id in grants
            assert request.decision is not None
            assert still_missing(request.decision, request.approvals, request.digest) == ()
    for grant in grants.values():
        if grant.end_reason is not EndReason.ABANDONED:
            assert requests[grant.id].state is RequestState.DELIVERED
    is_moving = [r for r in requests.values() if r.state in ON_THE_WAY]
    assert is_moving or office.reserved() == {}
    covered = {g.person_id for g in grants.values() if g.is_held}
    covered |= {r.person_id for r in (*is_moving, *office.requests(RequestState.NEEDS_IT))}
    assert {p for p, seat in office.seats.seats.items() if seat.is_active} <= covered
    for pool in ("Crm", "Inbox"):
        assert office.seats.used(pool) <= office.seats.totals[pool]


def check_settled(office: Office) -> None:
    held = [g for g in office.grants(GrantState.ACTIVE) if g.system == "crm"]
    for grant in held:
        (item_id,) = {g.item_id for g in held if g.person_id == grant.person_id and g.item_id}
        assert office.vault.of(f"vault-{grant.person_id}") == [office.vault.items[item_id]]
        assert office.vault.items[item_id].password == office.seats.passwords[grant.account]
    holders = {g.person_id for g in held}
    waiting = {r.person_id for r in office.requests(RequestState.NEEDS_IT)}
    assert {i.handoff.vault_id.removeprefix("vault-") for i in office.vault.items.values()} <= (
        holders | waiting
    )
    seated = {p for p, seat in office.seats.seats.items() if seat.is_active}
    assert holders <= seated <= holders | waiting
    with office.store.read() as tx:
        assert tx.requests.untold(office.clock.now(), 100) == []
    for request in office.requests():
        grant_ = office.grant(request.id)
        is_ending = grant_ is not None and grant_.state is GrantState.ENDING
        has_steps = any(t.done_by is None for t in request.tasks) and not (
            grant_ and not grant_.is_held
        )
        assert request.issue_number is not None
        is_open = office.records.issues[request.issue_number].is_open
        if request.state is not RequestState.DELIVERED or not has_steps:
            assert is_open == (not request.is_over or is_ending)


@pytest.mark.timeout(60)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.lists(events, min_size=3, max_size=14))
def test_nobody_has_what_was_not_approved_and_everything_comes_to_rest(
    make_office: Callable[[], Office], story: list[tuple[Any, ...]]
) -> None:
    office = make_office()
    plot = Story(office)

    for event in [("ask", "ann", "crm/standard", "30 days"), ("approve", 0), *story]:
        plot.play(event)
        check_always(office)
    plot.settle()

    check_always(office)
    check_settled(office)
