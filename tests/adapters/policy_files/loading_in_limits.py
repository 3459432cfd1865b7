"""Load each policy folder named on the command line in a process of its own, and print the cost.

One line of JSON for each: its name, the faults (None if it loads), seconds of processor time, and
MiB of memory over what an ordinary policy has needed; or what ended a process that went over the
limits. Run by a test, as a program.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from bot.adapters.policy_files.loader import load_policy
from bot.domain.errors import PolicyError

CPU_S, MEMORY_BYTES = 8, 1024**3


def load(directory: Path) -> tuple[str, ...] | None:
    try:
        load_policy(directory, commit="test")
    except PolicyError as error:
        return error.faults
    return None


def used() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measured(directory: Path) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    seconds, mib = used()
    faults = load(directory)
    after_seconds, after_mib = used()
    return {
        "name": directory.parent.name,
        "count": len(faults or ()),
        "faults": None if faults is None else [fault[:2000] for fault in faults[:3]],
        "characters": sum(len(fault) for fault in faults or ()),
        "seconds": after_seconds - seconds,
        "mib": after_mib - mib,
    }


def main(ordinary: str, *hostile: str) -> None:
    load(Path(ordinary))
    for directory in hostile:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            print(json.dumps(measured(Path(directory))), flush=True)  # noqa: T201  # the answer
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            killed = {
                "name": Path(directory).parent.name,
                "killed": os.waitstatus_to_exitcode(status),
            }
            print(json.dumps(killed))  # noqa: T201  # the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
