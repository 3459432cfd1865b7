"""HTTP to one Salesforce host: always a time limit; never netrc, retries or redirects."""

import contextlib
import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter

TIMEOUTS_S = (5.0, 25.0)
"""To connect, and to wait for each piece of the answer: a call ends within half a minute."""


class Line(requests.Session):
    """One connection; it remembers when the service last said to come back.

    simple-salesforce passes no time limit and drops the headers of refusals, so both are done
    below it.
    """

    def __init__(self, timeouts_s: tuple[float, float], context: ssl.SSLContext) -> None:
        super().__init__()
        # With it on, requests replaces our bearer token by what a ~/.netrc says about the host.
        self.trust_env = False
        self.retry_after = ""
        self.mount("https://", _Adapter(self, timeouts_s, context))


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
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or self._timeouts_s
        response = super().send(request, *args, **kwargs)
        self._line.retry_after = response.headers.get("Retry-After", "")
        return response


class Wire:
    """Lines to one host, one per call in flight: requests' sessions are not made for threads."""

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None = None,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise ValueError("the Salesforce URL must look like https://acme.my.salesforce.com")
        self.url = f"https://{parts.netloc}"
        self.host = parts.hostname
        self._timeouts_s = timeouts_s
        self._context = _context(ca_file)
        self._idle: deque[Line] = deque()

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """Lend a connection for one call."""
        try:
            line = self._idle.pop()
        except IndexError:
            line = Line(self._timeouts_s, self._context)
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
        except requests.JSONDecodeError:
            return response.status_code, None

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the public CAs, and this one besides."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
