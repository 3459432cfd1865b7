"""Acting as somebody on the emulated GitHub: who is chosen, what was sent, what was refused."""

from collections.abc import Callable
from typing import Any

from flask import flash, render_template, request, session

from bot.sandbox.front.company import Company
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.person import GitHubPerson


class Acting:
    """The people of the company who have a GitHub login."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def actors(self) -> list[tuple[str, str]]:
        return [(one.github, one.name) for one in self._company.people if one.github]

    def latest(self) -> str:
        """Return the login that was chosen last."""
        return str(session.get("login", ""))

    def actor(self) -> GitHubPerson:
        """Return the person chosen in the form, and remember the choice for the next form."""
        login = request.form.get("actor", "")
        if login not in dict(self.actors()):
            raise GitHubError(404, f"Nobody in the example company is called {login!r} on GitHub")
        session["login"] = login
        return self._company.world.github.person(login)

    def did(self, act: Callable[[GitHubPerson], Any]) -> bool:
        """Act as the chosen person; say whether it was done, and on the page why not."""
        try:
            act(self.actor())
        except GitHubError as refusal:
            flash(_words(refusal), "bad")
        except ValueError as mistake:
            flash(str(mistake), "bad")
        else:
            return True
        return False


def sent(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n")


def refused(refusal: GitHubError) -> tuple[str, int]:
    return render_template("trouble.html", words=_words(refusal)), refusal.status


def _words(refusal: GitHubError) -> str:
    details = [str(one.get("message") or one.get("code")) for one in refusal.errors or ()]
    return f"GitHub says: {refusal.message} ({refusal.status}). {' '.join(details)}".strip()
