"""SOQL judged by a grammar that nobody here wrote: npm @jetstreamapp/soql-parser-js.

`make test` installs it into the environment's folder where npm exists and the network answers.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.wire import Exchange

HERE = Path(__file__).parent
HOME = Path(sys.prefix) / "soql-oracle"
_FILES = ("package.json", "package-lock.json", "parse.mjs")
_CODE = HOME / "node_modules/@jetstreamapp/soql-parser-js/package.json"
_COMMAND = (
    "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--fetch-retries=0",
    "--fetch-timeout=20000",
)  # fmt: skip
_BAD = ("SELECT FROM User", "SELECT Id FROM User WHERE Name = O'Brien", "DROP TABLE User")


def install() -> str:
    """Install the pinned grammar, whose scripts do not run; return why not, empty if it is there.

    One that is there and pinned alike stays, without a look at the network.
    """
    if missing():
        if shutil.which("node") is None or shutil.which("npm") is None:
            return "Node with npm is not installed"
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        for name in _FILES:
            shutil.copy(HERE / name, HOME)
        try:
            subprocess.run(_COMMAND, cwd=HOME, check=True, timeout=120, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            return "npm could not install it, perhaps for want of a network"
    return missing()


def missing() -> str:
    """Say why nothing can be judged here; empty if it can."""
    if shutil.which("node") is None:
        return "Node is not installed"
    is_same = all(
        (HOME / name).is_file() and (HOME / name).read_bytes() == (HERE / name).read_bytes()
        for name in _FILES
    )
    return "" if is_same and _CODE.is_file() else "the SOQL grammar is not installed: make oracle"


def no_soql(queries: Iterable[str]) -> list[str]:
    """Return the queries that are no SOQL; raises RuntimeError for an oracle that is blind."""
    asked = sorted(set(queries))
    done = subprocess.run(
        ["node", "parse.mjs"],
        cwd=HOME,
        input=json.dumps([*asked, *_BAD]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(f"parse.mjs: {done.stderr.strip()[-2000:]}")
    refused: list[str] = json.loads(done.stdout)
    if not {*_BAD} <= {*refused}:
        raise RuntimeError("the grammar takes for SOQL what is none")
    return [query for query in refused if query not in _BAD]


def sent(exchanges: Iterable[Exchange]) -> list[str]:
    """Return each different query that was sent: alone, inside a composite call, or as a job."""
    found: set[str] = set()
    for exchange in exchanges:
        urls = [f"{exchange.path}?{exchange.query}"]
        if exchange.path.endswith("/composite"):
            inside = json.loads(exchange.request_body)["compositeRequest"]
            urls += [one["url"] for one in inside]
        found |= {q for url in urls for q in parse_qs(urlsplit(url).query).get("q", [])}
        if exchange.path.endswith("/jobs/query") and exchange.method == "POST":
            found.add(json.loads(exchange.request_body)["query"])
    return sorted(found)


if __name__ == "__main__":
    if why := install():
        sys.stdout.write(f"The SOQL grammar is left out: {why}. Its test will be skipped.\n")
