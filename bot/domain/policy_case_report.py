"""What a case expected against what came out: misses, surpluses, and what to write instead."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from bot.domain.approvers import Electorate
from bot.domain.decision import Answer
from bot.domain.policy import Policy
from bot.domain.policy_cases import (
    Asked,
    Expected,
    Joined,
    Left,
    Outcome,
    PolicyCase,
    RoleChanged,
    play,
)
from bot.domain.text import clean

_PLAIN = re.compile(r"[a-z][a-z0-9/_.-]*")
_WORDS_OF_YAML = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_LONGEST_NAME, _LONGEST_LINE, _LONGEST_PIECE = 120, 2000, 60


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One key of `expect` that does not hold; lists also say what is missing and what too much."""

    key: str
    expected: str
    got: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """A case that was played; it passed if nothing differs."""

    case: PolicyCase
    outcome: Outcome
    differences: tuple[Difference, ...]

    @property
    def is_passed(self) -> bool:
        return not self.differences


def judge_case(case: PolicyCase, policy: Policy) -> CaseResult:
    """Play a case and compare: what is missing fails it, and so does what is too much."""
    outcome = play(case, policy)
    found = _of_request if isinstance(case.event, Asked) else _of_levels
    differences = (*found(case, outcome, policy), *_of_words(case.expected, outcome))
    return CaseResult(case=case, outcome=outcome, differences=differences)


def _of_levels(case: PolicyCase, outcome: Outcome, _policy: Policy) -> Iterator[Difference]:
    # A list that is not written is an empty one: nothing more may happen than the case says.
    yield from _lists("grants", case.expected.grants or (), outcome.grants)
    yield from _lists("revokes", case.expected.revokes or (), outcome.revokes)


def _of_request(case: PolicyCase, outcome: Outcome, policy: Policy) -> Iterator[Difference]:
    expected, answer = case.expected, outcome.decisions[0].answer
    if expected.decision not in (None, answer):
        yield Difference(key="decision", expected=str(expected.decision), got=str(answer))
    if expected.from_ is not None:
        wanted = _people(expected.from_, case, policy)
        yield from _lists("from", wanted, outcome.asked, as_written=expected.from_)
    if expected.approved is not None and not _is_as_approved(expected, outcome):
        got = f"{_truth(outcome.is_approved)}{', but not by everybody named' * _is_mixed(outcome)}"
        yield Difference(key="approved", expected=_truth(expected.approved), got=got)


def _of_words(expected: Expected, outcome: Outcome) -> Iterator[Difference]:
    if expected.rule is not None and expected.rule not in outcome.rules:
        got = ", ".join(map(_text, outcome.rules)) or "no rule"
        yield Difference(key="rule", expected=_text(expected.rule), got=got)
    if expected.says is not None and not any(expected.says in word for word in outcome.words):
        got = ", ".join(map(_text, outcome.words)) or "no words"
        yield Difference(key="says", expected=_text(expected.says), got=got)


def _is_mixed(outcome: Outcome) -> bool:
    return outcome.is_approved and bool(outcome.objections)


def _is_as_approved(expected: Expected, outcome: Outcome) -> bool:
    """An answer that does not count is a surplus, unless the case speaks of the refusal itself."""
    is_surplus = expected.approved and outcome.objections and expected.says is None
    return expected.approved is outcome.is_approved and not is_surplus


def _people(names: Sequence[str], case: PolicyCase, policy: Policy) -> tuple[str, ...]:
    """Resolve names to people; a name that stands for nobody stays itself, and is missing."""
    event = case.event
    assert isinstance(event, Asked)  # noqa: S101  # only requests have approvers
    person, requester = case.roster.get(event.person_id), case.roster.get(event.requester_id)
    if person is None or requester is None:
        return tuple(names)
    electorate = Electorate(
        policy=policy, roster=case.roster, person=person, requester=requester, now=case.at
    )
    found: list[str] = []
    for name in names:
        is_person = case.roster.get(name) is not None
        found += (name,) if is_person else electorate.named(name) or (name,)
    return tuple(dict.fromkeys(found))


def _lists(
    key: str, wanted: Sequence[str], got: Sequence[str], *, as_written: Sequence[str] | None = None
) -> Iterator[Difference]:
    missing = tuple(name for name in wanted if name not in got)
    surplus = tuple(name for name in got if name not in wanted)
    if missing or surplus:
        yield Difference(
            key=key,
            expected=_list(wanted if as_written is None else as_written),
            got=_list(got),
            missing=missing,
            surplus=surplus,
        )


# ---- what to write ------------------------------------------------------------------------------


def as_expected(case: PolicyCase, outcome: Outcome) -> Expected:
    """Return what the case would have to expect for the policy to be right."""
    match case.event:
        case Joined():
            return Expected(grants=outcome.grants)
        case Left():
            return Expected(revokes=outcome.revokes)
        case RoleChanged():
            return Expected(grants=outcome.grants, revokes=outcome.revokes)
        case Asked():
            return _of_answer(case, outcome)
        case _:
            assert_never(case.event)


def _of_answer(case: PolicyCase, outcome: Outcome) -> Expected:
    decision, expected = outcome.decisions[0], case.expected
    is_asked = decision.answer is Answer.NEEDS_APPROVAL
    answered = bool(case.approved_by) or expected.approved is not None
    piece = next((_first_sentence(words) for words in outcome.objections), None)
    return Expected(
        decision=decision.answer,
        from_=outcome.asked if is_asked or expected.from_ is not None else None,
        rule=None if is_asked else decision.rule,
        says=piece,
        approved=outcome.is_approved if answered else None,
    )


def _first_sentence(words: str) -> str:
    return words.partition(". ")[0][:_LONGEST_PIECE].strip()


def written(expected: Expected) -> str:
    """Write an expectation as a case has it."""
    keys = {
        "grants": None if expected.grants is None else _list(expected.grants),
        "revokes": None if expected.revokes is None else _list(expected.revokes),
        "decision": expected.decision,
        "from": None if expected.from_ is None else _list(expected.from_),
        "rule": None if expected.rule is None else _text(expected.rule),
        "says": None if expected.says is None else _text(expected.says),
        "approved": None if expected.approved is None else _truth(expected.approved),
    }
    inside = ", ".join(f"{key}: {value}" for key, value in keys.items() if value is not None)
    return f"expect: {{ {inside} }}"


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_plain, names))}]"


def _plain(name: str) -> str:
    """Quote a name that YAML would not read as it looks."""
    is_plain = _PLAIN.fullmatch(name) and name not in _WORDS_OF_YAML
    return name if is_plain else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _truth(value: bool) -> str:  # noqa: FBT001  # it is the value itself that is written
    return "true" if value else "false"


# ---- words --------------------------------------------------------------------------------------


def told(result: CaseResult) -> str:
    """Say what is wrong with a case, and what to write if the policy is right."""
    case, differences = result.case, result.differences
    lines = [
        ("expected", _pairs((one.key, one.expected) for one in differences)),
        ("got", _pairs((one.key, one.got) for one in differences)),
        *(("missing", f"{one.key}: {_list(one.missing)}") for one in differences if one.missing),
        *(("surplus", f"{one.key}: {_list(one.surplus)}") for one in differences if one.surplus),
        *(("because", word) for word in result.outcome.words),
    ]
    name = " ".join(clean(case.name, _LONGEST_NAME).split())
    return "\n    ".join(
        (
            f"{case.where}:{case.where.column}: FAIL {name}",
            *(f"{label:<8} {_one_line(text)}" for label, text in lines),
            _one_line(
                f"if the policy is right, write {written(as_expected(case, result.outcome))}"
            ),
        )
    )


def _pairs(facts: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in facts)


def _one_line(text: str) -> str:
    return clean(text.replace("\n", " "), _LONGEST_LINE)
