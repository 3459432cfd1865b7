"""The JSON of GitHub's objects, for answers and webhooks (docs "Webhook events and payloads").

Every URL has the host that the caller used, API and pages alike, as on GitHub Enterprise Server:
clients check it (wire.md, trap 3), and no link leads to somebody's real repository.
"""

from typing import Any
from urllib.parse import quote

from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.state import (
    CommentRecord,
    IssueRecord,
    Label,
    Permission,
    PullRecord,
    Repository,
    User,
    UserKind,
    node_id,
    timestamp,
)

Json = dict[str, Any]

_USER_LINKS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


class Shapes:
    """Draws the records of one repository for a caller who sees it at `base`."""

    def __init__(self, base: str, repository: Repository, app: AppIdentity) -> None:
        self.base = base
        self._repository = repository
        self._app = app
        self.repo_url = f"{base}/repos/{repository.full_name}"
        self._repo_page = f"{base}/{repository.full_name}"

    def user(self, user: User) -> Json:
        url = f"{self.base}/users/{quote(user.login)}"
        is_bot = user.kind is UserKind.BOT
        page = f"apps/{self._app.slug}" if is_bot else user.login
        return {
            "login": user.login,
            "id": user.id,
            "node_id": node_id(
                {"User": "U", "Bot": "BOT", "Organization": "O"}[user.kind], user.id
            ),
            "avatar_url": f"{self.base}/avatars/u/{user.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.base}/{page}",
            **{key: f"{url}/{path}" for key, path in _USER_LINKS.items()},
            "type": user.kind.value,
            "site_admin": False,
        }

    def organization(self) -> Json:
        owner = self._repository.owner
        url = f"{self.base}/orgs/{owner.login}"
        return {
            "login": owner.login,
            "id": owner.id,
            "node_id": node_id("O", owner.id),
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{self.base}/avatars/u/{owner.id}?v=4",
            "description": None,
        }

    def repository(self, open_issues: int) -> Json:
        repository = self._repository
        host = self.base.split("://", 1)[-1]
        created = timestamp(repository.created_at)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": True,
            "owner": self.user(repository.owner),
            "html_url": self._repo_page,
            "description": "Access requests",
            "fork": False,
            "url": self.repo_url,
            **{key: f"{self.repo_url}/{path}" for key, path in _REPOSITORY_LINKS.items()},
            "created_at": created,
            "updated_at": created,
            "pushed_at": timestamp(repository.pushed_at),
            "git_url": f"git://{host}/{repository.full_name}.git",
            "ssh_url": f"git@{host}:{repository.full_name}.git",
            "clone_url": f"{self._repo_page}.git",
            "svn_url": self._repo_page,
            "homepage": None,
            "size": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": None,
            "has_issues": True,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "forks_count": 0,
            "mirror_url": None,
            "archived": False,
            "disabled": False,
            "open_issues_count": open_issues,
            "license": None,
            "allow_forking": False,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private",
            "forks": 0,
            "open_issues": open_issues,
            "watchers": 0,
            "default_branch": repository.default_branch,
            "custom_properties": {},
        }

    def label(self, label: Label) -> Json:
        return {
            "id": label.id,
            "node_id": node_id("LA", label.id),
            "url": f"{self.repo_url}/labels/{quote(label.name, safe='')}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def issue(self, issue: IssueRecord) -> Json:
        url = f"{self.repo_url}/issues/{issue.number}"
        is_pull = isinstance(issue, PullRecord)
        page = f"{self._repo_page}/{'pull' if is_pull else 'issues'}/{issue.number}"
        people = [self.user(user) for user in issue.assignees]
        return {
            "url": url,
            "repository_url": self.repo_url,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": page,
            "id": issue.id,
            "node_id": node_id("PR" if is_pull else "I", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.user(issue.author),
            "labels": [self.label(label) for label in issue.labels],
            "state": issue.state,
            "locked": False,
            "assignee": people[0] if people else None,
            "assignees": people,
            "milestone": None,
            "comments": len(issue.comments),
            "created_at": timestamp(issue.created_at),
            "updated_at": timestamp(issue.updated_at),
            "closed_at": None if issue.closed_at is None else timestamp(issue.closed_at),
            "author_association": issue.author.association,
            "active_lock_reason": None,
            "body": issue.body,
            "reactions": self._reactions(url),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": self._via(issue.author),
            "state_reason": issue.state_reason,
            **(self._pull_key(issue, page) if isinstance(issue, PullRecord) else {}),
        }

    def comment(self, comment: CommentRecord) -> Json:
        url = f"{self.repo_url}/issues/comments/{comment.id}"
        kind = "pull" if comment.on_pull else "issues"
        page = f"{self._repo_page}/{kind}/{comment.issue_number}"
        return {
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": f"{self.repo_url}/issues/{comment.issue_number}",
            "id": comment.id,
            "node_id": node_id("IC", comment.id),
            "user": self.user(comment.author),
            "created_at": timestamp(comment.created_at),
            "updated_at": timestamp(comment.updated_at),
            "author_association": comment.author.association,
            "body": comment.body,
            "reactions": self._reactions(url),
            "performed_via_github_app": self._via(comment.author),
        }

    def app(self) -> Json:
        app = self._app
        created = timestamp(self._repository.created_at)
        return {
            "id": app.id,
            "slug": app.slug,
            "node_id": node_id("A", app.id),
            "owner": self.user(self._repository.owner),
            "name": app.name,
            "description": "Access requests, decided by policy",
            "external_url": f"{self.base}/apps/{app.slug}",
            "html_url": f"{self.base}/apps/{app.slug}",
            "created_at": created,
            "updated_at": created,
            "permissions": dict(app.permissions),
            "events": list(app.events),
        }

    def installation(self) -> Json:
        app, owner = self._app, self._repository.owner
        created = timestamp(self._repository.created_at)
        organization = f"{self.base}/organizations/{owner.login}"
        tokens = f"{self.base}/app/installations/{app.installation_id}/access_tokens"
        return {
            "id": app.installation_id,
            "account": self.user(owner),
            "repository_selection": "selected",
            "access_tokens_url": tokens,
            "repositories_url": f"{self.base}/installation/repositories",
            "html_url": f"{organization}/settings/installations/{app.installation_id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": owner.id,
            "target_type": owner.kind.value,
            "permissions": dict(app.permissions),
            "events": list(app.events),
            "created_at": created,
            "updated_at": created,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": None,
            "suspended_at": None,
        }

    def permissions_of(self, permission: Permission) -> dict[str, bool]:
        return {
            "admin": permission is Permission.ADMIN,
            "maintain": permission is Permission.ADMIN,
            "push": permission.covers(Permission.WRITE),
            "triage": permission.covers(Permission.TRIAGE),
            "pull": permission.covers(Permission.READ),
        }

    def _pull_key(self, pull: PullRecord, page: str) -> Json:
        """Draw what marks an issue as a pull request (docs "List repository issues")."""
        link = {
            "url": f"{self.repo_url}/pulls/{pull.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": None if pull.merged_at is None else timestamp(pull.merged_at),
        }
        return {"draft": False, "pull_request": link}

    def _via(self, author: User) -> Json | None:
        return self.app() if author.kind is UserKind.BOT else None

    @staticmethod
    def _reactions(url: str) -> Json:
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}
