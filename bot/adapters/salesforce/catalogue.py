"""What the org has of a bundle: questions in SOQL, and the answers as ids, pools and gaps."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from bot.adapters.salesforce.accounts import GROUP_TYPES
from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.handles import Handle, key
from bot.adapters.salesforce.identity import API_ONLY
from bot.adapters.salesforce.pools import (
    COUNTED,
    SET_LICENCES,
    Counting,
    counted_users,
    feature_count,
    feature_question,
    package_question,
)
from bot.adapters.salesforce.soql import soql
from bot.domain.changes import Part
from bot.domain.plan import parts_of
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount

# A profile keeps its permissions in a set of its own, and so does a group (object reference,
# PermissionSet.IsOwnedByProfile and Type). Asked for together, a composite call has room for more.
_PROFILE_AND_SETS = (
    "SELECT Id, Name, LicenseId, IsOwnedByProfile, PermissionsApiUserOnly, ProfileId, "
    "Profile.Name, "
    "Profile.UserLicense.Name, Profile.UserLicense.Status, Profile.UserLicense.TotalLicenses, "
    "Profile.UserLicense.UsedLicenses FROM PermissionSet "
    "WHERE (IsOwnedByProfile = true AND Profile.Name = {profile})<sets>"
)
NAMED_SETS = " OR (IsOwnedByProfile = false AND Type != 'Group' AND Name IN {sets})"
_SET_GROUPS = "SELECT Id, DeveloperName FROM PermissionSetGroup WHERE DeveloperName IN {names}"
_COMPONENTS = (
    "SELECT Id, PermissionSetGroup.DeveloperName, PermissionSet.LicenseId "
    "FROM PermissionSetGroupComponent WHERE PermissionSetGroup.DeveloperName IN {names}"
)
_GROUPS = (
    "SELECT Id, DeveloperName, Type FROM Group "
    "WHERE Type IN ('Regular', 'Queue') AND DeveloperName IN {names}"
)
_ROLE = "SELECT Id, DeveloperName FROM UserRole WHERE DeveloperName = {role}"

_COUNT_OF = "feature_"


def bundle_questions(bundle: Bundle, flags: Mapping[str, str]) -> dict[str, str]:
    """Ask for what the bundle names, with the counters of its pools; the rarest come last."""
    sets = NAMED_SETS if bundle.permission_sets else ""
    asked = {
        "profile_and_sets": soql(
            _PROFILE_AND_SETS.replace("<sets>", sets),
            profile=bundle.profile,
            sets=list(bundle.permission_sets),
        )
    }
    brings = (
        bundle.permission_sets, bundle.permission_set_licences, bundle.permission_set_groups
    )  # fmt: skip
    if any(brings):
        asked["set_licences"] = SET_LICENCES
    asked["counted"] = COUNTED
    if names := list(bundle.permission_set_groups):
        asked["set_groups"] = soql(_SET_GROUPS, names=names)
        asked["components"] = soql(_COMPONENTS, names=names)
    if bundle.packages:
        asked["packages"] = package_question(bundle.packages)
    if names := [*bundle.groups, *bundle.queues]:
        asked["groups"] = soql(_GROUPS, names=names)
    if bundle.role:
        asked["roles"] = soql(_ROLE, role=bundle.role)
    counts = {
        f"{_COUNT_OF}{name}": feature_question(flags[name])
        for name in bundle.features
        if name in flags
    }
    return asked | counts


class Offer:
    """What the org has of a bundle. SOQL compares names without regard to case, a plan does not."""

    def __init__(
        self, found: Mapping[str, list[Record]], bundle: Bundle, counting: Counting
    ) -> None:
        self._bundle = bundle
        self._counting = counting
        self._found = found
        owned = [row for row in found["profile_and_sets"] if row["IsOwnedByProfile"]]
        self._profile = next((r for r in owned if r["Profile"]["Name"] == bundle.profile), None)
        self._licences = {row["DeveloperName"]: row for row in found.get("set_licences", ())}

    @property
    def is_for_programs(self) -> bool:
        """Whether the profile, or a set, makes its user API-only; of a profile unknown, False."""
        owned = [] if self._profile is None else [self._profile]
        sets = (row for row in self._found["profile_and_sets"] if not row["IsOwnedByProfile"])
        return any(row[API_ONLY] is True for row in (*owned, *sets))

    @cached_property
    def _things(self) -> dict[tuple[Part, str], Record]:
        """Everything that can be assigned, by part and name."""
        found = self._found
        sets = [row for row in found["profile_and_sets"] if not row["IsOwnedByProfile"]]
        return {
            **{(Part.SET, row["Name"]): row for row in sets},
            **{(Part.SET_GROUP, r["DeveloperName"]): r for r in found.get("set_groups", ())},
            **{(Part.SET_LICENCE, name): row for name, row in self._licences.items()},
            **{(Part.PACKAGE, r["NamespacePrefix"]): r for r in found.get("packages", ())},
            **{(GROUP_TYPES[r["Type"]], r["DeveloperName"]): r for r in found.get("groups", ())},
        }

    @cached_property
    def ties(self) -> dict[tuple[Part, str], tuple[str, ...]]:
        """Name the permission set licences to which sets and groups of sets are tied.

        A set assigns its licence by itself (D7); who is given a group of sets must have the licence
        already (help, «Permission Set Group FAQs»).
        """
        names = {row["Id"]: name for name, row in self._licences.items()}
        found: dict[tuple[Part, str], tuple[str, ...]] = {}
        for part, name, licence_id in self._ties():
            if licence_id in names:
                found[part, name] = (*found.get((part, name), ()), names[licence_id])
        return found

    def _ties(self) -> Iterator[tuple[Part, str, str | None]]:
        for name in self._bundle.permission_sets:
            if row := self._things.get((Part.SET, name)):
                yield Part.SET, name, row["LicenseId"]
        for row in self._found.get("components", ()):
            group = row["PermissionSetGroup"]["DeveloperName"]
            yield Part.SET_GROUP, group, row["PermissionSet"]["LicenseId"]

    def licences_of(self, part: Part) -> frozenset[str]:
        """Name the licences that the bundle's sets bring along, or its groups of sets need."""
        tied = (names for (tied_to, _), names in self.ties.items() if tied_to is part)
        return frozenset(name for names in tied for name in names)

    def pools(self) -> Iterator[PoolCount]:
        """Yield the user licence first, then permission set licences, packages and features."""
        counting, bundle = self._counting, self._bundle
        if self._profile is not None:
            licence = self._profile["Profile"]["UserLicense"]
            people = counted_users(self._found["counted"])
            yield counting.licence(licence, people.get(licence["Name"], 0))
        tied = (name for names in self.ties.values() for name in names)
        for name in dict.fromkeys((*bundle.permission_set_licences, *tied)):
            if name in self._licences:
                yield counting.set_licence(self._licences[name])
        for name in bundle.packages:
            if row := self._things.get((Part.PACKAGE, name)):
                yield counting.package(row)
        for name in bundle.features:
            if (counted := self._found.get(f"{_COUNT_OF}{name}")) is not None:
                yield feature_count(name, counted)

    def unknown(self) -> Iterator[str]:
        bundle = self._bundle
        if self._profile is None:
            yield f"profile {bundle.profile}"
        elif bundle.licence and bundle.licence != self._profile["Profile"]["UserLicense"]["Name"]:
            yield f"licence {bundle.licence} with profile {bundle.profile}"
        for part, names in parts_of(bundle).items():
            yield from (f"{part} {name}" for name in names if (part, name) not in self._things)
        if bundle.role and not any(self._roles()):
            yield f"role {bundle.role}"
        for name in bundle.features:
            if f"{_COUNT_OF}{name}" not in self._found:
                yield f"feature {name}"

    def handles(self) -> Iterator[tuple[str, str]]:
        if self._profile is not None:
            yield key(Handle.PROFILE, self._bundle.profile), self._profile["ProfileId"]
        for role in self._roles():
            yield key(Handle.ROLE, role["DeveloperName"]), role["Id"]
        for part, names in parts_of(self._bundle).items():
            for name in names:
                if row := self._things.get((part, name)):
                    yield key(Handle.THING, name, part), row["Id"]
        for name in self.licences_of(Part.SET_GROUP):
            yield key(Handle.THING, name, Part.SET_LICENCE), self._licences[name]["Id"]
        for (part, name), pools in self.ties.items():
            yield key(Handle.POOL, name, part), pools[0]

    def _roles(self) -> Iterable[Record]:
        rows = self._found.get("roles", ())
        return [row for row in rows if row["DeveloperName"] == self._bundle.role]
