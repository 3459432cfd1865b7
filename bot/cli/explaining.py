"""What `usher policy explain` does: words to a question, the facts to it, the answer in print."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from bot.adapters.roster_csv import load_roster
from bot.cli.in_force import Consulted, consult
from bot.cli.shell import has_database, reading
from bot.domain.decision import Ask, Check
from bot.domain.durations import Duration
from bot.domain.errors import InvalidRequest, SettingsError
from bot.domain.explain import Explanation, WayOut, explain, ways_title
from bot.domain.inbound import parse_duration
from bot.domain.people import Person, Roster
from bot.domain.policy import Policy
from bot.domain.policy_version import DIRECTORY, REPOSITORY
from bot.domain.quoting import quoted
from bot.domain.remedies import Effort
from bot.domain.text import clean
from bot.settings import LocalSettings, load_local_settings

_UNASKED = Duration(30)
_WIDEST = 48
_LONGEST_LINE = 1000
_BY = {
    Effort.REQUESTER: "the one who asks",
    Effort.IT: "IT, in the roster",
    Effort.POLICY: "the owners of the policy",
}
NOT_CONSIDERED = "What is held or asked for was not considered: {}."


@dataclass(frozen=True, kw_only=True)
class Words:
    """The question as typed."""

    person: str
    level: str
    days: int | None = None
    length: str | None = None
    at: str | None = None
    by: str | None = None
    answers: tuple[str, ...] = ()
    is_emergency: bool = False
    policy: Path | None = None
    uses_database: bool = True


@dataclass(frozen=True, kw_only=True)
class Explained:
    """The explanation, by which policy; `gap` says why what is held was left out, if it was."""

    explanation: Explanation
    consulted: Consulted
    gap: str = ""


def explain_words(words: Words) -> Explained:
    """Answer a question by the policy in force and by what is held, as far as they are known."""
    settings = load_local_settings()
    roster = _roster(settings)
    gap = _gap(words)
    database: AbstractContextManager[Any] = nullcontext() if gap else reading()
    with database as tx:
        consulted = consult(words.policy, settings.policy_dir, tx)
        policy = consulted.policy
        if tx is not None:
            joined = (person for person in tx.people.all() if roster.get(person.id) is None)
            roster = Roster((*roster, *joined))
        ask = _ask(words, policy, roster)
        if tx is not None:
            ask = _with_access(ask, tx)
    explanation = explain(ask, policy, roster, _moment(words.at, policy))
    return Explained(explanation=explanation, consulted=consulted, gap=gap)


# ---- words to a question ------------------------------------------------------------------------


def _roster(settings: LocalSettings) -> Roster:
    if settings.people_file is None:
        problem = "PEOPLE_FILE is missing: set it to the path of the roster's CSV."
        raise SettingsError("Usher does not know where the roster is.", problems=(problem,))
    return load_roster(settings.people_file)


def _gap(words: Words) -> str:
    if not words.uses_database:
        return "--no-database"
    return "" if has_database() else "there is no database yet"


def _ask(words: Words, policy: Policy, roster: Roster) -> Ask:
    person = _person("--person", words.person, roster)
    requester = _person("--by", words.by, roster) if words.by else person
    level_id = words.level.strip().casefold()
    return Ask(
        requester_id=requester.id,
        person_id=person.id,
        level_id=level_id,
        duration=_length(words, level_id, policy),
        held={},
        answers=_answers(words.answers),
        is_emergency=words.is_emergency,
    )


def _with_access(ask: Ask, tx: Any) -> Ask:
    requests = tx.requests.of_person(ask.person_id)
    return replace(
        ask,
        held={grant.level_id: grant.until for grant in tx.grants.of_person(ask.person_id)},
        pending=frozenset(request.level_id for request in requests if not request.is_over),
        had=tx.grants.levels_had(ask.person_id),
    )


def _person(option: str, words: str, roster: Roster) -> Person:
    found = roster.find(words)
    if len(found) == 1:
        return found[0]
    how_many = "several people" if found else "nobody"
    raise typer.BadParameter(
        f"{option}: the roster has {how_many} for {quoted(words)}; write an id, a work mail address"
        " or @ and a GitHub login"
    )


def _length(words: Words, level_id: str, policy: Policy) -> Duration:
    """Read how long; without a word about it, as long as the level allows."""
    if words.days is not None and words.length is not None:
        raise typer.BadParameter("--days and --for say the same: write one of them")
    if words.days is not None:
        return Duration(words.days)
    if words.length is None:
        level = policy.level(level_id)
        return level.request.longest if level and level.request else _UNASKED
    try:
        return parse_duration(words.length)
    except InvalidRequest as no:
        raise typer.BadParameter(f"--for: {no.sentence()}") from no


def _moment(words: str | None, policy: Policy) -> datetime:
    """Read a moment; without an offset it is the company's own time."""
    zone = ZoneInfo(policy.company.calendar.timezone)
    if words is None:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(words.strip())
    except ValueError as wrong:
        text = f"--at: {quoted(words)} is no time; write for example 2026-11-02T09:00"
        raise typer.BadParameter(text) from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _answers(typed: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for words in typed:
        question, is_there, answer = words.partition("=")
        if not is_there or not question.strip() or question.strip() in found:
            text = f"--answer: write each question once, as id=answer, not {quoted(words)}"
            raise typer.BadParameter(text)
        found[question.strip()] = answer.strip()
    return found


# ---- the answer in print ------------------------------------------------------------------------


def as_text(told: Explained) -> str:
    """Say everything in lines that can be read aloud, the answer first."""
    one = told.explanation
    lines = [
        *_head(one),
        f"Policy  {one.decision.policy_commit}, {_whence(told)}",
        *_block("Why not", [reason.sentence() for reason in one.decision.reasons]),
        *_block("Who is asked", list(_asked(one))),
        *_block("Who is told", [", ".join(one.told)] if one.told else []),
        *_block("What was checked", list(_checked(one.decision.checks))),
        *_ways(one.ways_out),
    ]
    if told.gap:
        lines += ["", NOT_CONSIDERED.format(told.gap)]
    return "\n".join(lines)


def _head(one: Explanation) -> Iterator[str]:
    ask, decision = one.ask, one.decision
    whom = "" if one.person == one.requester else f" for {_clean(one.person)}"
    how = ", in an emergency" if ask.is_emergency else ""
    yield (
        f"{_clean(one.requester)} asks{whom}: {_clean(ask.level_id)}, {ask.duration.in_words()}"
        f"{how}, at {one.at:%Y-%m-%d %H:%M %Z}"
    )
    where = f" ({decision.where})" if decision.where else ""
    yield f"Answer  {decision.answer.replace('_', ' ')}"
    yield f"Rule    {decision.rule}{where}"


def _whence(told: Explained) -> str:
    since = _since(told)
    if since is None:
        return f"from the folder {_clean(str(told.consulted.folder))}"
    return f"from the policy repository, in force since {since:%Y-%m-%d %H:%M %Z}"


def _since(told: Explained) -> datetime | None:
    """Return since when it is in force, in the zone in which the answer is told."""
    since = told.consulted.since
    return since.astimezone(told.explanation.at.tzinfo) if since else None


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", title)
        yield from (f"  {line}" for line in lines)


def _clean(text: str) -> str:
    return clean(text, _LONGEST_LINE)


def _asked(one: Explanation) -> Iterator[str]:
    for need in one.asked:
        yield f"as {need.because} ({need.where}), one of:"
        yield from (f"  {_clean(person.name)} ({person.because})" for person in need.people)


def _checked(checks: Sequence[Check]) -> Iterator[str]:
    rule_width = min(_WIDEST, max(len(check.rule) for check in checks))
    for check in checks:
        mark = "yes" if check.held else "no "
        where = f"  ({check.where})" if check.where else ""
        yield f"{mark}  {check.rule:<{rule_width}}  {_clean(check.fact)}{where}"


def _ways(ways: Sequence[WayOut]) -> Iterator[str]:
    lines = []
    for number, way in enumerate(ways, 1):
        for place, sentence in enumerate(way.sentences, 1):
            mark = f"{number}. " if place == 1 else "   "
            more = " And:" if place < len(way.sentences) else ""
            lines.append(f"{mark}{_clean(sentence)}{more}")
    yield from _block(ways_title(len(ways)), lines)


def as_document(told: Explained) -> dict[str, Any]:
    """Return the same for a script."""
    one = told.explanation
    ask, decision = one.ask, one.decision
    return {
        "person": ask.person_id,
        "requester": ask.requester_id,
        "level": ask.level_id,
        "length": str(ask.duration),
        "at": one.at.isoformat(),
        "emergency": ask.is_emergency,
        "decision": decision.answer,
        "rule": decision.rule,
        "where": decision.where,
        "policy_commit": decision.policy_commit,
        "policy_from": _policy_from(told),
        "reasons": [asdict(reason) for reason in decision.reasons],
        "checks": [asdict(check) for check in decision.checks],
        "asked": [asdict(need) for need in one.asked],
        "told": list(decision.told),
        "changes": [_way(way) for way in one.ways_out],
        "held_access": {
            "considered": not told.gap,
            "held": sorted(ask.held),
            "asked_for": sorted(ask.pending),
        },
    }


def _policy_from(told: Explained) -> dict[str, Any]:
    since, folder = _since(told), told.consulted.folder
    return {
        "source": DIRECTORY if folder else REPOSITORY,
        "in_force_since": since.isoformat() if since else None,
        "folder": str(folder) if folder else None,
    }


def _way(way: WayOut) -> dict[str, Any]:
    hardest = max(remedy.effort for remedy in way.remedies)
    return {"who": _BY[hardest], "sentences": list(way.sentences)}
