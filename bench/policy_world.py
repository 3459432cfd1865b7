"""A company of any size, made up from a seed: its policy files, its roster and what people ask."""

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.adapters.policy_files.loader import load_policy
from bot.domain.decision import Ask
from bot.domain.durations import Duration
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Policy

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
SEED = 20261102
ROLES, TEAMS, TEAM_SIZE, MANAGERS_EVERY = 40, 20, 3, 20
CONSULTANTS_EVERY = 8
FOR_EVERYONE, CRITICAL, CORE_ONLY = 0.3, 0.05, 0.25
"""Shares of all levels."""
DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 365)
LONGEST = ("8h", "7d", "30d", "90d", "180d", "permanent")
FIRST_DAY, DAYS_OF_HIRING = date(2022, 1, 3), 1000
NOTHING: Mapping[str, datetime | None] = {}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may ask for a level, in a form that every engine can be given; no days mean no limit."""

    level_id: str
    by: tuple[str, ...]
    not_roles: tuple[str, ...]
    not_engagements: tuple[str, ...]
    longest: str
    approve: tuple[str, ...]
    is_critical: bool

    @property
    def is_for_everyone(self) -> bool:
        return self.by == ("everyone",)

    @property
    def longest_days(self) -> int | None:
        """The limit in whole days, which is how the benchmark asks."""
        if self.longest == "permanent":
            return None
        return 0 if self.longest.endswith("h") else int(self.longest.removesuffix("d"))


@dataclass(frozen=True, kw_only=True)
class World:
    """The rules and the people of one made-up company."""

    rules: tuple[Rule, ...]
    people: tuple[Person, ...]

    @property
    def roster(self) -> Roster:
        return Roster(self.people)

    def asks(self, count: int) -> list[Ask]:
        """Ask at random, the same for each engine: people ask for themselves, in whole days.

        Anybody asks for any level, as whoever lists what everybody may have does: about four in
        five are refused, most for who asks, two in five for the length, and a quarter for both.
        """
        dice = random.Random(SEED)  # noqa: S311  # made-up data
        lengths = [Duration(days) for days in DAYS]
        people = [person.id for person in self.people]
        levels = [rule.level_id for rule in self.rules]
        asks = []
        for _ in range(count):
            person_id = dice.choice(people)
            asks.append(
                Ask(
                    requester_id=person_id,
                    person_id=person_id,
                    level_id=dice.choice(levels),
                    duration=dice.choice(lengths),
                    held=NOTHING,
                )
            )
        return asks


def make_world(*, levels: int, people: int, systems: int) -> World:
    """Make up a company; the same sizes give the same company."""
    dice = random.Random(SEED)  # noqa: S311  # made-up data
    return World(
        rules=tuple(_rule(dice, number, systems) for number in range(levels)),
        people=tuple(_people(people)),
    )


def _role(number: int) -> str:
    return f"role-{number % ROLES:02}"


def _team(number: int) -> str:
    return f"team-{number % TEAMS:02}"


def _rule(dice: random.Random, number: int, systems: int) -> Rule:
    """Most levels are for three roles; some are for everyone but a few."""
    is_for_everyone, is_critical = dice.random() < FOR_EVERYONE, dice.random() < CRITICAL
    roles = dice.sample(range(ROLES), 4)
    own = () if is_critical else (_team(dice.randrange(TEAMS)),)
    return Rule(
        level_id=f"system-{number % systems:03}/level-{number // systems:04}",
        by=("everyone",) if is_for_everyone else tuple(map(_role, roles[:3])),
        not_roles=(_role(roles[3]),) if is_for_everyone else (),
        not_engagements=("consultant",) if dice.random() < CORE_ONLY else (),
        longest=dice.choice(LONGEST[:3] if is_critical else LONGEST),
        approve=("manager", *own[: dice.randrange(2)]),
        is_critical=is_critical,
    )


def _people(count: int) -> Iterator[Person]:
    """One in twenty manages those who come next; the first ones sit in the teams that approve."""
    for number in range(count):
        manager = number - number % MANAGERS_EVERY
        yield Person(
            id=f"p{number:05}",
            mail=f"p{number:05}@acme.example",
            name=f"Person {number:05}",
            role=_role(number),
            first_day=FIRST_DAY + timedelta(days=number * 7 % DAYS_OF_HIRING),
            timezone=("America/Chicago", "Europe/Berlin", "Asia/Tokyo")[number % 3],
            engagement=Engagement.CORE if number % CONSULTANTS_EVERY else Engagement.CONSULTANT,
            manager_id=f"p{0 if manager == number else manager:05}" if number else None,
            github=f"octo-{number:05}",
        )


def load_world(world: World) -> Policy:
    """Write the policy down and load it as Usher does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "policies"
        write_policies(world, folder)
        return load_policy(folder)


# ---- files --------------------------------------------------------------------------------------


def write_policies(world: World, folder: Path) -> int:
    """Write a policy directory as people write it, about eight lines a level; count the lines."""
    systems: dict[str, list[Rule]] = {}
    for rule in world.rules:
        systems.setdefault(rule.level_id.partition("/")[0], []).append(rule)
    files = {"company.yml": _company(), "roles.yml": _roles(world.rules)}
    files |= {f"systems/{name}.yml": _system(name, rules) for name, rules in systems.items()}
    (folder / "systems").mkdir(parents=True)
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    return sum(map(len, files.values()))


def _company() -> list[str]:
    teams = (
        f"  {name}: {{ members: [{', '.join(_members(index))}] }}"
        for index, name in enumerate(("it", "security", *map(_team, range(TEAMS))))
    )
    return [
        "kind: company",
        "id: acme",
        "timezone: America/Chicago",
        "holidays: US",
        "groups:",
        *teams,
        "approvals:",
        "  default: [manager]",
        "  critical_adds: [security]",
    ]


def _members(team: int) -> Sequence[str]:
    return [f"octo-{team * TEAM_SIZE + seat:05}" for seat in range(TEAM_SIZE)]


def _roles(rules: Sequence[Rule]) -> list[str]:
    harmless = [rule.level_id for rule in rules if not rule.is_critical]
    return [
        "kind: roles",
        "roles:",
        *(
            f"  {_role(number)}: {{ department: sales, "
            f"birthright: [{', '.join(harmless[number::ROLES][:3])}] }}"
            for number in range(ROLES)
        ),
    ]


def _system(name: str, rules: Sequence[Rule]) -> list[str]:
    lines = [
        "kind: system",
        f"id: {name}",
        f"title: {name.capitalize()}",
        "provider: salesforce",
        "dri: it",
        "delivery: sso",
        "levels:",
    ]
    for rule in rules:
        lines += _level(rule)
    return lines


def _level(rule: Rule) -> Iterator[str]:
    barred = ", ".join((*rule.not_roles, *rule.not_engagements))
    yield f"  {rule.level_id.partition('/')[2]}:"
    yield "    says: Create and edit what the team works with. No exports."
    yield f"    risk: {'critical' if rule.is_critical else 'high'}"
    yield "    bundle: { licence: Salesforce, profile: Standard User, permission_sets: [AcmeUser] }"
    yield "    request:"
    yield f"      by: [{', '.join(rule.by)}]"
    if barred:
        yield f"      not: [{barred}]"
    yield f"      approve: [{', '.join(rule.approve)}]"
    yield f"      longest: {rule.longest}"
