"""Logs: one line per event, bounded, with ids and without secrets."""

import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.secret import Secret
from bot.logs import MAX_VALUE_CHARS, REDACTED, configure_logs, log_context, redact

# Put together here, so that no scanner takes this file for a leak.
CANARY = "kAnArY0123456789"
LOOKS = {
    "slack bot": f"xoxb-1234-{CANARY}",
    "slack rotated": f"xoxe.xoxb-1-{CANARY}",
    "slack app": f"xapp-1-{CANARY}",
    "github user": f"ghp_{CANARY}",
    "github app": f"ghs_{CANARY}",
    "github fine": f"github_pat_{CANARY}_{CANARY}",
    "jwt": f"eyJhbGciOiJSUzI1NiJ9.{CANARY}.{CANARY}",
    "pem": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    "pem cut off": f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
    "bearer": f"Bearer {CANARY}",
    "salesforce": f"00D5g000004AbCdEAK!AQ{CANARY}",
    "database": f"postgresql://usher:{CANARY}@db/usher",
    "slack reply": f"https://hooks.slack.com/commands/T1/{CANARY}",
    "form": f"grant_type=x&client_secret={CANARY}&format=json",
    "python": f"{{'password': '{CANARY} {CANARY}'}}",
    "json": f'{{"access_token": "{CANARY}"}}',
    "header": f"Authorization: Basic {CANARY}",
}


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    names = ["", "dbos", "uvicorn", "uvicorn.access", "uvicorn.error", "httpx", "urllib3"]
    loggers = [logging.getLogger(name) for name in names]
    before = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def written(act: Callable[[], object], *, level: str = "INFO", as_json: bool = True) -> str:
    stream = io.StringIO()
    configure_logs(level, json=as_json, stream=stream)
    act()
    return stream.getvalue()


def event_of(act: Callable[[], object]) -> dict[str, Any]:
    (line,) = written(act).splitlines()
    event: dict[str, Any] = json.loads(line)
    return event


def fail_with(*args: object) -> None:
    def fail() -> None:
        raise RuntimeError(*args)

    try:
        fail()
    except RuntimeError:
        structlog.get_logger("a").exception("it broke")


@pytest.mark.parametrize("look", LOOKS)
def test_what_looks_like_a_credential_never_comes_out(look: str) -> None:
    text = redact(f"before {LOOKS[look]}")

    assert CANARY not in text
    assert REDACTED in text
    assert text.startswith("before ")


def nested(leaf: str) -> st.SearchStrategy[Any]:
    leaves = st.just(leaf) | st.just(leaf.encode()) | st.just(RuntimeError(leaf))
    names = st.sampled_from(["who", "detail", "x"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner | st.integers(), min_size=1, max_size=3)
            | st.tuples(inner)
            | st.dictionaries(names | st.just(leaf), inner, min_size=1, max_size=2)
        ),
        max_leaves=5,
    )


@given(st.data(), st.sampled_from(sorted(LOOKS)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_canary_never_comes_out_wherever_it_is_put(
    data: st.DataObject,
    look: str,
    as_json: bool,  # noqa: FBT001  # Hypothesis draws it
) -> None:
    around = data.draw(st.text(alphabet="ab «é\n", max_size=20))
    canary = f"{around}{LOOKS[look]}{data.draw(st.sampled_from(['', ' and on', chr(10), ')']))}"
    value = data.draw(nested(canary))
    log, library = structlog.get_logger("a"), logging.getLogger("b")

    def act() -> None:
        log.info("said", value=value)
        log.info(canary)
        library.warning("%s and %r", canary, value, extra={"detail": value})
        fail_with(canary, value)
        with log_context(request_id=canary):
            log.info("in context")

    text = written(act, as_json=as_json)

    assert CANARY not in text
    assert text.count("could not be written") == 0


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "bot_token",
        "clientSecret",
        "Authorization",
        "private_key",
        "privateKey",
        "assertion",
        "Set-Cookie",
        "api_key",
        "response_url",
        "credentials",
        "sessionId",
    ],
)
def test_a_field_with_a_secrets_name_is_redacted_whatever_its_value(key: str) -> None:
    value = {key: "plain words", "headers": [(key, "Basic abc")], "deep": [{key: 12}]}

    event = event_of(lambda: structlog.get_logger("a").info("x", given=value, **{key: "plain"}))

    assert event[key] == REDACTED
    assert event["given"] == {
        key: REDACTED,
        "headers": [[key, REDACTED]],
        "deep": [{key: REDACTED}],
    }


def test_ordinary_words_and_numbers_stay_as_they_are() -> None:
    words = "Ana asked for salesforce/standard until 2026-12-24 (rule: roles.yml:12), token expired"

    event = event_of(lambda: structlog.get_logger("a").info(words, n=3, ok=True, none=None))

    assert (event["event"], event["n"], event["ok"], event["none"]) == (words, 3, True, None)


def test_lines_carry_level_time_logger_and_the_ids_of_the_request() -> None:
    def act() -> None:
        with log_context(request_id="r-1", delivery_id="d-1"):
            logging.getLogger("slack_bolt.App").warning("hello %s", "you")

    event = event_of(act)

    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "hello you",
        "level": "warning",
        "logger": "slack_bolt.App",
        "request_id": "r-1",
        "delivery_id": "d-1",
    }


def test_ids_are_gone_after_the_request() -> None:
    with log_context(request_id="r-1"):
        pass

    assert "request_id" not in event_of(lambda: structlog.get_logger("a").info("later"))


def test_tracebacks_show_where_and_what_but_no_locals() -> None:
    def act() -> None:
        hidden_local = "what only" + " the frame knows"
        assert hidden_local
        fail_with("the reason")

    for as_json in (True, False):
        text = written(act, as_json=as_json)
        assert "RuntimeError: the reason" in text
        assert "test_logs.py" in text
        assert "what only the frame knows" not in text


def test_long_values_are_cut_with_a_note() -> None:
    event = event_of(
        lambda: structlog.get_logger("a").info("y" * 5000, many=["z" * 50] * 200, few=["z"])
    )

    assert event["event"] == "y" * MAX_VALUE_CHARS + "… [3000 characters cut]"
    assert event["many"].endswith("characters cut]")
    assert event["few"] == ["z"]


def test_a_long_traceback_keeps_its_end() -> None:
    event = event_of(lambda: fail_with("w" * 9000 + " the very end"))

    assert event["exception"].startswith("Traceback")
    assert event["exception"].endswith("the very end")
    assert len(event["exception"]) < MAX_VALUE_CHARS + 100


def test_cycles_and_huge_structures_end_in_one_bounded_line() -> None:
    endless: list[Any] = []
    endless.append({"again": endless, "wide": [list(range(1000))] * 1000})
    fields = {f"field_{number}": endless for number in range(100)}

    text = written(lambda: structlog.get_logger("a").info("x", **fields))

    assert text.count("\n") == 1
    assert len(text) < 100_000
    assert "more fields" in json.loads(text)["left_out"]


def test_hostile_text_does_not_make_redaction_slow() -> None:
    texts = ["token" * 20_000, "a" * 100_000, "eyJ" * 30_000, "-----BEGIN " * 10_000]
    texts += ["://" * 30_000, "token'" * 20_000, 'secret="\\' * 10_000, "bearer " * 15_000]
    started = time.process_time()

    for text in texts:
        redact(text)

    assert time.process_time() - started < 5


def test_people_cannot_fake_a_line_on_a_terminal() -> None:
    name = "Ana\n2026 [info] fake \x1b[31mred\u202e"

    text = written(lambda: structlog.get_logger("a").info(name, name=name), as_json=False)

    assert text.count("\n") == 1
    assert "\x1b[31mred" not in text
    assert "\u202e" not in text


def test_a_terminal_that_knows_few_letters_still_gets_the_line() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    configure_logs("INFO", json=False, stream=stream)

    structlog.get_logger("a").info("Zoë «asks»")

    assert b"Zo\\xeb \\xabasks\\xbb" in raw.getvalue()


@pytest.mark.parametrize("name", ["httpx", "httpcore", "urllib3", "github", "slack_sdk"])
def test_chatty_libraries_start_at_warning_even_when_debugging(name: str) -> None:
    def act() -> None:
        logging.getLogger(name).info("request sent")
        logging.getLogger(name).warning("trouble")

    (line,) = written(act, level="DEBUG").splitlines()

    assert json.loads(line)["event"] == "trouble"


def test_the_level_holds_for_our_own_lines_and_the_libraries() -> None:
    def act() -> None:
        structlog.get_logger("a").info("no")
        logging.getLogger("b").warning("no")
        logging.getLogger("httpx").warning("no")
        structlog.get_logger("a").error("yes")

    (line,) = written(act, level="ERROR").splitlines()

    assert json.loads(line)["event"] == "yes"


def test_engine_and_web_server_write_each_line_once_and_in_our_form() -> None:
    loud = logging.StreamHandler(sys.stderr)
    for name in ("dbos", "uvicorn.access"):
        logging.getLogger(name).addHandler(loud)

    def act() -> None:
        logging.getLogger("dbos").warning("engine")
        logging.getLogger("uvicorn.access").info("served", extra={"color_message": "\x1b[1m"})

    events = [json.loads(line) for line in written(act).splitlines()]

    assert [event["event"] for event in events] == ["engine", "served"]
    assert "color_message" not in events[1]


def test_a_record_that_cannot_be_written_is_reported_without_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = event_of(lambda: logging.getLogger("b").warning("%d seats", "word " + CANARY))

    assert event["event"] == "a log record could not be written"
    assert event["logger"] == "b"
    assert event["where"].startswith("test_logs:")
    assert capsys.readouterr() == ("", "")


def test_a_stream_that_is_gone_breaks_nothing() -> None:
    stream = io.StringIO()
    configure_logs("INFO", json=True, stream=stream)
    stream.close()

    structlog.get_logger("a").info("nobody reads this")


def test_secrets_in_our_own_wrapper_show_nothing() -> None:
    event = event_of(lambda: structlog.get_logger("a").info("x", key=Secret(CANARY)))

    assert event["key"] == "Secret(…)"
