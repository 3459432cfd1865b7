"""Readers of an org, each in a process of its own, so that time and memory are the reader's alone.

`python -m bench.org_readers whole|pages URL CA_FILE CLIENT_ID BULK_FROM|PAGES`, with the secret on
standard input; prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from bot.adapters.salesforce.credentials import AccessTokens, ClientCredentials
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.whole_org import WholeOrg
from bot.adapters.salesforce.whole_tables import LONG, queries
from bot.adapters.salesforce.wire import Wire
from bot.domain.field_name import PERSON_FIELD
from bot.domain.plan import Scope
from bot.domain.secret import Secret

DATA = "/services/data/v62.0"
SCOPE = Scope(has_ends=True)


def whole(url: str, ca_file: Path, client_id: str, secret: str, bulk_from: int) -> dict[str, Any]:
    """Read everything as `usher reconcile` does, without its pauses between looks at a job."""
    wire = Wire(url, ca_file=ca_file)
    credential = ClientCredentials(client_id=client_id, client_secret=Secret(secret))
    gateway = Gateway(wire, AccessTokens(wire, credential))
    gateway.quota()
    began = time.perf_counter()
    snapshot = WholeOrg(gateway, wait=_short, bulk_from=bulk_from).read(SCOPE)
    seconds = time.perf_counter() - began
    wire.close()
    held = sum(len(names) for user in snapshot.users.values() for names in user.parts.values())
    assert snapshot.is_complete, snapshot.missing
    return {
        "calls": snapshot.calls,
        "seconds": seconds,
        "rss_mib": _most_resident_mib(),
        "users": len(snapshot.users),
        "assignments": held,
    }


def pages(url: str, ca_file: Path, client_id: str, secret: str, most: int) -> dict[str, Any]:
    """Time bare pages: one GET each, parsed and thrown away; at most so many of a table."""
    session = requests.Session()
    session.trust_env = False  # no proxy: this is loopback
    session.verify = str(ca_file)
    token = session.post(
        f"{url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(client_id, secret),
        timeout=10,
    ).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    asked = queries(PERSON_FIELD, {}, has_ends=True)
    number, theory = 0, 0.0
    for table in LONG:
        began, seen, rows, total = time.perf_counter(), 0, 0, 0
        path = f"{DATA}/query"
        params: dict[str, str] | None = {"q": f"{asked[table]} ORDER BY Id"}
        while path and seen < most:
            page = session.get(url + path, params=params, timeout=60).json()
            seen, rows, total = seen + 1, rows + len(page["records"]), page["totalSize"]
            path, params = page.get("nextRecordsUrl", ""), None
        spent = time.perf_counter() - began
        number += -(-total // 2000) if total else 1
        theory += spent * (total / rows if rows else 1)
    return {"pages": number, "seconds": theory}


def _most_resident_mib() -> float:
    """Return what this program needed at its most; getrusage would count who started it too."""
    status = Path("/proc/self/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _short(look: int) -> bool:
    time.sleep(0.05)
    return look < 2_000  # noqa: PLR2004  # a hundred seconds


def main() -> None:
    way, url, ca_file, client_id, number = sys.argv[1:]
    ways: dict[str, Callable[..., dict[str, Any]]] = {"whole": whole, "pages": pages}
    secret = sys.stdin.readline().strip()
    print(json.dumps(ways[way](url, Path(ca_file), client_id, secret, int(number))))


if __name__ == "__main__":
    main()
