"""The levels that an org has today, one for each combination that somebody holds."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from bot.domain.changes import Part
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Person
from bot.domain.plan import Holder, SeatView, plan_seat
from bot.domain.policy import Bundle, Policy, Risk
from bot.domain.policy_starter_accounts import Census, Inventory, Placed

_LONGEST_NAME = 60
_MOST_NAMED = 2
_ADMIN = "admin"  # also in Systemadministrator and administrateur


class Held(NamedTuple):
    """What one account has, apart from what its sets bring along by themselves.

    What is left to the system's admins as long as no level names it (roles, packages, features,
    public groups and queues) is not part of it.
    """

    licence: str
    profile: str
    sets: frozenset[str]
    set_groups: frozenset[str]
    set_licences: frozenset[str]

    @property
    def extras(self) -> frozenset[str]:
        return self.sets | self.set_groups | self.set_licences

    @property
    def bundle(self) -> Bundle:
        return Bundle(
            licence=self.licence,
            profile=self.profile,
            permission_sets=tuple(sorted(self.sets)),
            permission_set_groups=tuple(sorted(self.set_groups)),
            permission_set_licences=tuple(sorted(self.set_licences)),
        )


@dataclass(frozen=True, kw_only=True)
class StarterLevel:
    """A level as it is held today; nobody has agreed to it as a rule yet."""

    name: str
    risk: Risk
    bundle: Bundle
    people: tuple[Person, ...]

    @cached_property
    def roles(self) -> Mapping[str, int]:
        """Count the people of each role, in the order of the roles' names."""
        return dict(sorted(Counter(person.role for person in self.people).items()))

    @property
    def longest(self) -> Duration:
        """As long as people have it today, but critical access must end."""
        return Duration(8, Unit.HOURS) if self.risk is Risk.CRITICAL else PERMANENT


def levels_held(census: Census, inventory: Inventory) -> tuple[StarterLevel, ...]:
    """Make a level of every combination that placed accounts have, by profile and by name."""
    people: dict[Held, list[Person]] = {}
    for one in census.placed:
        people.setdefault(_held(one, inventory), []).append(one.person)
    by_profile: dict[str, list[Held]] = {}
    for held in sorted(people, key=lambda one: _order(one, len(people[one]))):
        by_profile.setdefault(held.profile, []).append(held)
    names = dict(_names(by_profile))
    return tuple(
        StarterLevel(
            name=names[held],
            risk=_risk(held, inventory),
            bundle=held.bundle,
            people=tuple(sorted(people[held], key=lambda person: person.id)),
        )
        for several in by_profile.values()
        for held in several
    )


def differences(policy: Policy, system: str, census: Census, inventory: Inventory) -> list[str]:
    """Say what a policy would change about the accounts that people have; nothing is the aim.

    Each account must have exactly what some level of `system` gives, with no change left to make.
    That Usher writes the person id into an account when it adopts it changes nobody's access.
    """
    bundles: dict[tuple[str, str], list[Bundle]] = {}
    for level in policy.systems[system].levels.values():
        bundles.setdefault((level.bundle.licence, level.bundle.profile), []).append(level.bundle)
    return [
        f"{one.account.seat.username}: no level of {system} is what this account has"
        for one in census.placed
        if not any(
            _is_like(one, bundle, inventory)
            for bundle in bundles.get((one.account.seat.licence, one.account.seat.profile), ())
        )
    ]


def _is_like(one: Placed, bundle: Bundle, inventory: Inventory) -> bool:
    seat, person = one.account.seat, one.person
    holder = Holder(
        person_id=person.id,
        name=person.name,
        mail=person.mail,
        username=seat.username,
        timezone=person.timezone,
    )
    brought = (inventory.brings.get(name, "") for name in bundle.permission_sets)
    adopted = replace(seat, person_id=person.id)
    view = SeatView(seat=adopted, implied_licences=frozenset(brought))
    return not plan_seat(view, holder, bundle).changes


def _held(one: Placed, inventory: Inventory) -> Held:
    seat = one.account.seat
    brought = {inventory.brings.get(name, "") for name in seat.held(Part.SET)}
    return Held(
        licence=seat.licence,
        profile=seat.profile,
        sets=seat.held(Part.SET),
        set_groups=seat.held(Part.SET_GROUP),
        set_licences=seat.held(Part.SET_LICENCE) - brought,
    )


def _order(held: Held, people: int) -> tuple[object, ...]:
    """Sort by profile; what most people have comes first."""
    extras = sorted(held.sets), sorted(held.set_groups), sorted(held.set_licences)
    return held.profile, held.licence, -people, *extras


def _risk(held: Held, inventory: Inventory) -> Risk:
    """Take whatever may manage users for critical, or is called as if it might."""
    is_strong = held.profile in inventory.strong_profiles or held.sets & inventory.strong_sets
    named = (held.profile, *held.sets, *held.set_groups)
    is_called_so = any(_ADMIN in name.casefold() for name in named)
    return Risk.CRITICAL if is_strong or is_called_so else Risk.HIGH


# ---- names --------------------------------------------------------------------------------------


def _names(by_profile: Mapping[str, Iterable[Held]]) -> Iterator[tuple[Held, str]]:
    """Name each combination for its profile, and for what it has beyond the profile's others."""
    taken: set[str] = set()
    for profile, several in by_profile.items():
        common = frozenset.intersection(*(held.extras for held in several))
        base = slug(profile) or "profile"
        for held in several:
            yield held, _free(_name(base, sorted(held.extras - common)), taken)


def _name(base: str, extras: list[str]) -> str:
    if not extras:
        return base
    name = f"{base}-with-{'-and-'.join(slug(extra) or 'more' for extra in extras)}"
    return name if len(extras) <= _MOST_NAMED and len(name) <= _LONGEST_NAME else base


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def slug(text: str) -> str:
    """Write a name in lower-case words joined by hyphens; empty if nothing of it can be kept."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()))[:_LONGEST_NAME].rstrip("-")
