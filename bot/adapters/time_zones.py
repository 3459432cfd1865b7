"""Time zone names, judged by the zone database of this machine."""

from zoneinfo import ZoneInfo, available_timezones

from bot.domain.spelling import did_you_mean


def unknown_zone(name: str) -> str | None:
    """Return what is wrong with a time zone name, or None when it is known."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # OSError: a folder of zones such as "America"
        hint = did_you_mean(name, available_timezones())
        return f"unknown time zone '{name}'{hint or ' (write one such as Europe/Berlin)'}"
    return None
