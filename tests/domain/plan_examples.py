"""Plans made by hand, and any plan: few different rows, hostile words, and any size."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.domain.durations import PERMANENT, Duration
from bot.domain.grant import Basis
from bot.domain.people import Engagement
from bot.domain.policy import Where
from bot.domain.policy_change import Change, Effect
from bot.domain.policy_plan_values import (
    ApproverChange,
    Fate,
    GrantChange,
    LengthChange,
    Messages,
    PolicyPlan,
    PoolNeed,
    RequestChange,
    Shift,
    Way,
)

HOSTILE = "@octo-org #1 | ` <b> \n# Hi\n\n---\n[x](https://evil.example) $1$ \\| \u202e ![](y)"


def change(effect: Effect = Effect.LOOSENS, **changes: Any) -> Change:
    usual = Change(
        effect=effect,
        rule="crm/edit request.by",
        text="added: csm",
        where=Where("policies/systems/crm.yml", 12),
    )
    return replace(usual, **changes)


def shift(**changes: Any) -> Shift:
    usual = Shift(
        level_id="crm/edit",
        way=Way.ASK,
        is_gain=True,
        role="csm",
        engagement=Engagement.CORE,
        people=("ann", "bea"),
    )
    return replace(usual, **changes)


def a_plan(**changes: Any) -> PolicyPlan:
    usual = PolicyPlan(
        base="a" * 40,
        head="b" * 40,
        people=8,
        knows_access=True,
        changes=(),
        shifts=(),
        lengths=(),
        approvers=(),
        requests=(),
        grants=(),
        pools=(),
        messages=Messages(birthrights=(), grants=(), requests=(), approvers=()),
    )
    return replace(usual, **changes)


FULL = a_plan(
    changes=(
        change(logins=("octo-ann",)),
        change(Effect.TIGHTENS, rule="roles.csm", is_in_base=True, text="role removed"),
        change(Effect.NEUTRAL, rule="crm title", text="changed"),
    ),
    shifts=(shift(), shift(way=Way.BIRTHRIGHT, is_gain=False, people=("gus",))),
    lengths=(LengthChange(level_id="crm/edit", before=Duration(30), after=PERMANENT, people=7),),
    approvers=(
        ApproverChange(
            level_id="crm/edit",
            before=("manager",),
            after=("manager", "security"),
            people=5,
            newly_asked=("sam", "sue"),
            no_longer_asked=(),
        ),
        ApproverChange(
            level_id="crm/view",
            before=("manager", "it"),
            after=("it", "manager"),
            people=1,
            newly_asked=(),
            no_longer_asked=(),
        ),
    ),
    requests=(
        RequestChange(
            request_id="r1",
            person_id="gil",
            requester_id="ivy",
            level_id="crm/edit",
            fate=Fate.VOID,
            approvals_lost=2,
            asked=("sam",),
            rule="crm/edit request.approve",
            where="policies/systems/crm.yml:14",
        ),
    ),
    grants=(
        GrantChange(
            grant_id="g1",
            person_id="ian",
            level_id="crm/edit",
            basis=Basis.REQUEST,
            until=datetime(2026, 11, 9, tzinfo=UTC),
            why="it may not be asked for",
        ),
        GrantChange(
            grant_id="g2",
            person_id="gus",
            level_id="crm/edit",
            basis=Basis.BIRTHRIGHT,
            until=None,
            why="it may not be asked for",
        ),
    ),
    pools=(
        PoolNeed(system="crm", pool="Full", needed=3, free=2),
        PoolNeed(system="crm", pool="Inbox", needed=1, free=None),
    ),
    messages=Messages(birthrights=(), grants=("ian",), requests=("gil",), approvers=("sam",)),
)
PEOPLE = ("ann", "bea", "gus", "sam", "sue", "gil", "ian", "ivy")


# ---- any plan -----------------------------------------------------------------------------------

words = st.one_of(
    st.sampled_from(["crm/edit", HOSTILE, "$" * 400, "|" * 400, "`", "\\", "a" * 500, "\n\n"]),
    st.text(max_size=40),
)
few = st.integers(1, 9)
many = st.sampled_from([0, 1, 3, 300])
people_ids = st.lists(words, min_size=1, max_size=3).map(tuple)


def repeated(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Few different rows, perhaps very often: what counts is size and hostile words."""
    pairs = st.tuples(st.lists(one, min_size=1, max_size=2), many)
    return pairs.map(lambda pair: tuple(pair[0] * pair[1]))


plans = st.builds(
    a_plan,
    base=words,
    head=words,
    knows_access=st.booleans(),
    changes=repeated(
        st.builds(
            change,
            st.sampled_from(Effect),
            rule=words,
            text=words,
            where=st.builds(Where, words, st.integers(1, 99_999)),
            logins=people_ids,
        )
    ),
    shifts=repeated(
        st.builds(
            shift,
            level_id=words,
            role=words,
            way=st.sampled_from(Way),
            is_gain=st.booleans(),
            people=people_ids,
        )
    ),
    pools=repeated(
        st.builds(PoolNeed, system=words, pool=words, needed=st.just(1), free=st.none())
    ),
    grants=repeated(
        st.builds(
            GrantChange,
            grant_id=words,
            person_id=words,
            level_id=words,
            basis=st.sampled_from(Basis),
            until=st.none(),
            why=words,
        )
    ),
)
