"""Rows that come in any order make the same org, and one that is small."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Part
from bot.domain.drift_joining import Joining
from bot.domain.drift_snapshot import whole_id
from tests.domain.drift_world import user

END = datetime(2026, 12, 1, tzinfo=UTC)
ANN, BEA = user(1, profile="00e1", role="00E1"), user(2, profile="00e9")
SHORT_SET = "0PS000000000001"


def _know(joining: Joining) -> None:
    joining.profiles["00e1"] = ("Standard User", "Crm")
    joining.roles["00E1"] = "Seller"
    joining.things[whole_id(SHORT_SET)] = (Part.SET, "CrmUser")


STEPS: list[Callable[[Joining], None]] = [
    lambda joining: joining.user(ANN),
    lambda joining: joining.user(BEA),
    lambda joining: joining.assign(ANN.id, whole_id(SHORT_SET), END),
    lambda joining: joining.assign(BEA.id[:15], SHORT_SET),
    lambda joining: joining.assign(ANN.id, "0PG000000000007AAA"),
    lambda joining: joining.freeze(BEA.id[:15]),
    lambda joining: joining.assign("005000000000099AAA", SHORT_SET),
    _know,
]


@given(order=st.permutations(STEPS))
def test_rows_may_come_in_any_order(order: list[Callable[[Joining], None]]) -> None:
    joining = Joining()
    for step in order:
        step(joining)

    users = joining.joined()

    ann, bea = users[ANN.id], users[BEA.id]
    assert [*users] in ([ANN.id, BEA.id], [BEA.id, ANN.id])
    assert (ann.profile, ann.licence, ann.role) == ("Standard User", "Crm", "Seller")
    assert (bea.profile, bea.licence, bea.role) == ("", "", "")
    assert (ann.is_frozen, bea.is_frozen) == (False, True)
    assert ann.ends == {(Part.SET, "CrmUser"): END}
    # a group that nobody has named yet is seen by its id
    assert ann.parts == {
        Part.SET: {"CrmUser"},
        Part.SET_GROUP: {"0PG000000000007AAA"},
    }
    assert bea.parts == {Part.SET: {"CrmUser"}}


def test_many_users_with_the_same_access_share_it() -> None:
    joining = Joining()
    tracemalloc.start()
    for number in range(5_000):
        joining.user(user(number))
        for thing in range(3):
            joining.assign(whole_id(f"005{number:012}"), f"0PS00000000000{thing}AAA")
    users = joining.joined()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len({id(one.parts) for one in users.values()}) == 1
    # 100,000 users would need twenty times as much
    assert used * 20 < 300 * 2**20
