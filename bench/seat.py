"""Salesforce calls for one seat, from the request to its delivery, counted by the emulator."""

import io
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.naive_seat import create_seat
from bench.report import Line, show
from bot.logs import configure_logs
from bot.playground import Playground
from bot.sandbox.salesforce import SalesforceEmulator
from bot.tour import Tour

PEER = "simple_salesforce, one call for each look-up and assignment, nothing reserved"
MOST_CALLS = 8
PERSON = "p004"
LICENCE, PROFILE, SETS = "Salesforce", "Standard User", ("AcmeCrmUser",)


@dataclass(frozen=True, kw_only=True)
class Size:
    """A count needs no repetition."""


FULL = QUICK = Size()


def run(_size: Size = FULL) -> dict[str, float]:
    """Let Ann ask for and get a seat from a bot that has just started; then do the same by hand."""
    ours, theirs = _usher_calls(), _naive_calls()
    show(
        "seat: Salesforce calls for one new seat, log-in included",
        PEER,
        [
            Line(
                what="calls",
                usher=str(len(ours)),
                peer=str(len(theirs)),
                ratio=len(ours) / len(theirs),
                target=f"≤ {MOST_CALLS}",
                is_met=len(ours) <= MOST_CALLS,
            )
        ],
    )
    for number, call in enumerate(ours, 1):
        print(f"  {number}. {call}")
    return {"salesforce_calls": len(ours), "peer_calls": len(theirs)}


def _usher_calls() -> list[str]:
    configure_logs("ERROR", json=False, stream=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        ground = Playground(Path(name))
        ground.start()
        try:
            Tour(ground, Console(file=io.StringIO())).high_risk_request()
            salesforce = ground.world.salesforce
            _check_seat(salesforce, [*SETS])
            return [exchange.call for exchange in salesforce.exchanges]
        finally:
            with redirect_stderr(io.StringIO()):
                ground.stop()


def _naive_calls() -> list[str]:
    emulator = SalesforceEmulator()
    emulator.serve_tls()
    try:
        with tempfile.TemporaryDirectory() as name:
            ca_file = Path(name) / "ca.pem"
            ca_file.write_bytes(emulator.ca_pem)
            create_seat(emulator, ca_file, PERSON, licence=LICENCE, profile=PROFILE, sets=SETS)
        _check_seat(emulator, [*SETS])
        return [exchange.call for exchange in emulator.exchanges]
    finally:
        emulator.close()


def _check_seat(emulator: SalesforceEmulator, sets: Sequence[str]) -> None:
    """A count means nothing unless the seat is really there."""
    user = emulator.org.user(PERSON)
    assert user is not None
    assert user.is_active
    assert user.last_password
    assert [*user.permission_sets] == [*sets]
