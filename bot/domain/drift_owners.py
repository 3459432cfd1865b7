"""Whose each account is: by the person id, else by what it is adopted for, never by mail."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.adoption import is_surely, plain_mail
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser
from bot.domain.people import Person, Roster
from bot.domain.plan import Holder


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Each person's one account; who is in doubt has none, and is in `doubtful`.

    `strangers` are the accounts that are nobody's.
    """

    accounts: Mapping[str, OrgUser]
    strangers: tuple[OrgUser, ...]
    doubtful: frozenset[str]
    findings: tuple[Finding, ...]


def find_owners(
    snapshot: OrgSnapshot, roster: Roster, holder_of: Callable[[Person], Holder]
) -> Owners:
    """Say whose each account is, looking once at each."""
    by_id: dict[str, list[OrgUser]] = {}
    without: list[OrgUser] = []
    for user in snapshot.users.values():
        if user.person_id:
            by_id.setdefault(user.person_id, []).append(user)
        else:
            without.append(user)
    accounts, doubtful, found = _by_person_id(by_id, roster, holder_of)
    adopted, strangers = _adopted(without, roster, holder_of)
    for person_id, several in adopted.items():
        if person_id in accounts or person_id in doubtful:
            strangers += several
        elif len(several) == 1:
            accounts[person_id] = several[0]
        else:
            doubtful.add(person_id)
            found += _findings(Kind.PERSON_ID_MISSING, person_id, several)
    return Owners(
        accounts=accounts,
        strangers=tuple(strangers),
        doubtful=frozenset(doubtful),
        findings=tuple(found),
    )


def _by_person_id(
    by_id: Mapping[str, list[OrgUser]], roster: Roster, holder_of: Callable[[Person], Holder]
) -> tuple[dict[str, OrgUser], set[str], list[Finding]]:
    accounts: dict[str, OrgUser] = {}
    doubtful: set[str] = set()
    found: list[Finding] = []
    for person_id, several in by_id.items():
        person = roster.get(person_id)
        if len(several) > 1:
            kind = Kind.PERSON_ID_TWICE
        elif person is not None and _is_somebody_else(several[0], person, roster, holder_of):
            kind = Kind.PERSON_ID_ASTRAY
        else:
            accounts[person_id] = several[0]
            continue
        doubtful.add(person_id)
        found += _findings(kind, person_id, several)
    return accounts, doubtful, found


def _findings(kind: Kind, person_id: str, users: Iterable[OrgUser]) -> Iterator[Finding]:
    for user in users:
        yield Finding(kind=kind, person_id=person_id, user_id=user.id, username=user.username)


def _is_somebody_else(
    user: OrgUser, person: Person, roster: Roster, holder_of: Callable[[Person], Holder]
) -> bool:
    """Whether all that an account says but the person id is another person's of the roster.

    A mail address alone may be on its way from one to the other.
    """
    for other in (roster.by_mail(user.sso), roster.by_mail(plain_mail(user.mail))):
        if other is None or other.id == person.id:
            continue
        return user.username.casefold() == holder_of(other).username.casefold()
    return False


def _adopted(
    users: Iterable[OrgUser], roster: Roster, holder_of: Callable[[Person], Holder]
) -> tuple[dict[str, list[OrgUser]], list[OrgUser]]:
    """Find whom an account without a person id would be adopted for."""
    found: dict[str, list[OrgUser]] = {}
    strangers: list[OrgUser] = []
    for user in users:
        person = roster.by_mail(user.sso) or roster.by_mail(plain_mail(user.mail))
        if person is not None and _is_theirs(user, holder_of(person)):
            found.setdefault(person.id, []).append(user)
        else:
            strangers.append(user)
    return found, strangers


def _is_theirs(user: OrgUser, holder: Holder) -> bool:
    return is_surely(holder, sso=user.sso, username=user.username, mail=user.mail)
