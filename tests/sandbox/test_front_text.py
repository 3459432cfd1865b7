"""Strangers' text on the front page: Slack's mrkdwn and GitHub's Markdown as safe HTML."""

import pytest

from bot.sandbox.front.github_text import GitHubText, open_tasks, tick
from bot.sandbox.front.links import Links
from bot.sandbox.front.mrkdwn import Mrkdwn

GITHUB = "http://127.0.0.1:8092"
LINKS = Links(GITHUB, "acme/access")
BODY = """### To do

- [x] Seat bought — done by Ivy
- [ ] Add the user by hand
* [ ]   Tell Bea

```
- [ ] only an example
```
1. [ ] Close
"""


@pytest.mark.parametrize(
    ("address", "target"),
    [
        (f"{GITHUB}/acme/access/issues/3", "/issues/3"),
        (f"{GITHUB}/acme/access/issues/3#issuecomment-77", "/issues/3#comment-77"),
        (f"{GITHUB}/acme/access/issues", "/issues"),
        (f"{GITHUB}/acme/other/issues/3", f"{GITHUB}/acme/other/issues/3"),
        ("https://acme.example/a?b=c", "https://acme.example/a?b=c"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:ann@acme.example", None),
        ("/people/p001", None),
        ("http://[broken", None),
    ],
)
def test_links_lead_to_issue_pages_or_to_the_plain_web(address: str, target: str | None) -> None:
    assert LINKS.target(address) == target


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~ 2*3*4", "<strong>bold</strong> <em>it</em> <s>no</s> 2*3*4"),
        ("&lt;b&gt; &amp;amp; <b>", "&lt;b&gt; &amp;amp; b"),
        ("`*a* &lt;`", "<code>*a* &lt;</code>"),
        ("```\nx\n*y*\n```", "<pre>x\n*y*</pre>"),
        ("*<@U1>*", '<strong><span class="mention">@Ann &amp; Co</span></strong>'),
        (
            "<@U9> <!channel>",
            '<span class="mention">@U9</span> <span class="mention">@channel</span>',
        ),
        ("<#C1|general>", '<span class="mention">#general</span>'),
        ("<!date^1^{date}|1 January>", "1 January"),
        (f"<{GITHUB}/acme/access/issues/4|the issue>", '<a href="/issues/4">the issue</a>'),
        (
            '<https://x.example/"onclick=|"><i>',
            '<a href="https://x.example/&#34;onclick=">&#34;</a>i',
        ),
        ("<https://x.example/|`code`>", '<a href="https://x.example/"><code>code</code></a>'),
        ("<https://x.example/`code`|a>", "a"),
        ("<javascript:alert(1)|click>", "click"),
        ("\ue0000\ue001 `a`", "0 <code>a</code>"),
    ],
)
def test_mrkdwn_shows_as_in_slack_and_nothing_gets_through(text: str, html: str) -> None:
    assert Mrkdwn(LINKS, {"U1": "Ann & Co"}).draw(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("a <img src=x onerror=y> b", "<p>a &lt;img src=x onerror=y&gt; b</p>\n"),
        ("a<br>b <span>$</span>1", "<p>a<br />\nb $1</p>\n"),
        ("Hi\n\n<!-- usher:r1 -->", "<p>Hi</p>\n<p></p>\n"),
        ("`<br>`", "<p><code>&lt;br&gt;</code></p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](/etc)", '<p><a href="#">x</a></p>\n'),
        (
            f"<{GITHUB}/acme/access/issues/4>",
            f'<p><a href="/issues/4">{GITHUB}/acme/access/issues/4</a></p>\n',
        ),
        ("![x](https://x.example/a.png)", '<p>!<a href="https://x.example/a.png">x</a></p>\n'),
        ("- [ ] open\n- [x] done", "<ul>\n<li>☐ open</li>\n<li>☑ done</li>\n</ul>\n"),
        ("[ ] no list", "<p>[ ] no list</p>\n"),
    ],
)
def test_markdown_shows_as_on_github_and_nothing_gets_through(text: str, html: str) -> None:
    assert GitHubText(LINKS).draw(text) == html


def test_open_boxes_are_found_outside_code_and_ticked_one_by_one() -> None:
    tasks = open_tasks(BODY)

    assert [task.text for task in tasks] == ["Add the user by hand", "Tell Bea", "Close"]
    ticked = tick(BODY, tasks[1].line)
    assert [task.text for task in open_tasks(ticked)] == ["Add the user by hand", "Close"]
    assert ticked == BODY.replace("* [ ]   Tell Bea", "* [x]   Tell Bea")
    with pytest.raises(ValueError, match="ticked before"):
        tick(ticked, tasks[1].line)
