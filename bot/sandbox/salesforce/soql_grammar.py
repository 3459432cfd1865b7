"""SOQL as text to a tree: the reference's grammar, and what the sandbox refuses with 501.

Source: SOQL and SOSL reference, "SOQL SELECT Syntax", "fieldExpression Syntax",
"conditionExpression" (AND and OR do not mix without parentheses, NOT stands alone).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args
from lark.exceptions import VisitError

from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError

GRAMMAR = r"""
start: query
query: _SELECT items _FROM source [scope] [where] [with_] [group] [order] [limit] [offset] [tail]
items: item ("," item)*
?item: path alias? -> item
     | call alias? -> item
     | "(" query ")" -> child
     | TYPEOF PATH+ -> unmodelled_typeof
source: PATH [_AS] [PATH]
alias: PATH
path: PATH
call: PATH "(" [PATH ("," PATH)*] ")"
scope: _USING _SCOPE PATH
where: _WHERE condition
?condition: simple
          | simple (_AND simple)+ -> and_
          | simple (_OR simple)+ -> or_
          | _NOT simple -> not_
?simple: "(" condition ")"
       | path OPERATOR value -> comparison
       | path LIKE value -> comparison
       | path in_ "(" value ("," value)* ")" -> membership
       | path in_ "(" query ")" -> semi_join
       | path (INCLUDES | EXCLUDES) "(" value ("," value)* ")" -> multi_picklist
       | call (OPERATOR | LIKE) value -> function_filter
in_: IN -> in_yes
   | _NOT IN -> in_no
value: STRING | NUMBER | DATETIME | DATE | DATE_N | NULL | TRUE | FALSE | PATH
with_: _WITH PATH -> with_clause
group: _GROUP _BY path ("," path)* [having]
     | _GROUP _BY (ROLLUP | CUBE) "(" path ("," path)* ")" -> group_rollup
having: _HAVING having_part ((_AND | _OR) having_part)*
having_part: (call | path) (OPERATOR | LIKE) value
order: _ORDER _BY ordering ("," ordering)*
ordering: (path | call) [ASC | DESC] [_NULLS (FIRST | LAST)]
limit: _LIMIT NUMBER
offset: _OFFSET NUMBER
tail: _FOR PATH -> for_clause
    | _UPDATE PATH -> update_clause

_SELECT.9: /select\b/i
_FROM.9: /from\b/i
_WHERE.9: /where\b/i
_AS.9: /as\b/i
_USING.9: /using\b/i
_SCOPE.9: /scope\b/i
_AND.9: /and\b/i
_OR.9: /or\b/i
_NOT.9: /not\b/i
_WITH.9: /with\b/i
_GROUP.9: /group\b/i
_HAVING.9: /having\b/i
_ORDER.9: /order\b/i
_BY.9: /by\b/i
_NULLS.9: /nulls\b/i
_LIMIT.9: /limit\b/i
_OFFSET.9: /offset\b/i
_FOR.9: /for\b/i
_UPDATE.9: /update\b/i
TYPEOF.9: /typeof\b/i
IN.9: /in\b/i
LIKE.9: /like\b/i
INCLUDES.9: /includes\b/i
EXCLUDES.9: /excludes\b/i
ROLLUP.9: /rollup\b/i
CUBE.9: /cube\b/i
ASC.9: /asc\b/i
DESC.9: /desc\b/i
FIRST.9: /first\b/i
LAST.9: /last\b/i
NULL.9: /null\b/i
TRUE.9: /true\b/i
FALSE.9: /false\b/i
OPERATOR: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
STRING: /'(?:[^'\\\n\r]|\\.)*'/
DATETIME.5: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/i
DATE.4: /\d{4}-\d\d-\d\d/
NUMBER.3: /[+-]?\d+(?:\.\d+)?/
DATE_N.5: /[A-Za-z_]+:\d+/
PATH: /(?!(?:select|from|where|and|or|not|in|like|null|true|false)\b)[a-z]\w*(?:\.[a-z]\w*)*/i
%ignore /\s+/
"""


@dataclass(frozen=True)
class Path:
    """A field, perhaps of a parent, and where it stands."""

    parts: tuple[str, ...]
    column: int = 1


@dataclass(frozen=True)
class Call:
    """A function of one field, or of none: COUNT()."""

    name: str
    arguments: tuple[Path, ...]


@dataclass(frozen=True)
class Item:
    what: "Path | Call | Query"
    alias: str | None = None


@dataclass(frozen=True)
class Literal:
    """A value as written; `kind` is the terminal's name."""

    kind: str
    text: str


@dataclass(frozen=True)
class Comparison:
    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True)
class Membership:
    path: Path
    is_in: bool
    values: "tuple[Literal, ...] | Query"


@dataclass(frozen=True)
class Junction:
    is_and: bool
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Negation:
    part: "Condition"


Condition = Comparison | Membership | Junction | Negation


@dataclass(frozen=True)
class Ordering:
    path: Path
    is_descending: bool
    is_nulls_last: bool


@dataclass(frozen=True, kw_only=True)
class Query:
    items: tuple[Item, ...]
    source: str
    alias: str | None
    where: Condition | None
    group: tuple[Path, ...]
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Turns the parse tree into the classes above."""

    def start(self, query: Query) -> Query:
        return query

    def query(self, items: Any, source: Any, *clauses: Any) -> Query:
        _scope, where, _with, group, order, limit, offset, _tail = clauses
        return Query(
            items=items,
            source=source[0],
            alias=source[1],
            where=where,
            group=group or (),
            order=order or (),
            limit=limit,
            offset=offset or 0,
        )

    def items(self, *items: Item) -> tuple[Item, ...]:
        return items

    def item(self, what: Any, alias: str | None = None) -> Item:
        return Item(what, alias)

    def child(self, query: Query) -> Item:
        return Item(query)

    def source(self, name: Token, *alias: Token | None) -> tuple[str, str | None]:
        given = next((one for one in alias if one is not None), None)
        return str(name), None if given is None else str(given)

    def alias(self, name: Token) -> str:
        return str(name)

    def path(self, token: Token) -> Path:
        return _path(token)

    def call(self, name: Token, *arguments: Token | None) -> Call:
        return Call(str(name).upper(), tuple(_path(one) for one in arguments if one is not None))

    def where(self, condition: Condition) -> Condition:
        return condition

    def and_(self, *parts: Condition) -> Junction:
        return Junction(True, parts)

    def or_(self, *parts: Condition) -> Junction:
        return Junction(False, parts)

    def not_(self, part: Condition) -> Negation:
        return Negation(part)

    def comparison(self, path: Path, operator: Token, value: Literal) -> Comparison:
        written = str(operator).upper()
        return Comparison(path, "!=" if written == "<>" else written, value)

    def in_yes(self, _in: Token) -> bool:
        return True

    def in_no(self, _in: Token) -> bool:
        return False

    def membership(self, path: Path, is_in: bool, *values: Literal) -> Membership:  # noqa: FBT001  # by lark
        return Membership(path, is_in, values)

    def semi_join(self, path: Path, is_in: bool, query: Query) -> Membership:  # noqa: FBT001  # by lark
        return Membership(path, is_in, query)

    def value(self, token: Token) -> Literal:
        return Literal(token.type, str(token))

    def group(self, *paths: Any) -> tuple[Path, ...]:
        return tuple(path for path in paths if path is not None)

    def order(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(self, path: Any, direction: Token | None, nulls: Token | None) -> Ordering:
        if isinstance(path, Call):
            raise NotModelled(f"ORDER BY {path.name}()")
        is_descending = direction is not None and direction.type == "DESC"
        return Ordering(path, is_descending, nulls is not None and nulls.type == "LAST")

    def limit(self, number: Token) -> int:
        return int(number)

    def offset(self, number: Token) -> int:
        return int(number)

    def _unmodelled(self, *_children: Any) -> Any:
        raise NotModelled(
            "this clause of SOQL (USING SCOPE, WITH, HAVING, ROLLUP, FOR, INCLUDES, functions)"
        )

    scope = with_clause = having = group_rollup = for_clause = update_clause = _unmodelled
    multi_picklist = function_filter = unmodelled_typeof = _unmodelled


def _path(token: Token) -> Path:
    return Path(tuple(str(token).split(".")), token.column or 1)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=True, propagate_positions=False)


def parse(text: str) -> Query:
    """Parse one query; raise MALFORMED_QUERY with the vendor's words about where it went wrong."""
    if len(text) > 100_000:
        raise SalesforceError(
            Code.MALFORMED_QUERY, "SOQL statements cannot be longer than 100000 characters."
        )
    try:
        tree = _parser().parse(text)
    except UnexpectedToken as error:
        what = "<EOF>" if error.token.type == "$END" else str(error.token)
        row, column = error.line, error.column
        if error.token.type == "$END":
            row, column = text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1
        raise malformed(text, f"unexpected token: '{what}'", row, column) from None
    except UnexpectedCharacters as error:
        what = text[error.pos_in_stream or 0]
        raise malformed(text, f"unexpected char: '{what}'", error.line, error.column) from None
    return build(tree)


def build(tree: Any) -> Query:
    try:
        query: Query = _Builder().transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, NotModelled | SalesforceError):
            raise error.orig_exc from None
        raise
    return query


def malformed(text: str, problem: str, row: int = 1, column: int = 1) -> SalesforceError:
    """Return MALFORMED_QUERY in the vendor's form: the line, a caret at the place, the problem."""
    return SalesforceError(Code.MALFORMED_QUERY, placed(text, problem, row, column))


def placed(text: str, problem: str, row: int = 1, column: int = 1) -> str:
    line = (text.splitlines() or [""])[min(row, text.count("\n") + 1) - 1]
    start = max(0, column - 30)
    shown = line[start : column + 30]
    return (
        f"\n{shown}\n{' ' * (column - start - 1)}^\nERROR at Row:{row}:Column:{column}\n{problem}"
    )
