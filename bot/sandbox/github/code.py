"""What people do with code: push commits, open and merge pull requests, delete branches."""

from collections.abc import Callable, Mapping

from bot.sandbox.github import errors
from bot.sandbox.github.checks import CheckBoard
from bot.sandbox.github.git_diff import FileChange, changes
from bot.sandbox.github.git_merge import merged_tree
from bot.sandbox.github.git_objects import NO_COMMIT, Commit, Content, Signature
from bot.sandbox.github.git_store import GitStore, check_branch
from bot.sandbox.github.state import Permission, PullRecord, Repository, User
from bot.sandbox.github.tracker import Announce, Tracker

README = (
    b"# Access\n\nAccess requests are issues here, and the policy that decides them is a folder.\n"
)


class CodeBase:
    """The code of one repository. Callers hold the emulator's lock."""

    def __init__(
        self,
        repository: Repository,
        tracker: Tracker,
        checks: CheckBoard,
        *,
        clock: Callable[[], float],
        announce: Announce,
    ) -> None:
        self._repository = repository
        self._tracker = tracker
        self._clock = clock
        self._announce = announce
        self._test_merges: dict[tuple[str, str], str] = {}
        self.checks = checks
        self.store = GitStore(repository.default_branch)
        tracker.before_reopening = self._check_reopening
        self._begin()

    # ---- branches -------------------------------------------------------------------------------

    def commit_files(
        self, actor: User, branch: str, files: Mapping[str, Content], message: str
    ) -> Commit:
        """Commit to a branch and push it; a new branch starts at the default branch's tip."""
        self._need_write(actor)
        check_branch(branch)
        tip = self.store.branch(branch) or self.store.branch(self._repository.default_branch)
        parents = (tip,) if tip else ()
        tree = self.store.changed(self.store.commits[tip].tree if tip else None, files)
        commit = self._commit(actor, tree, parents, message)
        self.push(actor, branch, commit.sha)
        return commit

    def push(self, actor: User, branch: str, sha: str) -> None:
        """Move a branch to a commit, forced if that drops commits, and send what GitHub sends."""
        self._need_write(actor)
        check_branch(branch)
        before = self.store.branch(branch)
        if before == sha:
            return
        bases = {p.number: self.base_of(p) for p in self._open_pulls() if p.base_ref == branch}
        fresh = self._unknown(sha, before)
        self.store.refs[f"heads/{branch}"] = sha
        self._repository.pushed_at = int(self._clock())
        self._tell_push(actor, branch, before or NO_COMMIT, sha, fresh)
        self.checks.open_suite(actor, sha, branch=branch, before=before or NO_COMMIT)
        for pull in self._open_pulls():
            if pull.head_ref == branch:
                self.store.refs[f"pull/{pull.number}/head"] = sha
                base = self.base_of(pull)
                self._tracker.synchronize(actor, pull, head_sha=sha, base_sha=base)
            if pull.base_ref == branch and pull.head_sha in self.store.history(sha):
                # Docs "About pull request merges": all its commits are in the base branch.
                self._tracker.set_merged(actor, pull, base_sha=bases[pull.number], merge_sha=sha)

    def delete_branch(self, actor: User, branch: str) -> None:
        """Delete a branch; its open pull requests are closed (docs "Deleting branches")."""
        self._need_write(actor)
        before = self.store.branch(branch)
        if before is None:
            raise errors.GitHubError(422, "Reference does not exist")
        if branch == self._repository.default_branch:
            raise errors.GitHubError(422, "Cannot delete the default branch")
        del self.store.refs[f"heads/{branch}"]
        self._tell_push(actor, branch, before, NO_COMMIT, [])
        for pull in self._open_pulls():
            if branch in {pull.head_ref, pull.base_ref}:
                self._tracker.set_state(pull.author, pull, "closed")

    # ---- pull requests --------------------------------------------------------------------------

    def open_pull(
        self, actor: User, head: str, *, title: str, body: str | None, base: str | None = None
    ) -> PullRecord:
        base = base or self._repository.default_branch
        for field, name in (("head", head), ("base", base)):
            if self.store.branch(name) is None:
                raise errors.invalid("PullRequest", field, "invalid")
        if any((p.head_ref, p.base_ref) == (head, base) for p in self._open_pulls()):
            owner = self._repository.owner.login
            raise _refused(f"A pull request already exists for {owner}:{head}.")
        shas = (self.store.refs[f"heads/{head}"], self.store.refs[f"heads/{base}"])
        if not self.store.between(shas[1], shas[0]):
            raise _refused(f"No commits between {base} and {head}")
        pull = self._tracker.open_pull(actor, title=title, body=body, refs=(head, base), shas=shas)
        self.store.refs[f"pull/{pull.number}/head"] = pull.head_sha
        return pull

    def merge(self, actor: User, pull: PullRecord) -> Commit:
        """Merge with a merge commit (docs "About merge methods on GitHub")."""
        self._need_write(actor)
        if pull.merged_at is not None or pull.state != "open":
            raise errors.GitHubError(405, "Pull Request is not mergeable")
        tree = self._merged_tree(pull)
        if tree is None:
            raise errors.GitHubError(405, "Pull Request is not mergeable")
        owner = self._repository.owner.login
        message = f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}\n\n{pull.title}"
        base = self.base_of(pull)
        commit = self._commit(actor, tree, (base, pull.head_sha), message)
        self.push(actor, pull.base_ref, commit.sha)
        return commit

    def base_of(self, pull: PullRecord) -> str:
        """Return what an open pull request would be merged into now, or a closed one was."""
        tip = self.store.branch(pull.base_ref) if pull.state == "open" else None
        return tip or pull.base_sha

    def pull_commits(self, pull: PullRecord) -> list[Commit]:
        return self.store.between(self.base_of(pull), pull.head_sha)

    def pull_changes(self, pull: PullRecord) -> list[FileChange]:
        """Compare with where the branches parted (docs "About comparing branches": three dots)."""
        base = self.store.merge_base(self.base_of(pull), pull.head_sha)
        return self.changes(base, self.store.commits[pull.head_sha])

    def changes(self, base: Commit | None, head: Commit) -> list[FileChange]:
        return changes(self.store, base.tree if base else None, head.tree)

    def is_mergeable(self, pull: PullRecord) -> bool:
        return self._merged_tree(pull) is not None

    def test_merge(self, pull: PullRecord) -> str | None:
        """Return the commit of the trial merge; it is on no branch (docs "Get a pull request")."""
        base = self.base_of(pull)
        key = (base, pull.head_sha)
        if key not in self._test_merges and (tree := self._merged_tree(pull)) is not None:
            message = f"Merge {pull.head_sha} into {base}"
            self._test_merges[key] = self._commit(pull.author, tree, key, message).sha
        return self._test_merges.get(key)

    def pulls_at(self, sha: str) -> list[PullRecord]:
        """Return the open pull requests that this commit is the head of."""
        return [pull for pull in self._open_pulls() if pull.head_sha == sha]

    def _merged_tree(self, pull: PullRecord) -> str | None:
        """Return the tree of a merge into the base branch as it is now; None for a conflict."""
        commits = self.store.commits
        base, head = commits[self.base_of(pull)], commits[pull.head_sha]
        fork = self.store.merge_base(base.sha, head.sha)
        return None if fork is None else merged_tree(self.store, fork, base, head)

    def _check_reopening(self, pull: PullRecord) -> None:
        tip = self.store.branch(pull.head_ref)
        if pull.merged_at is not None or tip is None or self.store.branch(pull.base_ref) is None:
            text = "state cannot be changed. The pull request cannot be reopened."
            raise errors.invalid("PullRequest", "state", "custom", message=text)
        pull.head_sha = self.store.refs[f"pull/{pull.number}/head"] = tip

    def _open_pulls(self) -> list[PullRecord]:
        return [pull for pull in self._tracker.pulls if pull.state == "open"]

    # ---- commits --------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin as «Add a README» does when a repository is made."""
        tree = self.store.changed(None, {"README.md": README})
        first = self._commit(self._repository.owner, tree, (), "Initial commit")
        self.store.refs[f"heads/{self._repository.default_branch}"] = first.sha
        self._repository.pushed_at = first.author.at

    def _commit(self, actor: User, tree: str, parents: tuple[str, ...], message: str) -> Commit:
        author = Signature(name=actor.name, email=mail_of(actor), at=int(self._clock()))
        return self.store.commit(tree=tree, parents=parents, author=author, message=message)

    def _unknown(self, sha: str, before: str | None) -> list[tuple[Commit, bool]]:
        """Return the pushed commits, oldest first, and whether each was on no branch before.

        A new branch is compared with the default branch.
        """
        base = before or self.store.branch(self._repository.default_branch)
        heads = [tip for name, tip in self.store.refs.items() if name.startswith("heads/")]
        known = {old for tip in heads for old in self.store.history(tip)}
        return [(one, one.sha not in known) for one in self.store.between(base, sha)]

    def _tell_push(
        self,
        actor: User,
        branch: str,
        before: str,
        after: str,
        commits: list[tuple[Commit, bool]],
    ) -> None:
        is_update = NO_COMMIT not in {before, after}
        is_forced = is_update and before not in self.store.history(after)
        self._announce(
            "push",
            "",
            actor,
            branch=branch,
            before=before,
            after=after,
            forced=is_forced,
            commits=commits,
        )

    @staticmethod
    def _need_write(actor: User) -> None:
        if not actor.permission.covers(Permission.WRITE):
            raise errors.must_have_rights()


def mail_of(user: User) -> str:
    """Return the address of whoever keeps theirs private (docs "Setting your commit email")."""
    return f"{user.id}+{user.login}@users.noreply.github.com"


def _refused(message: str) -> errors.GitHubError:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return errors.GitHubError(422, "Validation Failed", errors=[error])
