"""The GitHub emulator and our client of it, for the adapter's tests."""

from collections.abc import Iterator

import pytest

from bot.adapters.github import (
    GitHubClient,
    GitHubRecords,
)
from bot.sandbox.github import GitHubEmulator
from tests.fakes.github_client import client_of


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator()
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def client(github: GitHubEmulator) -> Iterator[GitHubClient]:
    client = client_of(github)
    yield client
    client.close()


@pytest.fixture
def records(client: GitHubClient) -> GitHubRecords:
    return GitHubRecords(client)
