"""A door that is shut is not hammered on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from bot.adapters.salesforce.circuit import HOLD_S, Circuit
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tests.adapters.salesforce.scripted_org import (
    BOT_ID,
    DATA,
    TOKEN,
    Answer,
    ScriptedOrg,
    logged_in,
    said,
)

LIMITS = f"GET {DATA}/limits"
STALE = said([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}], 401)
FINE = said({"DailyApiRequests": {"Max": 10, "Remaining": 9}})
NO_APPROVAL = said(
    {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}, 400
)
REFUSED = Unauthorized("The door is shut.", service="salesforce", code="SHUT")


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def errors(status: int, code: str) -> Answer:
    return said([{"errorCode": code, "message": "no"}], status)


# ---- by itself ----------------------------------------------------------------------------------


def test_calls_pass_until_it_is_shut_and_one_passes_after_the_hold() -> None:
    clock = Hands()
    circuit = Circuit(clock=clock)
    with circuit.passing():
        circuit.shut(REFUSED)
    clock.s += HOLD_S - 0.1
    with pytest.raises(Unauthorized, match="The door is shut"), circuit.passing():
        pass
    clock.s += 0.1

    with circuit.passing(), pytest.raises(Unauthorized), circuit.passing():
        pass
    with circuit.passing(), circuit.passing():
        pass  # open again for everybody


def test_a_probe_that_is_refused_shuts_it_for_as_long_again() -> None:
    clock = Hands()
    circuit = Circuit(clock=clock)
    circuit.shut(REFUSED)
    clock.s += HOLD_S
    with circuit.passing():
        circuit.shut(REFUSED)
    clock.s += HOLD_S - 1
    with pytest.raises(Unauthorized), circuit.passing():
        pass
    clock.s += 1

    with circuit.passing():
        pass


@pytest.mark.parametrize("error", [Unavailable("x"), OutcomeUnknown("x"), RateLimited("x")])
def test_a_probe_without_an_answer_leaves_it_to_the_next_call(error: ConnectorError) -> None:
    clock = Hands()
    circuit = Circuit(clock=clock)
    circuit.shut(REFUSED)
    clock.s += HOLD_S
    with pytest.raises(type(error)), circuit.passing():
        raise error

    with circuit.passing(), pytest.raises(Unauthorized), circuit.passing():
        pass


@pytest.mark.parametrize("error", [Conflict("x"), NotFound("x")])
def test_a_probe_that_is_answered_at_all_opens_the_door(error: ConnectorError) -> None:
    clock = Hands()
    circuit = Circuit(clock=clock)
    circuit.shut(REFUSED)
    clock.s += HOLD_S
    with pytest.raises(type(error)), circuit.passing():
        raise error

    with circuit.passing(), circuit.passing():
        pass


def test_a_call_that_was_let_through_before_learns_of_it() -> None:
    circuit = Circuit(clock=Hands())
    with circuit.passing() as times_shut:
        circuit.check(times_shut)
        circuit.shut(REFUSED)
        with pytest.raises(Unauthorized):
            circuit.check(times_shut)


def test_it_says_so_in_the_error_and_once_in_the_log() -> None:
    clock = Hands()
    circuit = Circuit(clock=clock)

    with capture_logs() as logs:
        shown = [circuit.shut(REFUSED), circuit.shut(REFUSED)]
        clock.s += HOLD_S
        with circuit.passing():
            pass

    assert [entry["event"] for entry in logs] == ["salesforce.shut_out", "salesforce.let_in_again"]
    assert shown[0] is not shown[1], "threads must not share an exception"
    assert "sends nothing to Salesforce for 60 seconds" in str(shown[0])
    assert (shown[0].code, shown[0].service) == ("SHUT", "salesforce")


# ---- on the wire --------------------------------------------------------------------------------


def test_a_permanent_401_costs_three_calls_however_many_callers(scripted: ScriptedOrg) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, FINE, STALE)
    gateway.limits()
    before = len(scripted.calls)

    for _ in range(20):
        with pytest.raises(Unauthorized, match="refuses a new access token"):
            gateway.limits()

    assert scripted.lines()[before:] == [LIMITS, TOKEN, LIMITS]


def test_a_bot_that_was_never_let_in_costs_two_calls_with_16_threads(scripted: ScriptedOrg) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, STALE)

    refusals = at_once(16, gateway.limits)

    assert {type(each) for each in refusals} == {Unauthorized}
    assert len({str(each) for each in refusals}) == 1
    assert scripted.lines() == [TOKEN, LIMITS]


def test_16_threads_with_an_expired_token_and_no_way_back_try_the_new_one_once(
    scripted: ScriptedOrg,
) -> None:
    """Calls that are on their way already cannot be taken back: at most one for each thread."""
    gateway = scripted.gateway()
    scripted.answers(LIMITS, FINE, STALE)
    gateway.limits()
    before = len(scripted.calls)

    at_once(16, gateway.limits)

    assert scripted.lines().count(TOKEN) == 2
    assert len(scripted.calls) - before <= 16 + 2


def test_a_refused_log_in_is_tried_once_by_16_threads(scripted: ScriptedOrg) -> None:
    scripted.answers(TOKEN, NO_APPROVAL)

    refusals = at_once(16, scripted.gateway().limits)

    assert {each.code for each in refusals} == {"app_not_approved"}
    assert scripted.lines() == [TOKEN]


def test_after_a_minute_one_call_looks_whether_an_admin_has_mended_it(
    scripted: ScriptedOrg,
) -> None:
    clock = Hands()
    gateway = scripted.gateway(clock=clock)
    scripted.answers(TOKEN, NO_APPROVAL, logged_in())
    scripted.answers(LIMITS, FINE)
    with pytest.raises(Unauthorized):
        gateway.limits()
    clock.s += HOLD_S - 1
    with pytest.raises(Unauthorized):
        gateway.run_as()
    clock.s += 1

    assert gateway.limits()
    assert scripted.lines() == [TOKEN, TOKEN, LIMITS]


@pytest.mark.parametrize("code", ["API_CURRENTLY_DISABLED", "INSUFFICIENT_ACCESS", "FORBIDDEN"])
def test_a_403_to_a_read_is_about_the_bot(scripted: ScriptedOrg, code: str) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, errors(403, code))

    for _ in range(3):
        with pytest.raises(Unauthorized, match=code):
            gateway.limits()

    assert scripted.lines() == [TOKEN, LIMITS]


UPDATE = f"PATCH {DATA}/sobjects/User/{BOT_ID}"


@pytest.mark.parametrize(
    ("status", "code", "calls"),
    [
        (403, "API_CURRENTLY_DISABLED", 1),
        (403, "API_DISABLED_FOR_ORG", 1),
        # one record that the bot may not touch must not stop the work on all others
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", 3),
        (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", 3),
    ],
)
def test_a_403_to_a_write_may_be_about_one_record(
    scripted: ScriptedOrg, status: int, code: str, calls: int
) -> None:
    gateway = scripted.gateway()
    scripted.answers(UPDATE, errors(status, code))

    for _ in range(3):
        with pytest.raises(Unauthorized):
            gateway.update("User", BOT_ID, {"IsActive": False})

    assert scripted.lines().count(UPDATE) == calls


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (errors(403, "REQUEST_LIMIT_EXCEEDED"), RateLimited),
        (errors(400, "INVALID_FIELD"), Unauthorized),
        (Answer(status=503), Unavailable),
        (Answer(status=403, body=b"<html>"), Unavailable),
    ],
)
def test_what_passes_by_itself_shuts_nothing(
    scripted: ScriptedOrg, answer: Answer, kind: type[Exception]
) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, answer, FINE)
    with pytest.raises(kind):
        gateway.limits()

    assert gateway.limits()


def test_a_token_that_ended_unused_is_renewed_and_no_refusal(scripted: ScriptedOrg) -> None:
    clock = Hands()
    gateway = scripted.gateway(clock=clock)
    gateway.run_as()
    clock.s += 7200
    scripted.answers(LIMITS, STALE, FINE)

    assert gateway.limits()
    assert scripted.lines() == [TOKEN, LIMITS, TOKEN, LIMITS]


def at_once(count: int, call: Callable[[], object]) -> list[ConnectorError]:
    """Make a call in so many threads that start together, and return how each ended."""
    start = threading.Barrier(count)

    def one(_: int) -> ConnectorError:
        start.wait()
        with pytest.raises(ConnectorError) as caught:
            call()
        return caught.value

    with ThreadPoolExecutor(count) as threads:
        return [*threads.map(one, range(count))]
