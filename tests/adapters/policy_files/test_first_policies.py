"""Whatever an org looks like, its first policy loads, holds its own cases, and changes nothing."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.policy_files.case_loader import load_cases
from bot.adapters.policy_files.folder import kind_by_place
from bot.adapters.policy_files.schema import schema
from bot.adapters.policy_files.strict_yaml import load
from bot.domain.people import Roster
from bot.domain.policy_case_report import judge_case
from bot.domain.policy_coverage import unreached
from bot.domain.policy_starter import SYSTEM, Starter, start_policy
from bot.domain.policy_starter_accounts import Account
from bot.domain.policy_starter_files import starter_files
from bot.domain.policy_starter_levels import differences
from tests.domain.starter_org import IAN, IVY, account, org
from tests.factories import NOW, person
from tests.json_schema import mistakes

WORDS = st.one_of(
    st.sampled_from(
        ["Standard User", "System Administrator", "yes", "1.10", "a: #b", "Sales-User"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip),
)
ROLES = st.sampled_from(
    ["engineer", "it", "manager", "security", "boss", "csm", "csm-1", "x" * 100]
)


@st.composite
def starters(draw: st.DrawFn) -> Starter:
    profiles, sets = (
        draw(st.lists(WORDS, min_size=1, max_size=3)),
        draw(st.lists(WORDS, max_size=3)),
    )
    people, accounts = [IVY, IAN], list[Account]()
    for number in range(draw(st.integers(1, 6))):
        id_ = f"e{number}"
        department = draw(st.sampled_from(["", "lab", "security", "on"]))
        people.append(person(id_, role=draw(ROLES), department=department, manager_id=None))
        one = account(
            id_,
            profile=draw(st.sampled_from(profiles)),
            sets=draw(st.sets(st.sampled_from(sets))) if sets else (),
            licences=draw(st.sets(st.sampled_from(["InboxPsl", "CPQPsl"]))),
        )
        accounts.append(one)
    brings = dict.fromkeys(sets[:1], "InboxPsl")
    return start_policy(Roster(people), org(*accounts, brings=brings), NOW)


@given(starters())
@settings(max_examples=30)
def test_a_first_policy_is_sound_and_describes_the_org(starter: Starter) -> None:
    files = starter_files(starter)
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        policy, cases = load_cases(Path(folder))

    results = [judge_case(case, policy) for case in cases]
    assert all(result.is_passed for result in results)
    assert unreached(policy, results) == ()
    assert differences(policy, SYSTEM, starter.census, starter.inventory) == []
    assert set(policy.roles) == {one.role for one in starter.roster}
    assert sum(len(one.people) for one in starter.levels) == len(starter.census.placed)


@given(starters())
@settings(max_examples=15)
def test_a_first_policy_is_right_by_its_schemas(starter: Starter) -> None:
    for name, text in starter_files(starter).items():
        document, faults = load(text, file=name)
        assert document is not None
        assert (faults, mistakes(document.data, schema(kind_by_place(name)))) == ([], [])


def test_the_comparison_would_see_a_policy_that_takes_something_away(tmp_path: Path) -> None:
    starter = start_policy(Roster((IVY, IAN)), org(account("ivy", sets={"Reports"})), NOW)
    for name, text in starter_files(starter).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("permission_sets: [Reports]", "permission_sets: [Exports]"))
    policy, _ = load_cases(tmp_path)

    told = differences(policy, SYSTEM, starter.census, starter.inventory)

    assert told == ["ivy@acme.example.crm: no level of salesforce is what this account has"]
