"""What the adapter says when Salesforce refuses, breaks or is gone."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from bot.adapters.salesforce.batches import deleting
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.handles import Handle, handles_of
from bot.domain.changes import Assign, Deactivate, Freeze, Part
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    SeatsExhausted,
    Unauthorized,
    Unavailable,
)
from bot.domain.plan import Holder, plan_seat
from bot.domain.policy import Bundle
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

DATA = "/services/data/v62.0"
READ = f"POST {DATA}/composite"
UPSERT = f"PATCH {DATA}/sobjects/User/*"


def refusal(status: int, code: str, message: str = "for reasons", **more: Any) -> dict[str, Any]:
    body = json.dumps([{"errorCode": code, "message": message, **more}])
    return {"kind": FaultKind.STATUS, "status": status, "body": body, "times": 20}


def test_a_full_licence_pool_is_named(salesforce: Connected, ann: Holder, sales: Bundle) -> None:
    org = salesforce.emulator.org
    org.set_total("Salesforce", org.licence("Salesforce")[1])

    with pytest.raises(SeatsExhausted) as caught:
        salesforce.converge(ann, sales)

    assert caught.value.pool == "Salesforce"
    assert org.user("p004") is None


@pytest.mark.parametrize("pool", ["SalesforceCPQPsl", "InboxWithEinsteinActivityCapturePsl"])
def test_a_full_permission_set_licence_is_named(
    salesforce: Connected, ann: Holder, sales: Bundle, pool: str
) -> None:
    salesforce.emulator.org.set_total(pool, 0)

    with pytest.raises(SeatsExhausted) as caught:
        salesforce.converge(ann, sales)

    assert caught.value.pool == pool


def test_a_full_pool_refuses_reactivation_too(
    salesforce: Connected, make_person: Callable[..., Holder], view_only: Bundle
) -> None:
    org = salesforce.emulator.org
    org.set_total("Salesforce", 1)

    with pytest.raises(SeatsExhausted, match="Salesforce seat"):
        salesforce.converge(make_person("p015", "Zoe Wild"), view_only)


def test_a_user_name_taken_elsewhere_is_said_so(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    salesforce.emulator.org.occupy_username(ann.username)

    with pytest.raises(Conflict, match="taken, in this or in another Salesforce org") as caught:
        salesforce.converge(ann, view_only)

    assert caught.value.code == "DUPLICATE_USERNAME"


def test_a_validation_rule_is_named_without_its_text(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    salesforce.emulator.org.require_validation_rule("Ann's salary is 1")

    with pytest.raises(Conflict, match="validation rule") as caught:
        salesforce.converge(ann, view_only)

    assert "salary" not in str(caught.value)


def test_a_lost_lock_is_tried_again(salesforce: Connected, ann: Holder, sales: Bundle) -> None:
    salesforce.emulator.org.lock_rows(4)

    view = salesforce.converge(ann, sales)

    assert plan_seat(view, ann, sales).changes == ()


def test_a_lock_that_stays_lost_ends_after_five_tries(
    bench: Bench, salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)
    salesforce.emulator.org.lock_rows(100)
    before = len(bench.calls)

    with pytest.raises(Unavailable) as caught:
        salesforce.writer.apply(Deactivate(), ann, view)

    assert caught.value.code == "UNABLE_TO_LOCK_ROW"
    assert len(bench.calls) - before == 5


def test_a_refused_password_keeps_its_code(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)

    with pytest.raises(Conflict) as caught:
        salesforce.writer.set_password(view.seat.user_id, Secret("short"))

    assert caught.value.code == "INVALID_NEW_PASSWORD"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": FaultKind.HTML, "status": 502}, Unavailable),
        ({"kind": FaultKind.HTML, "status": 200}, Unavailable),
        ({"kind": FaultKind.STATUS, "status": 503}, Unavailable),
        ({"kind": FaultKind.DROP_BEFORE}, Unavailable),
        ({"kind": FaultKind.STATUS, "status": 302, "body": ""}, Unavailable),
        (refusal(400, "QUERY_TIMEOUT"), Unavailable),
        (refusal(403, "REQUEST_LIMIT_EXCEEDED"), RateLimited),
        (refusal(403, "API_DISABLED_FOR_ORG"), Unauthorized),
        (refusal(400, "INVALID_FIELD"), Unauthorized),
        (refusal(400, "MALFORMED_QUERY"), Conflict),
    ],
)
def test_a_read_that_fails_changed_nothing(
    salesforce: Connected, ann: Holder, sales: Bundle, fault: dict[str, Any], kind: type[Exception]
) -> None:
    salesforce.emulator.faults.add(Fault(route=READ, **fault))

    with pytest.raises(kind) as caught:
        salesforce.reader.observe(ann, sales)

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": FaultKind.HTML, "status": 502}, OutcomeUnknown),
        ({"kind": FaultKind.HTML, "status": 200}, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 503}, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 500, "body": "[]"}, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 200, "body": "5"}, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 200, "body": '{"id": "../evil"}'}, OutcomeUnknown),
        ({"kind": FaultKind.DROP_BEFORE}, OutcomeUnknown),
        ({"kind": FaultKind.DROP_AFTER}, OutcomeUnknown),
        (refusal(400, "UNABLE_TO_LOCK_ROW"), Unavailable),
        (refusal(400, "SERVER_UNAVAILABLE"), OutcomeUnknown),
        (refusal(300, "irrelevant"), Conflict),
        (refusal(400, "FIELD_INTEGRITY_EXCEPTION", fields=["ProfileId", "<x>"]), Conflict),
        (refusal(400, "SOME_NEW_CODE"), Conflict),
        (refusal(400, "no code at all"), Conflict),
        (refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY"), Unauthorized),
        (refusal(404, "NOT_FOUND"), NotFound),
    ],
)
def test_a_write_that_fails_says_whether_it_may_have_happened(
    salesforce: Connected,
    ann: Holder,
    view_only: Bundle,
    fault: dict[str, Any],
    kind: type[Exception],
) -> None:
    salesforce.emulator.faults.add(Fault(route=UPSERT, **fault))

    with pytest.raises(ConnectorError) as caught:
        salesforce.converge(ann, view_only)

    assert type(caught.value) is kind
    assert "<x>" not in str(caught.value)


def test_an_unknown_code_is_named(salesforce: Connected, ann: Holder, view_only: Bundle) -> None:
    salesforce.emulator.faults.add(Fault(route=UPSERT, **refusal(400, "SOME_NEW_CODE")))

    with pytest.raises(Conflict, match="SOME_NEW_CODE") as caught:
        salesforce.converge(ann, view_only)

    assert pickle.loads(pickle.dumps(caught.value)).code == "SOME_NEW_CODE"  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        ({"kind": FaultKind.STATUS, "status": 429, "retry_after": 7}, 7.0),
        ({"kind": FaultKind.HTML, "status": 429}, 30.0),
        (refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), 900.0),
        (refusal(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests exceeded."), 30.0),
    ],
)
def test_a_used_up_allowance_says_when_to_come_back(
    salesforce: Connected, ann: Holder, sales: Bundle, fault: dict[str, Any], wait_s: float
) -> None:
    salesforce.emulator.faults.add(Fault(route=READ, **fault))

    with pytest.raises(RateLimited) as caught:
        salesforce.reader.observe(ann, sales)

    assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    "body",
    ["[]", "7", "{}", '{"compositeResponse": 3}', '{"compositeResponse": [1]}',
     '{"compositeResponse": []}',
     '{"compositeResponse": [{"referenceId": "users", "httpStatusCode": 200, "body": {}}]}',
     '{"compositeResponse": [{"referenceId": "users", "httpStatusCode": 502, "body": null}]}'],
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_answer(
    salesforce: Connected, ann: Holder, body: str
) -> None:
    fault = Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body)
    salesforce.emulator.faults.add(fault)

    with pytest.raises(Unavailable):
        salesforce.reader.observe(ann, None)


def both(status: int, body: object) -> str:
    parts = [
        {"referenceId": name, "httpStatusCode": status, "body": body}
        for name in ("users", "logins", "packages_held", "memberships")
    ]
    return json.dumps({"compositeResponse": parts})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (both(200, {"records": 3}), Unavailable),
        (both(200, None), Unavailable),
        (both(401, [{"errorCode": "INVALID_SESSION_ID"}]), Unauthorized),
        (both(400, [{"errorCode": "INVALID_TYPE"}]), Unauthorized),
    ],
)
def test_a_part_that_failed_fails_the_look(
    salesforce: Connected, ann: Holder, body: str, kind: type[Exception]
) -> None:
    fault = Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body)
    salesforce.emulator.faults.add(fault)

    with pytest.raises(kind):
        salesforce.reader.observe(ann, None)


def test_a_cut_list_does_not_pass_for_a_whole_one(salesforce: Connected, ann: Holder) -> None:
    body = both(200, {"records": [], "done": False})
    fault = Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body)
    salesforce.emulator.faults.add(fault)

    with pytest.raises(Unavailable, match="more rows"):
        salesforce.reader.observe(ann, None)


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        ("[]", OutcomeUnknown),
        ('[{"success": false}]', OutcomeUnknown),
        ("[3]", OutcomeUnknown),
        ('[{"success": false, "errors": [{"statusCode": "DUPLICATE_VALUE"}]}]', None),
        ('[{"success": false, "errors": [{"statusCode": "MIXED_DML_OPERATION"}]}]', Conflict),
        ('[{"success": true, "id": "0Pa000000000001", "errors": []}]', None),
    ],
)
def test_each_item_of_a_collection_is_judged(
    salesforce: Connected, ann: Holder, view_only: Bundle, items: str, kind: type[Exception] | None
) -> None:
    salesforce.converge(ann, view_only)
    bundle = Bundle(licence="Salesforce", profile="Read Only", permission_sets=("AcmeCrmUser",))
    view = salesforce.reader.observe(ann, bundle)
    fault = Fault(route=f"{READ}/sobjects", kind=FaultKind.STATUS, status=200, body=items)
    salesforce.emulator.faults.add(fault)
    change = Assign(((Part.SET, ("AcmeCrmUser",)),))

    if kind is None:
        assert salesforce.writer.apply(change, ann, view) == view
    else:
        with pytest.raises(kind):
            salesforce.writer.apply(change, ann, view)


def test_a_row_that_cannot_be_deleted_is_reported(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    view = salesforce.converge(ann, sales)
    items = '[{"success": false, "errors": [{"statusCode": "INSUFFICIENT_ACCESS"}]}]'
    fault = Fault(route="DELETE *", kind=FaultKind.STATUS, status=200, body=items)
    salesforce.emulator.faults.add(fault)
    rows = [*handles_of(view, Handle.ROW, "AcmeCrmUser", Part.SET)]

    with pytest.raises(Unauthorized):
        salesforce.writing.change([*deleting(rows)])


def test_a_slow_org_is_not_waited_for(bench: Bench, ann: Holder, view_only: Bundle) -> None:
    salesforce = bench.connect(timeouts_s=(5.0, 0.3))
    view = salesforce.converge(ann, view_only)
    bench.emulator.faults.add(Fault(route="*", kind=FaultKind.DELAY, seconds=0.8, times=2))

    with pytest.raises(Unavailable):
        salesforce.reader.observe(ann, view_only)
    with pytest.raises(OutcomeUnknown):
        salesforce.writer.apply(Freeze(), ann, view)
    salesforce.wire.close()


def test_an_org_that_is_gone_was_surely_not_changed(
    bench: Bench, salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)
    salesforce.wire.close()
    bench.emulator.close()

    with pytest.raises(Unavailable):
        salesforce.reader.observe(ann, view_only)
    with pytest.raises(Unavailable):
        salesforce.writer.apply(Freeze(), ann, view)


def test_an_untrusted_certificate_stops_before_anything_is_sent(bench: Bench, ann: Holder) -> None:
    bench.ca_file.write_bytes(type(bench.emulator)().ca_pem)
    stranger = bench.connect()

    with pytest.raises(Unavailable, match="cannot be reached"):
        stranger.reader.observe(ann, None)

    assert bench.calls == []


def test_limits_of_another_shape_are_no_answer(salesforce: Connected) -> None:
    fault = Fault(route=f"GET {DATA}/limits", kind=FaultKind.STATUS, status=200, body="[1]")
    salesforce.emulator.faults.add(fault)
    gateway: Gateway = salesforce.reading

    with pytest.raises(Unavailable):
        gateway.limits()
