"""POST and GET /api/v1/onboardings: an HR system says who joins and when."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import ValidationError

from bot.domain.desk import OnboardingCall, OnboardingStatus
from bot.domain.errors import ConnectorError, InvalidRequest, NotPermitted, StaleApproval
from bot.ports import Desk
from handlers.http.bearer import Tokens, caller_of
from handlers.http.models import (
    EXAMPLE,
    ItemOut,
    OnboardingBody,
    OnboardingOut,
    PersonBody,
    ProblemOut,
)

Answer = TypeVar("Answer")

MAX_BODY_BYTES = 64_000
RETRY_AFTER_S = 30
_PATH = "/api/v1/onboardings"
_MAX_KEY = 200
_BAD_KEY = (
    f"Send an Idempotency-Key header of 1 to {_MAX_KEY} printable ASCII characters, one for each "
    "onboarding: repeating a call with the same key and body is safe."
)
_OTHER_BODY = (
    "This Idempotency-Key was used with another body. Send the first body again, or use a new key."
)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": ProblemOut, "description": "No Idempotency-Key, or the body is not JSON."},
    401: {"model": ProblemOut, "description": "No token, or an unknown one."},
    403: {"model": ProblemOut, "description": "This may not be done."},
    409: {"model": ProblemOut, "description": "The key was used with another body."},
    413: {"model": ProblemOut, "description": "The body is too large."},
    422: {"model": ProblemOut, "description": "The body is wrong; all problems are listed."},
    503: {"model": ProblemOut, "description": "Try again after `Retry-After` seconds."},
}
_GET_PROBLEMS: dict[int | str, dict[str, Any]] = {code: _PROBLEMS[code] for code in (401, 503)}
_SCHEMA = {
    "type": "object",
    "required": ["person"],
    "additionalProperties": False,
    "properties": {"person": PersonBody.model_json_schema()},
}
_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _SCHEMA, "example": EXAMPLE}},
    },
}


@dataclass(frozen=True, kw_only=True)
class _Call:
    caller: str
    key: str
    body: bytes


def onboarding_routes(*, desk: Desk, tokens: Tokens) -> APIRouter:
    """Return the onboarding API; `tokens` is asked on every call: one taken away ends at once."""
    # HTTPBearer is there for the OpenAPI page alone; `caller_of` decides.
    scheme = HTTPBearer(scheme_name="bearer", auto_error=False)
    router = APIRouter(tags=["onboarding"], dependencies=[Depends(scheme)])

    async def call_of(
        request: Request,
        idempotency_key: Annotated[str, Header(description=_BAD_KEY)] = "",
    ) -> _Call:
        # The token comes first: nobody unknown gets a body read or an opinion about it.
        caller = _caller(request, tokens)
        if not 1 <= len(idempotency_key) <= _MAX_KEY or not _is_plain(idempotency_key):
            raise HTTPException(400, _BAD_KEY)
        return _Call(caller=caller, key=idempotency_key, body=await _read(request))

    @router.post(
        _PATH,
        status_code=201,
        response_model=OnboardingOut,
        summary="Take in somebody who joins",
        description="The birthright levels of the role are granted on the first day.",
        responses={200: {"model": OnboardingOut, "description": "Known already."}, **_PROBLEMS},
        openapi_extra=_REQUEST_BODY,
    )
    def onboard(call: Annotated[_Call, Depends(call_of)]) -> JSONResponse:
        try:
            body = OnboardingBody.model_validate_json(call.body)
        except ValidationError as exc:
            return _refusal(exc)
        status = _asked(lambda: desk.onboard(_onboarding(call, body.person)))
        headers = {"Location": f"{_PATH}/{status.id}"}
        return JSONResponse(_shown(status), 201 if status.is_new else 200, headers)

    @router.get(
        _PATH + "/{onboarding_id}",
        response_model=OnboardingOut,
        summary="Show how far an onboarding is",
        responses={404: {"model": ProblemOut, "description": "There is none."}, **_GET_PROBLEMS},
    )
    def show(request: Request, onboarding_id: str) -> JSONResponse:
        _caller(request, tokens)
        status = _asked(lambda: desk.onboarding(onboarding_id))
        if status is None:
            raise HTTPException(404, "There is no onboarding with this id.")
        return JSONResponse(_shown(status))

    return router


def _caller(request: Request, tokens: Tokens) -> str:
    return _asked(lambda: caller_of(request, tokens))


def _asked(question: Callable[[], Answer]) -> Answer:
    """Ask the inside, and say a refusal in HTTP's terms."""
    try:
        return question()
    except StaleApproval as exc:
        raise HTTPException(409, _OTHER_BODY) from exc
    except InvalidRequest as exc:
        raise HTTPException(422, exc.sentence()) from exc
    except NotPermitted as exc:
        raise HTTPException(403, exc.sentence()) from exc
    except ConnectorError as exc:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise HTTPException(503, "Usher cannot answer now. Try again.", headers=headers) from exc


def _is_plain(key: str) -> bool:
    return key.isascii() and key.isprintable()


async def _read(request: Request) -> bytes:
    """Read the body, but never more than fits."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"The body has more than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


def _refusal(exc: ValidationError) -> JSONResponse:
    errors = exc.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return JSONResponse({"detail": "The body is not JSON.", "problems": []}, 400)
    problems = [_problem(error["loc"], error["msg"]) for error in errors]
    return JSONResponse({"detail": "The body is wrong.", "problems": problems}, 422)


def _problem(place: tuple[int | str, ...], message: str) -> str:
    words = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place)) or 'body'}: {words}"


def _onboarding(call: _Call, person: PersonBody) -> OnboardingCall:
    # Of the meaning: order and spaces of the JSON, or a default left out, do not count.
    fingerprint = hashlib.sha256(person.model_dump_json().encode()).hexdigest()
    return OnboardingCall(
        caller=call.caller,
        idempotency_key=call.key,
        fingerprint=fingerprint,
        person_id=person.id,
        **person.model_dump(exclude={"id"}),
    )


def _shown(status: OnboardingStatus) -> dict[str, Any]:
    items = [ItemOut(**asdict(item)) for item in status.items]
    shown = OnboardingOut(
        id=status.id, person_id=status.person_id, first_day=status.first_day, items=items
    )
    return shown.model_dump(mode="json")
