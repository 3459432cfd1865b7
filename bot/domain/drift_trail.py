"""Who did it: the org's own log of changes in Setup, matched with what differs.

The log names people and things in sentences only, so a match is a hint and never a ground to act.
Source: object reference, SetupAuditTrail; actions and sentences as administrators published them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser, TrailEntry, whole_id

FRESH = timedelta(days=2)
"""How old a change may be and still be news: the org is read once a day."""

_USER_ID = re.compile(r"\b005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b")
_USER = re.compile(r"\buser (?P<who>.+?)(?=,| from | \(|: |$)", re.IGNORECASE)

_GOVERNED = (
    "permset", "changedprofileforuser", "changedroleforuser", "frozeuser", "unfrozeuser",
    "activateduser", "deactivateduser", "changedusername", "changedfederationid",
    "groupmembership", "queuemembership",
)  # fmt: skip
"""Actions on what Usher governs; mail addresses, names and passwords are people's own business."""

_BY_KIND: Mapping[Kind, tuple[str, ...]] = {
    **dict.fromkeys((Kind.SURPLUS_SET, Kind.SURPLUS_SET_GROUP), ("permset",)),
    **dict.fromkeys((Kind.MISSING_SET, Kind.MISSING_SET_GROUP), ("permset",)),
    **dict.fromkeys((Kind.SURPLUS_SET_LICENCE, Kind.MISSING_SET_LICENCE), ("permset",)),
    **dict.fromkeys((Kind.WRONG_END, Kind.EXPIRED_ASSIGNMENT), ("permset",)),
    **dict.fromkeys((Kind.SURPLUS_MEMBERSHIP, Kind.MISSING_MEMBERSHIP), ("group", "queue")),
    **dict.fromkeys((Kind.SURPLUS_PACKAGE, Kind.MISSING_PACKAGE), ("",)),
    **dict.fromkeys((Kind.SURPLUS_FEATURE, Kind.MISSING_FEATURE), ("changed",)),
    **dict.fromkeys((Kind.WRONG_PROFILE, Kind.WRONG_LICENCE), ("changedprofile",)),
    Kind.WRONG_ROLE: ("changedrole",),
    Kind.FROZEN: ("froze",),
    Kind.INACTIVE: ("deactivateduser",),
    Kind.WRONG_USERNAME: ("changedusername",),
    **dict.fromkeys((Kind.UNGRANTED_ACTIVE, Kind.UNKNOWN_ACTIVE), ("createduser", "activateduser")),
}
_NAMELESS = frozenset(
    {
        Kind.WRONG_PROFILE, Kind.WRONG_LICENCE, Kind.WRONG_ROLE, Kind.FROZEN, Kind.INACTIVE,
        Kind.WRONG_USERNAME, Kind.UNGRANTED_ACTIVE, Kind.UNKNOWN_ACTIVE,
        Kind.SURPLUS_FEATURE, Kind.MISSING_FEATURE,
    }
)  # fmt: skip
"""Where the action alone says what was done."""


class Trail:
    """What others than Usher did to whom, newest first."""

    def __init__(self, snapshot: OrgSnapshot) -> None:
        self._snapshot = snapshot
        self._labels: dict[str, set[str]] = {}
        for (_part, name), label in snapshot.labels.items():
            self._labels.setdefault(name, set()).add(label.casefold())
        overlooked = {name for _part, name in snapshot.session_based}
        self._overlooked = frozenset(
            word for name in overlooked for word in (name.casefold(), *self._labels.get(name, ()))
        )
        self._by_user: dict[str, list[TrailEntry]] = {}
        self._own: dict[str, datetime] = {}
        names = _unshared_names(snapshot.users.values()) if snapshot.trail else {}
        for entry in sorted(snapshot.trail, key=lambda one: one.at, reverse=True):
            subject = _subject(entry, snapshot.users, names)
            if subject is None:
                continue
            if whole_id(entry.by) == whole_id(snapshot.own_user_id):
                self._own.setdefault(subject, entry.at)
            elif whole_id(entry.by) != subject:
                self._by_user.setdefault(subject, []).append(entry)

    def attributed(self, finding: Finding) -> Finding:
        """Add who last did what the finding shows, and when, if the log has it."""
        entry = next(self._matches(finding), None)
        if entry is None:
            return finding
        return replace(finding, by=self._name(entry.by), since=entry.at)

    def foreign(self, user_id: str, since: datetime) -> TrailEntry | None:
        """Return the newest change by somebody else on what Usher governs, after Usher's own."""
        after = max(since, self._own.get(user_id, since), self._snapshot.taken_at - FRESH)
        for entry in self._by_user.get(user_id, ()):
            is_governed = entry.action.casefold().startswith(_GOVERNED)
            if entry.at > after and is_governed and not self._is_overlooked(entry):
                return entry
        return None

    def _is_overlooked(self, entry: TrailEntry) -> bool:
        """Whether it is about a set that a session must activate first."""
        return any(word in entry.text.casefold() for word in self._overlooked)

    def finding(self, about: Finding, entry: TrailEntry) -> Finding:
        return replace(
            about,
            kind=Kind.FOREIGN_CHANGE,
            what=entry.text,
            by=self._name(entry.by),
            since=entry.at,
        )

    def _matches(self, finding: Finding) -> Iterator[TrailEntry]:
        actions = _BY_KIND.get(finding.kind, ())
        words = {finding.what.casefold(), *self._labels.get(finding.what, ())}
        for entry in self._by_user.get(finding.user_id, ()):
            is_so = entry.action.casefold().startswith(actions) if actions else False
            text = entry.text.casefold()
            if is_so and (finding.kind in _NAMELESS or any(word in text for word in words)):
                yield entry

    def _name(self, user_id: str) -> str:
        user = self._snapshot.users.get(whole_id(user_id))
        return user.username if user else user_id


def _subject(
    entry: TrailEntry, users: Mapping[str, OrgUser], names: Mapping[str, str | None]
) -> str | None:
    """Find whom an entry is about: by the id in it, else by a name that only one user has."""
    if (found := _USER_ID.search(entry.text)) is not None:
        return user_id if (user_id := whole_id(found[0])) in users else None
    if (said := _USER.search(entry.text)) is not None:
        return names.get(said["who"].strip().casefold())
    return None


def _unshared_names(users: Iterable[OrgUser]) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    for user in users:
        for name in {user.name.casefold(), user.username.casefold()}:
            found[name] = None if name in found else user.id
    return found
