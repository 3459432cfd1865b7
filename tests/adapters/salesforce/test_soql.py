"""SOQL is made in one place, and no value can change what it asks."""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.adapters.salesforce
from bot.adapters.salesforce.soql import soql
from bot.domain.field_name import PERSON_FIELD, FieldName

HERE = Path(bot.adapters.salesforce.__file__).parent


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(HERE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path.name, node


def test_the_sdks_formatter_is_used_nowhere_else() -> None:
    """Its «literal» lets anything through, so its name must not turn up in another module."""
    users = {
        name
        for name, node in trees()
        if isinstance(node, ast.ImportFrom) and node.module == "simple_salesforce.format"
    }

    assert users == {"soql.py"}


def test_no_query_has_a_format() -> None:
    """That none is pasted together is a rule of the whole house (tests/test_house.py)."""
    odd = [
        (name, node.value)
        for name, node in trees()
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "SELECT " in node.value
        and any(sign in node.value for sign in (":l", "!r", "!s", "%s"))
    ]

    assert odd == []


def test_names_of_fields_are_the_only_thing_without_quotes() -> None:
    query = soql("SELECT {f} FROM User WHERE {f} = {v}", f=PERSON_FIELD, v=PERSON_FIELD + "'")

    assert query == (
        r"SELECT Usher_Person_Id__c FROM User WHERE Usher_Person_Id__c = 'Usher_Person_Id__c\''"
    )
    assert soql("{f}", f=str(PERSON_FIELD)) == "'Usher_Person_Id__c'"


@given(st.text(max_size=60))
def test_any_value_stays_one_literal(value: str) -> None:
    literal = soql("{v}", v=value)

    assert literal[0] == literal[-1] == "'"
    inside = literal[1:-1]
    unescaped = inside.replace("\\\\", "").replace("\\'", "")
    assert "'" not in unescaped
    assert not unescaped.endswith("\\")
    assert soql("{v}", v=[value, value]) == f"({literal},{literal})"


@pytest.mark.parametrize("value", [[], (), None, datetime(2026, 1, 1), 1.5, {"a"}, b"x", object()])  # noqa: DTZ001  # the very point
def test_what_would_make_no_sense_in_a_query_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="cannot stand in SOQL"):
        soql("{v}", v=value)


@pytest.mark.parametrize("template", ["{v:literal}", "{v:like}", "{v!s}", "{v!r}", "{v:>99}"])
def test_no_format_and_no_conversion_gets_through(template: str) -> None:
    for value in ("x", FieldName("x__c")):
        with pytest.raises(ValueError, match="allowed in SOQL"):
            soql(template, v=value)


def test_numbers_have_no_quotes() -> None:
    assert soql("LIMIT {n}", n=0) == "LIMIT 0"
