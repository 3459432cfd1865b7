"""Which texts may stand in a query without quotes."""

import pytest

from bot.domain.field_name import PERSON_FIELD, FieldName


@pytest.mark.parametrize(
    "name", [PERSON_FIELD, "x__c", "Employee_Number__c", "acme__Person_Id__c", f"{'a' * 40}__c"]
)
def test_a_custom_fields_name_is_taken(name: str) -> None:
    assert FieldName(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "", "__c", "Id", "FederationIdentifier", "1x__c", "_x__c", "x___c", "a__b__c__c",
        "x__c ", " x__c", "x__c\n", "x__r", "x y__c", "x__c, Id", "x__c = '' OR Id", "é__c",
        "x__c FROM User --", "Usher_Person_Id__с", f"{'a' * 41}__c", "x'__c", "x/__c", "{x}__c",
    ],
)  # fmt: skip
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(ValueError, match="no API name"):
        FieldName(text)
