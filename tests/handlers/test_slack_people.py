"""What people meet: the form, its inline errors, their list, the buttons; over real HTTP."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.cards import CardAction
from bot.domain.decision import Reason
from bot.domain.desk import HeldLevel, PendingLevel
from bot.domain.errors import InvalidRequest
from bot.domain.grant import GrantState
from bot.domain.inbound import (
    MAX_REASON,
    Submission,
    Verb,
    parse_duration,
)
from bot.domain.request import RequestState
from bot.sandbox.faults import Fault, FaultKind
from handlers.slack import views
from tests.fakes.desk import LEVELS
from tests.fakes.slack_wire import TEAM, wait_for
from tests.handlers.slack_office import ANN, BEA, Office, office, stage

__all__ = ["office", "stage"]

HELD = HeldLevel(
    grant_id="g-1",
    level_id="salesforce/standard",
    until=datetime(2026, 5, 31, 16, 0, tzinfo=UTC),
    state=GrantState.ACTIVE,
    can_give_back=True,
)
PENDING = PendingLevel(
    request_id="r-2",
    level_id="gong/listen",
    state=RequestState.AWAITING_APPROVAL,
    issue_number=12,
)


def choose(office: Office, words: str = "reports") -> None:
    [option] = office.ann.suggest("level", "form:level", words)
    assert option["value"] == "salesforce/reports"


def test_the_command_opens_one_form_at_once_and_says_nothing(office: Office) -> None:
    answer = office.ann.command("/access")

    assert (answer.ok, answer.body) == (True, "")
    view = office.ann.view
    assert view.title == "Ask for access"
    assert [block["block_id"] for block in view.blocks] == ["level", "for_whom", "how_long", "why"]
    assert view.state["for_whom"]["form:for_whom"]["selected_user"] == ANN


def test_typed_words_choose_the_level_that_fits_best(office: Office) -> None:
    office.ann.command("/access", "salesforce reports")

    chosen = office.ann.view.state["level"]["form:level"]["selected_option"]
    assert chosen["value"] == "salesforce/reports"


def test_words_that_fit_nothing_say_so_and_the_form_is_there(office: Office) -> None:
    office.ann.command("/access", "<!channel> unicorns")

    assert "No level fits «<!channel> unicorns»" in office.ann.view.blocks[0]["text"]["text"]
    assert all(not message.mentions for message in office.slack.messages())


def test_a_request_is_kept_with_what_was_chosen(office: Office) -> None:
    office.ann.command("/access")
    choose(office)

    answer = office.ann.submit({"level": "salesforce/reports", "why": "Quarter's  numbers\u202e"})

    assert (answer.ok, office.ann.view) == (True, None)
    [message] = office.inbox.messages
    assert message == Submission(
        actor=message.actor, level="salesforce/reports", how_long="30d", why="Quarter's numbers"
    )
    assert (message.actor.slack_id, message.actor.slack_team) == (ANN, TEAM)


def test_a_request_for_somebody_else_names_them(office: Office) -> None:
    office.ann.command("/access", "reports")
    office.ann.submit({"for_whom": BEA, "how_long": "permanent", "why": "New job"})

    assert office.inbox.messages[0].for_whom == BEA
    assert parse_duration(office.inbox.messages[0].how_long).is_permanent


def test_every_length_on_offer_can_be_read() -> None:
    form = views.request_form(user_id=ANN, best=None, words="")
    element = next(b for b in form["blocks"] if b["block_id"] == "how_long")["element"]

    lengths = [parse_duration(option["value"]) for option in element["options"]]

    assert len(lengths) == 6


def test_all_reasons_of_policy_appear_at_their_fields(office: Office) -> None:
    office.desk.reasons = (
        Reason(text="Too long.", rule="x longest", where="x.yml:3", field="how_long"),
        Reason(text="Not for you.", field="level"),
        Reason(text="Held already.", field="somewhere"),
    )
    office.ann.command("/access", "reports")

    office.ann.submit({"why": "Numbers"})

    assert office.ann.view_errors == {
        "how_long": "Too long. (rule: x longest, x.yml:3)",
        "level": "Not for you. Held already.",
    }
    assert office.ann.view is not None
    assert office.inbox.envelopes == []


def test_an_unknown_person_is_told_in_the_form(office: Office) -> None:
    office.ann.command("/access", "reports")
    office.desk.failure = InvalidRequest("I do not know you.", next_step="Ask IT.", field="")

    office.ann.submit({"why": "Numbers"})

    assert office.ann.view_errors == {"level": "I do not know you. Ask IT."}


@pytest.mark.parametrize("why", ["👍🎉", "…!?", "\u200f\u200b .", "\u3164"])
def test_a_reason_without_words_is_asked_for_again(office: Office, why: str) -> None:
    office.ann.command("/access", "reports")

    office.ann.submit({"why": why})

    assert office.ann.view_errors == {"why": "Please say why in words."}
    assert office.inbox.envelopes == []


def test_ten_thousand_characters_past_the_client_are_refused_here(office: Office) -> None:
    office.ann.command("/access", "reports")

    office.ann.submit({"why": "a" * 10_000}, forged=True)

    assert f"under {MAX_REASON} characters" in office.ann.view_errors["why"]


def test_a_reason_with_commands_and_marks_is_kept_as_words(office: Office) -> None:
    why = "<!channel> <@U0EVA00001> *now*\n/approve\n> done"
    office.ann.command("/access", "reports")

    office.ann.submit({"why": why})

    assert office.inbox.messages[0].why == why
    assert len(office.inbox.messages) == 1


def test_nothing_is_lost_silently_when_the_database_is_gone(office: Office) -> None:
    office.ann.command("/access", "reports")
    office.inbox.is_down = True

    office.ann.submit({"why": "Numbers"})
    assert "Nothing was saved" in office.ann.view_errors["why"]

    office.inbox.is_down = False
    assert office.ann.submit().ok
    assert len(office.inbox.envelopes) == 1


def test_a_form_that_breaks_keeps_what_was_typed_and_shows_a_reference(office: Office) -> None:
    office.ann.command("/access", "reports")
    office.desk.failure = RuntimeError("boom")

    office.ann.submit({"why": "Numbers"})

    assert "reference" in office.ann.view_errors["why"]


def test_a_search_offers_at_most_a_hundred_within_slacks_lengths(office: Office) -> None:
    long = replace(LEVELS[0], says="Work " * 60)
    office.desk.levels = tuple(replace(long, id=f"salesforce/{n}") for n in range(150))
    office.ann.command("/access")

    assert len(office.ann.suggest("level", "form:level", "")) == 100


def test_when_slack_does_not_open_the_form_the_person_is_told(office: Office) -> None:
    office.slack.faults.add(Fault(route="POST /api/views.open", kind=FaultKind.STATUS, status=503))

    answer = office.ann.command("/access")

    assert answer.ok
    assert "did not open the form" in office.slack.dm(ANN)[-1].text


def test_help_is_short_and_only_for_the_one_who_asked(office: Office) -> None:
    office.ann.command("/access", " HELP ")

    [message] = office.slack.dm(ANN)
    assert message.ephemeral_for == ANN
    assert "/access mine" in message.text


def test_mine_lists_what_i_have_and_wait_for_in_my_time_zone(office: Office) -> None:
    office.holds(HELD, pending=(PENDING,))

    office.ann.command("/access", "mine")

    [message] = office.slack.dm(ANN)
    assert message.ephemeral_for == ANN
    assert "salesforce/standard: until 31 May 2026, 12:00 (America/New_York)" in message.text
    assert "gong/listen: awaiting approval" in message.text
    assert "https://github.example/acme/access/issues/12" in message.text


def test_mine_tells_apart_what_stays_for_good_and_what_is_ending(office: Office) -> None:
    ending = replace(HELD, level_id="gong/listen", state=GrantState.ENDING, can_give_back=False)
    office.holds(replace(HELD, until=None), ending)
    office.desk.holdings[ANN] = replace(
        office.desk.holdings[ANN], pending=(replace(PENDING, issue_number=None),)
    )

    office.ann.command("/access", "mine")

    assert office.slack.dm(ANN)[-1].text.splitlines() == [
        "salesforce/standard: for good",
        "gong/listen: ending now",
        "gong/listen: awaiting approval",
    ]


def test_mine_without_anything_says_how_to_begin(office: Office) -> None:
    office.holds()

    office.ann.command("/access", "mine")

    assert "Type /access to ask" in office.slack.dm(ANN)[-1].text


def test_mine_of_a_stranger_says_why_not_and_what_next(office: Office) -> None:
    office.ann.command("/access", "mine")

    assert office.slack.dm(ANN)[-1].text == "I do not find you in the roster. Ask IT to add you."


def test_mine_of_somebody_with_very_much_fits_into_a_message(office: Office) -> None:
    many = tuple(replace(HELD, grant_id=f"g-{n}", level_id=f"s/{n:0190}") for n in range(60))
    waiting = tuple(replace(PENDING, request_id=f"r-{n}") for n in range(60))
    office.holds(*many, pending=waiting)

    assert office.ann.command("/access", "mine").ok

    assert "And 40 more" in str(office.slack.dm(ANN)[-1].blocks)


def test_giving_back_and_cancelling_from_the_list_are_kept(office: Office) -> None:
    office.holds(HELD, replace(HELD, grant_id="g-9", state=GrantState.ENDING, can_give_back=False))
    office.desk.holdings[ANN] = replace(office.desk.holdings[ANN], pending=(PENDING,))
    office.ann.command("/access", "mine")
    [message] = office.slack.dm(ANN)

    office.ann.press(message, CardAction.GIVE_BACK)
    office.ann.press(message, CardAction.CANCEL)

    presses = [(m.verb, m.request_id, m.digest) for m in office.inbox.messages]
    assert presses == [(Verb.REVOKE, "g-1", ""), (Verb.CANCEL, "r-2", "")]
    assert all(m.response_url.startswith(office.slack.url) for m in office.inbox.messages)


def test_a_press_while_the_database_is_gone_is_answered_where_it_was_made(office: Office) -> None:
    office.holds(HELD)
    office.ann.command("/access", "mine")
    office.inbox.is_down = True

    answer = office.ann.press(office.slack.dm(ANN)[0], CardAction.GIVE_BACK)

    assert answer.ok
    assert "Nothing was saved" in office.slack.dm(ANN)[-1].text
    assert office.slack.dm(ANN)[-1].ephemeral_for == ANN


def test_a_first_word_to_the_bot_brings_help_once_and_then_peace(office: Office) -> None:
    for _ in range(3):
        assert office.ann.say("hello?").ok

    answers = wait_for(lambda: [m for m in office.slack.dm(ANN) if m.user != ANN])
    assert [m.text for m in answers] == [views.HELP]
    assert len(office.inbox.envelopes) == 3


def test_the_home_tab_shows_the_way_in(office: Office) -> None:
    office.ann.open_home()

    wait_for(lambda: office.ann.home)
    office.ann.press_in_view("home:ask")

    assert office.ann.view.title == "Ask for access"
