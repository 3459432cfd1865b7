"""Structured logs: one line per event, bounded, and without anything that looks like a secret."""

import json as json_lines
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

REDACTED: Final = "[redacted]"
MAX_VALUE_CHARS: Final = 2000

_MAX_FIELDS = 40
_MAX_DEPTH = 8
_MAX_PARTS = 500
_PAIR = 2
_TRACES = ("exception", "stack")
# What a traceback's head and tail may take: where it started, and what finally happened.
_HEAD_CHARS = 500

_QUIET = (
    "alembic",
    "asyncio",
    "github",
    "httpcore",
    "httpx",
    "simple_salesforce",
    "slack_sdk",
    "urllib3",
)
"""Below WARNING these log addresses, bodies and headers, whatever LOG_LEVEL says."""
_OWN_HANDLERS = ("dbos", "slack_bolt", "uvicorn", "uvicorn.access", "uvicorn.error")

_HIDDEN_NAMES = (
    r"token|passw(?:or)?d|passphrase|secret|authorization|private[_-]?key|api[_-]?key"
    r"|assertion|cookie|credential|session[_-]?id|response[_-]?url"
)
_HIDDEN_NAME = re.compile(_HIDDEN_NAMES, re.IGNORECASE)
# A quote that nobody closes hides the rest of the text: too much is better than too little.
_QUOTED = r""""(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?"""
_BARE = r"""(?:\[redacted\])?[^\s&;,"')}\]]*"""
# No pattern starts with an open repetition, so that each takes linear time on hostile text.
_ALONE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}KEY.*?(?:-----END [A-Z0-9 ]{0,40}KEY-----|\Z)",
        r"(?i)(?:xox[a-z]|xapp|xwfp)-[A-Za-z0-9._-]+",
        r"(?i)(?:gh[a-z]_|github_pat_)[A-Za-z0-9._-]+",
        r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*",
        r"00D[A-Za-z0-9]{9,15}(?:!|%21)[A-Za-z0-9._%-]+",
        r"(?i)hooks\.slack(?:-gov)?\.com/[^\s\"'<>]+",
    )
)
_AFTER_NAME = tuple(
    re.compile(pattern)
    for pattern in (
        r"(://[^\s/:@\"']{0,200}:)[^\s/@\"']{1,500}(?=@)",
        r"(?i)(bearer\s{1,5})[^\s\"',;<>]+",
        r"(?i)((?:authorization|cookie)[\"']?\s{0,5}:\s{0,5})[^\r\n]+",
        rf"(?is)((?:{_HIDDEN_NAMES})\w{{0,30}}\\?[\"']\s{{0,5}}[:,]\s{{0,5}}b?\\?)(?:{_QUOTED})",
        rf"(?is)((?:{_HIDDEN_NAMES})\w{{0,30}}\s{{0,5}}=\s{{0,5}})(?:{_QUOTED}|{_BARE})",
    )
)
# Line ends and terminal codes that would fake a line, and marks that turn the text around.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def configure_logs(level: str, *, json: bool, stream: TextIO) -> None:
    """Send every log of the process, also the libraries', to the stream; call it again to change.

    Give uvicorn `log_config=None`, or it puts its own handlers back.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # the plain traceback, which has no locals
    ]
    number = logging.getLevelNamesMapping()[level]
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                clean,
                *_renderers(json=json, stream=stream),
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _route_libraries(handler, number)


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Put these ids (request_id, delivery_id) on every line that is logged inside."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def logged(id_name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a run so that its first argument, an id, is on every line logged inside."""

    def with_id(subject: str, *rest: Any) -> Any:
        with log_context(**{id_name: subject}):
            return run(subject, *rest)

    return with_id


def redact(text: str) -> str:
    """Replace each part that looks like a credential."""
    for pattern in _ALONE:
        text = pattern.sub(REDACTED, text)
    for pattern in _AFTER_NAME:
        text = pattern.sub(_keep_name, text)
    return text


def clean(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Redact and shorten one event, which comes out as plain JSON values."""
    walk = _Walk()
    cleaned: dict[str, Any] = {}
    fields = [(str(key), value) for key, value in event.items() if key != "color_message"]
    for key, value in fields[:_MAX_FIELDS]:
        plain = REDACTED if _hides(key, value) else walk.plain(value)
        cleaned[_cut(redact(key))] = _shorten(key, plain)
    if len(fields) > _MAX_FIELDS:
        cleaned["left_out"] = f"{len(fields) - _MAX_FIELDS} more fields"
    return cleaned


def _keep_name(match: re.Match[str]) -> str:
    return match[1] + REDACTED


class _Walk:
    """Makes plain values of whatever was logged; cycles and huge structures come to an end."""

    def __init__(self) -> None:
        self._left = _MAX_PARTS

    def plain(self, value: object, depth: int = 0) -> Any:
        self._left -= 1
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return redact(value)
            case bytes() | bytearray():
                return redact(bytes(value).decode("utf-8", errors="backslashreplace"))
            case Mapping() | list() | tuple() | set() | frozenset():
                if depth >= _MAX_DEPTH or self._left <= 0:
                    return "[too deep or too long]"
                return self._container(value, depth + 1)
        return redact(repr(value))

    def _container(self, value: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:
        if isinstance(value, Mapping):
            return {
                redact(str(key)): REDACTED if _hides(key, each) else self.plain(each, depth)
                for key, each in islice(value.items(), self._left)
            }
        parts = list(islice(value, self._left))
        if len(parts) == _PAIR and _hides(*parts):  # a header, say
            return [redact(str(parts[0])), REDACTED]
        return [self.plain(each, depth) for each in parts]


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream; Python's own report of a broken record would print its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        line = {
            "event": "a log record could not be written",
            "level": "error",
            "logger": record.name,
            "where": f"{record.module}:{record.lineno}",
        }
        with suppress(OSError, ValueError):
            self.stream.write(json_lines.dumps(line) + self.terminator)
            self.flush()


def _hides(key: object, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return False
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    return isinstance(text, str) and _HIDDEN_NAME.search(text) is not None


def _shorten(key: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        text = json_lines.dumps(value, ensure_ascii=False)
        return value if len(text) <= MAX_VALUE_CHARS else _cut(text)
    if isinstance(value, str):
        return _cut(value, head=_HEAD_CHARS if key in _TRACES else MAX_VALUE_CHARS)
    return value


def _cut(text: str, *, head: int = MAX_VALUE_CHARS) -> str:
    if len(text) <= MAX_VALUE_CHARS:
        return text
    tail = text[len(text) - (MAX_VALUE_CHARS - head) :]
    return f"{text[:head]}… [{len(text) - MAX_VALUE_CHARS} characters cut]{tail}"


def _renderers(*, json: bool, stream: TextIO) -> list[Processor]:
    if json:
        return [structlog.processors.JSONRenderer()]
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    encoding = getattr(stream, "encoding", None) or "utf-8"

    def fitting(logger: Any, method: str, event: EventDict) -> str:
        text = str(console(logger, method, event))
        return text.encode(encoding, "backslashreplace").decode(encoding)

    return [_one_line, fitting]


def _one_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key in _TRACES else [value]
            event[key] = "\n".join(_CONTROL.sub(_escape, line) for line in lines)
    return event


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _route_libraries(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # DBOS adds a handler of its own to a logger that has none.
    engine = logging.getLogger("dbos")
    engine.handlers = [handler]
    engine.propagate = False
