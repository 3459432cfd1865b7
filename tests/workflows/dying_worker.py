"""A worker process for the engine's tests: it begins a run of two steps and never gets through.

Arguments: the database's URL, and a file to which each step adds a line.
"""

import sys
import threading
from pathlib import Path

from bot.workflows.engine import Engine, EngineSettings


def main(url: str, notes: Path) -> None:
    engine = Engine(EngineSettings(database_url=url, poll_s=0.05))

    def note(line: str) -> str:
        with notes.open("a") as file:
            file.write(f"{line}\n")
        return line

    def body(name: str) -> str:
        engine.step("first", note, f"first {name}")
        engine.step("second", note, f"second {name}")
        print("stuck", flush=True)  # noqa: T201  # the test waits for it
        threading.Event().wait()
        return "never"

    engine.launch({"work": body}, lambda: None)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
