"""What goes over the wire and how long it may take, byte for byte."""

import gzip
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.salesforce import wire as wire_module
from bot.adapters.salesforce.wire import MAX_ANSWER
from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.domain.secret import Secret
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
PASSWORD = f"POST {DATA}/sobjects/User/{BOT_ID}/password"
FINE = said({"a": 1})
HURRIED = (5.0, 0.4)


def head(*lines: str) -> bytes:
    return "\r\n".join(
        ["HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", ""]
    ).encode()


def dripping(wait: threading.Event) -> Callable[[Any], None]:
    """Send a byte now and then, each well within the limit for one piece."""

    def send(out: Any) -> None:
        out.write(head("Content-Length: 1000"))
        while not wait.wait(0.05):
            try:
                out.write(b" ")
                out.flush()
            except OSError:
                return

    return send


@pytest.mark.parametrize("line", [LIMITS, TOKEN])
def test_an_answer_that_drips_is_not_waited_for(scripted: ScriptedOrg, line: str) -> None:
    over = threading.Event()
    scripted.answers(line, Answer(raw=dripping(over)))

    with pytest.raises(Unavailable):
        scripted.gateway(scripted.wire(HURRIED)).limits()
    over.set()


def test_a_dripping_answer_to_a_write_is_an_unknown_outcome(scripted: ScriptedOrg) -> None:
    over = threading.Event()
    scripted.answers(PASSWORD, Answer(raw=dripping(over)))

    with pytest.raises(OutcomeUnknown):
        scripted.gateway(scripted.wire(HURRIED)).set_password(BOT_ID, Secret("Canary-1"))
    over.set()


@pytest.mark.parametrize("line", [LIMITS, TOKEN])
def test_an_answer_that_never_comes_is_not_waited_for(scripted: ScriptedOrg, line: str) -> None:
    over, gave_up = threading.Event(), threading.Event()

    def silent(_: object) -> None:
        if not over.wait(10):
            gave_up.set()

    scripted.answers(line, Answer(raw=silent))

    with pytest.raises(Unavailable):
        scripted.gateway(scripted.wire(HURRIED)).limits()
    assert not gave_up.is_set(), "it was the server that hung up"
    over.set()


@pytest.mark.parametrize(
    "raw",
    [
        head("Content-Length: 100") + b'{"a": 1}',
        head("Transfer-Encoding: chunked") + b'8\r\n{"a": 1}\r\n',
        head("Transfer-Encoding: chunked") + b'40\r\n{"a": 1}',
        head("Content-Length: 20", "Content-Encoding: gzip") + b"this is not gzipped!",
        head("Content-Length: 0"),
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        head("Content-Length: 9") + b'{"a": 1, ',
        head("Content-Length: 400000") + b"[" * 400_000,
    ],
)  # fmt: skip
def test_a_mangled_answer_is_no_answer(scripted: ScriptedOrg, raw: bytes) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, Answer(raw=lambda out: out.write(raw)))
    scripted.answers(PASSWORD, Answer(raw=lambda out: out.write(raw)))

    with pytest.raises(Unavailable):
        gateway.limits()
    with pytest.raises(OutcomeUnknown):
        gateway.set_password(BOT_ID, Secret("Canary-1"))


def test_an_answer_may_be_compressed_and_in_pieces(scripted: ScriptedOrg) -> None:
    body = gzip.compress(json.dumps({"a": "x" * 300_000}).encode())
    scripted.answers(LIMITS, Answer(body=body, headers={"Content-Encoding": "gzip"}))
    assert len(scripted.gateway().limits()["a"]) == 300_000

    chunked = head("Transfer-Encoding: chunked") + b'8\r\n{"a": 1}\r\n0\r\n\r\n'
    scripted.answers(LIMITS, Answer(raw=lambda out: out.write(chunked)))
    assert scripted.gateway().limits() == {"a": 1}


def test_a_bomb_is_not_kept_in_memory(scripted: ScriptedOrg) -> None:
    bomb = gzip.compress(b" " * (MAX_ANSWER + 2**20))
    assert len(bomb) < 2**20
    scripted.answers(LIMITS, Answer(body=bomb, headers={"Content-Encoding": "gzip"}))

    with pytest.raises(Unavailable, match="TooMuch"):
        scripted.gateway().limits()


def test_a_connection_is_used_again(scripted: ScriptedOrg) -> None:
    """Reading in pieces must not cost a new connection, and its handshake, for each call."""
    gateway = scripted.gateway()
    scripted.answers(LIMITS, FINE)
    for _ in range(5):
        gateway.limits()

    assert len({call.port for call in scripted.calls}) == 1


@pytest.mark.parametrize("line", [TOKEN, LIMITS, PASSWORD])
def test_nobody_is_followed_elsewhere(scripted: ScriptedOrg, line: str) -> None:
    """A redirect would take the token, the secret or a new password along."""
    away = Answer(status=307, headers={"Location": f"{scripted.url}/elsewhere"})
    gateway = scripted.gateway()
    scripted.answers(LIMITS, FINE)
    scripted.answers(line, away)

    with pytest.raises((Unavailable, OutcomeUnknown)):
        (gateway.set_password(BOT_ID, Secret("Canary-1")) if line == PASSWORD else gateway.limits())

    assert not any("elsewhere" in each for each in scripted.lines())


def test_the_environments_proxies_and_netrc_and_authorities_count_for_nothing(
    scripted: ScriptedOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc, no_ca = tmp_path / "netrc", tmp_path / "none.pem"
    netrc.write_text("default login mallory password wrong\n")
    for name, value in {
        "NETRC": netrc,
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "",
        "no_proxy": "",
        "REQUESTS_CA_BUNDLE": no_ca,
        "CURL_CA_BUNDLE": no_ca,
    }.items():
        monkeypatch.setenv(name, str(value))
    scripted.answers(LIMITS, FINE)

    assert scripted.gateway().limits() == {"a": 1}

    assert scripted.calls[-1].headers["Authorization"] == "Bearer token-1"


def test_log_ins_go_to_the_orgs_own_host_and_every_call_names_its_version(
    scripted: ScriptedOrg,
) -> None:
    scripted.answers(LIMITS, FINE)
    scripted.gateway().limits()

    assert scripted.lines() == [TOKEN, LIMITS]
    assert {call.headers["Host"] for call in scripted.calls} == {scripted.url[8:]}


@pytest.mark.parametrize("token", ["", "a\nb", "a b", "é", "x" * 5000, None, 7, ["x"]])
def test_a_token_that_cannot_be_one_is_not_sent(scripted: ScriptedOrg, token: Any) -> None:
    scripted.answers(TOKEN, logged_in(token))

    with pytest.raises(Unavailable, match="not understood"):
        scripted.gateway().limits()

    assert scripted.lines() == [TOKEN]


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT"])
def test_a_date_that_is_none_tells_nothing(scripted: ScriptedOrg, date: str) -> None:
    wire = scripted.wire()
    scripted.answers(TOKEN, logged_in(Date=date))
    scripted.answers(LIMITS, FINE)
    scripted.gateway(wire).limits()

    assert wire.clock_off_s is None


def test_every_wait_has_an_end() -> None:
    assert wire_module.TIMEOUTS_S == (5.0, 25.0)
    assert wire_module.TIMEOUTS_S[1] * wire_module.WHOLE == 30
