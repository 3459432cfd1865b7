"""A decision with all that it rests on, in words short enough for the audit log, and made again.

What policy looked at is not guessed: the question is put once more to a roster that writes down
whom it was asked for. No answer that somebody typed is kept: a digest stands in for it, and the
same number for every number, as there are too few of them for a digest to hide one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

from bot.domain.decision import Ask, Decision, decide
from bot.domain.durations import Duration, Unit
from bot.domain.inbound import MAX_ANSWER
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Policy, Question, QuestionForm, Where
from bot.domain.question_checks import answer_problem

Facts = Mapping[str, str]

_BASIS, _ANSWER, _RULE, _DIGEST = "basis", "answer", "rule", "decision"
_ANY_NUMBER = "0"
_FORMS = {
    form: Question(id="", asks="", where=Where("", 0), form=form, is_required=False)
    for form in QuestionForm
}


def facts_of(ask: Ask, roster: Roster, policy: Policy, now: datetime) -> dict[str, str]:
    """Return everything that the decision on this question looks at, and what it came to."""
    asked = replace(ask, answers={id_: _stand_in(text) for id_, text in ask.answers.items()})
    watched = _Watched(roster)
    decision = decide(asked, policy, watched, now)
    basis = {"ask": _ask_to(asked), "now": _moment_to(now), **watched.seen()}
    return {
        _ANSWER: decision.answer,
        _RULE: decision.rule,
        _DIGEST: digest_of(decision),
        _BASIS: json.dumps(basis, ensure_ascii=False, separators=(",", ":")),
    }


def replayed(facts: Facts, policy: Policy) -> Decision:
    """Decide again what was decided then; raises ValueError for facts that nobody wrote like this.

    The policy must be the one of then: the entry in the audit log names its commit.
    """
    try:
        basis = json.loads(facts[_BASIS])
        ask, now = _ask_from(basis["ask"]), datetime.fromisoformat(basis["now"])
        roster = _Remembered(basis["people"], basis["logins"])
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(f"these are not the facts of a decision: {wrong!r}") from wrong
    return decide(ask, policy, roster, now)


def difference(facts: Facts, decision: Decision) -> str:
    """Say how a decision differs from the one that the facts tell of; empty when it does not."""
    if facts.get(_DIGEST) == digest_of(decision):
        return ""
    was = f"{facts.get(_ANSWER, 'unknown')} by {facts.get(_RULE, 'unknown')}"
    now = f"{decision.answer} by {decision.rule}"
    return f"it was {was}, and is {now}" if was != now else f"still {now}, but not in every detail"


def digest_of(decision: Decision) -> str:
    """Digest a decision with all its reasons and everybody it names."""
    text = json.dumps(asdict(decision), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _stand_in(answer: str) -> str:
    """Write something else in the forms that an answer fits, which is all that policy looks at."""
    if _fits(answer, QuestionForm.NUMBER):
        return _ANY_NUMBER if answer.strip() else ""
    digest = "sha256:" + hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if len(answer) > MAX_ANSWER:
        return digest.ljust(MAX_ANSWER + 1, ".")
    if _fits(answer, QuestionForm.LINK):
        return f"https://answer.invalid/{digest}"
    return digest if _fits(answer, QuestionForm.TEXT) else "…"


def _fits(answer: str, form: QuestionForm) -> bool:
    return answer_problem(_FORMS[form], answer) is None


# ---- whom the decision looked at ----------------------------------------------------------------


class _Watched(Roster):
    """A roster that writes down whom it was asked for, and under which login."""

    def __init__(self, roster: Roster) -> None:
        super().__init__(())
        self._roster = roster
        self._met: dict[str, Person] = {}
        self._logins: dict[str, str] = {}

    def get(self, person_id: str | None) -> Person | None:
        return self._meet(self._roster.get(person_id))

    def by_github(self, login: str) -> Person | None:
        person = self._meet(self._roster.by_github(login))
        if person is not None:
            self._logins[login.casefold()] = person.id
        return person

    def seen(self) -> dict[str, Any]:
        return {
            "people": [_person_to(person) for person in self._met.values()],
            "logins": self._logins,
        }

    def _meet(self, person: Person | None) -> Person | None:
        if person is not None:
            self._met[person.id] = person
        return person


class _Remembered(Roster):
    """The roster as it was written down; a login finds only whom it found then."""

    def __init__(self, people: list[Mapping[str, Any]], logins: Mapping[str, str]) -> None:
        super().__init__(map(_person_from, people))
        self._logins = dict(logins)

    def by_github(self, login: str) -> Person | None:
        return self.get(self._logins.get(login.casefold()))


# ---- values as JSON -----------------------------------------------------------------------------


def _ask_to(ask: Ask) -> dict[str, Any]:
    """Write a question; what is as usual is left out, to keep the log small."""
    unusual = {
        "pending": sorted(ask.pending),
        "had": sorted(ask.had),
        "answers": dict(ask.answers),
        "joining": ask.is_joining,
        "escalated": ask.is_escalated,
        "emergency": ask.is_emergency,
    }
    return {
        "by": ask.requester_id,
        "for": ask.person_id,
        "level": ask.level_id,
        "duration": [ask.duration.amount, str(ask.duration.unit)],
        "held": {level: until and _moment_to(until) for level, until in ask.held.items()},
    } | {key: value for key, value in unusual.items() if value}


def _ask_from(kept: Mapping[str, Any]) -> Ask:
    amount, unit = kept["duration"]
    return Ask(
        requester_id=kept["by"],
        person_id=kept["for"],
        level_id=kept["level"],
        duration=Duration(amount, Unit(unit)),
        held={
            level: datetime.fromisoformat(until) if until else None
            for level, until in kept["held"].items()
        },
        pending=frozenset(kept.get("pending", ())),
        had=frozenset(kept.get("had", ())),
        answers=kept.get("answers", {}),
        is_joining=kept.get("joining", False),
        is_escalated=kept.get("escalated", False),
        is_emergency=kept.get("emergency", False),
    )


def _person_to(person: Person) -> dict[str, Any]:
    """Write what policy may look at; mail, Slack id, vault and department are none of its facts."""
    unusual = {
        "engagement": None if person.engagement is Engagement.CORE else str(person.engagement),
        "manager": person.manager_id,
        "last": person.last_day and person.last_day.isoformat(),
        "github": person.github,
        "unfiled": not person.is_on_file,
    }
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "first": person.first_day.isoformat(),
        "zone": person.timezone,
    } | {key: value for key, value in unusual.items() if value}


def _person_from(kept: Mapping[str, Any]) -> Person:
    return Person(
        id=kept["id"],
        mail="",
        name=kept["name"],
        role=kept["role"],
        first_day=date.fromisoformat(kept["first"]),
        timezone=kept["zone"],
        engagement=Engagement(kept.get("engagement", Engagement.CORE)),
        manager_id=kept.get("manager"),
        last_day=date.fromisoformat(kept["last"]) if "last" in kept else None,
        github=kept.get("github"),
        is_on_file=not kept.get("unfiled", False),
    )


def _moment_to(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
