"""Every query that the bot can emit is SOQL, by a grammar that nobody here wrote."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.salesforce.health import SalesforceHealth
from bot.adapters.salesforce.inventory import read_inventory
from bot.adapters.salesforce.names import SalesforceNames
from bot.adapters.salesforce.paging import Locator
from bot.adapters.salesforce.ranges import Range
from bot.adapters.salesforce.records import SalesforceRecords
from bot.adapters.salesforce.whole_org import WholeOrg
from bot.adapters.salesforce.whole_tables import queries
from bot.domain.field_name import PERSON_FIELD
from bot.domain.handover import KINDS
from bot.domain.plan import Holder, Scope
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount, PoolKind
from tests.adapters.salesforce.org_bench import Bench, Connected, person
from tests.soql_oracle import oracle

ADAPTER = Path(__file__).parents[3] / "bot/adapters/salesforce"
HOSTILE = "O'Brien\\ \"--\n%_{0}"
FULL = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmUser", HOSTILE),
    permission_set_groups=("AcmeSalesTeam", HOSTILE),
    permission_set_licences=("SalesforceCPQPsl",),
    packages=("acmesign",),
    features=("Marketing",),
    role="Sales_Rep",
    groups=("Acme_Sales",),
    queues=("Inbound_Leads",),
)
SCOPE = Scope(features=frozenset({"Marketing"}), has_ends=True, has_roles=True)


def look_at_everything(org: Connected, ann: Holder, gus: Holder) -> None:
    """Make every reader ask all that it can ask."""
    for holder, bundle in ((ann, FULL), (ann, None), (gus, None)):
        org.reader.observe(holder, bundle)
    org.reader.pools()
    for kind in PoolKind:
        name = "feature Marketing" if kind is PoolKind.FEATURE else "Salesforce"
        org.reader.idle(PoolCount(name=name, total=1, used=1, kind=kind), 90)
    names = SalesforceNames(org.reading)
    names.names(("Account",))
    names.granted(FULL, ("Account", "Lead"))
    health = SalesforceHealth(org.reading)
    health.check()
    health.complaints(uses_expiry=True, hands_over=KINDS)
    read_inventory(org.reading)
    records, user_id = SalesforceRecords(org.reading), org.reading.run_as().user_id
    records.look(user_id, KINDS)
    org.reader.read_back(ann, None, ["SalesforceCPQPsl", "package acmesign"])
    records.count(user_id, KINDS)
    for one in KINDS:
        records.ids(user_id, one)
    records.users([ann, gus])
    for bulk_from in (60_000, 1):
        WholeOrg(org.reading, wait=lambda _: True, bulk_from=bulk_from).read(SCOPE)


def later_pages() -> Iterator[str]:
    """Ask each table of the whole org to go on in the middle, as only long ones do."""
    ends = {"low": "0055g0000000001", "high": "0055g0000000009"}
    for table, query in queries(PERSON_FIELD, {}, has_ends=True).items():
        for bounds in ({"low": ends["low"]}, {"high": ends["high"]}, ends):
            one = Range(table=table.name, query=query, **bounds)
            asks = (one.ask(reader) for reader in (one.up, one.down))
            yield from (ask for ask in asks if not isinstance(ask, Locator))


def templates() -> Iterator[tuple[str, str]]:
    """Find the text of every query in the adapter's code."""
    for path in sorted(ADAPTER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and str(node.value).startswith("SELECT "):
                yield path.name, str(node.value)


def is_made_from(query: str, template: str) -> bool:
    """Say whether a query is a template with its gaps filled, perhaps with more at the end."""
    pieces = re.split(r"\{\w+\}|<\w+>", template)
    return re.match(".*?".join(map(re.escape, pieces)), query, re.DOTALL) is not None


@pytest.fixture
def asked(bench: Bench, salesforce: Connected, ann: Holder) -> list[str]:
    gus = person("p002", "Gus Hale")
    obrien = person(ann.person_id, "Ann O'Brien", mail="ann.o'brien@acme.example")
    look_at_everything(salesforce, obrien, gus)
    return [*oracle.sent(bench.emulator.exchanges), *later_pages()]


def test_no_query_of_the_adapter_is_left_out(asked: list[str]) -> None:
    missed = [
        (file, template)
        for file, template in templates()
        if not any(is_made_from(query, template) for query in asked)
    ]

    assert missed == []
    assert len(list(templates())) > 40
    assert any("O\\'Brien" in query for query in asked)


def test_every_query_is_soql(asked: list[str]) -> None:
    if why := oracle.missing():
        pytest.skip(why)

    assert len(asked) > 100
    assert oracle.no_soql(asked) == []


@pytest.mark.parametrize(
    ("good", "bad"), [(" FROM ", " FORM "), ("SELECT ", "SELECT , "), (" = ", " = = ")]
)
def test_a_broken_query_is_refused(good: str, bad: str) -> None:
    if why := oracle.missing():
        pytest.skip(why)
    broken = {query.replace(good, bad, 1) for query in later_pages() if good in query}

    assert broken
    assert {*oracle.no_soql(broken)} == broken
