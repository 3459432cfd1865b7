"""Salesforce calls, time and memory: one seat made and revoked, a whole org read, a lost log-in."""

import io
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from simple_salesforce.api import Salesforce

from bench.report import Line, show
from bot.adapters.salesforce.credentials import AccessTokens, ClientCredentials
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import ConnectorError
from bot.domain.secret import Secret
from bot.logs import configure_logs
from bot.playground import Playground
from bot.sandbox.salesforce import SalesforceEmulator
from bot.tour import Tour

PEER = "simple_salesforce: each user's assignments by query_all (a sample, times all users)"
SCAN_PEER = "simple_salesforce: the assignments of each permission set and profile"
NEVER = 10**9
SETS = (
    "AcmeCrmUser", "AcmeCrmAdmin", "AcmeCrmReports", "InboxWithEinsteinActivityCapture",
    "AcmeInboxBeta", "SalesforceCPQUser", "AcmeWarehouseSync", "AcmeLeadIntake",
)  # fmt: skip
"""Eight sets bring three licences along; with the fourth, twelve rows hang on each user."""
LICENCES = ("SalesConsoleUserPsl",)
THREADS = 16
OF_ONE_USER = (
    "SELECT Id, PermissionSet.Name FROM PermissionSetAssignment WHERE AssigneeId = '{}'",
    "SELECT Id FROM PermissionSetLicenseAssign WHERE AssigneeId = '{}'",
    "SELECT Id FROM UserPackageLicense WHERE UserId = '{}'",
    "SELECT Id FROM GroupMember WHERE UserOrGroupId = '{}'",
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """Users of the two orgs, users of whom the naive loop asks, and bare pages of each table."""

    small: int
    large: int
    sample: int
    pages: int


FULL = Size(small=10_000, large=100_000, sample=100, pages=10)
QUICK = Size(small=300, large=600, sample=3, pages=2)


def run(size: Size = FULL) -> dict[str, float]:
    """Measure everything; the emulator counts the calls, as Salesforce counts them."""
    configure_logs("ERROR", json=False, stream=sys.stderr)
    figures = _seat()
    small = _small_org(size)
    large = _large_org(size)
    figures |= small | large | _lost_log_ins()
    _show(figures)
    return figures


# ---- one seat -----------------------------------------------------------------------------------


def _seat() -> dict[str, float]:
    """Let Ann get a seat and give it back; counted from each log-in.

    The fields of users are learnt once per process, not for each revoke, and counted by themselves.
    """
    with tempfile.TemporaryDirectory() as name:
        ground = Playground(Path(name))
        ground.start()
        try:
            tour = Tour(ground, Console(file=io.StringIO()))
            number = tour.high_risk_request()
            salesforce = ground.world.salesforce
            created = len(salesforce.exchanges)
            tour.give_back(number)
            described = sum(e.call.endswith("/describe") for e in salesforce.exchanges[created:])
            revoked = len(salesforce.exchanges) - created - described
            for number, exchange in enumerate(salesforce.exchanges, 1):
                print(f"  {number}. {exchange.call}")
        finally:
            with redirect_stderr(io.StringIO()):
                ground.stop()
    return {"create_calls": created, "revoke_calls": revoked, "describe_calls": described}


# ---- whole orgs ---------------------------------------------------------------------------------


def _small_org(size: Size) -> dict[str, float]:
    with _org(size.small) as org:
        bare = org.reader("pages", size.pages)
        read = org.reader("whole", NEVER)
        naive, scan = _naive_loop(org, size), _scan_by_set(org)
    return {
        "read_calls_10k": read["calls"],
        "read_s_10k": read["seconds"],
        "pages_10k": bare["pages"],
        "time_ratio": read["seconds"] / bare["seconds"],
        "naive_calls_10k": naive["calls"],
        "naive_s_10k": naive["seconds"],
        "scan_calls_10k": scan,
    }


def _large_org(size: Size) -> dict[str, float]:
    with _org(size.large) as org:
        bulk, paged = org.reader("whole", 0), org.reader("whole", NEVER)
    assert bulk["assignments"] == paged["assignments"]
    return {
        "read_calls_100k": bulk["calls"],
        "read_calls_100k_rest": paged["calls"],
        "read_s_100k": bulk["seconds"],
        "read_s_100k_rest": paged["seconds"],
        "read_rss_mib": max(bulk["rss_mib"], paged["rss_mib"]),
    }


@dataclass(frozen=True, kw_only=True)
class Org:
    """An emulated org that answers on loopback."""

    emulator: SalesforceEmulator
    ca_file: Path

    def reader(self, way: str, number: int) -> dict[str, float]:
        """Run one reader in a process of its own."""
        emulator = self.emulator
        words = [way, emulator.url, str(self.ca_file), emulator.client_id, str(number)]
        done = subprocess.run(
            [sys.executable, "-m", "bench.org_readers", *words],
            cwd=Path(__file__).parents[1],
            input=emulator.client_secret,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        figures: dict[str, float] = json.loads(done.stdout)
        return figures

    def crm(self) -> Salesforce:
        """Connect as scripts do."""
        session = requests.Session()
        session.trust_env = False  # no proxy: this is loopback
        session.verify = str(self.ca_file)
        answer = session.post(
            f"{self.emulator.url}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(self.emulator.client_id, self.emulator.client_secret),
            timeout=10,
        )
        token = answer.json()["access_token"]
        url = self.emulator.url
        return Salesforce(instance_url=url, session_id=token, session=session, version="62.0")


@contextmanager
def _org(users: int = 0) -> Iterator[Org]:
    emulator = SalesforceEmulator()
    emulator.longest_kept = 0
    emulator.daily_api_limit = NEVER
    if users:
        emulator.org.seed_users(users, sets=SETS, licences=LICENCES)
    emulator.serve_tls()
    try:
        with tempfile.TemporaryDirectory() as name:
            ca_file = Path(name) / "ca.pem"
            ca_file.write_bytes(emulator.ca_pem)
            yield Org(emulator=emulator, ca_file=ca_file)
    finally:
        emulator.close()


def _naive_loop(org: Org, size: Size) -> dict[str, float]:
    """List the users, then ask for each one's assignments; the sample stands for all."""
    crm, emulator = org.crm(), org.emulator
    before, began = emulator.api_calls, time.perf_counter()
    users: list[Any] = crm.query_all("SELECT Id, Username FROM User")["records"]
    listed, listed_s = emulator.api_calls - before, time.perf_counter() - began
    sample = users[-size.sample :]
    before, began = emulator.api_calls, time.perf_counter()
    for user in sample:
        for query in OF_ONE_USER:
            crm.query_all(query.format(user["Id"]))
    times = len(users) / len(sample)
    return {
        "calls": listed + (emulator.api_calls - before) * times,
        "seconds": listed_s + (time.perf_counter() - began) * times,
    }


def _scan_by_set(org: Org) -> float:
    """Ask for the assignments of each set, the profiles' own among them, as connectors do."""
    crm, before = org.crm(), org.emulator.api_calls
    crm.query_all("SELECT Id, Username FROM User")
    for one in crm.query_all("SELECT Id FROM PermissionSet")["records"]:
        query = "SELECT Id, AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = '{}'"
        crm.query_all(query.format(one["Id"]))
    return org.emulator.api_calls - before


# ---- log-ins ------------------------------------------------------------------------------------


def _lost_log_ins() -> dict[str, float]:
    with _org() as org:
        emulator = org.emulator
        gateway = _gateway(org)
        gateway.quota()
        emulator.org.revoke_tokens()
        before = len(emulator.exchanges)
        start = threading.Barrier(THREADS)

        def ask() -> None:
            start.wait(10)
            gateway.limits()

        threads = [threading.Thread(target=ask) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        paths = [exchange.path for exchange in emulator.exchanges[before:]]
        relogins = sum(path.endswith("/token") for path in paths)
        emulator.org.deny_tokens(True)
        before = len(emulator.exchanges)
        with suppress(ConnectorError):
            gateway.limits()
        return {"relogins": relogins, "permanent_401_calls": len(emulator.exchanges) - before}


def _gateway(org: Org) -> Gateway:
    emulator = org.emulator
    wire = Wire(emulator.url, ca_file=org.ca_file)
    secret = Secret(emulator.client_secret)
    credential = ClientCredentials(client_id=emulator.client_id, client_secret=secret)
    return Gateway(wire, AccessTokens(wire, credential))


# ---- telling ------------------------------------------------------------------------------------


def _show(figures: dict[str, float]) -> None:
    naive, scan = figures["naive_calls_10k"], figures["scan_calls_10k"]
    rows = [
        ("calls for a new seat", "create_calls", 8, 0.0),
        ("calls for a revoke without records", "revoke_calls", 6, 0.0),
        ("calls to learn the fields of users, once per process", "describe_calls", 1, 0.0),
        ("calls for an org of 10,000, against the naive loop", "read_calls_10k", 17, naive),
        ("the same, against a scan by permission set", "read_calls_10k", 17, scan),
        ("calls for 100,000 users, bulk", "read_calls_100k", 95, 0.0),
        ("calls for 100,000 users, composite", "read_calls_100k_rest", 140, 0.0),
        ("time against bare pages (10,000 users)", "time_ratio", 1.5, 0.0),
        ("memory of the reader at its most, MiB", "read_rss_mib", 500, 0.0),
        ("HTTP calls of a permanent 401", "permanent_401_calls", 3, 0.0),
        (f"log-ins of {THREADS} threads with one expired token", "relogins", 1, 0.0),
    ]
    lines = [
        Line(
            what=what,
            usher=f"{figures[name]:.4g}",
            peer=f"{peer:.0f}" if peer else "",
            ratio=figures[name] / (peer or most),
            target=f"≤ {most:g}",
            is_met=figures[name] <= most,
        )
        for what, name, most, peer in rows
    ]
    show("salesforce: calls, time and memory", f"{PEER}; {SCAN_PEER}", lines)
    print(
        f"  whole org of 10,000: {figures['read_s_10k']:.1f} s; the naive loop would take "
        f"{figures['naive_s_10k']:.0f} s (extrapolated). {len(SETS)} sets here: a scan grows with "
        "their number, not only with the users. Without a peer, the ratio is against the target."
    )
