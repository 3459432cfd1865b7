"""Each code that Salesforce is known to answer with: what it becomes, and what people are told."""

import pytest

from bot.adapters.salesforce.errors import Attempt, problems, status_error
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    SeatsExhausted,
    Unauthorized,
    Unavailable,
)

CANARY = "Canary: Ann's salary"
# code, HTTP status, what a write becomes, what a read becomes, what the error says
TABLE: list[tuple[str, int, type[ConnectorError], type[ConnectorError], str]] = [
    ("INVALID_SESSION_ID", 401, Unauthorized, Unauthorized, "access token"),
    ("REQUEST_LIMIT_EXCEEDED", 403, RateLimited, RateLimited, "allowance"),
    ("SERVER_UNAVAILABLE", 503, OutcomeUnknown, Unavailable, "makes no sense"),
    ("SERVER_UNAVAILABLE", 400, OutcomeUnknown, Unavailable, "is down"),
    ("UNKNOWN_EXCEPTION", 500, OutcomeUnknown, Unavailable, "makes no sense"),
    ("UNABLE_TO_LOCK_ROW", 400, Unavailable, Unavailable, "busy"),
    ("LICENSE_LIMIT_EXCEEDED", 400, SeatsExhausted, SeatsExhausted, "No free"),
    ("DUPLICATE_USERNAME", 400, Conflict, Conflict, "in this or in another Salesforce org"),
    ("DUPLICATE_COMM_NICKNAME", 400, Conflict, Conflict, "nickname is taken"),
    ("DUPLICATE_VALUE", 400, Conflict, Conflict, "exists already"),
    ("FIELD_INTEGRITY_EXCEPTION", 400, Conflict, Conflict, "do not fit together"),
    ("REQUIRED_FIELD_MISSING", 400, Conflict, Conflict, "requires a field"),
    ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", 400, Conflict, Conflict, "does not offer"),
    ("STRING_TOO_LONG", 400, Conflict, Conflict, "too long"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 400, Conflict, Conflict, "validation rule"),
    ("INVALID_CROSS_REFERENCE_KEY", 400, Conflict, Conflict, "not there any more"),
    ("MALFORMED_ID", 400, Conflict, Conflict, "none of this org's"),
    ("INVALID_FIELD", 400, Conflict, Unauthorized, "field"),
    ("INVALID_TYPE", 400, Conflict, Unauthorized, "see"),
    ("INSUFFICIENT_ACCESS", 403, Unauthorized, Unauthorized, "lacks a right"),
    ("INSUFFICIENT_ACCESS_OR_READONLY", 400, Unauthorized, Unauthorized, "lacks a right"),
    ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", 400, Unauthorized, Unauthorized, "a right"),
    ("MIXED_DML_OPERATION", 400, Conflict, Conflict, "automation in the org"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", 400, Conflict, Conflict, "automation in the org"),
    ("CANNOT_EXECUTE_FLOW_TRIGGER", 400, Conflict, Conflict, "automation in the org"),
    ("INACTIVE_OWNER_OR_USER", 400, Conflict, Conflict, "is inactive"),
    ("INVALID_NEW_PASSWORD", 400, Conflict, Conflict, "org's rules"),
    ("INVALID_EMAIL_ADDRESS", 400, Conflict, Conflict, "mail address"),
    ("NOT_FOUND", 404, NotFound, NotFound, "does not have it"),
    ("ENTITY_IS_DELETED", 404, NotFound, NotFound, "does not have it"),
    ("UNSUPPORTED_API_VERSION", 410, Conflict, Conflict, "update Usher"),
    ("URI_TOO_LONG", 414, Conflict, Conflict, "address"),
    ("HEADER_TOO_LARGE", 431, Conflict, Conflict, "headers"),
    ("QUERY_TIMEOUT", 400, Unavailable, Unavailable, "busy"),
    ("QUERY_TOO_COMPLICATED", 400, Conflict, Conflict, "too complicated"),
    ("INVALID_QUERY_LOCATOR", 400, Unavailable, Unavailable, "busy"),
    ("MALFORMED_QUERY", 400, Conflict, Conflict, "not understood"),
]


@pytest.mark.parametrize(
    ("code", "status", "write", "read", "says"), TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE]
)
def test_a_code_becomes_an_error_of_ours(
    code: str, status: int, write: type[Exception], read: type[Exception], says: str
) -> None:
    found = problems([{"errorCode": code, "message": CANARY, "fields": ["Alias", CANARY]}])

    for kind, is_write in ((write, True), (read, False)):
        error = status_error(status, found, Attempt(is_write=is_write, pool="Salesforce"))
        assert type(error) is kind
        assert says in str(error)
        assert CANARY not in str(error)
        assert error.service == "salesforce"


def test_of_several_the_one_that_decides_names_the_error_and_all_are_told() -> None:
    codes = ("STRING_TOO_LONG", "UNABLE_TO_LOCK_ROW", "REQUIRED_FIELD_MISSING")
    found = problems([{"errorCode": code, "message": "x"} for code in codes])

    error = status_error(400, found, Attempt(is_write=True))

    assert type(error) is Unavailable
    assert error.code == "UNABLE_TO_LOCK_ROW"
    assert all(code in str(error) for code in codes)
