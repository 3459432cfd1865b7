"""The peer of `ack`: a Bolt app as its manual builds it, which only acknowledges and keeps nothing.

`python -m bench.bare_bolt PORT`, with the Slack settings in the environment.
"""

import os
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt import App
from slack_bolt.adapter.fastapi import SlackRequestHandler
from slack_sdk import WebClient


def bare_app() -> FastAPI:
    client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    bolt = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
    for event in ("app_mention", "message"):
        bolt.event(event)(_acknowledge)
    handler, web = SlackRequestHandler(bolt), FastAPI()

    @web.post("/slack/events")
    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    @web.get("/healthz")
    async def healthz() -> Response:
        return Response("ok")

    return web


def _acknowledge() -> None:
    """Do nothing: Bolt acknowledges events by itself."""


if __name__ == "__main__":
    uvicorn.run(
        bare_app(), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False
    )
