"""The one way to make a Slack client: no hidden retries, short timeouts, our trust, a quiet log."""

import logging
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.web.base_client import BaseClient
from slack_sdk.webhook import WebhookClient

DEFAULT_API_URL = BaseClient.BASE_URL
TIMEOUT_S = 10
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def tls_context(ca_file: Path | None) -> ssl.SSLContext | None:
    """Return a context that also trusts this CA; None means the system's trust alone."""
    if ca_file is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=str(ca_file))
    return context


def make_client(
    *, token: str, api_url: str = DEFAULT_API_URL, tls: ssl.SSLContext | None = None
) -> WebClient:
    """Make a client that sends each call once (a retried write would be two messages)."""
    client = WebClient(
        token=token,
        base_url=api_url,
        timeout=TIMEOUT_S,
        ssl=tls,
        retry_handlers=[],
        logger=_quiet(),
    )
    if is_loopback(api_url):
        client.proxy = (
            None  # the SDK takes HTTP(S)_PROXY from the environment and knows no NO_PROXY
        )
    return client


def make_webhook(url: str, *, tls: ssl.SSLContext | None = None) -> WebhookClient:
    """Make a client for one response_url, under the same rules."""
    webhook = WebhookClient(url=url, timeout=TIMEOUT_S, ssl=tls, retry_handlers=[], logger=_quiet())
    if is_loopback(url):
        webhook.proxy = None
    return webhook


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def is_slacks(url: str, api_url: str) -> bool:
    """Say whether a response_url leads to the Slack of `api_url` and not somewhere else."""
    ours, theirs = urlsplit(api_url), urlsplit(url)
    if theirs.scheme == "https" and not is_loopback(api_url):
        domain = ".".join((ours.hostname or "").split(".")[-2:])
        return (theirs.hostname or "").endswith(f".{domain}")  # hooks.slack.com for slack.com
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)


def _quiet() -> logging.Logger:
    """Silence the SDK: it logs every failed call as an error, and we raise those ourselves."""
    logger = logging.getLogger("usher.slack_sdk")
    logger.setLevel(logging.CRITICAL)
    return logger
