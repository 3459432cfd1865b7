"""Names of custom fields, the only texts that get into a query without quotes."""

import re
from typing import Self

# A developer name of 40 characters without double or final underscores, after the namespace of a
# managed package if there is one (Salesforce help, «Custom Field Attributes»).
_CUSTOM = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9]{0,14}__)?(?=[A-Za-z0-9_]{1,40}__c\Z)[A-Za-z](?:_?[A-Za-z0-9])*__c"
)


class FieldName(str):
    """The API name of a custom field; raises ValueError for any other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _CUSTOM.fullmatch(text):
            raise ValueError("this is no API name of a custom field")
        return super().__new__(cls, text)


PERSON_FIELD = FieldName("Usher_Person_Id__c")
"""The external id of people on User, unless the settings name another one."""
