"""Rows of an org's tables, in whatever order they come, joined into one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.changes import Part
from bot.domain.drift_snapshot import OrgUser, Thing, whole_id

_NOTHING: Mapping[Part, frozenset[str]] = {}
_NO_ENDS: Mapping[Thing, datetime] = {}


class Joining:
    """Takes rows as they are read and keeps of each only what the snapshot needs.

    Assignments wait as ids, one short list for each user, until everything has a name. `profiles`
    are names and user licences by id.
    """

    def __init__(self) -> None:
        self.users: dict[str, OrgUser] = {}
        self.frozen: set[str] = set()
        self.profiles: dict[str, tuple[str, str]] = {}
        self.roles: dict[str, str] = {}
        self.things: dict[str, Thing] = {}
        self._held: dict[str, list[str]] = {}
        self._ends: dict[str, list[tuple[str, datetime]]] = {}
        # Half a million rows name a few dozen things: each id is kept once.
        self._ids: dict[str, str] = {}

    def user(self, user: OrgUser) -> None:
        """Take a user whose profile and role are ids as yet, and which holds nothing."""
        self.users[user.id] = user

    def freeze(self, user_id: str) -> None:
        self.frozen.add(whole_id(user_id))

    def assign(self, user_id: str, thing_id: str, ends: datetime | None = None) -> None:
        """Note that a user holds something, until then."""
        owner, thing = whole_id(user_id), whole_id(thing_id)
        thing = self._ids.setdefault(thing, thing)
        self._held.setdefault(owner, []).append(thing)
        if ends is not None:
            self._ends.setdefault(owner, []).append((thing, ends))

    def joined(self) -> dict[str, OrgUser]:
        """Return all users with what hangs on them; can be called once, for it uses itself up."""
        known: dict[tuple[str, ...], Mapping[Part, frozenset[str]]] = {(): _NOTHING}
        for user_id, user in self.users.items():
            held = tuple(sorted(self._held.pop(user_id, ())))
            if held not in known:
                known[held] = self._by_part(held)
            profile, licence = self.profiles.get(user.profile, ("", ""))
            self.users[user_id] = replace(
                user,
                is_frozen=user_id in self.frozen,
                profile=profile,
                licence=licence,
                role=self.roles.get(user.role, ""),
                parts=known[held],
                ends=self._dated(user_id),
            )
        return self.users

    def _dated(self, user_id: str) -> Mapping[Thing, datetime]:
        ends = self._ends.get(user_id)
        return {self._thing(one): end for one, end in ends} if ends else _NO_ENDS

    def _by_part(self, held: Iterable[str]) -> Mapping[Part, frozenset[str]]:
        found: dict[Part, set[str]] = {}
        for thing_id in held:
            part, name = self._thing(thing_id)
            found.setdefault(part, set()).add(name)
        return {part: frozenset(names) for part, names in found.items()}

    def _thing(self, thing_id: str) -> Thing:
        # What came to be while names were read already goes by its id: it must not go unseen.
        return self.things.get(thing_id) or (_PART_BY_PREFIX.get(thing_id[:3], Part.SET), thing_id)


# Source: object reference, key prefixes.
_PART_BY_PREFIX = {
    "0PG": Part.SET_GROUP,
    "0PL": Part.SET_LICENCE,
    "050": Part.PACKAGE,
    "00G": Part.GROUP,
}
