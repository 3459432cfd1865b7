"""Probes and figures for operations: /healthz, /readyz, /metrics."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest


def health_routes(
    *,
    checks: Callable[[], Mapping[str, str | None]],
    registry: CollectorRegistry = REGISTRY,
) -> APIRouter:
    """Return the probes; `checks` names each part with what is wrong, or None when it is fine."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Is the process alive")
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get(
        "/readyz",
        summary="Can requests be served",
        responses={503: {"description": "Some part is out of order; the body says which and why."}},
    )
    def readyz() -> JSONResponse:
        parts = {name: problem or "ok" for name, problem in checks().items()}
        is_ready = all(problem == "ok" for problem in parts.values())
        status = "ready" if is_ready else "not ready"
        return JSONResponse({"status": status, "parts": parts}, 200 if is_ready else 503)

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
