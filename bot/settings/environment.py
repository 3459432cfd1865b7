"""Reads variables one by one and collects everything that is wrong.

No message quotes a value: any of them may be a secret that was put into the wrong variable.
"""

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from bot.domain.errors import SettingsError
from bot.domain.secret import Secret

WORD = re.compile(r"[!-~]+")

_PREFIXES = ("SLACK_", "GITHUB_", "SALESFORCE_", "OP_CONNECT_", "USHER_")
# Between what GitHub Actions sets for itself (GITHUB_GRAPHQL_URL: 0.67) and one swapped letter.
_ALIKE = 0.7


class Environment:
    """Hands out values and collects what is wrong with them; a wrong one comes out empty."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known: set[str] = set()
        self._problems: list[str] = []

    def text(self, name: str) -> str:
        """Return the value; set to nothing is the same as not set."""
        self._known.add(name)
        return self._environ.get(name, "").strip()

    def those_set(self, *names: str) -> list[str]:
        return [name for name in names if self.text(name)]

    def complain(self, problem: str) -> None:
        self._problems.append(problem)

    def word(
        self, name: str, what: str, *, form: re.Pattern[str] = WORD, default: str | None = None
    ) -> str:
        """Return a value of this form; without a default it must be there."""
        value = self.text(name) or default
        if value is None:
            self.complain(f"{name} is missing: set it to {what}.")
        elif value and not form.fullmatch(value):
            self.complain(f"{name} is wrong: set it to {what}.")
        else:
            return value
        return ""

    def secret(self, name: str, what: str, *, form: re.Pattern[str] = WORD) -> Secret:
        return Secret(self.word(name, what, form=form))

    def url(self, name: str, what: str, *, default: str | None = None) -> SplitResult:
        """Return a https URL, or a http one of this machine."""
        value = self.word(name, f"the URL of {what}", default=default)
        parts = _split(value)
        if not value:
            pass  # word() has said what is wrong
        elif not parts.hostname or parts.scheme not in {"http", "https"}:
            self.complain(f"{name} is no URL: set it to the URL of {what}.")
        elif parts.username is not None or parts.password is not None:
            self.complain(f"{name} must not hold a user name or password: take them out.")
        elif parts.query or parts.fragment:
            self.complain(f"{name} must end before «?» and «#»: cut the rest off.")
        elif parts.scheme == "http" and not _is_loopback(parts.hostname):
            self.complain(f"{name} must start with https:// - http:// is for loopback only.")
        return parts

    def folder(self, name: str, default: str) -> Path:
        path = Path(self.text(name) or default)
        if not _is_folder(path):
            self.complain(f"{name} is no readable folder: set it to one (default: {default}).")
        return path

    def file(self, name: str, what: str | None = None) -> Path | None:
        """Return a readable file's path; it must be set when `what` says what to set it to."""
        if value := self.text(name):
            return Path(value) if self.content(name) is not None else None
        if what:
            self.complain(f"{name} is missing: set it to the path of {what}.")
        return None

    def content(self, name: str) -> str | None:
        """Read the file that a variable names; None when that fails."""
        try:
            return Path(self.text(name)).read_bytes().decode("utf-8", errors="replace").strip()
        except OSError as exc:
            why = exc.strerror or "it cannot be opened"
        except ValueError:
            why = "that is no path"
        self.complain(f"{name} cannot be read ({why}): set it to the path of a readable file.")
        return None

    def private_key(self, name: str) -> Secret:
        """Return an RSA key, the file's if both are set; empty when neither is."""
        # Dashboards and .env files take one line only, so people write line ends as \n.
        key: str | None = self.text(name).replace("\\n", "\n")
        is_set = bool(key)
        if self.text(f"{name}_FILE"):
            name, is_set = f"{name}_FILE", True
            key = self.content(name)
        if is_set and key is not None and not _is_rsa_key(key):
            self.complain(
                f"{name} holds no RSA private key: set it to one in PEM form, without passphrase."
            )
        return Secret(key or "")

    def report_misspellings(self) -> None:
        """Complain of each variable with our prefix that looks like one that was asked for."""
        for name in sorted(set(self._environ) - self._known):
            if name.startswith(_PREFIXES) and (meant := _closest(name, self._known)):
                self.complain(f"{name} is not a setting - did you mean {meant}?")

    def refuse_if_wrong(self) -> None:
        if count := len(self._problems):
            noun = "setting is" if count == 1 else "settings are"
            raise SettingsError(f"{count} {noun} wrong.", problems=tuple(self._problems))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError:
        return urlsplit("")
    return parts


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except (OSError, ValueError):
        return False


def _is_rsa_key(pem: str) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return isinstance(load_pem_private_key(pem.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _closest(name: str, known: Iterable[str]) -> str | None:
    prefix = next(each for each in _PREFIXES if name.startswith(each))
    tail = name.removeprefix(prefix)
    alike = {
        candidate: SequenceMatcher(None, tail, candidate.removeprefix(prefix)).ratio()
        for candidate in sorted(known)
        if candidate.startswith(prefix)
    }
    best = max(alike, key=lambda candidate: alike[candidate])
    return best if alike[best] >= _ALIKE else None
