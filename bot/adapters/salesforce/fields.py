"""The fields of a new Salesforce user, made from what the roster knows of a person."""

import hashlib
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.plan import Holder

# Every org has these; other languages must be switched on first, so none is guessed from the
# person.
_LOCALE = "en_US"
_LANGUAGE = "en_US"
_ENCODING = "UTF-8"
_ALIAS_LENGTH = 8
_FIRST_NAME_LENGTH = 40
_LAST_NAME_LENGTH = 80
_NICKNAME_LOGIN_LENGTH = 35

# Salesforce knows few IANA zones, and a user's zone must be one of them. One or more for every
# clock people live by; the first that fits in the list wins.
_ZONE_NAMES = """
America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles
America/Anchorage America/Halifax America/St_Johns America/Mexico_City America/Bogota
America/Sao_Paulo America/Santiago America/Argentina/Buenos_Aires Pacific/Honolulu
Europe/London Europe/Dublin Europe/Lisbon Europe/Paris Europe/Berlin Europe/Amsterdam
Europe/Brussels Europe/Rome Europe/Prague Europe/Athens Europe/Bucharest Europe/Helsinki
Europe/Istanbul Africa/Cairo Africa/Johannesburg Africa/Nairobi Asia/Jerusalem Asia/Riyadh
Asia/Dubai Asia/Karachi Asia/Kolkata Asia/Dhaka Asia/Bangkok Asia/Jakarta Asia/Singapore
Asia/Hong_Kong Asia/Kuala_Lumpur Asia/Manila Asia/Taipei Asia/Shanghai Asia/Tokyo Asia/Seoul
Australia/Perth Australia/Brisbane Australia/Adelaide Australia/Sydney Pacific/Auckland
"""
_ZONES = tuple(_ZONE_NAMES.split())
_FALLBACK_ZONE = "GMT"
# A zone is told by its winter and summer clock; any year with today's rules will do.
_SEASONS = (datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 7, 15, tzinfo=UTC))


def new_user(holder: Holder, profile_id: str) -> dict[str, object]:
    """Return the fields of an upsert by person id, which itself is in the address of the call.

    FederationIdentifier stays out: where people log in by SSO the identity provider owns it and
    fills it with whatever it sends, and a wrong guess of ours would lock the person out.
    """
    first, last = _names(holder)
    named: dict[str, object] = {"FirstName": first} if first else {}
    # what is empty in the roster stays empty in the org: no field is set to nothing
    wanted = {name: text for name, text in holder.fields.items() if text.strip()}
    return (
        wanted
        | named
        | {
            "LastName": last,
            "Username": holder.username.lower(),
            "Email": holder.mail,
            "Alias": _alias(first, last, holder.person_id),
            "CommunityNickname": _nickname(holder),
            "TimeZoneSidKey": salesforce_zone(holder.timezone),
            "LocaleSidKey": _LOCALE,
            "LanguageLocaleKey": _LANGUAGE,
            "EmailEncodingKey": _ENCODING,
            "ProfileId": profile_id,
            "IsActive": True,
        }
    )


def salesforce_zone(name: str) -> str:
    """Return the zone with the same clock that Salesforce knows, on the same continent if any."""
    if name in _ZONES:
        return name
    try:
        clock = _clock(name)
    except (ValueError, OSError, KeyError):
        return _FALLBACK_ZONE
    alike = [zone for zone in _ZONES if _clock(zone) == clock]
    continent = name.partition("/")[0]
    near = [zone for zone in alike if zone.startswith(f"{continent}/")]
    return next(iter(near or alike), _FALLBACK_ZONE)


def _clock(name: str) -> tuple[object, ...]:
    zone = ZoneInfo(name)
    return tuple(moment.astimezone(zone).utcoffset() for moment in _SEASONS)


def _names(holder: Holder) -> tuple[str, str]:
    # Where to cut a name cannot be known; Salesforce shows both parts together, so the whole stays
    # right.
    first, _, last = " ".join(holder.name.split()).partition(" ")
    if not last:
        first, last = "", first or holder.person_id
    return first[:_FIRST_NAME_LENGTH], last[:_LAST_NAME_LENGTH]


def _alias(first: str, last: str, person_id: str) -> str:
    letters = unicodedata.normalize("NFKD", first[:1] + last).encode("ascii", "ignore").decode()
    kept = "".join(letter for letter in letters.lower() if letter.isalnum())
    return (kept or person_id)[:_ALIAS_LENGTH]


def _nickname(holder: Holder) -> str:
    """Return a nickname of their own: people may share a mail name, never a person id."""
    login = holder.username.lower().partition("@")[0][:_NICKNAME_LOGIN_LENGTH]
    return f"{login}.{hashlib.sha256(holder.person_id.encode()).hexdigest()[:4]}"
