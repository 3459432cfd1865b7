"""The policies' repository through the real client: what is read there, and what is said there."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import handlers.github
from bot.adapters.github.client import GitHubClient
from bot.adapters.github.policies import CHECK, STATUS, GitHubPolicies
from bot.adapters.github.sign_in import POLICY_PERMISSIONS, AppCredential, TokenCredential
from bot.domain.errors import NotFound, OutcomeUnknown, PolicyError, Unauthorized, Unavailable
from bot.domain.policy_review import (
    LOOSENS_LABEL,
    Annotation,
    Conclusion,
    Opinion,
    Standing,
)
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.github import GitHubEmulator
from bot.sandbox.github.git_objects import Submodule, Symlink

MANIFEST = json.loads((Path(handlers.github.__file__).parent / "app-manifest.json").read_text())
WRITER = "octo-it-1"
COMPANY = {"policies/company.yml": b"kind: company\n", "README.md": b"# Access\n"}


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    github = GitHubEmulator(rate_limits=False, manifest=MANIFEST)
    github.serve()
    yield github
    github.close()


@pytest.fixture
def policies(github: GitHubEmulator) -> Iterator[GitHubPolicies]:
    credential = AppCredential(app_id="424242", private_key=Secret(github.private_key_pem))
    client = GitHubClient(
        repo="acme/access",
        credential=credential,
        api_url=github.url,
        timeout_s=5,
        permissions=POLICY_PERMISSIONS,
    )
    yield GitHubPolicies(client)
    client.close()


def propose(github: GitHubEmulator, files: dict[str, bytes | None]) -> int:
    github.commit_files("change", files, "Change it", WRITER)
    return github.open_pull("change", "Change it", "", WRITER)


def opinion(**changes: object) -> Opinion:
    usual = {"conclusion": Conclusion.SUCCESS, "title": "Nothing changes", "text": "All is well."}
    return Opinion(**{**usual, **changes})  # type: ignore[arg-type]  # by name


# ---- reading ------------------------------------------------------------------------------------


def test_the_newest_commit_is_the_default_branchs_tip(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    github.commit_files("elsewhere", {"policies/roles.yml": b"kind: roles\n"}, "Try", WRITER)

    assert policies.newest() == sha


def test_only_the_policy_folders_yaml_files_are_read_at_a_commit(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    more = {
        "policies/systems/crm.yml": b"kind: system\n",
        "policies/README.md": b"for people",
        "policies/.hidden/x.yml": b"no",
        "elsewhere/policies/y.yml": b"no",
    }
    first = github.commit_files("main", {**COMPANY, **more}, "Begin", WRITER)
    github.commit_files("main", {"policies/company.yml": b"kind: company # 2\n"}, "On", WRITER)

    content = policies.files(first)

    assert content.name == "policies"
    assert content.files == {
        "company.yml": b"kind: company\n",
        "systems/crm.yml": b"kind: system\n",
    }


def test_a_commit_without_the_folder_is_not_found(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", {"README.md": b"# Only this\n"}, "Begin", WRITER)

    with pytest.raises(NotFound, match="has no folder policies/"):
        policies.files(sha)


@pytest.mark.parametrize("commit", ["main", "../../user", "abc", "", "A" * 40])
def test_nothing_but_a_commit_id_reaches_an_address(policies: GitHubPolicies, commit: str) -> None:
    with pytest.raises(NotFound, match="is not a commit id"):
        policies.files(commit)


def test_a_proposal_is_compared_with_where_it_started(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    base = github.commit_files("main", COMPANY, "Begin", WRITER)
    number = propose(github, {"policies/company.yml": b"kind: company # new\n"})
    github.commit_files("main", {"README.md": b"# Moved on\n"}, "Go on", WRITER)

    found = policies.proposal(number)

    assert (found.base, found.head) == (base, github.head("change"))
    assert found.touches_policy
    assert found.is_open


def test_a_closed_proposal_and_one_of_other_files_are_told_apart(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    github.commit_files("main", COMPANY, "Begin", WRITER)
    number = propose(github, {"README.md": b"# Better\n"})
    github.close_pull(number, WRITER)

    found = policies.proposal(number)

    assert not found.touches_policy
    assert not found.is_open


def test_a_change_of_policy_does_not_hide_behind_thousands_of_other_files(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    github.commit_files("main", COMPANY, "Begin", WRITER)
    others: dict[str, bytes | None] = {f"a/{n}.txt": b"x" for n in range(3_000)}
    number = propose(github, {**others, "policies/company.yml": b"kind: company # new\n"})

    assert policies.proposal(number).touches_policy
    assert policies.proposal_head(number) == github.head("change")


def test_a_proposal_that_adds_or_removes_the_whole_folder_touches_it(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    github.commit_files("main", {"README.md": b"# 1\n"}, "Begin", WRITER)
    number = propose(github, {"policies/company.yml": b"kind: company\n"})

    assert policies.proposal(number).touches_policy


def refusal(policies: GitHubPolicies, commit: str) -> tuple[str, ...]:
    """Read a folder whose blobs nobody may fetch, and return why it is refused."""
    with pytest.raises(PolicyError) as refused:
        policies.files(commit)
    return refused.value.faults


def test_what_is_too_big_or_no_file_is_refused_before_it_is_fetched(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    wrong: dict[str, bytes | Symlink | Submodule] = {
        "policies/systems/big.yml": b"#" * 1_000_001,
        "policies/roles.yml": Symlink(target="../../etc/passwd"),
        "policies/systems/crm.yml": Submodule(sha="a" * 40),
    }
    sha = github.commit_files("main", {**COMPANY, **wrong}, "Begin", WRITER)
    fetch = "GET /repos/acme/access/git/blobs/*"
    github.faults.add(Fault(route=fetch, kind=FaultKind.STATUS, times=9))

    assert refusal(policies, sha) == (
        "policies/roles.yml:1:1: error: this is a link or a submodule: write the file itself",
        "policies/systems/big.yml:1:1: error: the file is over 1,000,000 bytes: split it up",
        "policies/systems/crm.yml:1:1: error: this is a link or a submodule: write the file itself",
    )


def test_files_that_are_too_big_together_or_too_many_are_refused(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    big = {f"policies/tests/{n}.yml": b"#" * 1_000_000 for n in range(20)}
    heavy = github.commit_files("heavy", {**COMPANY, **big}, "Try", WRITER)
    many = {f"policies/tests/{n}.yml": b"#" for n in range(2_001)}
    numerous = github.commit_files("many", many, "Try", WRITER)

    (too_big,), (too_many,) = refusal(policies, heavy), refusal(policies, numerous)

    assert "over 20,000,000 bytes together" in too_big
    assert "over 2,000 files" in too_many


@pytest.mark.parametrize("what", ["trees", "blobs"])
def test_what_github_does_not_have_yet_is_tried_again_and_is_no_missing_folder(
    github: GitHubEmulator, policies: GitHubPolicies, what: str
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    route = f"GET /repos/acme/access/git/{what}/*"
    github.faults.add(Fault(route=route, kind=FaultKind.STATUS, status=404))

    with pytest.raises(Unavailable):
        policies.files(sha)

    assert policies.files(sha).files == {"company.yml": b"kind: company\n"}


def test_two_threads_may_read_different_commits_at_once(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    wanted = {}
    for number in range(4):
        files = {f"policies/systems/s{n}.yml": b"# %d %d" % (number, n) for n in range(5)}
        wanted[github.commit_files("main", files, "Go on", WRITER)] = number
    shas = list(wanted) * 4

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(policies.files, shas))

    for sha, content in zip(shas, found, strict=True):
        assert content.files["systems/s3.yml"] == b"# %d 3" % wanted[sha]


def test_proposals_that_changed_lately_are_listed(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    github.commit_files("main", COMPANY, "Begin", WRITER)
    number = propose(github, {"policies/company.yml": b"kind: company # new\n"})
    now = datetime.now(UTC)

    assert policies.proposals_since(now - timedelta(hours=1)) == (number,)
    assert policies.proposals_since(now + timedelta(hours=1)) == ()


def test_a_tree_that_github_cut_short_is_no_answer() -> None:
    github = GitHubEmulator(rate_limits=False, manifest=MANIFEST, most_tree_entries=1)
    github.serve()
    client = GitHubClient(
        repo="acme/access",
        credential=AppCredential(app_id="424242", private_key=Secret(github.private_key_pem)),
        api_url=github.url,
        permissions=POLICY_PERMISSIONS,
    )
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    try:
        with pytest.raises(Unavailable):
            GitHubPolicies(client).files(sha)
    finally:
        client.close()
        github.close()


# ---- saying -------------------------------------------------------------------------------------


def test_a_commit_is_marked_once_however_often_it_is_said(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)

    for _ in range(2):
        policies.set_status(sha, Standing(is_in_force=False, title="Refused: 1 mistake"))
    policies.set_status(sha, Standing(is_in_force=True, title="In force"))

    (mark,) = github.statuses(sha)
    assert (mark.context, mark.state, mark.description) == (STATUS, "success", "In force")


def test_every_mistake_is_an_annotation_at_its_line_however_many(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    wrong = tuple(
        Annotation(file="policies/roles.yml", line=n + 1, column=3, message=f"mistake {n}")
        for n in range(120)
    )
    said = opinion(conclusion=Conclusion.FAILURE, title="120 mistakes", annotations=wrong)

    policies.set_check(sha, said)
    policies.set_check(sha, said)

    (check,) = github.checks(sha)
    assert (check.name, check.status, check.conclusion) == (CHECK, "completed", "failure")
    assert [note.message for note in check.annotations] == [f"mistake {n}" for n in range(120)]
    assert {note.path for note in check.annotations} == {"policies/roles.yml"}


def test_a_check_whose_answer_was_lost_is_finished_and_not_doubled(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    wrong = tuple(Annotation(file="policies/a.yml", line=n, message="x") for n in range(1, 61))
    said = opinion(conclusion=Conclusion.FAILURE, annotations=wrong)
    route = "POST /repos/acme/access/check-runs"
    github.faults.add(Fault(route=route, kind=FaultKind.DROP_AFTER))

    with pytest.raises(OutcomeUnknown):
        policies.set_check(sha, said)
    policies.set_check(sha, said)

    (check,) = github.checks(sha)
    assert len(check.annotations) == 60


def test_a_check_that_says_something_new_stands_beside_the_old_one(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)

    policies.set_check(sha, opinion(title="This takes 1 seat"))
    policies.set_check(sha, opinion(title="This takes 2 seats"))

    assert [check.title for check in github.checks(sha)] == [
        "This takes 1 seat",
        "This takes 2 seats",
    ]


def test_a_users_token_cannot_write_checks_and_marks_the_commit_instead(
    github: GitHubEmulator,
) -> None:
    sha = github.commit_files("main", COMPANY, "Begin", WRITER)
    client = GitHubClient(
        repo="acme/access",
        credential=TokenCredential(token=Secret("ghp_sandbox")),
        api_url=github.url,
    )

    GitHubPolicies(client).set_check(sha, opinion(conclusion=Conclusion.FAILURE, title="1 mistake"))
    client.close()

    assert github.checks(sha) == []
    (mark,) = github.statuses(sha)
    assert (mark.state, mark.description) == ("failure", "1 mistake")


def test_the_label_is_put_on_and_taken_off_and_others_stay(
    github: GitHubEmulator, policies: GitHubPolicies
) -> None:
    github.commit_files("main", COMPANY, "Begin", WRITER)
    number = propose(github, {"policies/company.yml": b"kind: company # new\n"})

    for is_on in (True, True):
        policies.set_label(number, LOOSENS_LABEL, is_on=is_on)
    assert LOOSENS_LABEL in github.pull(number).labels
    for is_on in (False, False):
        policies.set_label(number, LOOSENS_LABEL, is_on=is_on)

    assert LOOSENS_LABEL not in github.pull(number).labels


def test_an_app_without_the_rights_says_which_ones_it_needs() -> None:
    github = GitHubEmulator(rate_limits=False, permissions={"issues": "write", "metadata": "read"})
    github.serve()
    client = GitHubClient(
        repo="acme/access",
        credential=AppCredential(app_id="424242", private_key=Secret(github.private_key_pem)),
        api_url=github.url,
        permissions=POLICY_PERMISSIONS,
    )
    try:
        with pytest.raises(Unauthorized, match="may not checks: write, contents: read"):
            GitHubPolicies(client).newest()
    finally:
        client.close()
        github.close()
