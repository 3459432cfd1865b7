"""One process per SQLite file; the kernel gives the right back when its holder dies."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.store.single import only_worker
from bot.domain.errors import Conflict

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from bot.adapters.store.single import only_worker
with only_worker(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"held"
    return process


def test_a_second_process_is_refused_until_the_first_dies(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/usher.db"
    with holder(url) as process:
        with pytest.raises(Conflict, match="Another Usher works on"), only_worker(url):
            pytest.fail("two at once")
        process.kill()
        process.wait()

    with only_worker(url):
        pass


def test_the_right_is_given_back_and_another_file_is_free(tmp_path: Path) -> None:
    url, other = (f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "two"))

    with only_worker(url), only_worker(other):
        pass
    with only_worker(url):
        pass


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "sqlite://"])
def test_what_many_may_share_or_nobody_else_can_reach_needs_no_right(url: str) -> None:
    with only_worker(url), only_worker(url):
        pass
