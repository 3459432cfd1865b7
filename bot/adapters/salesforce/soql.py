"""SOQL is made here and nowhere else: values are quoted, and only names of fields are not."""

from collections.abc import Sequence
from string import Formatter
from typing import Any, TypeAlias

from simple_salesforce.format import quote_soql_value

from bot.domain.field_name import FieldName

Value: TypeAlias = str | int | Sequence[str]


class _Quoting(Formatter):
    """The SDK's own formatter would let anything through as «literal»."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec:
            raise ValueError("no format is allowed in SOQL")
        if isinstance(value, FieldName):
            return str(value)
        if not isinstance(value, str | int | list | tuple) or value in ([], ()):
            # «IN ()» is malformed, and a time without a zone would be taken for this machine's.
            raise ValueError("this value cannot stand in SOQL")
        return quote_soql_value(value)

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Refuse «{name!s}», which would turn the name of a field into a quoted value."""
        if conversion:
            raise ValueError("no conversion is allowed in SOQL")
        return value


def soql(template: str, **values: Value) -> str:
    """Put values into a query, quoted and escaped; raises ValueError for what cannot be."""
    return _Quoting().vformat(template, (), values)
