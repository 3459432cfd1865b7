"""One account against the level that its owner holds: the plan that would mend it, as findings."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.domain.changes import (
    Assign,
    Change,
    Deactivate,
    Part,
    Plan,
    Redate,
    Remove,
    UpdateUser,
    calls_of,
)
from bot.domain.drift_kinds import MISSING, SURPLUS, Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser, Table, Thing, seat_of
from bot.domain.grant import Grant
from bot.domain.plan import Holder, SeatView, Until, parts_of, plan_seat
from bot.domain.policy import Bundle, Level
from bot.domain.policy_integration import uncovered


def plan_for(
    snapshot: OrgSnapshot,
    user: OrgUser | None,
    holder: Holder,
    bundle: Bundle | None,
    until: Until | None,
) -> Plan:
    """Plan an account as if it had just been looked at alone."""
    wanted = _things(bundle)
    seat = seat_of(user, snapshot, holder.scope, wanted if bundle else None) if user else None
    view = SeatView(seat=seat, implied_licences=snapshot.implied(wanted))
    return plan_seat(view, holder, bundle, until=until)


def left_active(plan: Plan) -> Plan:
    """Leave the deactivation out, and all else in; the digest stays that of the whole plan."""
    changes = tuple(one for one in plan.changes if not isinstance(one, Deactivate))
    return replace(plan, changes=changes, calls=calls_of(changes))


def differences(
    snapshot: OrgSnapshot,
    user: OrgUser | None,
    grant: Grant,
    level: Level,
    holder: Holder,
    until: Until | None,
) -> Iterator[Finding]:
    """Say in which ways an account is not what was granted.

    What its plan would do is what differs: the planner alone knows what an account should be.
    """
    about = Finding(
        kind=Kind.MISSING_ACCOUNT,
        person_id=grant.person_id,
        level_id=grant.level_id,
        grant_id=grant.id,
        username=user.username if user else holder.username,
        user_id=user.id if user else "",
    )
    if user is None:
        yield about
        return
    if not user.is_active:
        yield replace(about, kind=Kind.INACTIVE)
        return
    plan = plan_for(snapshot, user, holder, level.bundle, until)
    for change in plan.changes:
        for kind, what in _named(change, snapshot, user, level.bundle):
            yield replace(about, kind=kind, what=what, plan=plan)
    if user.is_frozen:
        yield replace(about, kind=Kind.FROZEN, plan=plan)
    if user.username.casefold() not in {holder.username.casefold(), grant.username.casefold()}:
        yield replace(about, kind=Kind.WRONG_USERNAME, what=holder.username)
    yield from _of_rights(snapshot, user, level, about)


def _named(
    change: Change, snapshot: OrgSnapshot, user: OrgUser, bundle: Bundle
) -> Iterator[tuple[Kind, str]]:
    match change:
        case Remove(parts) | Redate(parts):
            for part, name in _each(parts):
                kind = SURPLUS[part] if isinstance(change, Remove) else Kind.WRONG_END
                end = user.ends.get((part, name))
                is_over = end is not None and end <= snapshot.taken_at
                yield Kind.EXPIRED_ASSIGNMENT if is_over else kind, name
        case Assign(parts):
            yield from ((MISSING[part], name) for part, name in _each(parts))
        case UpdateUser():
            yield from _of_user(change, snapshot, user, bundle)


def _of_user(
    change: UpdateUser, snapshot: OrgSnapshot, user: OrgUser, bundle: Bundle
) -> Iterator[tuple[Kind, str]]:
    if change.is_adopted:
        yield Kind.PERSON_ID_MISSING, ""
    if change.profile and snapshot.has_read(Table.PROFILES):
        if bundle.licence and user.licence != bundle.licence:
            yield Kind.WRONG_LICENCE, user.licence
        else:
            yield Kind.WRONG_PROFILE, user.profile
    if change.role is not None and snapshot.has_read(Table.ROLES):
        yield Kind.WRONG_ROLE, user.role
    if snapshot.has_read(Table.FEATURES):
        yield from ((Kind.MISSING_FEATURE, name) for name in change.features_on)
        yield from ((Kind.SURPLUS_FEATURE, name) for name in change.features_off)


def _of_rights(
    snapshot: OrgSnapshot, user: OrgUser, level: Level, about: Finding
) -> Iterator[Finding]:
    """Compare what an integration can do, as far as that has been read."""
    rights = snapshot.rights.get(user.id)
    if level.integration is None or rights is None:
        return
    asked = level.integration.asked
    for right in uncovered(asked, rights):
        yield replace(about, kind=Kind.RIGHTS_MISSING, what=str(right))
    for right in sorted(uncovered(rights, asked)):
        yield replace(about, kind=Kind.RIGHTS_SURPLUS, what=str(right))


def _things(bundle: Bundle | None) -> tuple[Thing, ...]:
    return tuple(_each(parts_of(bundle).items())) if bundle else ()


def _each(parts: Iterable[tuple[Part, tuple[str, ...]]]) -> Iterator[Thing]:
    return ((part, name) for part, names in parts for name in names)
