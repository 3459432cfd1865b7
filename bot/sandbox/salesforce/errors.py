"""Salesforce's error bodies, a list of {message, errorCode, fields}, and the refusal to guess."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """The error codes this sandbox answers with (salesforce.md §1.5; the enterprise WSDL's
    StatusCode enum).
    """

    ALL_OR_NONE_OPERATION_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    CANNOT_UPDATE_CONVERTED_LEAD = "CANNOT_UPDATE_CONVERTED_LEAD"
    DUPLICATE_COMM_NICKNAME = "DUPLICATE_COMM_NICKNAME"
    DUPLICATE_DEVELOPER_NAME = "DUPLICATE_DEVELOPER_NAME"
    DUPLICATE_USERNAME = "DUPLICATE_USERNAME"
    DUPLICATE_VALUE = "DUPLICATE_VALUE"
    ENTITY_IS_DELETED = "ENTITY_IS_DELETED"
    EXCEEDED_ID_LIMIT = "EXCEEDED_ID_LIMIT"
    FIELD_CUSTOM_VALIDATION_EXCEPTION = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    FIELD_INTEGRITY_EXCEPTION = "FIELD_INTEGRITY_EXCEPTION"
    API_ERROR = "API_ERROR"
    INVALIDENTITY = "INVALIDENTITY"
    INVALIDJOBSTATE = "INVALIDJOBSTATE"
    INACTIVE_OWNER_OR_USER = "INACTIVE_OWNER_OR_USER"
    INSUFFICIENT_ACCESS = "INSUFFICIENT_ACCESS"
    INSUFFICIENT_ACCESS_OR_READONLY = "INSUFFICIENT_ACCESS_OR_READONLY"
    INVALID_CROSS_REFERENCE_KEY = "INVALID_CROSS_REFERENCE_KEY"
    INVALID_EMAIL_ADDRESS = "INVALID_EMAIL_ADDRESS"
    INVALID_FIELD = "INVALID_FIELD"
    INVALID_FIELD_FOR_INSERT_UPDATE = "INVALID_FIELD_FOR_INSERT_UPDATE"
    INVALID_NEW_PASSWORD = "INVALID_NEW_PASSWORD"  # an error code
    INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    INVALID_QUERY_FILTER_OPERATOR = "INVALID_QUERY_FILTER_OPERATOR"
    INVALID_QUERY_LOCATOR = "INVALID_QUERY_LOCATOR"
    INVALID_SESSION_ID = "INVALID_SESSION_ID"
    INVALID_TYPE = "INVALID_TYPE"
    INVALID_TYPE_FOR_OPERATION = "INVALID_TYPE_FOR_OPERATION"
    JSON_PARSER_ERROR = "JSON_PARSER_ERROR"
    LICENSE_LIMIT_EXCEEDED = "LICENSE_LIMIT_EXCEEDED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    MALFORMED_ID = "MALFORMED_ID"
    MALFORMED_QUERY = "MALFORMED_QUERY"
    MIXED_DML_OPERATION = "MIXED_DML_OPERATION"
    NOT_FOUND = "NOT_FOUND"
    NUMBER_OUTSIDE_VALID_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"
    PROCESSING_HALTED = "PROCESSING_HALTED"
    REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
    REQUIRED_FIELD_MISSING = "REQUIRED_FIELD_MISSING"
    SERVER_UNAVAILABLE = "SERVER_UNAVAILABLE"
    STRING_TOO_LONG = "STRING_TOO_LONG"
    UNABLE_TO_LOCK_ROW = "UNABLE_TO_LOCK_ROW"
    UNKNOWN_EXCEPTION = "UNKNOWN_EXCEPTION"
    UNSUPPORTED_API_VERSION = "UNSUPPORTED_API_VERSION"


_STATUS = {
    Code.ENTITY_IS_DELETED: 404,
    Code.INSUFFICIENT_ACCESS: 403,
    Code.INVALID_SESSION_ID: 401,
    Code.NOT_FOUND: 404,
    Code.REQUEST_LIMIT_EXCEEDED: 403,
    Code.UNSUPPORTED_API_VERSION: 410,
}


class SalesforceError(Exception):
    """A refusal by the org; `fields` is a tuple for record errors and None for request errors."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        fields: Sequence[str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)
        self.status = status or _STATUS.get(code, 400)

    def body(self) -> list[dict[str, Any]]:
        """Return the REST error body."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": str(self.code)}
        if self.fields is not None:
            entry["fields"] = self.fields
        return [entry]

    def result(self) -> dict[str, Any]:
        """Return the SaveResult of a collections call, where the code is called statusCode."""
        entry = {
            "statusCode": str(self.code),
            "message": self.message,
            "fields": self.fields or [],
        }
        return {"success": False, "errors": [entry]}


class NotModelled(Exception):  # not an error of the original, but the sandbox's honesty
    """The original can do this and the sandbox cannot: answered with 501."""


def record_error(code: Code, message: str, *fields: str) -> SalesforceError:
    """Return an error about one record's fields."""
    return SalesforceError(code, message, fields=fields)


LOCKED_ROW = "unable to obtain exclusive access to this record"
SESSION_INVALID = "Session expired or invalid"
NO_RESOURCE = "The requested resource does not exist"

_FAULTS = {
    400: (Code.UNABLE_TO_LOCK_ROW, LOCKED_ROW),
    401: (Code.INVALID_SESSION_ID, SESSION_INVALID),
    403: (Code.REQUEST_LIMIT_EXCEEDED, "TotalRequests Limit exceeded."),
    404: (Code.NOT_FOUND, NO_RESOURCE),
    500: (Code.UNKNOWN_EXCEPTION, "An unexpected error occurred. Please include this ErrorId."),
    503: (Code.SERVER_UNAVAILABLE, "Server unavailable, please try again later."),
}


def fault_body(status: int) -> str:
    """Return the body that Salesforce sends with this status (salesforce.md §1.5)."""
    code, message = _FAULTS.get(status, _FAULTS[500])
    return example_body(code, message)


def example_body(code: Code, message: str) -> str:
    """Return one error as JSON text, ready for `Fault(body=...)`."""
    fields: list[str] | None = [] if code is Code.UNABLE_TO_LOCK_ROW else None
    return json.dumps(SalesforceError(code, message, fields=fields).body())


def locked_row_body() -> str:
    """Return the body of a lost lock, for `Fault(kind=STATUS, status=400, body=...)`."""
    return example_body(Code.UNABLE_TO_LOCK_ROW, LOCKED_ROW)
