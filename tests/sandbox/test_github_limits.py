"""Primary and secondary rate limits, and faults on request, as PyGithub meets them."""

from collections.abc import Iterator

import github
import pytest
import requests
from github.Repository import Repository

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.limits import RateLimits


class Clock:
    def __init__(self) -> None:
        self.now: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(clock=clock)
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def repo(emulator: GitHubEmulator) -> Iterator[Repository]:
    with github.Github(
        auth=github.Auth.Token("ghp_sandbox"),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        yield client.get_repo("acme/access")


def test_the_eighty_first_creation_in_a_minute_is_refused(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    issue = repo.create_issue("Seat")
    for number in range(79):
        issue.create_comment(f"comment {number}")
    clock.now += 20

    with pytest.raises(github.RateLimitExceededException) as refusal:
        issue.create_comment("one too many")

    assert refusal.value.status == 403
    assert refusal.value.headers is not None
    assert refusal.value.headers["retry-after"] == "40"
    assert len(emulator.issue(1).comments) == 79
    clock.now += 40
    issue.create_comment("patience")


def test_the_limits_can_be_switched_off(clock: Clock) -> None:
    limits = RateLimits(clock, enforced=False)

    for _ in range(6000):
        limits.spend("user ID 1", is_read=False, creates_content=True)

    assert limits.core("user ID 1")["remaining"] == 0


def test_five_thousand_requests_an_hour_are_enough_for_anybody(clock: Clock) -> None:
    limits = RateLimits(clock, enforced=True)
    for _ in range(5000):
        limits.spend("user ID 1", is_read=True, creates_content=False)
        clock.now += 0.1

    with pytest.raises(GitHubError, match="API rate limit exceeded for user ID 1"):
        limits.spend("user ID 1", is_read=True, creates_content=False)

    limits.spend("user ID 2", is_read=True, creates_content=False)
    clock.now += 3600
    limits.spend("user ID 1", is_read=True, creates_content=False)


def test_writing_costs_five_points_of_nine_hundred_a_minute(clock: Clock) -> None:
    limits = RateLimits(clock, enforced=True)
    for _ in range(180):
        limits.spend("user ID 1", is_read=False, creates_content=False)

    with pytest.raises(GitHubError, match="secondary rate limit") as refusal:
        limits.spend("user ID 1", is_read=True, creates_content=False)

    assert refusal.value.headers == {"Retry-After": "60"}


def test_every_answer_tells_what_is_left(emulator: GitHubEmulator, clock: Clock) -> None:
    token = {"Authorization": "token ghp_sandbox"}
    answer = requests.get(f"{emulator.url}/repos/acme/access", headers=token, timeout=5)
    status = requests.get(f"{emulator.url}/rate_limit", headers=token, timeout=5).json()

    assert answer.headers["X-RateLimit-Limit"] == "5000"
    assert answer.headers["X-RateLimit-Remaining"] == "4999"
    assert answer.headers["X-RateLimit-Reset"] == str(int(clock.now) + 3600)
    assert status["rate"]["used"] == 1, "asking for the status is free"


def test_an_injected_status_has_githubs_body(emulator: GitHubEmulator, repo: Repository) -> None:
    emulator.faults.add(
        Fault(route="POST */issues", kind=FaultKind.STATUS, status=429, retry_after=7)
    )
    emulator.faults.add(Fault(route="GET */issues/1", kind=FaultKind.STATUS, status=502))

    with pytest.raises(github.GithubException) as limited:
        repo.create_issue("Seat")
    with pytest.raises(github.GithubException) as broken:
        repo.get_issue(1)

    assert limited.value.headers is not None
    assert limited.value.headers["retry-after"] == "7"
    assert limited.value.data["message"].startswith("You have exceeded a secondary rate limit")
    assert (broken.value.status, broken.value.data["message"]) == (502, "Server Error")


def test_a_lost_answer_leaves_the_effect_behind(emulator: GitHubEmulator, repo: Repository) -> None:
    emulator.faults.add(Fault(route="POST */issues", kind=FaultKind.DROP_AFTER))

    with pytest.raises(requests.ConnectionError):
        repo.create_issue("Seat")

    assert [issue.title for issue in emulator.issues()] == ["Seat"]
