"""Public holidays by country or region, from the `holidays` library."""

from datetime import date
from functools import cache

_YEARS = range(2024, 2041)


def unknown_holidays(code: str) -> str | None:
    """Return what is wrong with a code such as US or DE-BY, or None when it is known."""
    # Imported late: the library is only needed when a policy names a calendar.
    import holidays

    country, dash, region = code.partition("-")
    regions = holidays.list_supported_countries().get(country)
    if regions is None:
        return f"unknown code '{code}' (write a country such as US, or a region such as DE-BY)"
    if dash and region not in regions:
        return f"unknown region '{region}' of '{country}' (known: {', '.join(regions) or 'none'})"
    return None


@cache
def holidays_of(code: str) -> frozenset[date]:
    """List the public holidays of 2024 to 2040; computed once per code."""
    import holidays

    country, _, region = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=_YEARS))
