"""HTTP to one Salesforce host: always a time limit; never netrc, proxies, retries or redirects."""

import contextlib
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from requests.structures import CaseInsensitiveDict

from bot.adapters.salesforce.quota import QuotaWatch

TIMEOUTS_S = (5.0, 25.0)
"""To connect, and to wait for each piece of the answer."""
WHOLE = 1.2
"""How much longer the whole answer may take than one piece, however slowly it drips: 30 s."""
STREAM_WHOLE = 24
"""The same for one page of a bulk read: 10 minutes."""
MAX_ANSWER = 64 * 2**20
"""Bytes that an answer kept in memory may have; a composite of five full pages has about ten."""

_PIECE = 64 * 1024


class TooMuch(requests.RequestException):
    """An answer larger than any that makes sense."""


class Line(requests.Session):
    """One connection; it remembers when the service last said to come back.

    simple-salesforce passes no time limit and drops the headers of answers, so both are looked
    after below it.
    """

    def __init__(
        self,
        timeouts_s: tuple[float, float],
        context: ssl.SSLContext,
        hear: Callable[[CaseInsensitiveDict[str]], None],
    ) -> None:
        super().__init__()
        # With it on, requests replaces our bearer token by what a ~/.netrc says about the host,
        # and sends it through the proxies and by the CAs that the environment names.
        self.trust_env = False
        self.retry_after = ""
        self._hear = hear
        self.mount("https://", _Adapter(self, timeouts_s, context))

    def heard(self, headers: CaseInsensitiveDict[str]) -> None:
        """Keep what the headers of an answer say beside it."""
        self.retry_after = headers.get("Retry-After", "")
        self._hear(headers)


class _Adapter(HTTPAdapter):
    def __init__(
        self, line: Line, timeouts_s: tuple[float, float], context: ssl.SSLContext
    ) -> None:
        self._line = line
        self._timeouts_s = timeouts_s
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave it to our context; requests would load all CAs again for each new connection."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  # requests' signature
        *args: Any,
        **kwargs: Any,
    ) -> requests.Response:
        # The wait for the first piece counts too.
        began = time.monotonic()
        kwargs["timeout"] = kwargs.get("timeout") or self._timeouts_s
        response = super().send(request, stream, *args, **kwargs)
        self._line.heard(response.headers)
        whole_s = self._timeouts_s[1] * (STREAM_WHOLE if stream else WHOLE)
        most = None if stream else MAX_ANSWER
        response.raw = _Body(response.raw, began + whole_s, most)
        return response


class _Body:
    """The body of an answer, which ends in an error when it comes too late or is too much.

    The library's own limit is per piece: a server that sends a byte now and then is waited for
    without an end.
    """

    def __init__(self, raw: Any, until: float, most: int | None) -> None:
        self._raw = raw
        self._until = until
        self._left = most

    def stream(self, _size: int | None, decode_content: bool) -> Iterator[bytes]:  # noqa: FBT001  # urllib3's signature
        while piece := self._raw.read1(_PIECE, decode_content=decode_content):
            if time.monotonic() > self._until:
                self.close()
                raise requests.ReadTimeout("the answer takes too long")
            if self._left is not None:
                self._left -= len(piece)
                if self._left < 0:
                    self.close()
                    raise TooMuch("the answer is too large")
            yield piece

    def close(self) -> None:
        self._raw.close()

    def release_conn(self) -> None:
        self._raw.release_conn()


class Wire:
    """Lines to one host, one per call in flight: requests' sessions are not made for threads."""

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None = None,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise ValueError("the Salesforce URL must look like https://acme.my.salesforce.com")
        self.url = f"https://{parts.netloc}"
        self.host = parts.hostname
        self.quota = QuotaWatch()
        self.clock_off_s: float | None = None
        self._now = now
        self._timeouts_s = timeouts_s
        self._context = _context(ca_file)
        self._idle: deque[Line] = deque()

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """Lend a connection for one call."""
        try:
            line = self._idle.pop()
        except IndexError:
            line = Line(self._timeouts_s, self._context, self._hear)
        line.retry_after = ""
        try:
            yield line
        finally:
            self._idle.append(line)

    def post_form(
        self, path: str, form: Mapping[str, str], login: tuple[str, str] | None
    ) -> tuple[int, Any]:
        """Post a form and return status and JSON, None for anything that is not JSON."""
        with self.line() as line:
            response = line.post(f"{self.url}{path}", data=form, auth=login, allow_redirects=False)
        try:
            return response.status_code, response.json()
        except (requests.JSONDecodeError, RecursionError):
            return response.status_code, None

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _hear(self, headers: CaseInsensitiveDict[str]) -> None:
        self.quota.hear(headers.get("Sforce-Limit-Info", ""))
        with contextlib.suppress(ValueError, OverflowError):
            theirs = parsedate_to_datetime(headers.get("Date", ""))
            self.clock_off_s = self._now() - theirs.timestamp()


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the public CAs, and this one besides."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
