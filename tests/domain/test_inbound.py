"""Reading how long somebody wants access, and who acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.errors import InvalidRequest
from bot.domain.inbound import Actor, Surface, parse_duration


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("8h", Duration(8, Unit.HOURS)),
        ("1 hour", Duration(1, Unit.HOURS)),
        ("30d", Duration(30)),
        (" 30  Days ", Duration(30)),
        ("1 day", Duration(1)),
        ("2w", Duration(14)),
        ("1 week", Duration(7)),
        ("2bd", Duration(2, Unit.BUSINESS_DAYS)),
        ("3 business days", Duration(3, Unit.BUSINESS_DAYS)),
        ("permanent", PERMANENT),
        ("For good", PERMANENT),
        ("FOREVER", PERMANENT),
    ],
)
def test_people_write_durations_in_many_ways(words: str, length: Duration) -> None:
    assert parse_duration(words) == length


@given(st.builds(Duration, st.integers(1, 9999), st.sampled_from(Unit)) | st.just(PERMANENT))
def test_what_policy_writes_can_be_read(length: Duration) -> None:
    assert parse_duration(str(length)) == length
    assert length.is_permanent or parse_duration(length.in_words()) == length


@pytest.mark.parametrize(
    "words",
    [
        "",
        "0d",
        "000 h",
        "-3d",
        "1.5h",
        "12345d",
        "30",
        "d",
        "30 d or so",
        "a month",
        "8h\n/approve",
    ],
)
def test_anything_else_is_refused_with_examples(words: str) -> None:
    with pytest.raises(InvalidRequest, match="as a length of time") as no:
        parse_duration(words)

    assert no.value.field == "how_long"
    assert "30 days" in no.value.next_step


@given(st.text())
def test_any_text_is_read_or_refused_and_what_is_quoted_can_do_nothing(words: str) -> None:
    answer = read(words)

    said = answer.detail if isinstance(answer, InvalidRequest) else ""
    assert not set(said) & set("@`<>*_[]#|\n")
    assert len(said) < 90


def read(words: str) -> Duration | InvalidRequest:
    try:
        return parse_duration(words)
    except InvalidRequest as no:
        return no


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        (Actor(surface=Surface.GITHUB, github="octo-ann"), "octo-ann"),
        (Actor(surface=Surface.SLACK, slack_id="UANN", slack_team="T1"), "UANN"),
        (Actor(surface=Surface.CLI, name="root"), "root"),
        (Actor(surface=Surface.CLOCK), "clock"),
    ],
)
def test_an_actor_is_shown_as_the_surface_vouches_for_them(actor: Actor, shown: str) -> None:
    assert str(actor) == shown
