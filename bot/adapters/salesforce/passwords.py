"""Passwords that any org's rules accept."""

import secrets
import string

from bot.domain.secret import Secret

_LENGTH = 24
# Only symbols that Salesforce counts for its complexity rules and that no form or URL mangles.
_CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "!#$%-_=+")


class SalesforcePasswords:
    """Makes random passwords of 24 characters with every kind of character (port Passwords)."""

    def new(self) -> Secret:
        """Return a fresh password."""
        letters = [secrets.choice(kind) for kind in _CLASSES]
        everything = "".join(_CLASSES)
        letters += [secrets.choice(everything) for _ in range(_LENGTH - len(letters))]
        secrets.SystemRandom().shuffle(letters)
        return Secret("".join(letters))
