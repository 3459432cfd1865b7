"""Hand-off vaults behind 1Password Connect: ids only, items never printed, errors of ours.

The SDK's own errors quote addresses and its items print their secrets, so ours are raised `from
None`.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import httpx
import stamina
from onepasswordconnectsdk import errors as vendor
from onepasswordconnectsdk.client import Client, new_client
from onepasswordconnectsdk.config import ClientConfig
from onepasswordconnectsdk.models import Field, FieldSection, Item, ItemUrls, ItemVault, Section

from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from bot.domain.secret import Secret
from bot.domain.vault import Handoff

SERVICE = "1password"
TIMEOUT_S = 10.0
OLDEST_VERSION = (1, 7, 1)
"""Before it, a write-only token could read items through PATCH (Connect's changelog)."""

T = TypeVar("T")

_ID = re.compile(r"[a-z0-9]{26}")
_TAG = re.compile(r"[a-z0-9-]{1,60}")
_TOKEN = re.compile(r"[!-~]+")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_OUR_TAG = "usher"
_SECTION = "about"
_HEARTBEAT = "/heartbeat"
# Connect 1.7.1 says 403 now and then to a good token (connect issue 82).
_FORBIDDEN_TRIES = 3
_FORBIDDEN_CODE = "HTTP_403"
_SERVER_ERROR = 500


class Fate(StrEnum):
    """What can be said about a call that ended in this exception."""

    NOT_SENT = "not_sent"
    LOST = "lost"
    OUR_MISTAKE = "our_mistake"


FATES: dict[type[BaseException], Fate] = {
    vendor.OnePasswordConnectSDKError: Fate.LOST,
    vendor.EnvironmentTokenNotSetException: Fate.OUR_MISTAKE,
    vendor.EnvironmentHostNotSetException: Fate.OUR_MISTAKE,
    vendor.FailedToRetrieveItemException: Fate.LOST,
    vendor.FailedToRetrieveVaultException: Fate.LOST,
    vendor.FailedToDeserializeException: Fate.LOST,
    httpx.HTTPError: Fate.LOST,
    httpx.RequestError: Fate.LOST,
    httpx.TransportError: Fate.LOST,
    httpx.TimeoutException: Fate.LOST,
    httpx.ConnectTimeout: Fate.NOT_SENT,
    httpx.ReadTimeout: Fate.LOST,
    httpx.WriteTimeout: Fate.LOST,
    httpx.PoolTimeout: Fate.NOT_SENT,
    httpx.NetworkError: Fate.LOST,
    httpx.ReadError: Fate.LOST,
    httpx.WriteError: Fate.LOST,
    httpx.ConnectError: Fate.NOT_SENT,
    httpx.CloseError: Fate.LOST,
    httpx.ProxyError: Fate.NOT_SENT,
    httpx.UnsupportedProtocol: Fate.OUR_MISTAKE,
    httpx.ProtocolError: Fate.LOST,
    httpx.LocalProtocolError: Fate.OUR_MISTAKE,
    httpx.RemoteProtocolError: Fate.LOST,
    httpx.DecodingError: Fate.LOST,
    httpx.TooManyRedirects: Fate.LOST,
    httpx.HTTPStatusError: Fate.LOST,
    httpx.InvalidURL: Fate.OUR_MISTAKE,
    httpx.CookieConflict: Fate.LOST,
    httpx.StreamError: Fate.LOST,
    httpx.StreamConsumed: Fate.LOST,
    httpx.StreamClosed: Fate.LOST,
    httpx.ResponseNotRead: Fate.LOST,
    httpx.RequestNotRead: Fate.LOST,
    # The SDK reads error pages as JSON, and unexpected JSON as if it were what it expects.
    json.JSONDecodeError: Fate.LOST,
    UnicodeDecodeError: Fate.LOST,
    AttributeError: Fate.LOST,
    TypeError: Fate.LOST,
}


class _AnswerError(Exception):
    """An answer that is no success, caught before the SDK looks at its body."""

    def __init__(self, status: int, *, is_connect: bool, retry_after: str) -> None:
        super().__init__(status)
        self.status = status
        self.is_connect = is_connect
        self.retry_after = retry_after


class ConnectVault:
    """Puts log-ins into hand-off vaults (ports Vault and Health).

    A token given as a file is read again when the file changes, because Connect's tokens never get
    more rights: a new vault means a new token.
    """

    def __init__(
        self,
        url: str,
        token: Secret | Path,
        *,
        ca_file: Path | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = str(httpx.URL(url))
        self._token = token
        self._options: dict[str, Any] = {
            "timeout": timeout_s,
            # With it on, httpx takes proxies and netrc from the environment.
            "trust_env": False,
            "event_hooks": {"response": [_check_answer]},
            "verify": _context(ca_file) if ca_file else True,
        }
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._stamp: tuple[int, ...] = ()

    def find_item(self, vault_id: str, tag: str) -> str | None:
        """Return the id of the item with this tag; Unauthorized when the token may not read."""
        _checked(_ID, vault_id, "vault id")
        wanted = f'tag eq "{_checked(_TAG, tag, "tag")}"'

        def find(client: Client) -> list[Any]:
            items = client.get_items(vault_id, wanted)
            return [item.id for item in items if tag in (item.tags or ()) and not item.trashed]

        ids = self._call(find, is_write=False)
        return _answered_id(ids[0], is_write=False) if ids else None

    def create_item(self, handoff: Handoff, password: Secret) -> str:
        """Store the log-in and return the item's id; not idempotent, so look first.

        Raises OutcomeUnknown, Unavailable, Unauthorized, or NotFound when the vault is not there.
        """
        vault_id = _checked(_ID, handoff.vault_id, "vault id")
        _checked(_TAG, handoff.tag, "tag")
        item = _item(handoff, password)
        made = self._call(lambda client: client.create_item(vault_id, item).id, is_write=True)
        return _answered_id(made, is_write=True)

    def delete_item(self, vault_id: str, item_id: str) -> None:
        """Remove an item; one that is gone already is fine."""
        _checked(_ID, vault_id, "vault id")
        _checked(_ID, item_id, "item id")
        try:
            self._call(lambda client: client.delete_item(item_id, vault_id), is_write=True)
        except NotFound:
            return

    def check(self) -> Mapping[str, str]:
        """Return version and number of vaults; raises ConnectorError when something is wrong."""
        self._call(lambda client: client.session.get(_HEARTBEAT), is_write=False)
        health = self._call(lambda client: client.session.get("/health").json(), is_write=False)
        version = str(health.get("version", "")) if isinstance(health, dict) else ""
        _check_version(version)
        vaults = self._call(lambda client: client.get_vaults(), is_write=False)
        return {"version": version, "vaults": str(len(vaults))}

    def _call(self, call: Callable[[Client], T], *, is_write: bool) -> T:
        def once() -> T:
            client = self._current_client()
            try:
                return call(client)
            except _AnswerError as answer:
                raise _answer_error(answer, is_write=is_write) from None
            except tuple(FATES) as error:
                raise _failure(error, is_write=is_write) from None

        patience = stamina.RetryingCaller(
            attempts=_FORBIDDEN_TRIES, timeout=None, wait_initial=0.5, wait_max=2.0
        )
        return patience(_is_forbidden, once)

    def _current_client(self) -> Client:
        with self._lock:
            stamp = _stamp(self._token)
            if self._client is None or stamp != self._stamp:
                # A client in use by another thread closes itself when that thread is done.
                config = ClientConfig(**self._options)
                self._client = new_client(self._url, _read(self._token), config=config)
                self._stamp = stamp
            return self._client


def _item(handoff: Handoff, password: Secret) -> Item:
    return Item(
        vault=ItemVault(id=handoff.vault_id),
        title=handoff.title,
        category="LOGIN",
        tags=[_OUR_TAG, handoff.tag],
        urls=[ItemUrls(primary=True, href=handoff.url)] if handoff.url else [],
        sections=[Section(id=_SECTION, label="What this is")],
        fields=[
            Field(purpose="USERNAME", label="username", value=handoff.username),
            Field(type="CONCEALED", purpose="PASSWORD", label="password", value=password.reveal()),
            Field(section=FieldSection(id=_SECTION), label="note", value=handoff.note),
        ],
    )


def _check_answer(response: httpx.Response) -> None:
    """Stop at any answer that is not Connect's success, before the SDK trips over its body."""
    content = response.read()
    if response.is_success and (not content or response.request.url.path == _HEARTBEAT):
        return
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not response.is_success or body is None:
        raise _AnswerError(
            response.status_code,
            is_connect=isinstance(body, dict),
            retry_after=response.headers.get("Retry-After", ""),
        )


def _answer_error(answer: _AnswerError, *, is_write: bool) -> ConnectorError:
    status, code = answer.status, f"HTTP_{answer.status}"
    match status:
        case 401 | 403:
            detail = (
                f"1Password Connect refuses the bot's token (HTTP {status}): it is wrong, expired, "
                "or lacks the right to this vault. Mint a token with all hand-off vaults."
            )
            return Unauthorized(detail, service=SERVICE, code=code)
        case 429:
            wait_s = float(answer.retry_after) if answer.retry_after.isdecimal() else 30.0
            detail = "1Password Connect takes no more calls for now."
            return RateLimited(detail, service=SERVICE, code=code, retry_after_s=wait_s)
    if not answer.is_connect or status >= _SERVER_ERROR:
        return _lost(
            f"1Password Connect's answer makes no sense ({code}).", code, is_write=is_write
        )
    if status == httpx.codes.NOT_FOUND:
        detail = "1Password Connect does not have this vault or item."
        return NotFound(detail, service=SERVICE, code=code)
    detail = f"1Password Connect refuses the call (HTTP {status})."
    return Conflict(detail, service=SERVICE, code=code)


def _failure(error: BaseException, *, is_write: bool) -> ConnectorError:
    name = type(error).__name__
    fate = next(FATES[kind] for kind in type(error).__mro__ if kind in FATES)
    if fate is Fate.OUR_MISTAKE:
        detail = f"The call to 1Password Connect could not be made ({name}): check host and token."
        return Conflict(detail, service=SERVICE, code=name)
    if fate is Fate.NOT_SENT:
        detail = f"1Password Connect cannot be reached ({name})."
        return Unavailable(detail, service=SERVICE, code=name)
    return _lost(f"1Password Connect's answer did not arrive ({name}).", name, is_write=is_write)


def _lost(detail: str, code: str, *, is_write: bool) -> ConnectorError:
    kind = OutcomeUnknown if is_write else Unavailable
    return kind(detail, service=SERVICE, code=code)


def _answered_id(value: object, *, is_write: bool) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise _lost("1Password Connect's answer names no item.", "NO_ID", is_write=is_write)


def _checked(pattern: re.Pattern[str], value: str, what: str) -> str:
    """Keep anything that could break out of an address or a filter away from the SDK."""
    if not pattern.fullmatch(value):
        detail = f"This is no {what} of 1Password Connect."
        raise Conflict(detail, service=SERVICE, code="MALFORMED")
    return value


def _check_version(version: str) -> None:
    found = _VERSION.match(version)
    if found is None:
        raise Unavailable("1Password Connect does not say its version.", service=SERVICE)
    if tuple(map(int, found.groups())) < OLDEST_VERSION:
        raise Conflict(
            f"1Password Connect {found[0]} is too old: a write-only token can read items. "
            "Update it to 1.7.1 or later.",
            service=SERVICE,
            code="TOO_OLD",
        )


def _is_forbidden(error: Exception) -> bool:
    return isinstance(error, Unauthorized) and error.code == _FORBIDDEN_CODE


def _stamp(token: Secret | Path) -> tuple[int, ...]:
    if isinstance(token, Secret):
        return ()
    try:
        found = token.stat()
    except OSError:
        raise _no_token() from None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(token: Secret | Path) -> str:
    try:
        value = token.reveal() if isinstance(token, Secret) else token.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise _no_token() from None
    if not _TOKEN.fullmatch(value):
        # httpx would quote a broken header, and so the token, in its error.
        raise _no_token()
    return value


def _no_token() -> Unauthorized:
    detail = "The 1Password Connect token cannot be used: check OP_CONNECT_TOKEN or its file."
    return Unauthorized(detail, service=SERVICE, code="NO_TOKEN")


def _context(ca_file: Path) -> Any:
    """Trust this CA besides the public ones."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_verify_locations(ca_file)
    return context
