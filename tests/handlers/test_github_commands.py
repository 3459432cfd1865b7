"""Which comments are commands, and which only look like one to somebody in a hurry."""

import pytest

from bot.domain.inbound import MAX_REASON, Verb
from handlers.github.commands import parse_command
from handlers.github.tasks import ticked


@pytest.mark.parametrize(
    ("comment", "verb"),
    [
        ("/approve", Verb.APPROVE),
        ("  /Approve.", Verb.APPROVE),
        ("\r\n\n/approve\r\nThanks!", Verb.APPROVE),
        ("/ approve", Verb.APPROVE),
        ("/cancel", Verb.CANCEL),
        ("/revoke", Verb.REVOKE),
        ("/help", Verb.HELP),
        ("/break-glass The sync is down", Verb.BREAK_GLASS),
        ("/Break-Glass: now", Verb.BREAK_GLASS),
        ("/breakglass now", Verb.UNKNOWN),
    ],
)
def test_the_first_line_gives_the_command(comment: str, verb: Verb) -> None:
    command = parse_command(comment)

    assert command is not None
    assert command.verb is verb


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "\n \n",
        "I would /approve this",
        "Thanks!\n/approve",
        "> /approve",
        "```\n/approve\n```",
        "    /approve",
        "\t/approve",
        "`/approve`",
        "/",
        "//approve",
        "/etc/passwd is full",
        "/10 would read again",
        "\u202e/approve",
    ],
)
def test_talk_quotes_code_and_paths_are_no_commands(comment: str) -> None:
    assert parse_command(comment) is None


def test_a_denial_carries_its_reason_over_several_lines() -> None:
    command = parse_command("/deny too early\nAsk again in May.")

    assert command is not None
    assert (command.verb, command.argument) == (Verb.DENY, "too early\nAsk again in May.")


def test_an_unknown_word_is_kept_for_a_suggestion() -> None:
    command = parse_command("/aprove")

    assert command is not None
    assert (command.verb, command.typed) == (Verb.UNKNOWN, "aprove")


def test_a_huge_comment_is_bounded() -> None:
    command = parse_command(f"/deny {'x' * 100_000}")

    assert command is not None
    assert len(command.argument) <= MAX_REASON
    long_word = parse_command(f"/{'x' * 100_000}")
    assert long_word is not None
    assert len(long_word.typed) <= 40


def test_ticked_boxes_are_counted_from_the_top() -> None:
    body = "- [x] one — done by Bea\n- [ ] two\n* [X] three\n```\n- [x] code\n```\n- [x]no"

    assert ticked(body) == ((0, 2), 3)
    assert ticked("nothing to do") == ((), 0)
