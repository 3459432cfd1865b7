"""SOQL's WHERE: from a condition to a test of one row.

Source: SOQL and SOSL reference, "Comparison Operators": text compares without regard to case
(unless the field is case-sensitive), `!=` and NOT IN match null, LIKE knows % and _.
"""

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.salesforce.errors import Code, SalesforceError
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.moments import parse_day, parse_moment
from bot.sandbox.salesforce.schema import Field, Kind
from bot.sandbox.salesforce.soql_dates import Span, span
from bot.sandbox.salesforce.soql_grammar import Literal

Test = Callable[[Any], bool]

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_QUOTED = {"STRING"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_TEXT_KINDS = {Kind.STRING, Kind.EMAIL, Kind.PICKLIST}


class Values:
    """Reads literals against a field; time and the running user's zone are for date literals."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._now = now
        self._zone = zone

    def comparison(self, field: Field, sign: str, literal: Literal) -> Test:
        """Return the test of a field's value that `sign literal` makes."""
        if sign == "LIKE":
            return _like(field, literal)
        value = self.read(field, literal)
        if sign in _COMPARE:
            return _ordered(field, sign, value)
        test = _equals(field, value)
        return test if sign == "=" else lambda have: not test(have)

    def membership(self, field: Field, literals: tuple[Literal, ...], *, is_in: bool) -> Test:
        tests = [_equals(field, self.read(field, one)) for one in literals]
        return lambda have: any(test(have) for test in tests) is is_in

    def read(self, field: Field, literal: Literal) -> Any:
        """Return the literal as a value of the field's type, or raise the vendor's complaint."""
        if literal.kind == "NULL":
            return None
        match field.kind:
            case Kind.BOOLEAN:
                if literal.kind not in {"TRUE", "FALSE"}:
                    raise _wrong_type(field, "boolean", is_quoted=False)
                return literal.kind == "TRUE"
            case Kind.INTEGER | Kind.CURRENCY:
                if literal.kind != "NUMBER":
                    wanted = "int" if field.kind is Kind.INTEGER else "double"
                    raise _wrong_type(field, wanted, is_quoted=False)
                return float(literal.text)
            case Kind.DATETIME | Kind.DATE:
                return self._moment(field, literal)
            case Kind.ID | Kind.REFERENCE:
                return _id(field, literal)
            case _:
                if literal.kind not in _QUOTED:
                    raise _wrong_type(field, "string", is_quoted=True)
                return unescape(literal.text)

    def _moment(self, field: Field, literal: Literal) -> Span | date | None:
        found: Span | date | None = None
        if literal.kind == "DATETIME" and field.kind is Kind.DATETIME:
            moment = parse_moment(literal.text)
            found = (moment, moment) if moment else None
        elif literal.kind == "DATE" and field.kind is Kind.DATE:
            found = parse_day(literal.text)
        elif literal.kind in {"PATH", "DATE_N"}:
            name, _, count = literal.text.partition(":")
            zone = self._zone if field.kind is Kind.DATETIME else ZoneInfo("UTC")
            found = span(name, int(count) if count else None, self._now, zone)
        if found is None:
            wanted = "dateTime" if field.kind is Kind.DATETIME else "date"
            raise _wrong_type(field, wanted, is_quoted=False)
        return found


def unescape(quoted: str) -> str:
    r"""Return a string literal's text (SOQL reference, "Quoted String Escape Sequences": \n \'
    \uXXXX and so on).
    """

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _ESCAPES and match[2] not in "%_":
            message = (
                f"Invalid string literal '{quoted[1:-1]}'. Illegal character sequence "
                f"'\\{match[2]}' in string literal."
            )
            raise SalesforceError(Code.MALFORMED_QUERY, message)
        return _ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:[uU]([0-9A-Fa-f]{4})|(.))", one, quoted[1:-1])


def _like(field: Field, literal: Literal) -> Test:
    if field.kind not in _TEXT_KINDS:
        message = (
            f"invalid operator on id field: {field.name} LIKE"
            if field.refers_to
            else "invalid operator"
        )
        raise SalesforceError(Code.INVALID_QUERY_FILTER_OPERATOR, message)
    if literal.kind == "NULL" or literal.kind not in _QUOTED:
        raise _wrong_type(field, "string", is_quoted=True)
    pattern = re.compile(_like_pattern(literal.text), re.IGNORECASE | re.DOTALL)
    return lambda have: have is not None and bool(pattern.fullmatch(have))


def _like_pattern(quoted: str) -> str:
    parts = re.findall(r"\\[uU][0-9A-Fa-f]{4}|\\.|.", quoted[1:-1], re.DOTALL)
    return "".join(
        ".*" if part == "%" else "." if part == "_" else re.escape(unescape(f"'{part}'"))
        for part in parts
    )


def _equals(field: Field, want: Any) -> Test:
    if want is None:
        return lambda have: have is None
    if isinstance(want, tuple):
        first, last = want
        return lambda have: have is not None and _is_within(_as_moment(have), first, last)
    if isinstance(want, str) and field.kind in _TEXT_KINDS and not field.case_sensitive:
        folded = want.lower()
        return lambda have: have is not None and have.lower() == folded
    if isinstance(want, bool):
        return lambda have: bool(have) is want
    return lambda have: bool(have == want)


def _ordered(field: Field, sign: str, want: Any) -> Test:
    if want is None or field.kind in {Kind.BOOLEAN, Kind.REFERENCE}:
        message = f"invalid operator on {field.kind} field"
        raise SalesforceError(Code.INVALID_QUERY_FILTER_OPERATOR, message)
    if isinstance(want, tuple):
        return _beside_span(sign, want)
    is_text = field.kind in _TEXT_KINDS
    bound = want.lower() if is_text else want
    compare = _COMPARE[sign]
    return lambda have: have is not None and compare(have.lower() if is_text else have, bound)


def _is_within(have: datetime, first: datetime, last: datetime) -> bool:
    return first <= have < last or have == first


def _beside_span(sign: str, want: Span) -> Test:
    """Compare with a span: `>` is after its end, `<` before its start (a moment has no length)."""
    first, last = want
    is_moment = first == last
    tests: dict[str, Test] = {
        "<": lambda have: have < first,
        ">=": lambda have: have >= first,
        ">": lambda have: have > last if is_moment else have >= last,
        "<=": lambda have: have <= last if is_moment else have < last,
    }
    return lambda have: have is not None and tests[sign](_as_moment(have))


def _as_moment(have: datetime | date) -> datetime:
    """Return a day as its first moment; days have no zone, so their spans are in UTC too."""
    return have if isinstance(have, datetime) else datetime.combine(have, time(), UTC)


def _id(field: Field, literal: Literal) -> str:
    if literal.kind not in _QUOTED:
        raise _wrong_type(field, "ID" if field.kind is Kind.ID else "reference", is_quoted=True)
    record_id = normal_id(unescape(literal.text))
    if record_id is None:
        message = f"invalid ID field: {unescape(literal.text)}"
        raise SalesforceError(Code.INVALID_QUERY_FILTER_OPERATOR, message)
    return record_id


def _wrong_type(field: Field, wanted: str, *, is_quoted: bool) -> SalesforceError:
    should = "should be" if is_quoted else "should not be"
    message = (
        f"value of filter criterion for field '{field.name}' must be of type {wanted} and {should} "
        "enclosed in quotes"
    )
    return SalesforceError(Code.INVALID_FIELD, message)
