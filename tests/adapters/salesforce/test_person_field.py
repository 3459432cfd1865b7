"""The field that knows people again has the name that the settings give it."""

import contextlib
from typing import Any

import pytest

from bot.adapters.salesforce.credentials import AccessTokens
from bot.adapters.salesforce.gateway import WritingGateway
from bot.adapters.salesforce.identity import match, person_id_of
from bot.adapters.salesforce.inventory import read_inventory
from bot.adapters.salesforce.seats import SalesforceSeats
from bot.domain.errors import ConnectorError, Unauthorized
from bot.domain.field_name import PERSON_FIELD, FieldName
from bot.domain.plan import Holder
from tests.adapters.salesforce.org_bench import Bench
from tests.adapters.salesforce.scripted_org import BOT_ID, DATA, ScriptedOrg, said

BADGE = FieldName("Badge_Number__c")


def badge_gateway(bench: Bench) -> WritingGateway:
    wire = bench.wire()
    tokens = AccessTokens(wire, bench.secret_credential())
    return WritingGateway(wire, tokens, person_field=BADGE)


def test_every_question_and_address_has_the_settings_name(bench: Bench, ann: Holder) -> None:
    gateway = badge_gateway(bench)
    for look in (
        lambda: SalesforceSeats(gateway).observe(ann, None),
        lambda: read_inventory(gateway),
        lambda: gateway.upsert_user("p004", {}, pool=""),
    ):
        # What the emulated org makes of it is another matter.
        with contextlib.suppress(ConnectorError):
            look()

    sent = str([vars(exchange) for exchange in bench.emulator.exchanges])
    assert "Badge_Number__c" in sent
    assert PERSON_FIELD not in sent


def test_the_address_of_an_upsert_has_it(scripted: ScriptedOrg) -> None:
    gateway = scripted.gateway()
    gateway.person_field = BADGE
    line = f"PATCH {DATA}/sobjects/User/Badge_Number__c/p004"
    scripted.answers(line, said({"id": BOT_ID, "success": True, "errors": []}, 201))

    assert gateway.upsert_user("p004", {"LastName": "x"}, pool="") == BOT_ID


def row(**more: Any) -> dict[str, Any]:
    return {"Id": BOT_ID, "Username": "x", "Email": "x", "FederationIdentifier": None, **more}


def test_a_user_is_known_by_it(ann: Holder) -> None:
    found = [row(Badge_Number__c="p004", Usher_Person_Id__c="p999")]

    assert match(found, ann, BADGE).row == found[0]
    assert match(found, ann, PERSON_FIELD).refusal


def test_a_field_that_the_org_spells_otherwise_makes_nobody_a_stranger(ann: Holder) -> None:
    """SOQL does not mind capital letters: without this, a user of ours could be taken for new."""
    with pytest.raises(Unauthorized, match="spells badge_number__c otherwise"):
        match([row(Badge_Number__c="p004")], ann, FieldName("badge_number__c"))


@pytest.mark.parametrize(("value", "read"), [("p004", "p004"), (None, None), (7, None)])
def test_only_a_text_is_a_person_id(value: Any, read: str | None) -> None:
    assert person_id_of({BADGE: value}, BADGE) == read
