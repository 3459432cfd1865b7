"""A system of accounts in its simplest form, and random seats and bundles for it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.plan import Holder, Scope, Seat, SeatView, Until, parts_of
from bot.domain.policy import Bundle

ANN = Holder(
    person_id="p004",
    name="Ann Ortiz",
    mail="ann@acme.example",
    username="ann@acme.example.crm",
    timezone="America/New_York",
)
SALES = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("Inbox", "Crm"),
    permission_set_licences=("CrmPsl",),
)
BROUGHT_ALONG = {"Inbox": "InboxPsl", "Beta": "InboxPsl"}
PROFILES = ("Lite", "Read Only", "Standard User")
NAMES = {
    Part.SET: ("Beta", "Crm", "Inbox", "Old"),
    Part.SET_GROUP: ("Desk", "Sellers"),
    Part.SET_LICENCE: ("CrmPsl", "InboxPsl", "OldPsl"),
    Part.PACKAGE: ("SBQQ", "dlrs"),
    Part.GROUP: ("AllSales", "EMEA"),
    Part.QUEUE: ("Leads",),
}
FEATURES = ("Knowledge", "Marketing")
LATE = datetime(2026, 12, 1, tzinfo=UTC)

some_features = st.frozensets(st.sampled_from(FEATURES))
some_parts = st.fixed_dictionaries(
    {part: st.frozensets(st.sampled_from(names)) for part, names in NAMES.items()}
)
untils = st.none() | st.sampled_from([Until(None), Until(LATE)])
scopes = st.builds(
    Scope,
    parts=st.frozensets(st.sampled_from([Part.PACKAGE, Part.GROUP, Part.QUEUE])),
    features=some_features,
    has_roles=st.booleans(),
)
holders = scopes.map(lambda scope: replace(ANN, scope=scope))


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    parts = {part: tuple(sorted(names)) for part, names in draw(some_parts).items()}
    return Bundle(
        profile=draw(st.sampled_from(PROFILES)),
        permission_sets=parts[Part.SET],
        permission_set_groups=parts[Part.SET_GROUP],
        permission_set_licences=parts[Part.SET_LICENCE],
        packages=parts[Part.PACKAGE],
        groups=parts[Part.GROUP],
        queues=parts[Part.QUEUE],
        features=tuple(sorted(draw(some_features))),
        role=draw(st.sampled_from(["", "Boss", "Seller"])),
    )


@st.composite
def seats(draw: st.DrawFn) -> Seat:
    parts = draw(some_parts)
    dated = [(part, name) for part in (Part.SET, Part.SET_GROUP) for name in sorted(parts[part])]
    ends = draw(st.lists(st.sampled_from(dated), unique=True)) if dated else []
    return ann_seat(
        is_active=draw(st.booleans()),
        is_frozen=draw(st.booleans()),
        profile=draw(st.sampled_from(PROFILES)),
        person_id=draw(st.sampled_from([None, "p004"])),
        role=draw(st.sampled_from(["", "Boss", "Seller"])),
        features=draw(some_features),
        parts=parts,
        ends=dict.fromkeys(ends, datetime(2026, 5, 5, tzinfo=UTC)),
    )


def ann_seat(**changed: Any) -> Seat:
    """Return the seat that SALES gives, but for what is changed."""
    seat = Seat(
        user_id="u1",
        username=ANN.username,
        is_active=True,
        is_frozen=False,
        licence="Salesforce",
        profile="Standard User",
        person_id="p004",
        parts={part: frozenset(names) for part, names in parts_of(SALES).items()},
    )
    return replace(seat, **changed)


def view(seat: Seat | None, bundle: Bundle | None) -> SeatView:
    """Look at the model: sets of the bundle may bring a licence along."""
    sets = bundle.permission_sets if bundle else ()
    implied = frozenset(BROUGHT_ALONG[name] for name in sets if name in BROUGHT_ALONG)
    return SeatView(seat=seat, implied_licences=implied)


def apply_all(changes: Iterable[Change], seat: Seat | None) -> Seat | None:
    for change in changes:
        seat = make(change, seat)
    return seat


def make(change: Change, seat: Seat | None) -> Seat:  # noqa: PLR0911  # one return per change
    """Change a seat the way a system would."""
    if isinstance(change, CreateUser):
        assert seat is None, "a second account for the same person"
        return ann_seat(
            profile=change.profile, role=change.role, features=frozenset(change.features), parts={}
        )
    assert seat is not None
    match change:
        case UpdateUser():
            return _updated(change, seat)
        case Freeze() | Unfreeze():
            return replace(seat, is_frozen=isinstance(change, Freeze))
        case Deactivate():
            return replace(seat, is_active=False)
        case Assign(parts, until):
            return _assigned(Redate(parts, until), seat)
        case Redate():
            return _redated(change, seat)
        case Remove(parts):
            return _removed(dict(parts), seat)
    raise AssertionError(change)


def _updated(change: UpdateUser, seat: Seat) -> Seat:
    return replace(
        seat,
        is_active=seat.is_active or change.is_activated,
        profile=change.profile or seat.profile,
        role=seat.role if change.role is None else change.role,
        features=seat.features - {*change.features_off} | {*change.features_on},
        person_id="p004" if change.is_adopted else seat.person_id,
    )


def _assigned(change: Redate, seat: Seat) -> Seat:
    new = {part: frozenset(names) for part, names in change.parts}
    for part, names in new.items():
        assert not names & seat.held(part), "assigned twice, which would keep the old end"
    brought = {BROUGHT_ALONG[n] for n in new.get(Part.SET, frozenset()) if n in BROUGHT_ALONG}
    parts = {part: seat.held(part) | new.get(part, frozenset()) for part in Part}
    parts[Part.SET_LICENCE] |= brought
    return _redated(change, replace(seat, parts=parts))


def _redated(change: Redate, seat: Seat) -> Seat:
    dated = {(p, n) for p, names in change.parts for n in names if p in (Part.SET, Part.SET_GROUP)}
    ends = {key: end for key, end in seat.ends.items() if key not in dated}
    return replace(seat, ends=ends | (dict.fromkeys(dated, change.until) if change.until else {}))


def _removed(parts: dict[Part, tuple[str, ...]], seat: Seat) -> Seat:
    for part, names in parts.items():
        assert {*names} <= seat.held(part), "what is not there was removed"
    left = {part: seat.held(part) - {*parts.get(part, ())} for part in Part}
    ends = {(part, name): end for (part, name), end in seat.ends.items() if name in left[part]}
    return replace(seat, parts=left, ends=ends)
