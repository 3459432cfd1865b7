"""Issues and comments over real HTTP: written once, found again, changed only where they differ."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.github import (
    GitHubChanges,
    GitHubClient,
    GitHubRecords,
    TokenCredential,
)
from bot.domain.cards import Card
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from bot.domain.markdown import marker
from bot.domain.request import RequestState
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from tests.fakes.github_client import CARD, CREATE, an_hour_ago, calls, client_of, page

# ---- issues -------------------------------------------------------------------------------------


def test_an_issue_is_opened_with_labels_and_found_by_its_key(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(extra_labels=("salesforce",)), "request:r-1")

    issue = github.issue(number)
    assert set(issue.labels) == {"access: awaiting approval", "salesforce"}
    assert issue.author == github.app_login
    assert issue.body.endswith(marker("request:r-1"))
    assert records.find_issue("request:r-1", an_hour_ago()) == number
    assert records.find_issue("request:r-2", an_hour_ago()) is None


def test_somebody_elses_issue_with_our_marker_is_not_ours(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.person("octo-ann").open_issue("Mine", f"text\n\n{marker('request:r-1')}")

    assert records.find_issue("request:r-1", an_hour_ago()) is None


def test_an_issue_is_found_beyond_the_first_page(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    for n in range(101):
        github.person("octo-ann").open_issue(f"Issue {n}", "text")

    assert records.find_issue("request:r-1", an_hour_ago()) == number


def test_looking_stops_at_issues_made_before(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    records.create_issue(page(), "request:r-1")

    assert records.find_issue("request:r-1", datetime.now(UTC) + timedelta(hours=1)) is None


def test_an_update_writes_only_what_differs(github: GitHubEmulator, records: GitHubRecords) -> None:
    number = records.create_issue(page(), "request:r-1")
    github.person("octo-ann").label(number, "urgent")
    github.exchanges.clear()

    records.update_issue(number, page())

    assert calls(github, writes=True) == []
    assert len(github.exchanges) == 1


def test_a_new_state_changes_its_label_and_closes_and_leaves_others_labels_alone(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    github.person("octo-ann").label(number, "urgent")

    records.update_issue(number, page(RequestState.DENIED, is_open=False))

    issue = github.issue(number)
    assert set(issue.labels) == {"urgent", "access: denied"}
    assert (issue.state, issue.state_reason) == ("closed", "not_planned")


def test_an_issue_closed_by_hand_is_opened_again(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    github.person("octo-ann").close(number, "not_planned")

    records.update_issue(number, page())

    assert github.issue(number).state == "open"


def test_the_reason_of_an_issue_closed_by_hand_is_left_as_github_would_ignore_it(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    done = page(RequestState.DELIVERED, is_open=False, is_completed=True)
    number = records.create_issue(done, "request:r-1")
    github.person("octo-ann").close(number, "not_planned")
    github.exchanges.clear()

    records.update_issue(number, done)

    assert calls(github, writes=True) == []


def test_a_label_that_somebody_took_off_first_is_fine(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    gone = Fault(route="DELETE /repos/*/labels/*", kind=FaultKind.STATUS, status=404)
    github.faults.add(gone)

    records.update_issue(number, page(RequestState.APPROVED))

    assert "access: approved" in github.issue(number).labels


def test_an_issue_that_was_deleted_is_not_found(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    github.delete_issue(number)

    with pytest.raises(NotFound):
        records.update_issue(number, page())


def test_strangers_words_on_an_issue_notify_nobody(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    card = Card(request_id="r-1", digest="d", headline="@octo-eva", notes=("@acme/it #1",))
    number = records.create_issue(page(card=card, title="x" * 10_000), "request:r-1")

    assert github.issue(number).mentions == []
    assert len(github.issue(number).title) <= 256


def test_pages_for_people(client: GitHubClient, records: GitHubRecords) -> None:
    assert records.issue_url(7) == f"{client.api_url}/acme/access/issues/7"
    token = TokenCredential(token=Secret("ghp_x"))
    public = GitHubClient(repo="acme/access", credential=token)
    assert GitHubRecords(public).issue_url(7) == "https://github.com/acme/access/issues/7"
    public.close()


# ---- comments -----------------------------------------------------------------------------------


def test_a_comment_is_made_found_and_edited_in_place(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")
    github.person("octo-ann").comment(number, f"text {marker('status:r-1')}")
    handle = records.create_comment(number, CARD, "status:r-1")

    records.update_comment(handle, "Done.", "status:r-1")

    assert records.find_comment(number, "status:r-1", an_hour_ago()) == handle
    assert records.find_comment(number, "status:r-2", an_hour_ago()) is None
    bodies = [c.body for c in github.issue(number).comments if c.author == github.app_login]
    assert bodies == [f"Done.\n\n{marker('status:r-1')}"]


# ---- faults -------------------------------------------------------------------------------------


def test_a_lost_answer_is_an_unknown_outcome_and_the_issue_is_found_once(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(Fault(route=CREATE, kind=FaultKind.DROP_AFTER))

    with pytest.raises(OutcomeUnknown):
        records.create_issue(page(), "request:r-1")

    assert records.find_issue("request:r-1", an_hour_ago()) == 1
    assert calls(github).count(CREATE) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(route=CREATE, kind=FaultKind.DROP_BEFORE), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=502), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.HTML, status=502), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.HTML, status=200), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=201, body="{"), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=201, body="[]"), OutcomeUnknown),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=403), Unauthorized),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=410), NotFound),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=422), Conflict),
        (Fault(route=CREATE, kind=FaultKind.STATUS, status=429), RateLimited),
        (Fault(route="GET *", kind=FaultKind.DROP_BEFORE), Unavailable),
        (Fault(route="POST /app/*", kind=FaultKind.STATUS, status=502), Unavailable),
    ],
)
def test_each_way_a_write_fails_has_its_error_and_is_tried_once(
    fault: Fault, expected: type[ConnectorError], github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(fault)

    with pytest.raises(ConnectorError) as caught:
        records.create_issue(page(), "request:r-1")

    assert type(caught.value) is expected
    assert caught.value.service == "github"
    assert "<html" not in caught.value.detail
    assert calls(github).count(CREATE) <= 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(route="GET /repos/*/issues", kind=FaultKind.DROP_AFTER),
        Fault(route="GET /repos/*/issues", kind=FaultKind.STATUS, status=503),
        Fault(route="GET /repos/*/issues", kind=FaultKind.HTML, status=200),
        Fault(route="GET /repos/*/issues", kind=FaultKind.STATUS, status=200, body="[1]"),
        Fault(route="GET /repos/*/issues", kind=FaultKind.STATUS, status=200, body="[{}]"),
        Fault(route="GET /repos/*/issues", kind=FaultKind.STATUS, status=500, body="[]"),
    ],
)
def test_a_read_that_fails_did_nothing_and_may_be_tried_again(
    fault: Fault, github: GitHubEmulator, records: GitHubRecords
) -> None:
    github.faults.add(fault)

    with pytest.raises(Unavailable):
        records.find_issue("request:r-1", an_hour_ago())


def test_a_secondary_limit_says_when_to_come_back(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    body = '{"message": "You have exceeded a secondary rate limit."}'
    limit = Fault(route=CREATE, kind=FaultKind.STATUS, status=403, retry_after=17, body=body)
    github.faults.add(limit)

    with pytest.raises(RateLimited) as caught:
        records.create_issue(page(), "request:r-1")

    assert caught.value.retry_after_s == 17


def test_the_emulators_own_limit_is_understood(
    github: GitHubEmulator, records: GitHubRecords
) -> None:
    number = records.create_issue(page(), "request:r-1")

    def chatter() -> None:
        for n in range(100):
            records.create_comment(number, "text", f"k-{n}")

    with pytest.raises(RateLimited) as caught:
        chatter()

    assert 1 <= caught.value.retry_after_s <= 60


def test_nobody_there_is_unavailable(github: GitHubEmulator) -> None:
    client = client_of(github)
    client.bot_login()
    github.close()

    with pytest.raises(Unavailable):
        GitHubRecords(client).create_issue(page(), "request:r-1")
    client.close()


# ---- changes ------------------------------------------------------------------------------------


def test_changes_are_listed_over_all_pages(github: GitHubEmulator, client: GitHubClient) -> None:
    ann = github.person("octo-ann")
    number = ann.open_form({"Level": "salesforce/standard", "Why": "x"}).number
    for n in range(101):
        ann.comment(number, f"comment {n}")

    changes = GitHubChanges(client)

    assert [row["number"] for row in changes.issues_since(an_hour_ago())] == [number]
    assert len(changes.comments_since(an_hour_ago())) == 101
    assert changes.issues_since(datetime.now(UTC) + timedelta(hours=1)) == ()
