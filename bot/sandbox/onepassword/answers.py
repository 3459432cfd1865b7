"""The two ways a Connect call fails here: the vendor's own refusal, or a plain "not modelled"."""

import json

SERVER_MESSAGES = {
    # OpenAPI, example of every 401
    401: "Invalid token signature",
    # github.com/1Password/connect issue 82, seen intermittently on 1.7.1
    403: "Authorization: token does not have access to vault",
    # github.com/1Password/connect-sdk-python issue 9, seen while sync starts
    500: "failed to initiate",
}


class ConnectError(Exception):
    """An answer of the OpenAPI's ErrorResponse shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NotModelledError(Exception):
    """The original may well answer this; nothing we have read says how."""


def error_body(status: int, message: str) -> str:
    return json.dumps({"status": status, "message": message})


def server_error(status: int) -> str:
    """Return the body Connect sends with this status to a request that was in order."""
    return error_body(status, SERVER_MESSAGES.get(status, "injected fault"))


def bad_request(message: str) -> ConnectError:
    return ConnectError(400, message)
