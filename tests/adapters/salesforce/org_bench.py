"""An org and the adapter around it, in the hands of a test."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.salesforce.credentials import (
    AccessTokens,
    ClientCredentials,
    Credential,
    JwtBearer,
)
from bot.adapters.salesforce.gateway import Gateway, WritingGateway
from bot.adapters.salesforce.seats import SalesforceSeats, SalesforceSeatWriter
from bot.adapters.salesforce.wire import TIMEOUTS_S, Wire
from bot.domain.plan import Holder, SeatView, plan_seat
from bot.domain.policy import Bundle
from bot.domain.secret import Secret
from bot.sandbox.salesforce import SalesforceEmulator


@dataclass
class Bench:
    """One org and ways to reach it."""

    emulator: SalesforceEmulator
    url: str
    ca_file: Path

    def wire(self, timeouts_s: tuple[float, float] = TIMEOUTS_S) -> Wire:
        return Wire(self.url, ca_file=self.ca_file, timeouts_s=timeouts_s)

    def secret_credential(self) -> ClientCredentials:
        return ClientCredentials(
            client_id=self.emulator.client_id, client_secret=Secret(self.emulator.client_secret)
        )

    def key_credential(self) -> JwtBearer:
        return JwtBearer(
            client_id=self.emulator.client_id,
            username=self.emulator.bot_username,
            private_key=Secret(self.emulator.private_key_pem),
        )

    def connect(
        self,
        credential: Credential | None = None,
        timeouts_s: tuple[float, float] = TIMEOUTS_S,
    ) -> "Connected":
        wire = self.wire(timeouts_s)
        tokens = AccessTokens(wire, credential or self.secret_credential())
        return Connected(self.emulator, wire, Gateway(wire, tokens), WritingGateway(wire, tokens))

    @property
    def calls(self) -> list[str]:
        return [exchange.call for exchange in self.emulator.exchanges]


class Connected:
    """Reader and writer on one log-in."""

    def __init__(
        self, emulator: SalesforceEmulator, wire: Wire, reading: Gateway, writing: WritingGateway
    ) -> None:
        self.emulator = emulator
        self.wire = wire
        self.reading = reading
        self.writing = writing
        self.reader = SalesforceSeats(reading)
        self.writer = SalesforceSeatWriter(writing)

    def converge(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        """Look, apply the plan, and look again."""
        view = self.reader.observe(holder, bundle)
        for change in plan_seat(view, holder, bundle).changes:
            view = self.writer.apply(change, holder, view)
        return self.reader.observe(holder, bundle)


def person(person_id: str, name: str, **changed: str) -> Holder:
    login = ".".join(name.lower().split())
    facts = {
        "mail": f"{login}@acme.example",
        "username": f"{login}@acme.example.crm",
        "timezone": "America/New_York",
    }
    return Holder(person_id=person_id, name=name, **{**facts, **changed})
