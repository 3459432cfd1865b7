"""The onboarding API's callers: a file of names and hashed tokens, read again when it changes."""

import re
import threading
from collections.abc import Mapping
from pathlib import Path

from bot.domain.errors import Unavailable

_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,64})\s+sha256:(?P<hash>[0-9a-fA-F]{64})")
_HOW = "write «name sha256:<64 hex digits>», or start the line with # for a comment"


class ApiTokensFile:
    """The tokens as they stand in the file now.

    A file that cannot be read, or has a mistake, lets nobody in: whoever was taken out of it must
    stay out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: Mapping[str, str] = {}

    def __call__(self) -> Mapping[str, str]:
        """Return the callers' names, each with its token's SHA-256; raises Unavailable."""
        with self._lock:
            try:
                stat = self._path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if stamp != self._stamp:
                    self._tokens = parse_tokens(self._path.read_text("utf-8"), str(self._path))
                    self._stamp = stamp
            except (OSError, UnicodeDecodeError) as exc:
                raise _broken(f"{self._path} cannot be read: {exc}") from exc
            return self._tokens


def parse_tokens(text: str, name: str) -> Mapping[str, str]:
    """Read the file's lines; raises Unavailable that lists every wrong one."""
    tokens: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        match = _LINE.fullmatch(words)
        if match is None:
            # The line itself may be a token that somebody pasted in the clear.
            problems.append(f"{name}:{number}: {_HOW}")
        elif match["name"] in tokens:
            problems.append(f"{name}:{number}: the name {match['name']} is there twice")
        else:
            tokens[match["name"]] = match["hash"].lower()
    if problems:
        raise _broken("; ".join(problems))
    return tokens


def _broken(detail: str) -> Unavailable:
    return Unavailable(detail, service="api tokens")
