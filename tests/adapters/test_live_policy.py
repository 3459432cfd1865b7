"""The policy in force in a process: the directory's, until the repository's has been adopted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.adapters.live_policy import LivePolicy
from bot.adapters.policy_files.loader import PolicyDirectory
from bot.adapters.policy_files.reader import PolicyFilesReader
from bot.adapters.store.database import make_engine
from bot.adapters.store.store import Store, Transaction
from bot.adapters.store.tables import metadata
from bot.domain.errors import PolicyError, Unavailable
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState

POLICIES = Path(__file__).parents[2] / "policies"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
GOOD = PolicyFiles(
    name="policies",
    files={f.relative_to(POLICIES).as_posix(): f.read_bytes() for f in POLICIES.rglob("*.yml")},
)
BROKEN = PolicyFiles(name="policies", files={"company.yml": b"kind: company\n"})


class Away(Store):
    """A store whose database can go away."""

    is_away = False

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        if self.is_away:
            raise Unavailable("The database does not answer.", service="database")
        with super().read() as tx:
            yield tx


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Away]:
    engine: sa.Engine = make_engine(f"sqlite:///{tmp_path}/usher.db")
    metadata.create_all(engine)
    store = Away(engine)
    yield store
    store.close()


@pytest.fixture
def live(store: Away) -> LivePolicy:
    return LivePolicy(PolicyDirectory(POLICIES), store, PolicyFilesReader().read)


def adopt(store: Store, commit: str, minute: int, **changes: object) -> None:
    usual = {"content": GOOD, "at": NOW + timedelta(minutes=minute), "source": REPOSITORY}
    with store.begin() as tx:
        tx.policies.put(PolicyVersion(commit=commit, **{**usual, **changes}))  # type: ignore[arg-type]  # by name


def test_before_anything_is_adopted_the_directory_counts(live: LivePolicy) -> None:
    before = live.policy().commit
    live.refresh()

    assert live.policy().commit == before
    assert live.error is None
    assert live.files(before) is not None
    assert live.files("another") is None


def test_what_another_process_adopted_counts_after_the_next_look(
    live: LivePolicy, store: Away
) -> None:
    adopt(store, "a" * 40, 1)
    before = live.policy().commit
    live.refresh()

    assert before != "a" * 40
    assert live.policy().commit == "a" * 40
    assert live.files("a" * 40) == GOOD


def test_a_refused_version_is_named_and_the_last_good_one_stays(
    live: LivePolicy, store: Away
) -> None:
    adopt(store, "a" * 40, 1)
    faults = ("policies/roles.yml:1:1: error: this file is missing",)
    adopt(store, "b" * 40, 2, state=VersionState.REFUSED, faults=faults)
    live.refresh()

    assert live.policy().commit == "a" * 40
    assert live.error == f"Commit {'b' * 12} is refused.\n{faults[0]}"

    adopt(store, "a" * 40, 3)
    live.refresh()
    assert live.error is None


def test_a_version_that_this_process_cannot_read_is_not_used_and_the_former_one_stays(
    live: LivePolicy, store: Away
) -> None:
    adopt(store, "a" * 40, 1)
    live.refresh()
    adopt(store, "c" * 40, 2, content=BROKEN)
    live.refresh()

    assert live.policy().commit == "a" * 40
    assert "'id' is required" in str(live.error)


def test_the_directory_never_stands_in_for_an_adopted_version_that_cannot_be_read(
    live: LivePolicy, store: Away
) -> None:
    adopt(store, "c" * 40, 1, content=BROKEN)

    with pytest.raises(PolicyError, match="is in force, and this version of Usher cannot read it"):
        live.refresh()


def test_nor_while_the_database_is_away_at_the_start(live: LivePolicy, store: Away) -> None:
    store.is_away = True

    with pytest.raises(Unavailable):
        live.refresh()


def test_versions_of_the_directory_are_not_taken_for_adopted_ones(
    live: LivePolicy, store: Away
) -> None:
    adopt(store, "d" * 40, 1, source="directory")
    before = live.policy().commit
    live.refresh()

    assert live.policy().commit == before


def test_while_the_database_is_away_what_was_in_force_stays(live: LivePolicy, store: Away) -> None:
    adopt(store, "a" * 40, 1)
    live.refresh()
    store.is_away = True
    live.refresh()

    assert live.policy().commit == "a" * 40
