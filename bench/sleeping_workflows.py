"""The peer of `waiting`: for each request one durable workflow that sleeps until somebody answers.

`python -m bench.sleeping_workflows COUNT SECONDS` prints what that costs, watched for so long. The
workflows are coroutines, which is the cheapest form: a plain function would hold a thread each.
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from dbos import DBOS, DBOSConfig

LONG_S = 30 * 24 * 3600


@DBOS.workflow()
async def wait_for_answer(_request_id: str) -> str | None:
    """Wait a month for an approval."""
    answer: str | None = await DBOS.recv_async("approval", timeout_seconds=LONG_S)
    return answer


async def measure(count: int, seconds: float) -> dict[str, float]:
    """Return the growth of memory by so many waits, and the processor time while they wait."""
    await asyncio.sleep(1)
    before_mib = _resident_mib()
    for number in range(count):
        await DBOS.start_workflow_async(wait_for_answer, f"r{number}")
    await asyncio.sleep(1)
    used, began = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    percent = 100 * (time.process_time() - used) / (time.monotonic() - began)
    return {
        "waiting": count,
        "growth_mib": _resident_mib() - before_mib,
        "idle_percent": percent,
    }


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    count, seconds = int(sys.argv[1]), float(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        database = Path(name) / "peer.db"
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA journal_mode=WAL")
        DBOS(
            config=DBOSConfig(
                name="peer", system_database_url=f"sqlite:///{database}", log_level="ERROR"
            )
        )
        DBOS.launch()
        print(json.dumps(asyncio.run(measure(count, seconds))), flush=True)
        os._exit(0)  # a graceful end would wait for the sleepers


if __name__ == "__main__":
    main()
