"""Breaking the glass: at once, for a short time, with a reason, and everybody hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import Tag
from bot.domain.cards import Card, Fact
from bot.domain.durations import Duration, Unit
from bot.domain.inbound import Actor, Surface
from bot.domain.policy import BreakGlass, Where
from bot.domain.request import Request, RequestState
from tests.workflows.office import Office

GLASS = BreakGlass(
    by=("crm-owners",),
    longest=Duration(4, Unit.HOURS),
    where=Where("policies/systems/crm.yml", 70, 5),
)


@pytest.fixture
def office(office: Office) -> Office:
    office.change_level("crm/standard", break_glass=GLASS)
    return office


def waiting(office: Office, **words: str) -> Request:
    """Let Gus, who looks after the CRM, ask for crm/standard."""
    request = office.ask("crm/standard", **{"by": "gus", **words})
    assert request.state is RequestState.AWAITING_APPROVAL
    return request


def test_the_access_is_there_at_once_and_for_as_long_as_the_rule_allows(office: Office) -> None:
    request = waiting(office, how_long="30 days")

    said = office.comment("gus", request.issue_number, "/break-glass The sync is down")

    assert "You get crm/standard now, for 4 hours, by the rule crm/standard break_glass" in (said)
    now, grant = office.request(request.id), office.grant(request.id)
    assert (now.state, now.emergency) == (RequestState.DELIVERED, "The sync is down")
    assert grant is not None
    assert grant.until == office.clock.now() + timedelta(hours=4)


def test_what_is_asked_for_shorter_stays_shorter(office: Office) -> None:
    request = waiting(office, how_long="1h")

    office.comment("gus", request.issue_number, "/break-glass The sync is down")

    assert str(office.request(request.id).duration) == "1h"


def test_everybody_who_was_skipped_it_and_security_are_told_why(office: Office) -> None:
    request = waiting(office)

    office.comment("gus", request.issue_number, "/break-glass The sync is down")

    for who in ("bea", "ivy", "ian", "sam", "sue", "gil"):
        (told,) = [m.card for m in office.chat.of(f"U{who.upper()}") if ":unasked:" in m.key]
        assert told.headline == "Emergency access: CRM: standard for Gus Doe"
        assert Fact("Emergency", "The sync is down") in told.facts
    assert not [m for m in office.chat.of("UGUS") if ":unasked:" in m.key]


def test_card_issue_and_audit_log_say_that_it_was_an_emergency(office: Office) -> None:
    request = waiting(office)

    office.comment("gus", request.issue_number, "/break-glass The sync is down")

    status = office.status(request).content
    assert isinstance(status, Card)
    for shown in (office.card("gus", request), status):
        assert shown.headline.startswith("Emergency: ")
        assert Fact("Emergency", "The sync is down") in shown.facts
    (broken,) = [e for e in office.audit(request.id) if e.tag is Tag.GLASS_BROKEN]
    assert (broken.actor, broken.facts["why"]) == ("gus", "The sync is down")
    assert broken.facts["skipped"].split(",")[0] == "bea"


@pytest.mark.parametrize("words", ["/break-glass", "/break-glass  …!"])
def test_an_emergency_needs_a_reason(office: Office, words: str) -> None:
    request = waiting(office)

    assert "An emergency needs a reason" in office.comment("gus", request.issue_number, words)
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL


def test_nobody_else_breaks_the_glass_not_even_for_somebody_else(office: Office) -> None:
    request = waiting(office)
    on_behalf = office.ask("crm/standard", by="bea", for_whom="ann")

    by_a_colleague = office.comment("gil", request.issue_number, "/break-glass Now")
    for_another = office.comment("bea", on_behalf.issue_number, "/break-glass Now")

    for said in (by_a_colleague, for_another):
        assert "Only the person who asked may break the glass, and only for themselves" in said
    assert {r.state for r in office.requests()} == {RequestState.AWAITING_APPROVAL}


def test_whom_policy_does_not_name_reads_the_rule_and_goes_on_waiting(office: Office) -> None:
    request = office.ask("crm/standard", by="ann")

    said = office.comment("ann", request.issue_number, "/break-glass I want it now")

    assert "break_glass" in said
    assert "policies/systems/crm.yml:70" in said
    assert "The request goes on waiting for those who were asked" in said
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert not office.request(request.id).is_emergency


def test_a_level_without_such_a_rule_says_so(office: Office) -> None:
    request = office.ask("crm/view", by="gus")

    said = office.comment("gus", request.issue_number, "/break-glass Now")

    assert "Policy does not let you break the glass for crm/view" in said
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL


def test_what_is_over_or_on_its_way_does_not_wait(office: Office) -> None:
    request = waiting(office)
    office.comment("gus", request.issue_number, "/break-glass The sync is down")

    said = office.comment("gus", request.issue_number, "/break-glass Once more")

    assert "it does not wait for an approval" in said


def test_an_edited_emergency_is_an_ordinary_request_again(office: Office) -> None:
    number = office.records.open_by_hand()
    office.reply_to(office.form(number, by="gus", level="crm/standard", how_long="4h"), number)
    office.seats.totals["Crm"] = 0
    office.comment("gus", number, "/break-glass The sync is down")

    edited = office.form(number, by="gus", level="crm/standard", how_long="9 days", is_edit=True)
    office.reply_to(edited, number)

    (request,) = office.requests()
    assert (request.state, request.emergency) == (RequestState.AWAITING_APPROVAL, "")


def test_help_tells_of_it(office: Office) -> None:
    request = waiting(office)

    assert "/break-glass reason" in office.comment("gus", request.issue_number, "/help")


def test_the_form_that_still_says_what_was_asked_for_is_no_edit(office: Office) -> None:
    number = office.records.open_by_hand()
    form = office.form(number, by="gus", level="crm/standard", how_long="30 days")
    office.reply_to(form, number)
    office.seats.totals["Crm"] = 0
    office.comment("gus", number, "/break-glass The sync is down")
    (waiting_,) = office.requests()
    assert waiting_.state is RequestState.AWAITING_SEAT
    listed = replace(
        form, is_edit=True, actor=Actor(surface=Surface.GITHUB, name="somebody on GitHub")
    )
    titled = replace(form, is_edit=True)  # such as when only the title was edited

    assert office.reply_to(listed, number) == ""
    assert office.reply_to(titled, number) == ""
    assert office.requests() == [replace(waiting_, read_digest=office.requests()[0].read_digest)]
    office.comment("gus", number, "/cancel")
    assert office.reply_to(listed, number) == ""
    assert office.reply_to(titled, number) == ""
