"""What the front desk hands on to the inbox, and whether anything is left to do with it."""

from concurrent.futures import Future
from datetime import datetime

import pytest

from bot.domain.inbound import Chatter, Envelope, Inbound, Submission, Surface
from bot.workflows.desk import FrontDesk
from tests.workflows.office import WHY, Office, on_slack

CHATTER = Chatter(actor=on_slack("ann"), event_type="message.im", text_length=5)
SUBMISSION = Submission(actor=on_slack("ann"), level="crm/view", how_long="7d", why=WHY)


@pytest.mark.parametrize(("message", "needs_handling"), [(CHATTER, False), (SUBMISSION, True)])
def test_a_message_is_handed_on_without_waiting_and_chatter_needs_no_handling(
    office: Office, message: Inbound, *, needs_handling: bool
) -> None:
    seen: list[tuple[str, bool]] = []
    kept: Future[bool] = Future()

    def keep(
        delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Future[bool]:
        seen.append((delivery_id, needs_handling))
        return kept

    envelope = Envelope(source=Surface.SLACK, delivery_id="Ev1", message=message)

    assert FrontDesk(office.ctx, keep).post(envelope) is kept
    assert not kept.done()
    assert seen == [("Ev1", needs_handling)]
