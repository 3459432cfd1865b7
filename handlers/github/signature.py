"""Is this webhook from GitHub? Its docs: "Validating webhook deliveries"."""

import hashlib
import hmac

HEADER = "X-Hub-Signature-256"

MISSING = f"This webhook has no {HEADER} header: set the same secret in GitHub and in Usher."
FORGED = f"The {HEADER} does not fit: the secrets in GitHub and Usher differ, or it was forged."


def signature_problem(body: bytes, header: str | None, secret: str) -> str:
    """Say what is wrong with a webhook's signature; empty when it is genuine."""
    if not header:
        return MISSING
    if not secret:  # an unset secret would let anybody sign
        return "GITHUB_WEBHOOK_SECRET is not set, so no webhook can be trusted."
    expected = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    given = header.strip().encode("utf-8", "surrogateescape")
    return "" if hmac.compare_digest(expected.encode(), given) else FORGED
