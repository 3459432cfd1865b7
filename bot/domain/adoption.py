"""When an account that carries no person id is surely a person's, by what else it says."""

from bot.domain.plan import Holder

_OF_A_SANDBOX = ".invalid"
"""What a refreshed sandbox writes behind every address (help data_sandbox_users_and_contacts)."""


def is_surely(holder: Holder, *, sso: str, username: str, mail: str) -> bool:
    """Whether the SSO identity, or user name and mail together, are the holder's.

    A mail address alone says nothing, for it is not unique.
    """
    if _same(sso, holder.mail):
        return True
    return _same(username, holder.username) and _same(plain_mail(mail), plain_mail(holder.mail))


def plain_mail(mail: str) -> str:
    """Return an address as it was before a refresh of the sandbox, in small letters."""
    return mail.casefold().removesuffix(_OF_A_SANDBOX)


def _same(value: str, wanted: str) -> bool:
    return bool(value) and value.casefold() == wanted.casefold()
