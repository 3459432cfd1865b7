"""Addresses in what the bot wrote: issues lead to pages here, the rest is plain web."""

import re
from urllib.parse import urlsplit


class Links:
    """Turns an address of the emulated GitHub into a page of the front.

    The emulator has an API and no pages, so that its addresses would lead a person nowhere.
    """

    def __init__(self, github_url: str, repo: str) -> None:
        here = f"^{re.escape(github_url)}/{re.escape(repo)}"
        self._list = re.compile(here + r"/(issues|pulls)/?$")
        self._one = re.compile(here + r"/(issues|pull)/(\d{1,9})(?:#issuecomment-(\d{1,18}))?$")

    def target(self, address: str) -> str | None:
        """Return where a click may lead, or None if this is no address for a browser."""
        if found := self._list.match(address):
            return f"/{found[1]}"
        if found := self._one.match(address):
            comment = f"#comment-{found[3]}" if found[3] else ""
            page = "pulls" if found[1] == "pull" else "issues"
            return f"/{page}/{found[2]}{comment}"
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        return address if parts.scheme in {"http", "https"} and parts.netloc else None
