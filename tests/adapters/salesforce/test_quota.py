"""How many calls are left, from the headers of every answer."""

import pytest
from prometheus_client import CollectorRegistry

from bot.adapters.salesforce.quota import FRESH_S, QuotaFigures, QuotaWatch, read_limits
from bot.domain.errors import Unavailable
from bot.domain.quota import Quota
from tests.adapters.salesforce.org_bench import Bench
from tests.adapters.salesforce.scripted_org import (
    DATA,
    TOKEN,
    Answer,
    ScriptedOrg,
    logged_in,
    said,
)

LIMITS = f"GET {DATA}/limits"


@pytest.mark.parametrize(
    ("header", "quota"),
    [
        ("api-usage=18/5000", Quota(18, 5000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", Quota(25, 5000)),
        ("per-app-api-usage=17/250(appName=x), api-usage=25/5000", Quota(25, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("per-app-api-usage=17/250(appName=x y=api-usage-=1/2)", None),
        ("api-usage=-1/5000", None),
        ("api-usage=1/", None),
        ("api-usage=٣/٤", None),
        (f"api-usage={'9' * 5000}/1", None),
        ("", None),
    ],
)
def test_a_header_is_read_strictly(header: str, quota: Quota | None) -> None:
    watch = QuotaWatch()
    watch.hear(header)

    assert watch.latest() == quota


def test_an_old_word_is_worth_nothing() -> None:
    now = [0.0]
    watch = QuotaWatch(lambda: now[0])
    watch.hear("api-usage=1/2")
    now[0] = FRESH_S
    assert watch.latest() == Quota(1, 2)
    now[0] += 1

    assert watch.latest() is None
    assert [*QuotaFigures(watch).collect()] == []


def test_refusals_tell_it_too(scripted: ScriptedOrg) -> None:
    """The SDK reads it from successes only."""
    wire = scripted.wire()
    refusal = said([{"errorCode": "NOT_FOUND", "message": "x"}], 404)
    headers = {**refusal.headers, "Sforce-Limit-Info": "api-usage=77/100"}
    scripted.answers(LIMITS, Answer(status=404, body=refusal.body, headers=headers))

    with pytest.raises(Exception, match="NOT_FOUND"):
        scripted.gateway(wire).limits()

    assert wire.quota.latest() == Quota(77, 100)


def test_whole_org_reads_pause_before_the_others_share(bench: Bench) -> None:
    gateway = bench.connect().reading
    gateway.query({"one": "SELECT Id FROM User LIMIT 1"})
    before = len(bench.calls)

    assert gateway.may_read_bulk(16)
    assert not gateway.may_read_bulk(15_000)
    assert not gateway.may_read_bulk(1, reserved_percent=100)
    assert len(bench.calls) == before, "the answers said so already"


def test_it_is_asked_for_when_no_answer_said_so(scripted: ScriptedOrg) -> None:
    gateway = scripted.gateway()
    scripted.answers(LIMITS, said({"DailyApiRequests": {"Max": 100, "Remaining": 40}}))

    assert gateway.quota() == gateway.quota() == Quota(60, 100)
    assert scripted.lines() == [TOKEN, LIMITS]


@pytest.mark.parametrize(
    "daily", [None, 7, {}, {"Max": 1}, {"Max": "1", "Remaining": 1}, {"Max": True}]
)
def test_unknown_allowances_allow_nothing(scripted: ScriptedOrg, daily: object) -> None:
    scripted.answers(LIMITS, said({"DailyApiRequests": daily}))

    assert read_limits({"DailyApiRequests": daily}) is None
    with pytest.raises(Unavailable, match="calls are left"):
        scripted.gateway().may_read_bulk(1)


def test_a_hostile_header_breaks_nothing(scripted: ScriptedOrg) -> None:
    scripted.answers(TOKEN, logged_in(Sforce_Limit_Info="api-usage=" + "1" * 4000 + "/x"))
    scripted.answers(LIMITS, said({"a": 1}, Sforce_Limit_Info="api-usage=1/0"))

    assert scripted.gateway().limits() == {"a": 1}


def test_prometheus_sees_it() -> None:
    watch, registry = QuotaWatch(), CollectorRegistry()
    registry.register(QuotaFigures(watch))
    watch.hear("api-usage=18/5000")

    assert registry.get_sample_value("usher_salesforce_api_calls_used") == 18
    assert registry.get_sample_value("usher_salesforce_api_calls_total") == 5000
