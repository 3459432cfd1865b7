"""Policy lives in a Git repository: new commits take effect, and pull requests are judged."""

import itertools
import json
from pathlib import Path

import pytest

from bot.adapters.github.policies import CHECK, STATUS
from bot.domain.cards import CardAction
from bot.domain.policy_review import LOOSENS_LABEL
from bot.domain.request import RequestState
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github.git_objects import Symlink
from bot.sandbox.github.snapshots import Check
from tests.end_to_end.company import IVY, OTTO
from tests.end_to_end.house import House
from tests.end_to_end.shell import usher

IT = "octo-it-1"
SALESFORCE = "policies/systems/salesforce.yml"
READ_ONLY = "request: { by: [everyone], not: [consultant], approve: [manager], longest: 90d }"


_branches = (f"change-{number}" for number in itertools.count(1))


@pytest.fixture
def house(house: House) -> House:
    """Lend the house with the shipped policies in force, from its repository."""
    house.world.github.connect(house.url)
    before = house.world.github.commit_files("main", {"README.md": b"# 1\n"}, "Begin", IT)
    files = shipped(house)
    with house.world.github.lock:
        store = house.world.github.code.store
        files_there = store.files(store.commits[before].tree)
    there = [path for path in files_there if path.startswith("policies/")]
    commit(house, {**dict.fromkeys(there), **files}, "The shipped policies")
    return house


def shipped(house: House) -> dict[str, bytes | None]:
    folder = house.policy_dir
    files = (file for file in folder.rglob("*.yml"))
    return {f"policies/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in files}


def changed(house: House, old: str, new: str, file: str = SALESFORCE) -> dict[str, bytes | None]:
    text = (house.policy_dir / Path(file).relative_to("policies")).read_text()
    assert old in text
    return {file: text.replace(old, new).encode()}


def without_cases(house: House) -> None:
    """Take the cases away: they would rightly object to most changes."""
    commit(house, dict.fromkeys(f for f in shipped(house) if f.startswith("policies/tests/")))


def commit(house: House, files: dict[str, bytes | None], message: str = "Change it") -> str:
    sha = house.world.github.commit_files("main", files, message, IT)
    house.settle()
    return sha


def propose(house: House, files: dict[str, bytes | None]) -> int:
    branch = next(_branches)
    house.world.github.commit_files(branch, files, "Change it", IT)
    number = house.world.github.open_pull(branch, "Change it", "", IT)
    house.settle()
    return number


def mark(house: House, sha: str) -> tuple[str, str]:
    (found,) = [m for m in house.world.github.statuses(sha) if m.context == STATUS]
    return found.state, found.description


def check(house: House, number: int) -> Check:
    return [c for c in house.world.github.pull(number).checks if c.name == CHECK][-1]


def ours(house: House, number: int) -> list[str]:
    bot = house.world.github.app_login
    return [c.body for c in house.world.github.pull(number).comments if c.author == bot]


# ---- a new commit -------------------------------------------------------------------------------


def test_a_push_to_the_default_branch_counts_for_the_next_decision(house: House) -> None:
    team = house.team()
    sha = commit(house, changed(house, "not: [consultant]", "not: [consultant, engineer]"))

    errors = house.fill_in(team.engineer, "salesforce/view-only")

    assert "is not for engineer" in str(errors)
    assert house.usher.policies.policy().commit == sha
    state, text = mark(house, sha)
    assert (state, text.partition(";")[0]) == ("success", "In force: 6 levels")


def test_another_branch_and_other_files_change_nothing(house: House) -> None:
    before = house.usher.policies.policy().commit
    house.world.github.commit_files(
        "idea", changed(house, "longest: 90d", "longest: 1d"), "Try", IT
    )
    house.settle()

    assert house.usher.policies.policy().commit == before


def test_a_broken_commit_is_refused_the_last_good_one_stays_and_it_is_told_once(
    house: House,
) -> None:
    team = house.team()
    good = house.usher.policies.policy().commit
    sha = commit(house, changed(house, "risk: low", "risk: lowest"))
    house.usher.catch_up_policy()
    house.settle()

    request = house.ask(team.engineer, "salesforce/view-only")

    assert request.decision is not None
    assert request.decision.policy_commit == good
    state, text = mark(house, sha)
    assert state == "failure"
    assert text.startswith("Refused, the last good policy stays. 1 mistake: policies/systems/")
    told = [m.text for m in house.world.slack.dm(IVY.slack_id) if sha[:12] in m.text]
    assert len(told) == 1
    assert "policies/systems/salesforce.yml:" in told[0]
    assert "lowest" in told[0]


def test_a_revert_puts_the_older_version_in_force_again(house: House) -> None:
    first = house.usher.policies.policy().commit
    commit(house, changed(house, "longest: 90d", "longest: 60d"))
    house.world.github.person(IT).push("main", first)
    house.settle()

    assert house.usher.policies.policy().commit == first


def test_requests_on_their_way_are_judged_again(house: House) -> None:
    team = house.team()
    kept = house.ask(team.seller, "salesforce/standard")
    lost = house.ask(team.engineer, "salesforce/view-only")

    commit(house, changed(house, "not: [consultant]", "not: [consultant, engineer]"))
    house.usher.sweep()
    house.settle()

    assert house.request(lost.id).state is RequestState.REFUSED
    assert "is not for engineer" in house.text(team.engineer, lost.id)
    assert "What would have to be true" in house.text(team.engineer, lost.id)
    assert house.request(kept.id).state is RequestState.AWAITING_APPROVAL


def test_explain_asks_the_version_in_force_until_a_folder_is_named(house: House) -> None:
    team = house.team()
    sha = commit(house, changed(house, "not: [consultant]", "not: [consultant, engineer]"))
    words = ("policy", "explain", "--person", team.engineer.id, "--level", "salesforce/view-only")

    told = usher(house.environ, *words)
    folder = usher(house.environ, *words, "--policy", str(house.policy_dir))

    assert (told.code, folder.code) == (1, 0)
    assert f"Policy  {sha}, from the policy repository, in force since " in told.out
    assert f", from the folder {house.policy_dir}\n" in folder.out


def test_without_webhooks_the_poll_finds_it(house: House) -> None:
    hear_nothing(house)
    sha = commit(house, changed(house, "longest: 90d", "longest: 60d"))
    assert house.usher.policies.policy().commit != sha

    house.usher.catch_up_policy()

    assert house.usher.policies.policy().commit == sha
    assert mark(house, sha)[0] == "success"


def test_a_commit_whose_own_cases_object_is_in_force_and_it_hears_of_it(house: House) -> None:
    sha = commit(house, changed(house, "longest: 90d", "longest: 60d"))

    state, text = mark(house, sha)
    assert (state, text.partition(";")[0]) == ("success", "In force: 6 levels")
    assert "of policies/tests fail" in text
    (told,) = [m.text for m in house.world.slack.dm(IVY.slack_id) if sha[:12] in m.text]
    assert "fails its own tests" in told


def test_whoever_was_not_reached_keeps_nobody_else_from_hearing_and_hears_later(
    house: House,
) -> None:
    route = "POST /api/chat.postMessage"
    house.world.slack.faults.add(Fault(route=route, kind=FaultKind.STATUS, status=500))
    sha = commit(house, changed(house, "risk: low", "risk: lowest"))

    def told() -> int:
        both = (house.world.slack.dm(one.slack_id) for one in (IVY, OTTO))
        return sum(sha[:12] in message.text for dm in both for message in dm)

    assert (told(), mark(house, sha)[0]) == (1, "failure")
    for _ in range(2):
        house.usher.catch_up_policy()
        assert told() == 2


def test_a_folder_that_vanishes_takes_nobodys_policy_away(house: House) -> None:
    good = house.usher.policies.policy().commit
    sha = commit(house, dict.fromkeys(shipped(house)))

    assert house.usher.policies.policy().commit == good
    assert mark(house, sha)[0] == "failure"


def hear_nothing(house: House) -> None:
    house.world.github.connect("http://127.0.0.1:9")


# ---- a pull request -----------------------------------------------------------------------------


def test_a_proposal_that_loosens_says_so_in_its_check_comment_and_label(house: House) -> None:
    without_cases(house)
    number = propose(house, changed(house, "longest: 90d", "longest: 180d"))

    found = check(house, number)
    (comment,) = ours(house, number)
    assert found.conclusion == "neutral"
    assert "loosens" in found.title.lower()
    assert "view\\-only" in comment
    assert "180" in comment
    head = house.world.github.pull(number).head_sha[:12]
    base = house.usher.policies.policy().commit[:12]
    assert f"_This is about commit {head}, compared with {base}._" in comment
    assert LOOSENS_LABEL in house.world.github.pull(number).labels
    assert "octo-" not in comment


def test_the_comment_is_edited_in_place_and_the_label_goes_when_it_no_longer_loosens(
    house: House,
) -> None:
    without_cases(house)
    number = propose(house, changed(house, "longest: 90d", "longest: 180d"))
    branch = house.world.github.pull(number).head_ref
    shorter = changed(house, "longest: 90d", "longest: 30d")
    house.world.github.commit_files(branch, shorter, "Shorter", IT)
    house.settle()

    (comment,) = ours(house, number)
    assert "30" in comment
    assert check(house, number).conclusion == "success"
    assert LOOSENS_LABEL not in house.world.github.pull(number).labels


def test_mistakes_are_annotations_at_their_lines(house: House) -> None:
    files = changed(house, "risk: low", "risk: lowest")
    number = propose(house, files)

    found = check(house, number)
    (note,) = found.annotations
    text = (files[SALESFORCE] or b"").decode().splitlines()
    assert found.conclusion == "failure"
    assert note.path == SALESFORCE
    assert "lowest" in text[note.start_line - 1]
    assert "lowest" in note.message
    assert "would be refused" in ours(house, number)[0]


def test_a_file_that_is_a_link_is_a_mistake_at_its_place(house: House) -> None:
    branch = next(_branches)
    link = Symlink(target="../../README.md")
    house.world.github.commit_files(branch, {SALESFORCE: link}, "Link it", IT)
    number = house.world.github.open_pull(branch, "Link it", "", IT)
    house.settle()

    (note,) = check(house, number).annotations
    assert (note.path, note.start_line) == (SALESFORCE, 1)
    assert "this is a link" in note.message
    assert "has no folder" not in ours(house, number)[0]


def test_a_failing_case_fails_the_check_at_the_cases_line(house: House) -> None:
    number = propose(
        house,
        changed(house, "approve: [manager], longest: 90d", "longest: 90d, approve: [gtm-systems]"),
    )

    found = check(house, number)
    assert found.conclusion == "failure"
    assert "policies/tests fail" in found.title
    assert {note.path.split("/")[1] for note in found.annotations} == {"tests"}


def test_requests_that_would_lose_their_approvals_are_counted(house: House) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/standard")
    house.comment(team.manager, request.issue_number or 0, "/approve")

    number = propose(
        house, changed(house, "Create and edit accounts", "Create, edit, delete accounts")
    )

    assert "1" in ours(house, number)[0]
    assert "approval" in ours(house, number)[0]
    assert request.id not in ours(house, number)[0]


def test_a_pull_request_about_other_files_is_left_alone(house: House) -> None:
    number = propose(house, {"README.md": b"# Better words\n"})

    assert ours(house, number) == []
    assert house.world.github.pull(number).checks == []


def test_a_proposal_whose_webhook_was_lost_is_found(house: House) -> None:
    house.usher.catch_up_policy()
    hear_nothing(house)
    number = propose(house, changed(house, "longest: 90d", "longest: 30d"))
    assert ours(house, number) == []

    house.usher.catch_up_policy()

    assert len(ours(house, number)) == 1


def test_hostile_words_in_a_policy_do_nothing_in_the_comment(house: House) -> None:
    words = "Read <!channel> @octo-sec-1 [x](http://evil.example) | a | b |"
    files = changed(
        house,
        "says: Read accounts and opportunities. No edits, no exports.",
        f"says: {json.dumps(words)}",
    )
    number = propose(house, files)

    (comment,) = ours(house, number)
    assert "@octo-sec-1" not in comment
    assert "](http" not in comment
    assert CardAction.APPROVE not in comment
