"""LoginHistory: one row for every attempt to log in (object reference, LoginHistory)."""

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.schema import Record


def log_in(db: Database, user: Record, url: str, *, failure: str = "") -> None:
    """Write an attempt over OAuth, and the user's LastLoginDate if it came in.

    LoginType and Status are worded as Setup shows them [3P]; SystemModstamp stays, because nobody
    changed the user [M].
    """
    now = db.now()
    row = {
        "UserId": user["Id"],
        "LoginTime": now,
        "LoginType": "Remote Access 2.0",
        "LoginUrl": url.partition("://")[2].partition("/")[0],
        "TlsProtocol": "TLS 1.3",
        "SourceIp": "127.0.0.1",
        "Status": f"Failed: {failure}" if failure else "Success",
        "Application": "External Client App",
        "Browser": "Unknown",
        "Platform": "Unknown",
        "ApiType": "N/A",
        "ApiVersion": "N/A",
    }
    db.insert(db.entity("LoginHistory"), row)
    if not failure:
        db.store.put(db.entity("User"), {**user, "LastLoginDate": now})
