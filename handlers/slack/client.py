"""The client with which a doorway answers: within Slack's three seconds or not at all."""

import logging
import ssl
from urllib.parse import urlsplit

from slack_sdk import WebClient

TIMEOUT_S = 2
"""A trigger lives three seconds, and Slack waits three seconds for our answer."""


def make_client(*, token: str, api_url: str, tls: ssl.SSLContext | None) -> WebClient:
    client = WebClient(
        token=token,
        base_url=api_url,
        timeout=TIMEOUT_S,
        ssl=tls,
        retry_handlers=[],
        logger=quiet(),
    )
    if is_loopback(api_url):
        client.proxy = (
            None  # the SDK takes HTTP(S)_PROXY from the environment and knows no NO_PROXY
        )
    return client


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}


def quiet() -> logging.Logger:
    """Silence the SDK: failures are logged once, by us."""
    logger = logging.getLogger("usher.slack_sdk")
    logger.setLevel(logging.CRITICAL)
    return logger
