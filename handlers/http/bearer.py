"""Who calls the API: bearer tokens, known only by their SHA-256."""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from fastapi import HTTPException, Request

Tokens = Callable[[], Mapping[str, str]]
"""The callers' names, each with the SHA-256 (hex) of its token."""

_REALM = 'Bearer realm="usher"'
_MISSING = "Send your API token in the header «Authorization: Bearer …»."
_UNKNOWN = "This API token is not known. Ask IT for a new one."


def caller_of(request: Request, tokens: Tokens) -> str:
    """Return the caller's name; raises 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.casefold() != "bearer" or not token:
        raise HTTPException(401, _MISSING, headers={"WWW-Authenticate": _REALM})
    given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    # All are compared, so that the time taken tells nothing about which was nearly right.
    names = [name for name, known in tokens().items() if hmac.compare_digest(known, given)]
    if not names:
        headers = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
        raise HTTPException(401, _UNKNOWN, headers=headers)
    return names[0]
