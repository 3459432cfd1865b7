"""Pull requests as github.com would show them: what they change, their checks, and a merge."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from bot.sandbox.front.acting import Acting, refused, sent
from bot.sandbox.front.company import Company
from bot.sandbox.front.github_text import GitHubText
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.snapshots import Pull


class PullPages:
    """Reading and acting; every action is a POST by a chosen person."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._github = company.world.github
        self._text = GitHubText(company.links)
        self._acting = Acting(company)

    def blueprint(self) -> Blueprint:
        pages = Blueprint("pulls", __name__)
        one = "/pulls/<int:number>"
        pages.add_url_rule("/pulls", "all", self.all)
        pages.add_url_rule(one, "pull", self.pull)
        for name, act in (("comment", self.comment), ("state", self.state), ("merge", self.merge)):
            pages.add_url_rule(f"{one}/{name}", name, act, methods=["POST"])
        pages.register_error_handler(GitHubError, refused)
        return pages

    def all(self) -> str:
        return render_template("pulls.html", pulls=self._github.pulls()[::-1])

    def pull(self, number: int) -> str:
        pull = self._github.pull(number)
        return render_template(
            "pull.html",
            pull=pull,
            body=self._text.draw(pull.body),
            checks=[{"of": one, "html": self._text.draw(one.summary)} for one in pull.checks],
            comments=[{"of": one, "html": self._text.draw(one.body)} for one in pull.comments],
            actors=self._acting.actors(),
            actor=self._acting.latest(),
            can_refresh=True,
        )

    def comment(self, number: int) -> Response:
        return self._act(number, lambda actor: actor.comment(number, sent("body")))

    def state(self, number: int) -> Response:
        """Close the pull request, or open it again."""
        if sent("state") == "open":
            return self._act(number, lambda actor: actor.reopen(number))
        return self._act(number, lambda actor: actor.close(number))

    def merge(self, number: int) -> Response:
        return self._act(number, lambda actor: actor.merge_pull(number))

    def _act(self, number: int, act: Callable[[GitHubPerson], Any]) -> Response:
        if self._acting.did(act):
            self._company.wait_for_news(self._look(number), before=self._look(number)())
        return redirect(url_for("pulls.pull", number=number))

    def _look(self, number: int) -> Callable[[], Pull]:
        return lambda: self._github.pull(number)
