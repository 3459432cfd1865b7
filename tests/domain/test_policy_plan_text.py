"""A plan in print: the verdict first, people only where they may be named, valid at any size."""

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.markdown import MAX_BODY, has_marker, with_marker
from bot.domain.policy import Where
from bot.domain.policy_change import Effect
from bot.domain.policy_plan_document import as_document
from bot.domain.policy_plan_text import markdown, plain_text, verdict
from bot.domain.policy_plan_values import (
    PolicyPlan,
    PoolNeed,
)
from tests.domain.plan_examples import FULL, HOSTILE, PEOPLE, a_plan, change, plans, shift

OURS = {"<span>", "</span>"}


# ---- the verdict --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (a_plan(), "Nothing changes for anybody."),
        (
            a_plan(changes=(change(Effect.NEUTRAL),)),
            "Nothing changes for anybody: only words and settings do.",
        ),
        (
            a_plan(changes=(change(Effect.NEUTRAL),), shifts=(shift(),)),
            "This changes something for people, and loosens no rule.",
        ),
        (
            a_plan(changes=(change(Effect.TIGHTENS),)),
            "This tightens 1 rule and loosens none.",
        ),
        (
            a_plan(changes=(change(), change(rule="x"), change(text="again"))),
            "This loosens 2 rules: needs the security group.",
        ),
    ],
)
def test_the_first_line_says_what_reviewers_must_know(plan: PolicyPlan, words: str) -> None:
    assert verdict(plan) == words
    assert plain_text(plan).startswith(f"{words}\n")
    assert markdown(plan).startswith(f"**{words}**\n")
    assert as_document(plan)["verdict"] == words


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (a_plan(people=0), "nobody in the roster"),
        (a_plan(knows_access=False), "Nobody looked at requests and grants."),
        (FULL, "Of 8 people in the roster, 2 gain a way to a level and 1 lose one."),
        (FULL, "1 request in flight and 2 grants would not go on as they are."),
        (FULL, "3 people would get a message."),
    ],
)
def test_the_second_line_says_for_how_many_people(plan: PolicyPlan, words: str) -> None:
    assert words in plain_text(plan).split("\n")[1]
    assert words in markdown(plan)


# ---- people -------------------------------------------------------------------------------------


def told(plan: PolicyPlan, *, names: bool) -> list[str]:
    document = json.dumps(as_document(plan, names=names))
    return [plain_text(plan, names=names), markdown(plan, names=names), document]


def test_without_leave_nobody_is_named() -> None:
    for text in told(FULL, names=False):
        words = set(re.findall(r"[a-z0-9-]+", text.replace("\\", "")))
        assert words.isdisjoint({*PEOPLE, "octo-ann", "r1", "g1"})


def test_with_leave_people_are_named() -> None:
    for text in told(FULL, names=True):
        words = set(re.findall(r"[a-z0-9-]+", text.replace("\\", "")))
        assert {*PEOPLE, "octo-ann"} - words <= {"ivy"}


def test_a_script_finds_each_person_with_what_they_gain_and_lose() -> None:
    people = as_document(FULL, names=True)["people"]

    assert people == {
        "ann": {"gained": ["crm/edit ask"], "lost": []},
        "bea": {"gained": ["crm/edit ask"], "lost": []},
        "gus": {"gained": [], "lost": ["crm/edit birthright"]},
    }
    assert "people" not in as_document(FULL)


def test_a_crowd_is_named_only_in_part() -> None:
    crowd = tuple(f"p{number}" for number in range(2_000))

    text = plain_text(a_plan(shifts=(shift(people=crowd),)), names=True)

    assert "p19 and 1,980 more" in text
    assert len(text) < 1_000


# ---- a terminal ---------------------------------------------------------------------------------


def test_a_terminal_shows_columns_and_places() -> None:
    text = plain_text(FULL)

    assert (
        "What it loosens\n"
        "  Rule                 Change      Place\n"
        "  crm/edit request.by  added: csm  policies/systems/crm.yml:12\n"
    ) in text
    assert "policies/systems/crm.yml:12 in BASE" in text
    assert "  crm     Full   3             2          too few\n" in text
    assert "  crm     Inbox  1             not known\n" in text
    assert "+2 −0" in text
    assert "the same" in text


def test_nothing_typed_can_steer_a_terminal() -> None:
    text = plain_text(a_plan(changes=(change(text="\x1b[2J\rgone\x07"),)))

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


# ---- Markdown -----------------------------------------------------------------------------------


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def tables(tokens: Sequence[Token]) -> list[list[int]]:
    """Return the number of cells in each row of each table."""
    found: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append(0)
        elif token.type in ("td_open", "th_open"):
            found[-1][-1] += 1
    return found


def assert_is_sound(text: str, limit: int = MAX_BODY) -> list[Token]:
    assert len(text) <= limit
    tokens = parsed(text)
    for rows in tables(tokens):
        assert len(set(rows)) == 1
    blocks = {token.type for token in tokens}
    assert not blocks & {"html_block", "fence", "code_block", "hr", "blockquote_open", "list_item"}
    assert all(token.tag == "h4" for token in tokens if token.type == "heading_open")
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.content for child in inline if child.type == "html_inline"} <= OURS
    assert not {child.type for child in inline} & {"link_open", "image", "s_open", "em_open"}
    assert all(not re.search(r"[@#]\w", child.content) for child in inline if child.type == "text")
    # A row that fell out of its table would be a paragraph that begins with a bar.
    paragraphs = [one for at, one in enumerate(tokens) if tokens[at - 1].type == "paragraph_open"]
    assert not [one for one in paragraphs if one.content.startswith("|")]
    return tokens


def test_every_part_of_a_plan_is_a_table_under_its_heading() -> None:
    tokens = assert_is_sound(markdown(FULL, names=True))

    headings = [one.content for i, one in enumerate(tokens) if tokens[i - 1].tag == "h4"]
    assert [heading for heading in headings if heading] == [
        "What it loosens",
        "Seats for what comes with roles",
        "Requests in flight",
        "Access that people hold and the new policy would not give",
        "Who gains and loses levels",
        "Who approves",
        "For how long",
        "What it tightens",
        "What else it changes",
        "Who would get a message",
    ]
    assert len(tables(tokens)) == 10


def test_what_strangers_wrote_can_do_nothing() -> None:
    hostile = a_plan(
        changes=(change(rule=HOSTILE, text=HOSTILE, where=Where(HOSTILE, 1), logins=(HOSTILE,)),),
        shifts=(shift(role=HOSTILE, level_id=HOSTILE, people=(HOSTILE,)),),
        pools=(PoolNeed(system=HOSTILE, pool=HOSTILE, needed=1, free=1),),
    )

    tokens = assert_is_sound(markdown(hostile, names=True))

    assert [len(rows) for rows in tables(tokens)] == [2, 2, 2]


def test_a_plan_too_long_for_a_comment_loses_whole_rows_and_says_how_many() -> None:
    shifts = tuple(shift(level_id=f"crm/level-{number}") for number in range(6_000))
    plan = a_plan(shifts=shifts, changes=tuple(change(rule=f"r{n}") for n in range(5)))

    text = markdown(plan)

    shown = text.count("may ask for it")
    assert 300 < shown < 2_000
    assert text.count("added") == 5
    assert f"{6_000 - shown:,} more rows left out" in text
    assert f"`usher policy plan {'a' * 12} {'b' * 12}`" in text
    assert_is_sound(text)
    assert len(text) > 50_000


def test_one_row_too_many_is_one_row() -> None:
    plan = a_plan(base="sha256:0", shifts=(*(shift(),) * 40, shift(role="x" * 290)))

    whole = markdown(plan)
    text = markdown(plan, limit=len(whole) - 1)

    assert "left out" not in whole
    assert "1 more row left out" in text
    assert "`usher policy plan BASE HEAD`" in text


def test_a_limit_below_the_headings_leaves_the_verdict() -> None:
    text = markdown(FULL, limit=1_000)

    assert text.startswith("**This loosens 1 rule: needs the security group.**")
    assert "Everything else left out" in text
    assert_is_sound(text, 1_000)


def test_a_comment_keeps_room_for_our_marker() -> None:
    shifts = tuple(shift(level_id=f"crm/level-{number}") for number in range(6_000))

    body = with_marker(markdown(a_plan(shifts=shifts)), "policy:1")

    assert has_marker(body, "policy:1")
    assert "The rest is too long" not in body
    assert len(body) <= MAX_BODY


# ---- any plan -----------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(plan=plans, names=st.booleans())
def test_any_plan_is_a_sound_comment(plan: PolicyPlan, *, names: bool) -> None:
    text = markdown(plan, names=names)

    tokens = assert_is_sound(text)
    shown = [bool(plan.loosens), bool(plan.tightens), bool(plan.shifts), bool(plan.pools)]
    neutral = len(plan.changes) > len(plan.loosens) + len(plan.tightens)
    assert len(tables(tokens)) == sum([*shown, neutral, bool(plan.grants)])


@settings(max_examples=8, deadline=None)
@given(plan=plans, names=st.booleans())
def test_any_plan_is_text_and_data(plan: PolicyPlan, *, names: bool) -> None:
    assert plain_text(plan, names=names).startswith(verdict(plan))
    assert json.loads(json.dumps(as_document(plan, names=names)))["loosens"] is bool(plan.loosens)
