"""Addresses in what the bot wrote: issues lead to pages here, the rest is plain web."""

import re
from urllib.parse import urlsplit


class Links:
    """Turns an address of the emulated GitHub into a page of the front.

    The emulator has an API and no pages, so that its issue addresses would lead a person nowhere.
    """

    def __init__(self, github_url: str, repo: str) -> None:
        issue = f"^{re.escape(github_url)}/{re.escape(repo)}/issues"
        self._list = re.compile(issue + r"/?$")
        self._issue = re.compile(issue + r"/(\d{1,9})(?:#issuecomment-(\d{1,18}))?$")

    def target(self, address: str) -> str | None:
        """Return where a click may lead, or None if this is no address for a browser."""
        if self._list.match(address):
            return "/issues"
        if found := self._issue.match(address):
            comment = f"#comment-{found[2]}" if found[2] else ""
            return f"/issues/{found[1]}{comment}"
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        return address if parts.scheme in {"http", "https"} and parts.netloc else None
