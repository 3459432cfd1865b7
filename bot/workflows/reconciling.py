"""Drift looked for, and mended within limits: each account by a run of its own, looked at anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

import stamina

from bot.domain.audit import Tag
from bot.domain.changes import Part, Plan, together
from bot.domain.drift import UNDER_WAY, Company, findings, governed
from bot.domain.drift_account import left_active
from bot.domain.drift_healing import Healing, Verdict, deeds_of, healings, judge
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot, whole_id
from bot.domain.errors import Conflict, ConnectorError, InvalidRequest
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.people import Roster
from bot.domain.plan import Holder, Scope, SeatView, Until, plan_seat, scope_of
from bot.domain.plan_text import brief
from bot.domain.policy import Bundle, Policy, Provider, System
from bot.domain.request import RequestState
from bot.ports import Ledger, Transaction
from bot.workflows.context import Context, SeatService, audit, get_to_know, is_worth_a_retry
from bot.workflows.engine import Run
from bot.workflows.moves import end_grant, lock_grant
from bot.workflows.seating import holder_of, service_of, until_of

HEAL = "heal"
EVERYBODY = 1_000_000
"""More rows than any company has: whoever is left out of them would look like a stranger."""

MENDED, LEFT = "mended", "left"

_HELD = [state for state in GrantState if state is not GrantState.ENDED]
_MOVING = [RequestState.APPROVED, RequestState.AWAITING_SEAT, RequestState.PROVISIONING]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What one read of an org came to."""

    system: System
    snapshot: OrgSnapshot
    findings: tuple[Finding, ...]
    governed: int


def find_drift(
    ledger: Ledger,
    policy: Policy,
    roster: Roster,
    system_id: str,
    read: Callable[[Scope], OrgSnapshot],
) -> Drift:
    """Read the org once and compare it with the grants, which may have changed meanwhile.

    Raises InvalidRequest for a system that has no API, and what the reading raises.
    """
    system = policy.systems.get(system_id)
    if system is None or system.provider is not Provider.SALESFORCE:
        raise InvalidRequest(f"{system_id} is no system that Usher can read.")
    before, moving = _grants(ledger, system_id)
    snapshot = read(scope_of(system))
    after, still_moving = _grants(ledger, system_id)
    company = Company(
        policy=policy,
        system=system,
        roster=roster,
        holder_of=lambda person: holder_of(person, system),
        in_flux=moving | still_moving | _changed(before, after),
    )
    return Drift(
        system=system,
        snapshot=snapshot,
        findings=findings(snapshot, after.values(), company, snapshot.taken_at),
        governed=governed(after.values(), system_id),
    )


def _grants(ledger: Ledger, system_id: str) -> tuple[dict[str, Grant], set[str]]:
    """Return the grants held, and who is being set up right now."""
    with ledger.read() as tx:
        grants = tx.grants.select(_HELD, EVERYBODY)
        requests = tx.requests.select(_MOVING, EVERYBODY)
    here = f"{system_id}/"
    moving = {one.person_id for one in requests if one.level_id.startswith(here)}
    return {one.id: one for one in grants if one.system == system_id}, moving


def _changed(before: dict[str, Grant], after: dict[str, Grant]) -> set[str]:
    return {
        grant.person_id
        for old, new in ((before, after), (after, before))
        for grant in old.values()
        if new.get(grant.id) is None or new[grant.id].state is not grant.state
    }


def verdict_on(drift: Drift, policy: Policy) -> Verdict:
    """Say what may be mended."""
    wanted = healings(drift.findings)
    limit = policy.company.removals
    return judge(wanted, limit, drift.governed, is_complete=drift.snapshot.is_complete)


def start_healing(ctx: Context, drift: Drift, *, actor: str) -> Verdict:
    """Start a run for each account that may be mended, and end the grants of those who left."""
    verdict = verdict_on(drift, ctx.policy())
    for one in verdict.allowed:
        with ctx.ledger.begin() as tx:
            _start(ctx, tx, drift, one, actor)
        if _has_grants_to_end(one):
            _end_grants(ctx, drift.system.id, one.person_id, actor)
    for one in verdict.held_back:
        with ctx.ledger.begin() as tx:
            _note(ctx, tx, Tag.DRIFT_LEFT, one, actor, why=verdict.why)
    return verdict


def _start(ctx: Context, tx: Transaction, drift: Drift, one: Healing, actor: str) -> None:
    _note(ctx, tx, Tag.DRIFT_HEALING, one, actor, changes=brief(one.plan.changes))
    if _has_grants_to_end(one):
        return
    wanted = sorted(deeds_of(one.plan.changes))
    digest = sha256("\n".join(wanted).encode()).hexdigest()
    ignored = sorted(name for part, name in drift.snapshot.session_based if part is Part.SET)
    run = Run(
        workflow=HEAL,
        id=f"{HEAL}:{one.user_id}:{digest[:12]}:{drift.snapshot.taken_at.isoformat()}",
        lane=one.person_id,
        arguments=(drift.system.id, one.person_id, one.user_id, one.username, wanted, ignored),
    )
    ctx.engine.enqueue(tx.connection, run)


def _has_grants_to_end(one: Healing) -> bool:
    return Kind.LEAVER_ACTIVE in one.kinds and bool(one.grant_id)


def _end_grants(ctx: Context, system_id: str, person_id: str, actor: str) -> None:
    """End all that somebody who left holds here, each in a transaction of its own, like others."""
    with ctx.ledger.read() as tx:
        held = [one.id for one in tx.grants.of_person(person_id) if one.system == system_id]
    for grant_id in held:
        with ctx.ledger.begin() as tx:
            grant = lock_grant(tx, grant_id)
            if grant is not None and grant.state is GrantState.ACTIVE:
                end_grant(ctx, tx, grant, reason=EndReason.REVOKED, actor=actor)


def _note(ctx: Context, tx: Transaction, tag: Tag, one: Healing, actor: str, **facts: str) -> None:
    about = {"account": one.username, "drift": ", ".join(one.kinds), **facts}
    audit(ctx, tx, tag, one.grant_id or one.person_id, actor, **about)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account to mend, what may be done there and no more, and the sets to overlook."""

    system_id: str
    person_id: str
    user_id: str
    username: str
    wanted: frozenset[str]
    ignored: frozenset[str]


def heal(
    ctx: Context,
    system_id: str,
    person_id: str,
    user_id: str,
    username: str,
    wanted: list[str],
    ignored: list[str],
) -> str:
    """Mend one account, if nothing is to be done but what was found, or what is left of that."""
    account = Account(
        system_id=system_id,
        person_id=person_id,
        user_id=user_id,
        username=username,
        wanted=frozenset(wanted),
        ignored=frozenset(ignored),
    )
    return str(ctx.engine.step("heal", _heal_guarded, ctx, account))


def _heal_guarded(ctx: Context, account: Account) -> str:
    """Try a few times; what still fails is drift that the next read finds again."""
    try:
        for attempt in stamina.retry_context(
            on=is_worth_a_retry, attempts=3, wait_initial=0.2, wait_max=1.0
        ):
            with attempt:
                return _heal(ctx, account)
    except ConnectorError as error:
        with ctx.ledger.begin() as tx:
            facts = {"account": account.username, "why": error.detail[:300]}
            audit(ctx, tx, Tag.DRIFT_LEFT, account.person_id, "usher", **facts)
    return LEFT


def _heal(ctx: Context, account: Account) -> str:
    get_to_know(ctx, account.person_id)
    system = ctx.policy().systems.get(account.system_id)
    service = service_of(ctx, system) if system else None
    if system is None or service is None:
        raise Conflict(f"{account.system_id} is no longer known.", service="policy")
    desired = _desired(ctx, system, account)
    view, plan = _look(service, system, account, desired)
    is_same = view.seat is not None and whole_id(view.seat.user_id) == account.user_id
    # What an earlier try has done already is missing from the plan; what is new is not ours to do.
    if not is_same or not deeds_of(plan.changes) <= account.wanted:
        raise Conflict("The account has changed since the org was read.", service=system.id)
    for changes in together(plan.changes):
        if _desired(ctx, system, account) != desired:
            raise Conflict("The access has been changed meanwhile.", service=system.id)
        view = service.writer.apply_together(changes, desired.holder, view)
    _, plan = _look(service, system, account, desired)
    if plan.changes:
        detail = f"Read back, there is still to do: {brief(plan.changes)}."
        raise Conflict(detail, service=system.id)
    with ctx.ledger.begin() as tx:
        audit(ctx, tx, Tag.DRIFT_HEALED, account.person_id, "usher", account=account.username)
    return MENDED


@dataclass(frozen=True, kw_only=True)
class _Desired:
    """What an account should be; without a bundle it should be nothing."""

    holder: Holder
    bundle: Bundle | None = None
    until: Until | None = None


def _look(
    service: SeatService, system: System, account: Account, desired: _Desired
) -> tuple[SeatView, Plan]:
    """Look at the account alone and plan it as the drift was planned."""
    view = service.reader.observe(desired.holder, desired.bundle)
    view = _overlooking(view, account.ignored, desired.bundle)
    plan = plan_seat(view, desired.holder, desired.bundle, until=desired.until)
    # Without a grant nobody has had the records handed over, which comes before.
    is_left_active = desired.bundle is None and bool(system.hand_over)
    return view, left_active(plan) if is_left_active else plan


def _desired(ctx: Context, system: System, account: Account) -> _Desired:
    """Say what the account should be by the grants of this moment; raises if they are moving."""
    with ctx.ledger.read() as tx:
        grants = [one for one in tx.grants.of_person(account.person_id) if one.system == system.id]
        requests = tx.requests.of_person(account.person_id)
    here = f"{system.id}/"
    is_moving = any(r.state in _MOVING and r.level_id.startswith(here) for r in requests)
    if is_moving or any(one.state in UNDER_WAY for one in grants):
        raise Conflict("The access is being changed right now.", service=system.id)
    person = ctx.people.roster().get(account.person_id)
    active = [one for one in grants if one.state is GrantState.ACTIVE]
    if person is None or not active:
        return _Desired(holder=holder_of(person, system) if person else _as_found(account))
    grant = max(active, key=lambda one: (one.since, one.id))
    level = ctx.policy().level(grant.level_id)
    if level is None:
        raise Conflict(f"{grant.level_id} is no longer known.", service="policy")
    holder = holder_of(person, system)
    return _Desired(holder=holder, bundle=level.bundle, until=until_of(system, grant))


def _overlooking(view: SeatView, ignored: frozenset[str], bundle: Bundle | None) -> SeatView:
    """Look past sets that a session must activate first, unless they are granted or all must go."""
    if view.seat is None or bundle is None:
        return view
    overlooked = ignored - {*bundle.permission_sets}
    parts = {**view.seat.parts, Part.SET: view.seat.held(Part.SET) - overlooked}
    return replace(view, seat=replace(view.seat, parts=parts))


def _as_found(account: Account) -> Holder:
    """Describe somebody whom the roster has lost; the immutable key finds the account."""
    return Holder(
        person_id=account.person_id,
        name=account.person_id,
        mail=account.username,
        username=account.username,
        timezone="UTC",
    )
