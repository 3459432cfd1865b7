"""Events wait for the disk without a thread each, and not for ever."""

import asyncio
import json
from concurrent.futures import Future

import httpx
import pytest
from fastapi import FastAPI

from bot.domain.inbound import Envelope
from handlers.slack.routes import slack_routes
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox
from tests.fakes.slack_wire import direct_message, signed, slack_app


class SlowInbox(FakeInbox):
    """Answers only once as many wait as a test says; `None` is never."""

    def __init__(self, at: int | None) -> None:
        super().__init__()
        self._at = at
        self.waiting: list[tuple[Future[bool], bool]] = []

    def post(self, envelope: Envelope) -> Future[bool]:
        kept: Future[bool] = Future()
        self.waiting.append((kept, self.receive(envelope)))
        if len(self.waiting) == self._at:
            for each, is_new in self.waiting:
                each.set_result(is_new)
        return kept


def send(inbox: FakeInbox, count: int) -> list[int]:
    return post(inbox, [direct_message(f"Ev{number}") for number in range(count)])


def post(inbox: FakeInbox, bodies: list[bytes]) -> list[int]:
    web = FastAPI()
    web.include_router(slack_routes(slack_app(inbox, FakeDesk())))

    async def send_all() -> list[int]:
        door = httpx.ASGITransport(web)
        async with httpx.AsyncClient(transport=door, base_url="http://bot") as client:
            posts = [
                client.post("/slack/events", content=body, headers=signed(body)) for body in bodies
            ]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    return asyncio.run(send_all())


def test_more_events_than_there_are_threads_wait_for_one_commit() -> None:
    assert send(SlowInbox(at=100), 100) == [200] * 100


def test_an_event_that_cannot_be_kept_in_time_is_given_up_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("handlers.slack.routes.INBOX_TIMEOUT_S", 0.01)
    inbox = SlowInbox(at=None)

    assert send(inbox, 1) == [503]
    [(kept, _is_new)] = inbox.waiting
    assert kept.cancelled()


@pytest.mark.parametrize("event_id", [None, "", "Ev 1", "\ud800", 7, "E" * 101])
def test_an_event_without_a_proper_id_is_unreadable(event_id: object) -> None:
    inbox = FakeInbox()
    body = json.dumps(json.loads(direct_message("Ev1")) | {"event_id": event_id}).encode()

    assert post(inbox, [body, b" \n" + direct_message("Ev2")]) == [400, 200]
    assert [kept.delivery_id for kept in inbox.envelopes] == ["Ev2"]
