"""What the workflows count on in Records and Comments, of the fake and of GitHub alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.github import AppCredential, GitHubClient, GitHubRecords
from bot.domain.cards import IssuePage
from bot.domain.errors import NotFound, OutcomeUnknown
from bot.domain.request import RequestState
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from tests.fakes.cards import card
from tests.fakes.clock import FakeClock
from tests.fakes.records import FakeRecords


@dataclass
class Bench:
    """An implementation, its issues as people see them, and a way to lose an answer."""

    records: FakeRecords | GitHubRecords
    look: Callable[[int], tuple[bool, set[str]]]
    lose_answer: Callable[[str], None]


@pytest.fixture(params=["fake", "github"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "fake":
        fake = FakeRecords(FakeClock(datetime.now(UTC)))
        calls = {"issue": "create_issue", "comment": "create_comment"}
        yield Bench(
            fake,
            lambda n: (fake.issues[n].is_open, set(fake.issues[n].labels)),
            lambda what: fake.troubles.lose(calls[what]),
        )
        return
    github = GitHubEmulator(rate_limits=False)
    github.serve()
    credential = AppCredential(app_id="424242", private_key=Secret(github.private_key_pem))
    client = GitHubClient(
        repo="acme/access", credential=credential, api_url=github.url, timeout_s=5
    )
    routes = {
        "issue": "/repos/acme/access/issues",
        "comment": "/repos/acme/access/issues/*/comments",
    }

    def lose(what: str) -> None:
        github.faults.add(Fault(route=f"POST {routes[what]}", kind=FaultKind.DROP_AFTER))

    def look(number: int) -> tuple[bool, set[str]]:
        issue = github.issue(number)
        return issue.state == "open", set(issue.labels)

    yield Bench(GitHubRecords(client), look, lose)
    client.close()
    github.close()


def page(**changes: Any) -> IssuePage:
    usual: dict[str, Any] = {
        "title": "CRM: view for Ann",
        "card": card(),
        "state": RequestState.AWAITING_APPROVAL,
        "is_open": True,
        "is_completed": False,
        "is_ours": True,
    }
    return IssuePage(**usual | changes)


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_an_issue_is_open_labelled_and_found_by_its_key(bench: Bench) -> None:
    number = bench.records.create_issue(page(), "issue:r-1")

    assert bench.look(number) == (True, {"access: awaiting approval"})
    assert bench.records.find_issue("issue:r-1", an_hour_ago()) == number
    assert bench.records.find_issue("issue:r-2", an_hour_ago()) is None
    assert str(number) in bench.records.issue_url(number)


def test_an_issue_follows_the_page_and_may_be_updated_twice(bench: Bench) -> None:
    number = bench.records.create_issue(page(), "issue:r-1")
    done = page(state=RequestState.DELIVERED, is_open=False, is_completed=True)

    for _ in range(2):
        bench.records.update_issue(number, done)

    assert bench.look(number) == (False, {"access: delivered"})
    bench.records.update_issue(number, page())
    assert bench.look(number) == (True, {"access: awaiting approval"})


def test_an_issue_whose_answer_was_lost_is_unknown_and_can_be_found(bench: Bench) -> None:
    bench.lose_answer("issue")

    with pytest.raises(OutcomeUnknown):
        bench.records.create_issue(page(), "issue:r-1")

    assert bench.records.find_issue("issue:r-1", an_hour_ago()) is not None


def test_a_comment_is_found_by_issue_and_key(bench: Bench) -> None:
    one, other = (bench.records.create_issue(page(), f"issue:r-{n}") for n in (1, 2))
    made = bench.records.create_comment(one, card(), "status:r-1")

    assert bench.records.find_comment(one, "status:r-1", an_hour_ago()) == made
    assert bench.records.find_comment(one, "status:r-2", an_hour_ago()) is None
    assert bench.records.find_comment(other, "status:r-1", an_hour_ago()) is None


def test_a_comment_is_edited_in_place(bench: Bench) -> None:
    number = bench.records.create_issue(page(), "issue:r-1")
    made = bench.records.create_comment(number, card(), "status:r-1")

    for _ in range(2):
        bench.records.update_comment(made, card(headline="Approved"), "status:r-1")

    assert bench.records.find_comment(number, "status:r-1", an_hour_ago()) == made


def test_a_comment_whose_answer_was_lost_is_unknown_and_can_be_found(bench: Bench) -> None:
    number = bench.records.create_issue(page(), "issue:r-1")
    bench.lose_answer("comment")

    with pytest.raises(OutcomeUnknown):
        bench.records.create_comment(number, "@octo-ann Cancelled.", "reply:d-1")

    assert bench.records.find_comment(number, "reply:d-1", an_hour_ago()) is not None


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.records.update_issue(404, page())
    with pytest.raises(NotFound):
        bench.records.create_comment(404, card(), "k")
    with pytest.raises(NotFound):
        bench.records.update_comment("404404", card(), "k")
