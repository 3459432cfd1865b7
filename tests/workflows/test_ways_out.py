"""A refusal says what would have to be true instead, wherever the person reads it."""

from dataclasses import replace
from datetime import date

from bot.domain.audit import Tag
from bot.domain.cards import Card
from bot.domain.durations import Duration
from bot.domain.inbound import Submission
from bot.domain.policy import BreakGlass, Where
from bot.domain.request import Request, RequestState
from tests.factories import CRM_YML, hire
from tests.workflows.office import WHY, Office, on_github

TITLE = "What would have to be true"


def told(shown: Card | str) -> str:
    assert isinstance(shown, Card)
    return next((note for note in shown.notes if note.startswith(TITLE)), "")


def bar_engineers(office: Office, level_id: str) -> None:
    level = office.policies.now.level(level_id)
    assert level is not None
    assert level.request is not None
    office.change_level(level_id, request=replace(level.request, by=("csm",)))


def test_a_refused_request_keeps_its_ways_out_and_shows_them(office: Office) -> None:
    request = office.ask(how_long="200 days")

    assert request.ways_out == ("Ask for 90 days instead of 200 days.",)
    text = f"{TITLE}:\n1. Ask for 90 days instead of 200 days."
    assert told(office.card("ann", request)) == text
    assert told(office.status(request).content) == text


def test_the_easiest_comes_first_and_what_belongs_together_is_one(office: Office) -> None:
    bar_engineers(office, "crm/view")

    request = office.ask(how_long="200 days")

    assert request.ways_out == (
        "Ask for 90 days instead of 200 days. And: Ann Doe has the role csm in the roster.",
        (
            "Ask for 90 days instead of 200 days. And: crm/view lists the role «engineer» in "
            "`request.by` (policies/systems/crm.yml:12)."
        ),
    )
    assert told(office.card("ann", request)).startswith(f"{TITLE} (one of these):\n1. Ask for 90")


def test_a_colleague_is_asked_to_ask_without_a_word_of_what_was_typed(office: Office) -> None:
    request = office.ask("crm/standard", by="sam", for_whom="octo-ann")

    assert request.ways_out[0] == "Let Ann Doe ask themselves."
    assert WHY not in str(request.ways_out)
    # both read it: the one who asked, and the one it is for
    assert told(office.card("sam", request)) == told(office.card("ann", request)) != ""


def test_what_policy_no_longer_allows_is_refused_with_today_s_decision_and_ways_out(
    office: Office,
) -> None:
    request = office.ask()
    bar_engineers(office, "crm/view")

    office.comment("bea", request.issue_number, "/approve")

    refused = office.request(request.id)
    assert (request.ways_out, refused.state) == ((), RequestState.REFUSED)
    assert refused.decision is not None
    assert (refused.decision.rule, refused.decision.policy_commit) == (
        "crm/view request.by",
        "another",
    )
    assert refused.ways_out[0] == "Ann Doe has the role csm in the roster."
    assert told(office.card("ann", request)) == told(office.status(request).content) != ""
    assert told(office.card("bea", request)) == ""


def test_what_does_not_come_with_the_role_any_more_says_how_it_could(office: Office) -> None:
    office.desk.onboard(hire())
    roles = office.policies.now.roles
    csm = replace(roles["csm"], birthright=("phone/desk",))
    office.policies.now = replace(office.policies.now, roles={**roles, "csm": csm})

    office.travel(days=8)

    (refused,) = office.requests(RequestState.REFUSED)
    assert refused.ways_out[0] == "Ask for it in the usual way, not with onboarding."


def test_who_leaves_before_they_start_is_refused_at_onboarding_with_a_way_out(
    office: Office,
) -> None:
    office.desk.onboard(hire(last_day=date(2026, 11, 1)))

    refused = office.requests(RequestState.REFUSED)

    assert {request.level_id for request in refused} == {"crm/standard", "phone/desk"}
    for request in refused:
        assert "New Doe stays" in request.ways_out[0]
        assert Tag.REQUEST_REFUSED in office.tags(request.id)


def test_an_unknown_level_that_policy_lost_has_no_way_out(office: Office) -> None:
    request = office.ask("crm/standard")
    crm = office.policies.now.systems["crm"]
    left = {name: level for name, level in crm.levels.items() if name != "standard"}
    systems = {**office.policies.now.systems, "crm": replace(crm, levels=left)}
    office.policies.now = replace(office.policies.now, systems=systems, commit="another")

    office.travel(hours=5)

    refused = office.request(request.id)
    assert (refused.state, refused.ways_out) == (RequestState.REFUSED, ())
    assert told(office.card("ann", request)) == ""


def edit(office: Office, request: Request, **words: str) -> str:
    number = request.issue_number
    assert number is not None
    usual = {"level": "crm/view", "how_long": "7 days", "why": WHY}
    message = Submission(actor=on_github("ann"), issue_number=number, is_edit=True, **usual | words)
    return office.reply_to(message, number)


def test_an_edit_that_would_be_refused_is_answered_with_the_ways_out(office: Office) -> None:
    request = office.ask()

    said = edit(office, request, how_long="200 days")

    assert said.endswith(f"{TITLE}:\n1. Ask for 90 days instead of 200 days.")
    assert office.request(request.id).ways_out == ()
    assert TITLE not in edit(office, request, level="crm/nothing")


def test_whoever_may_not_break_the_glass_hears_what_would_have_to_be_true(office: Office) -> None:
    glass = BreakGlass(by=("crm-owners",), longest=Duration(1), where=Where(CRM_YML, 70))
    office.change_level("crm/view", break_glass=glass)
    request = office.ask()

    said = office.comment("ann", request.issue_number, "/break-glass Now")

    way = "Ann Doe is a member of the group crm-owners in policies/company.yml."
    assert said.endswith(f"goes on waiting for those who were asked.\n\n{TITLE}:\n1. {way}")


def test_to_wait_is_no_way_out_where_the_request_waits_already(office: Office) -> None:
    request = office.ask()

    said = office.comment("ann", request.issue_number, "/break-glass Now")

    assert said.endswith("The request goes on waiting for those who were asked.")
