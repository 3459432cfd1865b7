"""What `usher reconcile` does: read the org, tell what differs, and perhaps mend it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.adapters.live_policy import LivePolicy
from bot.adapters.people import CompanyPeople
from bot.adapters.policy_files.loader import PolicyDirectory
from bot.adapters.policy_files.reader import PolicyFilesReader
from bot.adapters.roster_csv import RosterFile
from bot.adapters.salesforce.whole_org import WholeOrg
from bot.adapters.store.database import make_engine
from bot.adapters.store.store import Store
from bot.cli import org
from bot.domain.drift import counted
from bot.domain.drift_healing import Healing, Verdict
from bot.domain.drift_kinds import Finding
from bot.domain.plan import Holder
from bot.domain.plan_text import plan_lines
from bot.domain.text import clean
from bot.settings import OrgSettings, load_org_settings
from bot.tables import require_tables
from bot.workflows.context import Context
from bot.workflows.reconciling import Drift, find_drift, start_healing, verdict_on

_LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What was found, what may be mended, and whether that has been started."""

    drift: Drift
    verdict: Verdict
    has_started: bool
    owners: str
    """Who must look at what Usher leaves alone: the owners' group."""

    @property
    def is_readable(self) -> bool:
        return self.drift.snapshot.is_complete


def look(system_id: str) -> Reconciled:
    """Read and compare with clients that cannot write; raises what reading the org raises."""
    settings = load_org_settings()
    url = settings.database_url.reveal()
    require_tables(url)
    store = Store(make_engine(url))
    try:
        policies = LivePolicy(PolicyDirectory(settings.policy_dir), store, PolicyFilesReader().read)
        policies.refresh()
        people = CompanyPeople(RosterFile(settings.people_file).roster, store)
        people.refresh()
        policy = policies.policy()
        with _org(settings) as whole:
            drift = find_drift(store, policy, people.roster(), system_id, whole.read)
    finally:
        store.close()
    verdict = verdict_on(drift, policy)
    return Reconciled(drift=drift, verdict=verdict, has_started=False, owners=drift.system.dri)


def mend(ctx: Context, system_id: str, *, actor: str) -> Reconciled:
    """Read and compare, and start mending what may be mended; the workers do the rest."""
    with _org(load_org_settings()) as whole:
        roster = ctx.people.roster()
        drift = find_drift(ctx.ledger, ctx.policy(), roster, system_id, whole.read)
    verdict = start_healing(ctx, drift, actor=actor)
    return Reconciled(drift=drift, verdict=verdict, has_started=True, owners=drift.system.dri)


@contextmanager
def _org(settings: OrgSettings) -> Iterator[WholeOrg]:
    with org.reading(settings) as gateway:
        yield WholeOrg(gateway)


# ---- words --------------------------------------------------------------------------------------


def as_text(done: Reconciled) -> str:
    """Tell everything for people: findings by kind, what is done about them, and what it cost."""
    return "\n".join(_lines(done))


def _lines(done: Reconciled) -> Iterator[str]:
    drift = done.drift
    for kind, number in counted(drift.findings).items():
        yield f"{kind} ({number}): {kind.says}"
        yield from (f"  {_line(one)}" for one in drift.findings if one.kind is kind)
        yield ""
    for table, why in drift.snapshot.missing.items():
        yield f"not read: {table}: {_shown(why, 300)}"
    yield from _about_mending(done)
    yield (
        f"{drift.system.title}: {len(drift.findings)} findings, {drift.governed} people governed, "
        f"{len(drift.snapshot.users)} users read with {drift.snapshot.calls} calls."
    )


def _line(one: Finding) -> str:
    by = f"by {_shown(one.by)} on {one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
    mends = "" if one.is_healable else "Usher leaves this to people"
    parts = (one.username, one.person_id, one.level_id, one.what, by, mends)
    return " | ".join(_shown(part) for part in parts if part)


def _about_mending(done: Reconciled) -> Iterator[str]:
    verdict = done.verdict
    words = "is being mended" if done.has_started else "would be mended"
    for one in verdict.allowed:
        yield f"{words}: {_healing(one)}"
    if verdict.why:
        yield f"held back: {verdict.why} {done.owners} must look."
        yield from (f"  held back: {_healing(one)}" for one in verdict.held_back)
    if verdict.allowed or verdict.held_back:
        yield ""


def _healing(one: Healing) -> str:
    return f"{_shown(one.username)}: {'; '.join(_changes(one))}"


def _changes(one: Healing) -> tuple[str, ...]:
    # the words of a change need a name at most
    holder = partial(Holder, name=one.person_id, mail="", timezone="UTC")
    return plan_lines(one.plan, holder(person_id=one.person_id, username=one.username))


def _shown(text: str, limit: int = _LONGEST) -> str:
    return " ".join(clean(text, limit).split())


def as_document(done: Reconciled) -> dict[str, Any]:
    """Tell the same for scripts."""
    drift = done.drift
    return {
        "system": drift.system.id,
        "read_at": drift.snapshot.taken_at,
        "is_complete": done.is_readable,
        "not_read": {str(table): why for table, why in drift.snapshot.missing.items()},
        "calls": drift.snapshot.calls,
        "users": len(drift.snapshot.users),
        "governed": drift.governed,
        "counts": {str(kind): number for kind, number in counted(drift.findings).items()},
        "findings": [_facts(one) for one in drift.findings],
        "started": done.has_started,
        "mended": _healings(done.verdict.allowed),
        "held_back": _healings(done.verdict.held_back),
        "held_back_why": done.verdict.why,
        "must_look": done.owners if done.verdict.why else "",
    }


def _facts(one: Finding) -> dict[str, Any]:
    names = ("kind", "what", "username", "user_id", "person_id", "level_id", "grant_id", "by")
    facts = {name: str(getattr(one, name)) for name in names}
    return {**facts, "since": one.since, "is_healable": one.is_healable}


def _healings(some: Iterable[Healing]) -> list[dict[str, Any]]:
    return [
        {"username": one.username, "person_id": one.person_id, "changes": _changes(one)}
        for one in some
    ]
