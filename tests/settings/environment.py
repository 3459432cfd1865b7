"""What the tests of the settings share."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from bot.domain.errors import SettingsError
from bot.settings import (
    load_settings,
)

CANARY = "kAnArY0123456789"


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    lock: KeySerializationEncryption | None = None,
) -> str:
    form = PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption()).decode()


def without(environ: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in names}


def problems(environ: dict[str, str]) -> list[str]:
    try:
        load_settings(environ)
    except SettingsError as exc:
        return list(exc.problems)
    return []


def problem(environ: dict[str, str]) -> str:
    (only,) = problems(environ)
    return only
