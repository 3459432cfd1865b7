"""Processes under measurement: started, watched from outside through /proc, and killed."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process:
    """A Python process that answers HTTP on a port of loopback."""

    def __init__(
        self, arguments: Sequence[str], *, environ: Mapping[str, str], port: int, log: Path
    ) -> None:
        self.port = port
        self._log = log
        self._began = time.perf_counter()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                # nothing of the caller's settings or proxies may reach what is measured
                env={"PATH": os.environ["PATH"], **environ},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self, timeout_s: float = 30.0) -> float:
        """Return the seconds from its start until /healthz answered 200."""
        while time.perf_counter() - self._began < timeout_s:
            if self._process.poll() is not None:
                break
            if _answers(self.port):
                return time.perf_counter() - self._began
            time.sleep(0.005)
        self.kill()
        raise RuntimeError(f"it did not start:\n{self._log.read_text()[-2000:]}")

    def cpu_s(self) -> float:
        """Return the processor seconds used so far by the process and its children."""
        return sum(_cpu_s(pid) for pid in family(self.pid))

    def resident_mib(self) -> float:
        """Return the resident memory of the process and its children."""
        return sum(_resident_mib(pid) for pid in family(self.pid))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Take no processor time inside the block."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it and its children with SIGKILL: nothing is finished or flushed."""
        if self._process.poll() is None:
            self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        for pid in family(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def free_port() -> int:
    """Find a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_percent(process: Process, seconds: float) -> float:
    """Watch a process for that long and return its use of one core."""
    before, began = process.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return 100 * (process.cpu_s() - before) / (time.monotonic() - began)


def get(port: int, path: str) -> int:
    """Ask for a page and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _answers(port: int) -> bool:
    try:
        return get(port, "/healthz") == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def family(pid: int) -> list[int]:
    """List a process and all below it."""
    parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = [pid]
    for member in found:
        found.extend(child for child, parent in parents.items() if parent == member)
    return found


def _parent(folder: Path) -> int:
    try:
        return int(_stat(folder)[1])
    except OSError:  # it has ended meanwhile
        return 0


def _stat(folder: Path) -> list[str]:
    """Return the fields of /proc/<pid>/stat after the name, which may hold anything (proc(5))."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _cpu_s(pid: int) -> float:
    fields = _stat(Path(f"/proc/{pid}"))
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
