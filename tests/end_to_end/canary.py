"""Watches every password the bot makes, and looks for it where it must never be."""

import base64
import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from bot.domain.changes import Change
from bot.domain.plan import Holder, SeatView
from bot.domain.secret import Secret
from bot.domain.vault import Handoff
from bot.ports import Passwords, SeatWriter, Vault

T = TypeVar("T")


class KeptPasswords:
    """Makes the bot's real passwords and remembers each of them."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self.made: list[str] = []

    def new(self) -> Secret:
        secret = self._passwords.new()
        self.made.append(secret.reveal())
        return secret


class Errors:
    """What was raised on its way out of the two places that hold a password, in every form."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def watch(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:
            self.texts.extend(_told_by(error))
            raise


def _told_by(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)))
        waiting += [one.__cause__, one.__context__]
    trace = traceback.TracebackException.from_exception(error, capture_locals=False)
    yield "".join(trace.format())


@dataclass(frozen=True)
class WatchedVault:
    """The real vault; what it raises is kept."""

    real: Vault
    errors: Errors

    def find_item(self, vault_id: str, tag: str) -> str | None:
        return self.errors.watch(lambda: self.real.find_item(vault_id, tag))

    def create_item(self, handoff: Handoff, password: Secret) -> str:
        return self.errors.watch(lambda: self.real.create_item(handoff, password))

    def delete_item(self, vault_id: str, item_id: str) -> None:
        self.errors.watch(lambda: self.real.delete_item(vault_id, item_id))


@dataclass(frozen=True)
class WatchedWriter:
    """The real writer of seats; what it raises is kept."""

    real: SeatWriter
    errors: Errors

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        return self.errors.watch(lambda: self.real.apply(change, holder, view))

    def apply_together(self, changes: Sequence[Change], holder: Holder, view: SeatView) -> SeatView:
        return self.errors.watch(lambda: self.real.apply_together(changes, holder, view))

    def set_password(self, user_id: str, password: Secret) -> None:
        self.errors.watch(lambda: self.real.set_password(user_id, password))


def disguises(secret: str) -> frozenset[bytes]:
    """Return the forms in which a secret could hide: plain or cut, escaped, quoted, encoded."""
    halves = (secret[:12], secret[-12:])
    texts = {form for half in halves for form in (half, json.dumps(half)[1:-1], quote(half, ""))}
    texts |= {text.replace("%", "%25") for text in texts}
    texts |= {secret[::-1], secret.encode().hex()}
    encoded = {form for shift in range(3) for form in _base64(secret, shift)}
    return frozenset(text.encode() for text in texts) | frozenset(encoded)


def _base64(secret: str, shift: int) -> Iterator[bytes]:
    """Encode a secret as it looks in a longer encoded text, without what its neighbours touch."""
    raw = b"\0" * shift + secret.encode()
    whole = raw[: len(raw) - len(raw) % 3]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(whole)[4 if shift else 0 :]


def find(secrets: Iterable[str], haystack: str | bytes) -> list[str]:
    """Return the disguises of these secrets that stand in a text or in bytes."""
    hay = haystack if isinstance(haystack, bytes) else haystack.encode(errors="replace")
    return sorted({str(form) for secret in secrets for form in disguises(secret) if form in hay})
