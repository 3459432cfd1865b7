"""The probes of operations."""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from handlers.http.health import health_routes
from tests.fakes.web import Caller


def web(**parts: str | None) -> Caller:
    registry = CollectorRegistry()
    Counter("requests_taken", "Requests taken in", registry=registry).inc()
    app = FastAPI()
    app.include_router(health_routes(checks=lambda: parts, registry=registry))
    return Caller(app)


def test_the_process_is_alive_even_when_parts_are_not() -> None:
    assert web(database="locked").get("/healthz").json() == {"status": "alive"}


def test_ready_when_every_part_is() -> None:
    answer = web(database=None, policy=None).get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "parts": {"database": "ok", "policy": "ok"}}


def test_not_ready_says_which_part_and_why() -> None:
    answer = web(database=None, github="GitHub cannot be reached").get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "ok", "github": "GitHub cannot be reached"}


def test_figures_are_there_for_prometheus() -> None:
    answer = web().get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "requests_taken_total 1.0" in answer.text
