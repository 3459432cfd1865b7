"""The pools of seats that a bundle draws on, each under the one name that policy and code use.

A user licence and a permission set licence go by the system's own name (`Salesforce`,
`SalesforceCPQPsl`), a managed package by `package` and its prefix (`package SBQQ`), a feature
licence by `feature` and its name (`feature Marketing`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from bot.domain.policy import Bundle, Policy, Pool
from bot.domain.seats import UNLIMITED, PoolCount

_PACKAGE, _FEATURE = "package ", "feature "


class Feature(StrEnum):
    """Feature licences by their flags on a Salesforce user, UserPermissions<name>User.

    Source: object reference, User. An org has the flags of the products that were bought.
    """

    AVANTGO = "Avantgo"
    CHATTER_ANSWERS = "ChatterAnswers"
    FLOW = "Interaction"
    DATA_COM = "JigsawProspecting"
    KNOWLEDGE = "Knowledge"
    CHAT = "LiveAgent"
    MARKETING = "Marketing"
    MOBILE = "Mobile"
    OFFLINE = "Offline"
    CONTENT = "SFContent"
    SITE_CONTRIBUTOR = "SiteforceContributor"
    SITE_PUBLISHER = "SiteforcePublisher"
    SERVICE_CLOUD = "Support"


def is_licence_of_programs(name: str) -> bool:
    """Say whether a user licence is for integrations, and not for people.

    Source: help platform.integration_user («Salesforce Integration»); others are called alike.
    """
    return "integration" in name.casefold()


def package_pool(prefix: str) -> str:
    return f"{_PACKAGE}{prefix}"


def feature_pool(name: str) -> str:
    return f"{_FEATURE}{name}"


def is_system_counted(pool: str) -> bool:
    """Say whether the system knows how many seats a pool has: no org does of feature licences."""
    return not pool.startswith(_FEATURE)


def is_named_by_bundle(pool: str) -> bool:
    """Say whether only bundles name such a pool; licences may come along with permission sets."""
    return pool.startswith((_PACKAGE, _FEATURE))


def pools_of(bundle: Bundle) -> tuple[str, ...]:
    """Name all pools that a bundle draws a seat from, as far as it names them, each once."""
    named = (
        bundle.licence,
        *bundle.permission_set_licences,
        *map(package_pool, bundle.packages),
        *map(feature_pool, bundle.features),
    )
    return tuple(dict.fromkeys(filter(None, named)))


def with_bought(counts: Iterable[PoolCount], pools: Mapping[str, Pool]) -> Iterator[PoolCount]:
    """Give each pool without a counter in the system the seats that policy says were bought."""
    for count in counts:
        seats = pools.get(count.name, Pool()).seats
        is_open = count.total == UNLIMITED and not is_system_counted(count.name)
        yield replace(count, total=seats) if is_open and seats is not None else count


def seats_bought(policy: Policy) -> dict[tuple[str, str], int]:
    """Return the numbers bought as far as they are written down, by system and pool."""
    return {
        (system.id, name): pool.seats
        for system in policy.systems.values()
        for name, pool in system.pools.items()
        if pool.seats is not None
    }
