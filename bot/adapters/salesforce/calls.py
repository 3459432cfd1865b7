"""One call to Salesforce: with a token that is renewed once, and with errors of ours."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from urllib3.exceptions import HTTPError

from bot.adapters.salesforce.answers import nonsense
from bot.adapters.salesforce.credentials import AccessTokens, StaleTokenError, Token
from bot.adapters.salesforce.errors import (
    Attempt,
    answer_error,
    is_about_the_bot,
    network_error,
    problems,
    status_error,
)
from bot.adapters.salesforce.wire import Line, Wire
from bot.domain.errors import ConnectorError, Unauthorized

API_VERSION = "62.0"
DATA = f"/services/data/v{API_VERSION}/"

_PIECE = 64 * 1024
_REFUSED = 300


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to send; `pool` names the licence pool that a write would use up."""

    method: str
    path: str
    is_write: bool
    json: Any = None
    params: Mapping[str, str] | None = None
    pool: str = ""
    is_deactivation: bool = False


class Download:
    """An answer that is read piece by piece."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.headers: Mapping[str, str] = response.headers

    def pieces(self) -> Iterator[bytes]:
        """Yield the body; raises Unavailable when it is cut off."""
        lost: ConnectorError | None = None
        try:
            yield from self._response.iter_content(_PIECE)
        except (requests.RequestException, HTTPError) as error:
            lost = network_error(error, is_write=False)
        if lost is not None:
            raise lost


class Calls:
    """Makes calls for all who ask, with one token and one circuit."""

    def __init__(self, wire: Wire, tokens: AccessTokens) -> None:
        self.wire = wire
        self.tokens = tokens

    def call(self, request: Request) -> Any:
        """Return the JSON of the answer, None for an empty one; raises ConnectorError."""
        return self.tokens.use(lambda token: self._once(token, request))

    @contextlib.contextmanager
    def download(self, path: str, params: Mapping[str, str]) -> Iterator[Download]:
        """Open an answer that may be larger than memory; raises as `call` does."""
        with self.wire.line() as line:
            response = self.tokens.use(lambda token: self._opened(token, line, path, params))
            try:
                yield Download(response)
            finally:
                response.close()

    def _once(self, token: Token, request: Request) -> Any:
        with self.wire.line() as line:
            answer = self._answer(token, line, request)
        if isinstance(answer, Exception):
            # Raised here, it does not carry the original, which holds bodies and tokens, as its
            # context: «from None» would only hide it.
            raise answer
        return answer

    def _answer(self, token: Token, line: Line, request: Request) -> Any:
        """Make one call; an error of ours comes back as a value."""
        try:
            return self._client(token, line).restful(
                request.path,
                params=request.params,
                method=request.method,
                json=request.json,
                allow_redirects=False,
            )
        except SalesforceExpiredSession:
            return StaleTokenError()
        except SalesforceError as error:
            return self._refusal(error, line, request)
        except (requests.RequestException, HTTPError) as error:
            return network_error(error, is_write=request.is_write)
        except (TypeError, RecursionError):
            # The SDK takes the length of any JSON; a number or null has none.
            return nonsense(is_write=request.is_write)

    def _refusal(self, error: SalesforceError, line: Line, request: Request) -> ConnectorError:
        attempt = Attempt(
            is_write=request.is_write,
            pool=request.pool,
            retry_after=line.retry_after,
            is_deactivation=request.is_deactivation,
        )
        ours = answer_error(error, attempt)
        if isinstance(ours, Unauthorized) and is_about_the_bot(
            error.status, ours.code, is_write=request.is_write
        ):
            return self.tokens.circuit.shut(ours)
        return ours

    def _client(self, token: Token, line: Line) -> Salesforce:
        # With a session id the SDK never logs in by itself, which it does without an end and
        # without a lock.
        return Salesforce(
            session_id=token.value.reveal(),
            instance_url=self.wire.url,
            version=API_VERSION,
            session=line,
            object_pairs_hook=dict,
        )

    def _opened(
        self, token: Token, line: Line, path: str, params: Mapping[str, str]
    ) -> requests.Response:
        answer = self._open(token, line, path, params)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _open(
        self, token: Token, line: Line, path: str, params: Mapping[str, str]
    ) -> requests.Response | Exception:
        headers = {"Authorization": f"Bearer {token.value.reveal()}", "Accept": "text/csv"}
        try:
            response = line.get(
                f"{self.wire.url}{DATA}{path}",
                params=params,
                headers=headers,
                stream=True,
                allow_redirects=False,
            )
            if response.status_code < _REFUSED:
                return response
            with response:
                body = next(response.iter_content(_PIECE), b"")
        except (requests.RequestException, HTTPError) as error:
            return network_error(error, is_write=False)
        if response.status_code == requests.codes.unauthorized:
            return StaleTokenError()
        attempt = Attempt(is_write=False, retry_after=line.retry_after)
        return status_error(response.status_code, problems(_json(body)), attempt)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
