"""Many users at once, as a data loader of the platform's own: rows go straight into the tables.

What is loaded is what single creates would have left behind (User, UserLogin, the profile's own
assignment, assignments and licences), and every pool is made large enough to hold it.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.objects import PERSON_ID
from bot.sandbox.salesforce.schema import SObject
from bot.sandbox.salesforce.table import Row

_ZONE = {
    "TimeZoneSidKey": "America/Chicago",
    "LocaleSidKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "LanguageLocaleKey": "en_US",
}


class Crowd:
    """Loads users who all have the same profile, permission sets and permission set licences."""

    def __init__(self, database: Database, *, domain: str, profile: str) -> None:
        self._db = database
        self._domain = domain
        self._profile = self._named("Profile", profile)

    def load(
        self, count: int, *, sets: Sequence[str] = (), licences: Sequence[str] = ()
    ) -> Sequence[str]:
        """Load `count` users and return their ids, lowest first; a licence that a set is tied to
        comes along.
        """
        db, store = self._db, self._db.store
        set_rows = [self._named("PermissionSet", name) for name in sets]
        brought = [one["LicenseId"] for one in set_rows if self._is_psl(one["LicenseId"])]
        given = [self._named("PermissionSetLicense", name)["Id"] for name in licences]
        own = store.find(db.entity("PermissionSet"), "ProfileId", self._profile["Id"])
        with _no_collection():
            ids = self._users(count)
            self._each("UserLogin", ids, "UserId")
            for one in own:
                self._assign(ids, "PermissionSet", one["Id"], mark="_platform")
            for one in set_rows:
                self._assign(ids, "PermissionSet", one["Id"])
            for psl in dict.fromkeys(given):
                self._assign(ids, "PermissionSetLicense", psl)
            for psl in dict.fromkeys(one for one in brought if one not in given):
                self._assign(ids, "PermissionSetLicense", psl, mark="_came_with_set")
        self._make_room([*given, *brought])
        return ids

    def _assign(self, ids: Sequence[str], what: str, record_id: str, mark: str = "") -> None:
        """Give every user one set or licence; `mark` is what single creates note of how it came."""
        name = f"{what}{'Assign' if what.endswith('License') else 'Assignment'}"
        self._each(name, ids, "AssigneeId", {f"{what}Id": record_id}, mark)

    def _users(self, count: int) -> list[str]:
        entity = self._db.entity("User")
        ids = list(self._db.mint.take(entity.prefix, count))
        names = [f"crowd{one[6:15].lstrip('0').lower()}.{n}" for n, one in enumerate(ids)]
        owner = self._db.owner
        self._db.registry.claim_all(
            (f"{name}@{self._domain}", f"{owner}/{one}")
            for name, one in zip(names, ids, strict=True)
        )
        same = {"ProfileId": self._profile["Id"], "UserType": self._profile["UserType"], **_ZONE}
        rows = (
            {
                "Id": one,
                "Username": f"{name}@{self._domain}",
                "Email": f"{name}@acme.example",
                "CommunityNickname": name,
                "FirstName": "Pat",
                "LastName": f"Crowd {n}",
                "Alias": "crowd",
                PERSON_ID: f"c-{one[5:15]}",
            }
            for n, (name, one) in enumerate(zip(names, ids, strict=True))
        )
        self._put(entity, same, rows)
        return ids

    def _each(
        self,
        name: str,
        ids: Sequence[str],
        user_field: str,
        same: Mapping[str, Any] | None = None,
        mark: str = "",
    ) -> None:
        entity = self._db.entity(name)
        made = self._db.mint.take(entity.prefix, len(ids))
        rows = ({"Id": one, user_field: user} for one, user in zip(made, ids, strict=True))
        self._put(entity, same or {}, rows, mark)

    def _put(
        self,
        entity: SObject,
        same: Mapping[str, Any],
        rows: Iterator[Mapping[str, Any]],
        mark: str = "",
    ) -> None:
        """Load rows that differ in few fields from one another."""
        now, columns = self._db.now(), self._db.store.table(entity).columns
        whole = {field.name: field.default for field in entity.fields} | dict(same)
        whole |= dict.fromkeys(("CreatedById", "LastModifiedById"), self._db.actor_id or None)
        whole |= dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
        marks = (mark,) if mark else ()
        template = [*(whole[name] for name in columns), *(True for _ in marks)]

        def cells() -> Iterator[tuple[Any, ...]]:
            for row in rows:
                filled = template.copy()
                for name, value in row.items():
                    filled[columns[name]] = value
                yield tuple(filled)

        self._db.store.load(entity, cells(), marks)

    def _make_room(self, psls: Sequence[str]) -> None:
        licence = self._profile["UserLicenseId"]
        used = {licence: self._db.seats.used_licences(licence)}
        used |= {one: self._db.seats.used_psl(one) for one in psls}
        for name in ("UserLicense", "PermissionSetLicense"):
            entity = self._db.entity(name)
            for row in self._db.store.rows(entity):
                if 0 <= row["TotalLicenses"] < used.get(row["Id"], 0):
                    self._db.store.put(entity, {**row, "TotalLicenses": used[row["Id"]]})

    def _is_psl(self, licence_id: str | None) -> bool:
        prefix = self._db.entity("PermissionSetLicense").prefix
        return licence_id is not None and licence_id.startswith(prefix)

    def _named(self, entity: str, name: str) -> Row:
        rows = self._db.store.rows(self._db.entity(entity))
        return next(row for row in rows if name in {row.get("Name"), row.get("DeveloperName")})


@contextmanager
def _no_collection() -> Iterator[None]:
    """Make half a million objects without a look at all of them every few thousand."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
