"""What is said of a proposed or a new policy: on its pull request, and at its commit."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.cards import Card
from bot.domain.markdown import code_span

FOLDER = "policies"
"""Where policies stand in their repository; `handlers/` and faults name files the same way."""
LOOSENS_LABEL = "policy: loosens"
FIRST_POLICY = "The first policy that can be used: there is nothing to compare it with."
MAX_TITLE = 140
"""GitHub's limit for the description of a commit status; a check's title keeps to it too."""
_MOST_LISTED, _LONGEST_LISTED = 50, 300
ROOM_FOR_CASES = _MOST_LISTED * (_LONGEST_LISTED + 20) + 500
"""So many characters the list of cases that fail may take beside the plan."""

_MOST_IN_ALARM = 5
_PLACE = re.compile(
    r"(?P<file>.+?):(?P<line>\d+):(?:(?P<column>\d+):)? (?:error:|FAIL) (?P<text>.*)", re.DOTALL
)


class Conclusion(StrEnum):
    """How a check ends, in GitHub's words; neutral passes and stands out."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A pull request: its newest commit, the commit it started from, and what it is about."""

    number: int
    head: str
    base: str
    touches_policy: bool
    is_open: bool = True


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One mistake at its place in a file, 1-based."""

    file: str
    line: int
    message: str
    column: int | None = None


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What is said of a version of the policy; `text` is Markdown, `base` the commit before."""

    conclusion: Conclusion
    title: str
    text: str
    annotations: tuple[Annotation, ...] = ()
    is_loosening: bool = False
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether a commit's policy is in force, for people who look at the commit."""

    is_in_force: bool
    title: str


def of_faults(faults: Iterable[str]) -> Opinion:
    """Say that a policy cannot be used, each mistake at its line."""
    lines = tuple(faults)
    count = _count(len(lines), "mistake")
    listed = [f"- {code_span(line)}" for line in lines[:_MOST_LISTED]]
    if len(lines) > _MOST_LISTED:
        more = len(lines) - _MOST_LISTED
        listed.append(f"- and {more} more: `usher policy check` lists them all.")
    intro = (
        f"**This policy cannot be used: {count}.** If it were merged, it would be refused and the "
        "last good one would stay in force."
    )
    return Opinion(
        conclusion=Conclusion.FAILURE,
        title=f"{count[0].upper()}{count[1:]}: this policy would be refused",
        text="\n\n".join((intro, "\n".join(listed))),
        annotations=annotations_of(lines),
    )


def of_plan(
    verdict: str, text: str, *, is_loosening: bool, failed_cases: Iterable[str] = ()
) -> Opinion:
    """Say what a policy without mistakes would change; a case that fails is a mistake too."""
    failed = tuple(failed_cases)
    if failed:
        shown = "\n".join(
            f"- {code_span(case[:_LONGEST_LISTED])}" for case in failed[:_MOST_LISTED]
        )
        count = _count(len(failed), "test case")
        intro = f"**{count} of `policies/tests` fail.** `usher policy test` shows them in full."
        return Opinion(
            conclusion=Conclusion.FAILURE,
            title=f"{count} of policies/tests fail",
            text=f"{intro}\n\n{shown}\n\n{text}",
            annotations=annotations_of(failed),
            is_loosening=is_loosening,
        )
    return Opinion(
        conclusion=Conclusion.NEUTRAL if is_loosening else Conclusion.SUCCESS,
        title=_cut(verdict),
        text=text,
        is_loosening=is_loosening,
    )


def annotations_of(faults: Iterable[str]) -> tuple[Annotation, ...]:
    """Take the places out of faults such as `policies/roles.yml:3:56: error: …`, or `FAIL …`."""
    found = (_PLACE.fullmatch(fault) for fault in faults)
    return tuple(
        Annotation(
            file=place["file"],
            line=int(place["line"]),
            column=int(place["column"]) if place["column"] else None,
            message=place["text"],
        )
        for place in found
        if place
    )


def now_in_force(levels: int, failed: Collection[str] = ()) -> Standing:
    """Say on the commit that its policy decides from now on, also if its own cases object."""
    title = f"In force: {_count(levels, 'level')}"
    if failed:
        title += f"; {_count(len(failed), 'test case')} of policies/tests fail"
    return Standing(is_in_force=True, title=title)


def refused(faults: Iterable[str]) -> Standing:
    """Say on the commit that the last good policy stays; the first mistake fits beside it."""
    lines = tuple(faults)
    text = f"Refused, the last good policy stays. {_count(len(lines), 'mistake')}: {lines[0]}"
    return Standing(is_in_force=False, title=_cut(text))


def alarm_of_refusal(commit: str, faults: Iterable[str]) -> Card:
    """Tell IT in Slack that a commit is not in force, with what to mend."""
    return _alarm(
        commit,
        f"The policy of commit {commit[:12]} is refused",
        "The last good policy stays in force.",
        faults,
        "`usher policy check` lists all of them. Mend it with another commit.",
    )


def alarm_of_cases(commit: str, failed: Iterable[str]) -> Card:
    """Tell IT in Slack that a commit is in force although its own cases object."""
    return _alarm(
        commit,
        f"The policy of commit {commit[:12]} fails its own tests",
        "It is in force: nothing in it is a mistake. But it does not do what its cases say.",
        failed,
        "`usher policy test` shows all of them. Mend the rule or the case with another commit.",
    )


def _alarm(commit: str, headline: str, what: str, lines: Iterable[str], step: str) -> Card:
    found = tuple(line.splitlines()[0] for line in lines)
    shown = found[:_MOST_IN_ALARM]
    if len(found) > len(shown):
        shown = (*shown, f"and {len(found) - len(shown)} more")
    return Card(
        request_id=f"policy:{commit[:12]}",
        digest="",
        headline=headline,
        notes=(what, *shown, step),
    )


def comment_text(opinion: Opinion, head: str) -> str:
    """Write the pull request's comment on what its newest commit is."""
    compared = f", compared with {opinion.base[:12]}" if opinion.base else ""
    of_what = f"_This is about commit {head[:12]}{compared}._"
    return f"### What this does to the policy\n\n{opinion.text}\n\n{of_what}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
