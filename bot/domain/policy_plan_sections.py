"""A plan in tables of plain words, the most important first; how they look is somebody else's."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.policy_change import Change, Effect
from bot.domain.policy_plan_values import Fate, PolicyPlan, Shift, Way

_MOST_NAMED = 20

_WAYS = {
    (Way.BIRTHRIGHT, True): "comes with the role",
    (Way.BIRTHRIGHT, False): "no longer comes with the role",
    (Way.ASK, True): "may ask for it",
    (Way.ASK, False): "may no longer ask for it",
    (Way.AUTOMATIC, True): "gets it without approval",
    (Way.AUTOMATIC, False): "no longer gets it without approval",
    (Way.EMERGENCY, True): "may take it in an emergency",
    (Way.EMERGENCY, False): "may no longer take it in an emergency",
}
_FATES = {
    Fate.REFUSED: "would be refused",
    Fate.VOID: "approvals are void, asked again",
    Fate.ALLOWED: "goes ahead without approval",
    Fate.UNBLOCKED: "is no longer refused",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table with its heading; every row has as many cells as there are columns."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def verdict(plan: PolicyPlan) -> str:
    """Say in one line what reviewers must know first."""
    if loosened := _rules(plan.loosens):
        return f"This loosens {_count(loosened, 'rule')}: needs the security group."
    if tightened := _rules(plan.tightens):
        return f"This tightens {_count(tightened, 'rule')} and loosens none."
    if plan.is_felt:
        return "This changes something for people, and loosens no rule."
    if plan.changes:
        return "Nothing changes for anybody: only words and settings do."
    return "Nothing changes for anybody."


def summary(plan: PolicyPlan) -> str:
    """Say in a few sentences how many people it is about."""
    if not plan.people:
        return "There is nobody in the roster, so that only the rules are compared."
    gain, lose = _people(plan.shifts, is_gain=True), _people(plan.shifts, is_gain=False)
    everybody = f"Of {_count(plan.people, 'person')} in the roster"
    parts = [f"{everybody}, {gain:,} gain a way to a level and {lose:,} lose one."]
    if plan.knows_access:
        parts.append(
            f"{_count(len(plan.requests), 'request')} in flight and"
            f" {_count(len(plan.grants), 'grant')} would not go on as they are."
        )
    else:
        parts.append("Nobody looked at requests and grants.")
    parts.append(f"{_count(len(plan.messages.people), 'person')} would get a message.")
    return " ".join(parts)


def sections(plan: PolicyPlan, *, names: bool) -> tuple[Section, ...]:
    """Lay a plan out in tables, those that are empty left out; people only with `names`."""
    found = (
        _changes("What it loosens", plan.loosens, names=names),
        _seats(plan),
        _requests(plan, names=names),
        _grants(plan, names=names),
        _shifts(plan, names=names),
        _approvers(plan, names=names),
        _lengths(plan),
        _changes("What it tightens", plan.tightens, names=names),
        _changes(
            "What else it changes",
            [change for change in plan.changes if change.effect is Effect.NEUTRAL],
            names=names,
        ),
        _messages(plan, names=names),
    )
    return tuple(section for section in found if section.rows)


def _changes(title: str, changes: Iterable[Change], *, names: bool) -> Section:
    rows = [
        (
            change.rule,
            change.text + (f": {_named(change.logins)}" if names and change.logins else ""),
            f"{change.where}{' in BASE' if change.is_in_base else ''}",
        )
        for change in changes
    ]
    return Section(title=title, columns=("Rule", "Change", "Place"), rows=rows)


def _seats(plan: PolicyPlan) -> Section:
    rows = [
        (
            need.system,
            need.pool,
            f"{need.needed:,}",
            "not known" if need.free is None else f"{need.free:,}",
            "too few" if need.is_short else "",
        )
        for need in plan.pools
    ]
    columns = ("System", "Pool", "Seats needed", "Free", "")
    return Section(title="Seats for what comes with roles", columns=columns, rows=rows)


def _requests(plan: PolicyPlan, *, names: bool) -> Section:
    title = "Requests in flight"
    if names:
        columns = ("Level", "Request", "Person", "What becomes of it", "Approvals lost")
        rows = [
            (r.level_id, r.request_id, r.person_id, _FATES[r.fate], str(r.approvals_lost))
            for r in plan.requests
        ]
        return Section(title=title, columns=columns, rows=rows)
    counts: Counter[tuple[str, Fate]] = Counter()
    lost: Counter[tuple[str, Fate]] = Counter()
    for request in plan.requests:
        counts[request.level_id, request.fate] += 1
        lost[request.level_id, request.fate] += request.approvals_lost
    return Section(
        title=title,
        columns=("Level", "What becomes of them", "Requests", "Approvals lost"),
        rows=[
            (key[0], _FATES[key[1]], f"{number:,}", f"{lost[key]:,}")
            for key, number in sorted(counts.items())
        ],
    )


def _grants(plan: PolicyPlan, *, names: bool) -> Section:
    people: dict[tuple[str, str], list[str]] = {}
    for grant in plan.grants:
        people.setdefault((grant.level_id, grant.why), []).append(grant.person_id)
    return Section(
        title="Access that people hold and the new policy would not give",
        columns=("Level", "Why", "People", *_who_column(names=names)),
        rows=[(*key, f"{len(ids):,}", *_who(ids, names=names)) for key, ids in people.items()],
    )


def _shifts(plan: PolicyPlan, *, names: bool) -> Section:
    return Section(
        title="Who gains and loses levels",
        columns=("Level", "Role", "Engagement", "Change", "People", *_who_column(names=names)),
        rows=[
            (
                shift.level_id,
                shift.role,
                str(shift.engagement),
                _WAYS[shift.way, shift.is_gain],
                f"{len(shift.people):,}",
                *_who(shift.people, names=names),
            )
            for shift in plan.shifts
        ],
    )


def _approvers(plan: PolicyPlan, *, names: bool) -> Section:
    rows = [
        (
            change.level_id,
            _named(change.before),
            _named(change.after),
            _more_or_less(len(change.newly_asked), len(change.no_longer_asked)),
            f"{change.people:,}",
            *_who(change.newly_asked, names=names),
        )
        for change in plan.approvers
    ]
    newly = ("Newly asked",) if names else ()
    columns = ("Level", "Asked before", "Asked now", "People in these groups", "Who may ask")
    return Section(title="Who approves", columns=(*columns, *newly), rows=rows)


def _more_or_less(more: int, less: int) -> str:
    return f"+{more:,} −{less:,}" if more or less else "the same"


def _lengths(plan: PolicyPlan) -> Section:
    rows = [
        (change.level_id, str(change.before), str(change.after), f"{change.people:,}")
        for change in plan.lengths
    ]
    columns = ("Level", "Longest before", "Longest now", "Who may ask")
    return Section(title="For how long", columns=columns, rows=rows)


def _messages(plan: PolicyPlan, *, names: bool) -> Section:
    messages = plan.messages
    about = (
        ("what comes with their role", messages.birthrights),
        ("access that the new policy would not give", messages.grants),
        ("their request, or one they made for somebody", messages.requests),
        ("requests that they must answer again", messages.approvers),
    )
    return Section(
        title="Who would get a message",
        columns=("About", "People", *_who_column(names=names)),
        rows=[
            (text, f"{len(people):,}", *_who(people, names=names))
            for text, people in about
            if people
        ],
    )


# ---- words --------------------------------------------------------------------------------------


def _who_column(*, names: bool) -> tuple[str, ...]:
    return ("Who",) if names else ()


def _who(people: Sequence[str], *, names: bool) -> Iterator[str]:
    if names:
        yield _named(people)


def _named(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    shown = ", ".join(words[:_MOST_NAMED])
    return f"{shown} and {more:,} more" if more > 0 else shown


def _rules(changes: Iterable[Change]) -> int:
    return len({change.rule for change in changes})


def _people(shifts: Iterable[Shift], *, is_gain: bool) -> int:
    return len({id_ for shift in shifts if shift.is_gain is is_gain for id_ in shift.people})


def _count(number: int, noun: str) -> str:
    plural = "people" if noun == "person" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
