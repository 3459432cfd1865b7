"""Whom a text would notify on GitHub."""

import pytest

from bot.sandbox.github import GitHubEmulator
from bot.sandbox.github.mentions import mentions


@pytest.mark.parametrize(
    ("text", "notified"),
    [
        ("@octo-ann please", ["octo-ann"]),
        ("(@octo-ann, @octo-bea.) @octo-ann", ["octo-ann", "octo-bea"]),
        ("- [ ] **@octo-ann** does it", ["octo-ann"]),
        ("> @octo-ann said", ["octo-ann"]),
        ("| who |\n|---|\n| @octo-ann |", ["octo-ann"]),
        ("ask @acme/security", ["acme/security"]),
        (r"\@octo-ann", ["octo-ann"]),
        ("&#64;octo-ann", ["octo-ann"]),
        ("<b>@octo-ann</b>", ["octo-ann"]),
        ("<div>\n@octo-ann\n</div>", ["octo-ann"]),
        ("unclosed `code @octo-ann", ["octo-ann"]),
        ("`a` @octo-ann `b`", ["octo-ann"]),
        ("```\ncode\n```\n@octo-ann", ["octo-ann"]),
        ("é@octo-ann", ["octo-ann"]),
    ],
)
def test_a_name_in_the_text_is_notified(text: str, notified: list[str]) -> None:
    assert mentions(text) == notified


@pytest.mark.parametrize(
    "text",
    [
        "`@octo-ann`",
        "``a ` @octo-ann``",
        "```\n@octo-ann\n```",
        "~~~text\n@octo-ann",
        "    @octo-ann",
        "<!-- @octo-ann -->",
        "<code>@octo-ann</code> <pre>@octo-bea</pre>",
        "ann.ortiz@acme.example",
        "@<!-- -->octo-ann",
        "@\u200bocto-ann",
        "@ octo-ann",
        "@-octo",
        f"@{'a' * 40}",
    ],
)
def test_nobody_is_notified_from_code_comments_or_addresses(text: str) -> None:
    assert mentions(text) == []


def test_issues_and_comments_know_their_mentions() -> None:
    ann = GitHubEmulator().person("octo-ann")

    issue = ann.open_issue("@octo-eva in a title is nothing", "@octo-bea?")

    assert issue.mentions == ["octo-bea"]
    assert ann.comment(issue.number, "`@octo-bea` or @octo-dov").mentions == ["octo-dov"]
