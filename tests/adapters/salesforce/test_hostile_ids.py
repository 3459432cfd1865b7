"""Nothing that is not an id reaches an address."""

from collections.abc import Callable

import pytest

from bot.adapters.salesforce.batches import deleting
from bot.adapters.salesforce.handles import Handle, key
from bot.domain.changes import CreateUser, Deactivate
from bot.domain.errors import Conflict
from bot.domain.plan import Holder, Seat, SeatView
from bot.domain.secret import Secret
from tests.adapters.salesforce.org_bench import Bench, Connected

GOOD = "0055g0000001009AAA"
HOSTILE = [
    "",
    "https://evil.example/x",
    "//evil.example/x",
    "http:evil.example",
    "../Account/001000000000001",
    "..%2FAccount%2F001000000000001",
    "005/../../../oauth2/revoke",
    "@evil.example:443/005000000000001",
    "\\\\evil.example\\x",
    *(f"{GOOD}{tail}" for tail in ("/password", "?x=1", "#x", "\n", "\r\nHost: evil", " ", "%00")),
    *(f"{GOOD[:14]}{letter}" for letter in "/?#@:%.;,&=+ \\\n\t\0'\"<>é٣²"),
    *(GOOD[:length] for length in (1, 14, 16, 17)),
    GOOD * 2,
    "A" * 5000,
    "005000000000001,005000000000002",
    "{0}",
    "${jndi:ldap://evil}",
    "@{users.records[0].Id}",
]


PEOPLE = ["", "../x", "a/b", "a?b", "a%2Fb", "a b", "é", "a" * 65, "p\n"]


def test_a_hostile_record_id_never_leaves_the_host(
    bench: Bench, salesforce: Connected, ann: Holder
) -> None:
    salesforce.reading.run_as()
    before = len(bench.calls)

    for hostile in HOSTILE:
        for call in writes_to(hostile, salesforce, ann):
            with pytest.raises(Conflict) as caught:
                call()
            assert caught.value.code == "MALFORMED_ID", hostile

    assert len(bench.calls) == before


def writes_to(user_id: str, salesforce: Connected, ann: Holder) -> list[Callable[[], object]]:
    seat = Seat(
        user_id=user_id,
        username="x",
        is_active=True,
        is_frozen=False,
        licence="",
        profile="",
        person_id=None,
    )
    return [
        lambda: salesforce.writing.update("User", user_id, {"IsActive": False}),
        lambda: salesforce.writing.change([*deleting([GOOD, user_id])]),
        lambda: salesforce.writer.set_password(user_id, Secret("Canary-password-123")),
        lambda: salesforce.writer.apply(Deactivate(), ann, SeatView(seat=seat)),
    ]


def test_a_hostile_person_id_never_leaves_the_host(
    bench: Bench, salesforce: Connected, make_person: Callable[..., Holder]
) -> None:
    view = SeatView(seat=None, handles=((key(Handle.PROFILE, "Read Only"), GOOD),))

    for hostile in PEOPLE:
        with pytest.raises(Conflict) as caught:
            salesforce.writer.apply(CreateUser("Read Only"), make_person(hostile, "Mal Lory"), view)
        assert caught.value.code == "MALFORMED_ID", hostile

    assert bench.calls == []


def test_there_are_at_least_fifty_hostile_ids() -> None:
    assert len(set(HOSTILE)) >= 50
