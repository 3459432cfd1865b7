"""Accounts of a system as they are, and whose they are according to the roster."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.people import Person, Roster
from bot.domain.plan import Seat
from bot.domain.quoting import quoted
from bot.domain.seats import PoolCount


@dataclass(frozen=True, kw_only=True)
class Account:
    """One active account of a standard user; `sso` is the identity that single sign-on knows."""

    seat: Seat
    mail: str
    sso: str = ""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What a system has: its active accounts and its pools.

    `brings` says which permission set licence a set assigns by itself. The strong profiles and
    sets may manage users. `others` counts active users who are not standard ones, by type.
    """

    own_user_id: str
    accounts: tuple[Account, ...]
    pools: tuple[PoolCount, ...] = ()
    brings: Mapping[str, str] = field(default_factory=dict)
    strong_profiles: frozenset[str] = frozenset()
    strong_sets: frozenset[str] = frozenset()
    others: Mapping[str, int] = field(default_factory=dict)


class Open(StrEnum):
    """Why an account gets no level: somebody has to look at it first."""

    OWN = "own"
    UNKNOWN = "unknown"
    SEVERAL_PEOPLE = "several_people"
    SEVERAL_ACCOUNTS = "several_accounts"
    LEFT = "left"
    FROZEN = "frozen"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An account whose person is known."""

    account: Account
    person: Person


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """An account that a policy cannot speak of yet, and why in words."""

    account: Account
    because: Open
    says: str


@dataclass(frozen=True, kw_only=True)
class Census:
    """Every active account, placed or not: none is left out."""

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]


_OWN = "the user that Usher itself works as"
_UNKNOWN = "nobody in the roster has this mail address, single sign-on identity or user name"


def take_census(inventory: Inventory, roster: Roster, now: datetime) -> Census:
    """Find out whose each account is; only one account for each person is placed."""
    unplaced: list[Unplaced] = []
    by_person: dict[str, list[Placed]] = {}
    for account in sorted(inventory.accounts, key=_order):
        found = _owner(account, inventory.own_user_id, roster, now)
        if isinstance(found, Unplaced):
            unplaced.append(found)
        else:
            by_person.setdefault(found.person.id, []).append(found)
    placed: list[Placed] = []
    for several in by_person.values():
        first, rest = _main_account(several)
        placed += first
        unplaced += rest
    return Census(
        placed=tuple(sorted(placed, key=lambda one: _order(one.account))),
        unplaced=tuple(sorted(unplaced, key=lambda one: _order(one.account))),
    )


def _order(account: Account) -> tuple[str, str]:
    return account.seat.username.casefold(), account.seat.user_id


def _owner(account: Account, own_user_id: str, roster: Roster, now: datetime) -> Placed | Unplaced:
    people = tuple(_people(account, roster))
    if account.seat.user_id[:15] == own_user_id[:15]:
        return Unplaced(account=account, because=Open.OWN, says=_OWN)
    for because, says in _troubles(account, people, now):
        return Unplaced(account=account, because=because, says=says)
    return Placed(account=account, person=people[0])


def _people(account: Account, roster: Roster) -> Iterable[Person]:
    """List who it may be: a person id decides, then single sign-on and mail, then the user name."""
    if account.seat.person_id:
        own = roster.get(account.seat.person_id)
        return (own,) if own else ()
    by_keys = {p.id: p for p in map(roster.by_mail, (account.sso, account.mail)) if p}
    by_name = roster.by_mail(account.seat.username)
    return by_keys.values() or ((by_name,) if by_name else ())


def _troubles(
    account: Account, people: tuple[Person, ...], now: datetime
) -> Iterator[tuple[Open, str]]:
    """Say what keeps an account from being one person's, the first thing first."""
    if not people:
        own = account.seat.person_id
        carries = f"it carries the person id {quoted(own or '')}, which the roster does not have"
        yield Open.UNKNOWN, carries if own else _UNKNOWN
    elif len(people) > 1:
        ids = " and ".join(person.id for person in people)
        yield Open.SEVERAL_PEOPLE, f"its single sign-on identity and its mail differ: {ids}"
    elif people[0].has_left(now):
        left = f"{people[0].id} left on {people[0].last_day}, and the account is still active"
        yield Open.LEFT, left
    elif account.seat.is_frozen:
        yield Open.FROZEN, f"frozen: {people[0].id} cannot log in"


def _main_account(several: list[Placed]) -> tuple[list[Placed], Iterator[Unplaced]]:
    """Tell a person's own account from further ones: the one that carries the person id, if any."""
    sure = [one for one in several if one.account.seat.person_id] or several
    first = sure if len(sure) == 1 else []
    text = f"{several[0].person.id} has {len(several)} active accounts; one of them is meant"
    rest = (
        Unplaced(account=one.account, because=Open.SEVERAL_ACCOUNTS, says=text)
        for one in several
        if one not in first
    )
    return first, rest
