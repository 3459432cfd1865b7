"""A caller of an ASGI app in this process; starlette's own needs a package we do not lock."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI


class Caller:
    """Sends raw requests through the real app."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self._send("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self._send("POST", path, **request)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            door = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=door, base_url="http://bot") as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())


async def in_chunks(body: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """Send a body without saying beforehand how long it is."""
    for start in range(0, len(body), size):
        yield body[start : start + size]
