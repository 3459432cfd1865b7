"""What every write is checked for before an object's own rules: names, types, lengths, picklists,
references.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bot.sandbox.salesforce.errors import Code, SalesforceError, record_error
from bot.sandbox.salesforce.errors import NotModelled as NotModelledError
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.moments import parse_day, parse_moment
from bot.sandbox.salesforce.schema import Field, Kind, Schema, SObject

_EMAIL = re.compile(
    r"[^@\s<>,;:\"()\[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
)

Exists = Callable[[str], bool]


def is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text))


def clean(
    schema: Schema, entity: SObject, values: Mapping[str, Any], *, creating: bool, exists: Exists
) -> dict[str, Any]:
    """Return the values under canonical names and types, or raise the first refusal.

    `exists` says whether a record id is there.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if (
            name == "attributes"
        ):  # collections carry the type here (REST guide, sObject Collections)
            continue
        field = _writable(entity, name, creating=creating)
        cleaned[field.name] = _value(schema, field, value, exists)
    _refuse_missing(entity, cleaned, creating=creating)
    return cleaned


def _writable(entity: SObject, name: str, *, creating: bool) -> Field:
    field = entity.field(name)
    if field is None:
        if entity.is_unmodelled(name):
            raise NotModelledError(f"{entity.name}.{name}")
        message = f"No such column '{name}' on sobject of type {entity.name}"
        raise SalesforceError(Code.INVALID_FIELD, message)
    if not (field.createable if creating else field.updateable):
        message = (
            f"Unable to create/update fields: {field.name}. Please check the security settings of "
            "this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise record_error(Code.INVALID_FIELD_FOR_INSERT_UPDATE, message, field.name)
    return field


def _value(schema: Schema, field: Field, value: Any, exists: Exists) -> Any:
    if isinstance(value, str) and field.kind is not Kind.BOOLEAN:
        value = value.strip() or None  # Salesforce stores no blanks
    if value is None:
        if field.values and field.required:
            # The code says it: a restricted picklist that must have a value takes no null.
            message = f"{field.title}: bad value for restricted picklist field: null"
            raise record_error(Code.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, message, field.name)
        if field.kind is Kind.BOOLEAN:
            raise record_error(
                Code.INVALID_FIELD_FOR_INSERT_UPDATE,
                f"{field.title}: null is not a boolean",
                field.name,
            )
        return None
    match field.kind:
        case Kind.BOOLEAN:
            return _typed(field, value, bool)
        case Kind.INTEGER:
            return _typed(field, value, int)
        case Kind.CURRENCY:
            return float(_typed(field, value, int if type(value) is int else float))
        case Kind.DATETIME:
            return _moment(field, value)
        case Kind.DATE:
            return _day(field, value)
        case Kind.REFERENCE:
            return _reference(schema, field, value, exists)
        case _:
            return _text(field, _typed(field, value, str))


def _typed(field: Field, value: Any, wanted: type) -> Any:
    if type(value) is not wanted:
        was = {str: "STRING", bool: "BOOLEAN", int: "NUMBER_INT", list: "ARRAY", dict: "OBJECT"}
        message = (
            f"Cannot deserialize instance of {field.kind} from "
            f"VALUE_{was.get(type(value), 'NUMBER_FLOAT')} value "
            f"{value if isinstance(value, str | int) else ''} or request may be missing a required "
            "field"
        )
        raise SalesforceError(Code.JSON_PARSER_ERROR, message)
    return value


def _moment(field: Field, value: Any) -> Any:
    moment = parse_moment(_typed(field, value, str))
    if moment is None:
        message = f"Cannot deserialize instance of datetime from VALUE_STRING value {value}"
        raise SalesforceError(Code.JSON_PARSER_ERROR, message)
    return moment


def _day(field: Field, value: Any) -> date:
    day = parse_day(_typed(field, value, str))
    if day is None:
        message = f"Cannot deserialize instance of date from VALUE_STRING value {value}"
        raise SalesforceError(Code.JSON_PARSER_ERROR, message)
    return day


def _reference(schema: Schema, field: Field, value: Any, exists: Exists) -> str:
    record_id = normal_id(value)
    target = schema.of_id(record_id) if record_id else None
    if record_id is None or target is None or target.name not in field.refers_to:
        message = f"{field.title}: id value of incorrect type: {value}"
        raise record_error(Code.MALFORMED_ID, message, field.name)
    if not exists(record_id):
        raise record_error(
            Code.INVALID_CROSS_REFERENCE_KEY, "invalid cross reference id", field.name
        )
    return record_id


def _text(field: Field, value: str) -> str:
    if len(value) > field.length:
        message = f"{field.title}: data value too large: {value} (max length={field.length})"
        raise record_error(Code.STRING_TOO_LONG, message, field.name)
    if field.values and value not in field.values:
        message = f"{field.title}: bad value for restricted picklist field: {value}"
        raise record_error(Code.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, message, field.name)
    if field.kind is Kind.EMAIL and not is_email(value):
        message = f"{field.title}: invalid email address: {value}"
        raise record_error(Code.INVALID_EMAIL_ADDRESS, message, field.name)
    return value


def _refuse_missing(entity: SObject, cleaned: Mapping[str, Any], *, creating: bool) -> None:
    missing = [
        field.name
        for field in entity.fields
        if (field.required or (field.required_unless and not cleaned.get(field.required_unless)))
        and cleaned.get(field.name) is None
        and (creating or field.name in cleaned)
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise record_error(Code.REQUIRED_FIELD_MISSING, message, *missing)
