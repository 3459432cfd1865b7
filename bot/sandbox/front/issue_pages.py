"""The request issues, as github.com would show them, and what people do there."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.sandbox.front.acting import Acting, refused, sent
from bot.sandbox.front.company import Company
from bot.sandbox.front.github_text import GitHubText, open_tasks, tick
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.snapshots import Issue

FORM_TITLE = "Access request"
FORM = (
    ("Level", "The system and level, for example salesforce/view-only.", True),
    ("For whom", "A work mail, GitHub login or full name. Empty means yourself.", False),
    ("For how long", "For example 8h, 30 days, 2 weeks or permanent.", True),
    ("Why", "Whoever approves reads this.", True),
)
"""The fields of the issue form that a company puts into its repository: heading, hint, required."""


class IssuePages:
    """Reading and acting; every action is a POST by a chosen person."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._github = company.world.github
        self._text = GitHubText(company.links)
        self._acting = Acting(company)

    def blueprint(self) -> Blueprint:
        pages = Blueprint("issues", __name__)
        one = "/issues/<int:number>"
        pages.add_url_rule("/issues", "all", self.all)
        pages.add_url_rule("/issues/new", "form", self.form)
        pages.add_url_rule("/issues/new", "open", self.open, methods=["POST"])
        pages.add_url_rule(one, "issue", self.issue)
        for name, act in (
            ("comment", self.comment),
            ("edit", self.edit),
            ("state", self.state),
            ("tick", self.tick),
        ):
            pages.add_url_rule(f"{one}/{name}", name, act, methods=["POST"])
        pages.register_error_handler(GitHubError, refused)
        return pages

    def all(self) -> str:
        return render_template("issues.html", issues=self._github.issues()[::-1])

    def form(self) -> str:
        return self._form(values={}, errors={})

    def open(self) -> Response | str:
        """Submit the issue form, which GitHub checks for required answers in the browser."""
        answers = {name: sent(name) for name, _, _ in FORM}
        errors = {
            name: "This field is required."
            for name, _, is_required in FORM
            if is_required and not answers[name].strip()
        }
        title = sent("title").strip() or FORM_TITLE
        if errors:
            return self._form(values=answers | {"title": title}, errors=errors)
        issue = self._acting.actor().open_form(answers, title=title)
        self._wait(issue.number)
        return redirect(url_for("issues.issue", number=issue.number))

    def issue(self, number: int) -> str:
        issue = self._github.issue(number)
        return render_template(
            "issue.html",
            issue=issue,
            body=self._text.draw(issue.body),
            comments=[
                {"of": one, "html": self._text.draw(one.body), "tasks": open_tasks(one.body)}
                for one in issue.comments
            ],
            actors=self._acting.actors(),
            actor=self._acting.latest(),
            can_refresh=True,
        )

    def comment(self, number: int) -> Response:
        return self._act(number, lambda actor: actor.comment(number, sent("body")))

    def edit(self, number: int) -> Response:
        return self._act(
            number,
            lambda actor: actor.edit_issue(number, title=sent("title"), body=sent("body")),
        )

    def state(self, number: int) -> Response:
        """Close the issue, or open it again."""
        if request.form.get("state") == "open":
            return self._act(number, lambda actor: actor.reopen(number))
        return self._act(number, lambda actor: actor.close(number))

    def tick(self, number: int) -> Response:
        """Tick a box: to GitHub an edit of the comment by the one who ticks."""
        comment_id, line = request.form.get("comment", type=int), request.form.get("line", type=int)

        def act(actor: GitHubPerson) -> None:
            found = next(
                (c for c in self._github.issue(number).comments if c.id == comment_id), None
            )
            if found is None or line is None:
                raise ValueError("This comment is gone.")
            actor.edit_comment(found.id, tick(found.body, line))

        return self._act(number, act)

    def _form(self, *, values: dict[str, str], errors: dict[str, str]) -> str:
        return render_template(
            "new_issue.html",
            fields=FORM,
            title=FORM_TITLE,
            values=values,
            errors=errors,
            actors=self._acting.actors(),
            actor=self._acting.latest(),
        )

    def _act(self, number: int, act: Callable[[GitHubPerson], Any]) -> Response:
        if self._acting.did(act):
            self._wait(number)
        return redirect(url_for("issues.issue", number=number))

    def _wait(self, number: int) -> None:
        def look() -> Issue:
            return self._github.issue(number)

        self._company.wait_for_news(look, before=look())
