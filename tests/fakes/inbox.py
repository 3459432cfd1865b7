"""An inbox in memory: each delivery id once, or gone when a test says so."""

from concurrent.futures import Future

from bot.domain.errors import Unavailable
from bot.domain.inbound import Envelope, Inbound


class FakeInbox:
    """Implements the Inbox port."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.is_down = False

    @property
    def messages(self) -> list[Inbound]:
        return [envelope.message for envelope in self.envelopes]

    def post(self, envelope: Envelope) -> Future[bool]:
        kept: Future[bool] = Future()
        try:
            kept.set_result(self.receive(envelope))
        except Unavailable as error:
            kept.set_exception(error)
        return kept

    def receive(self, envelope: Envelope) -> bool:
        if self.is_down:
            raise Unavailable("the database does not answer", service="database")
        known = {(e.source, e.delivery_id) for e in self.envelopes}
        if (envelope.source, envelope.delivery_id) in known:
            return False
        self.envelopes.append(envelope)
        return True
