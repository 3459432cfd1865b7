"""Make the domain's cases from the files in tests/, and say what cannot be meant in one."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.adapters.policy_files.messages import Mistake
from bot.adapters.policy_files.models import (
    EVENTS,
    AskModel,
    CaseModel,
    ExpectModel,
    PersonModel,
    TestsFile,
)
from bot.domain.durations import Calendar, Duration
from bot.domain.people import Person, Roster
from bot.domain.policy import Policy, Where
from bot.domain.policy_cases import (
    Asked,
    Event,
    Expected,
    Joined,
    Left,
    PolicyCase,
    RoleChanged,
    usual_time,
)
from bot.domain.policy_draft import KeyPath

# Whoever names no first day has been here for longer than any case looks back.
_LONG_AGO = date(1970, 1, 1)
_EXPECTED = {
    "joined": ("grants", "rule", "says"),
    "left": ("revokes",),
    "role_changed": ("grants", "revokes", "rule", "says"),
    "request": ("decision", "from", "rule", "says", "approved"),
}


def cases_of(model: TestsFile, places: Mapping[KeyPath, Where], policy: Policy) -> list[PolicyCase]:
    """Make the cases of one sound file; `places` says where each value of it stands."""
    people = Roster(_person(id_, person, policy) for id_, person in model.people.items())
    calendar = policy.company.calendar
    return [
        PolicyCase(
            name=case.name,
            where=places["cases", index],
            roster=people,
            event=_event(case),
            at=_instant(case.at, calendar) if case.at else usual_time(calendar),
            expected=_expected(case.expect),
            has=frozenset(case.has),
            had=frozenset(case.had),
            approved_by=case.approved_by,
        )
        for index, case in enumerate(model.cases)
    ]


def _person(id_: str, model: PersonModel, policy: Policy) -> Person:
    role = policy.roles.get(model.role)
    return Person(
        id=id_,
        mail=f"{id_}@tests.invalid",
        name=id_,
        role=model.role,
        first_day=model.first_day or _LONG_AGO,
        timezone=model.timezone or policy.company.calendar.timezone,
        engagement=model.engagement,
        department=model.department or (role.department if role else ""),
        manager_id=model.manager,
        last_day=model.last_day,
        github=model.github,
    )


def _event(case: CaseModel) -> Event:
    if case.joined is not None:
        return Joined(case.joined)
    if case.left is not None:
        return Left(case.left)
    if case.role_changed is not None:
        return RoleChanged(case.role_changed.who, case.role_changed.to)
    assert case.request is not None  # noqa: S101  # one of them is there: case_mistakes
    return Asked(
        person_id=case.request.who,
        requester_id=case.request.by or case.request.who,
        level_id=case.request.level,
        duration=_duration(case.request),
        answers=case.request.answers,
        is_emergency=case.request.emergency,
    )


def _duration(ask: AskModel) -> Duration:
    if ask.for_ is not None:
        return ask.for_
    return Duration(ask.days or 1)


def _expected(model: ExpectModel) -> Expected:
    return Expected(
        grants=model.grants,
        revokes=model.revokes,
        decision=model.decision,
        from_=model.from_,
        rule=model.rule,
        says=model.says,
        approved=model.approved,
    )


def _instant(at: datetime, calendar: Calendar) -> datetime:
    return at.replace(tzinfo=ZoneInfo(calendar.timezone))


# ---- what cannot be meant -----------------------------------------------------------------------


def case_mistakes(model: TestsFile, calendar: Calendar) -> Iterator[Mistake]:
    """Find what the model cannot: keys that do not go together, and times that never come."""
    yield from _shared_logins(model.people)
    for index, case in enumerate(model.cases):
        path: KeyPath = ("cases", index)
        events = [name for name in EVENTS if getattr(case, name) is not None]
        if len(events) == 1:
            yield from _misfits(case, events[0], path)
        else:
            yield _not_one(events, path)
        if case.request is not None:
            yield from _no_length(case.request, (*path, "request"))
        if case.at is not None and not _comes(case.at, calendar):
            text = f"this time does not come in {calendar.timezone}: the clocks skip it"
            yield Mistake((*path, "at"), text)
        if case.role_changed is not None:
            yield from _same_role(case, model.people, (*path, "role_changed", "to"))


def _shared_logins(people: Mapping[str, PersonModel]) -> Iterator[Mistake]:
    owners: dict[str, str] = {}
    for id_, person in people.items():
        login = (person.github or "").casefold()
        if login in owners:
            text = f"'{person.github}' is already the login of '{owners[login]}'"
            yield Mistake(("people", id_, "github"), text)
        elif login:
            owners[login] = id_


def _not_one(events: list[str], path: KeyPath) -> Mistake:
    if not events:
        return Mistake(path, f"a case needs what happens: write one of {', '.join(EVENTS)}")
    text = f"only one thing happens in a case: keep one of {', '.join(events)}"
    return Mistake((*path, events[-1]), text, at_key=True)


def _misfits(case: CaseModel, event: str, path: KeyPath) -> Iterator[Mistake]:
    fitting = _EXPECTED[event]
    written = _keys(case.expect)
    if not written:
        text = f"expect is empty: write what must come out ({', '.join(fitting)})"
        yield Mistake((*path, "expect"), text)
    for key in written:
        if key not in fitting:
            text = f"'{key}' does not go with '{event}': write one of {', '.join(fitting)}"
            yield Mistake((*path, "expect", key), text, at_key=True)
    for key in ("had", "approved_by"):
        if getattr(case, key) and event != "request":
            text = f"'{key}' goes with a request only: remove it"
            yield Mistake((*path, key), text, at_key=True)
    if event == "request" and case.approved_by and not {"approved", "says"} & set(written):
        text = "'approved_by' has no effect: write approved: true or false in 'expect'"
        yield Mistake((*path, "approved_by"), text, at_key=True)


def _keys(expect: ExpectModel) -> tuple[str, ...]:
    """List the keys that `expect` has, as they are written."""
    fields = type(expect).model_fields
    return tuple(
        field.alias or name for name, field in fields.items() if getattr(expect, name) is not None
    )


def _no_length(ask: AskModel, path: KeyPath) -> Iterator[Mistake]:
    if ask.days is None and ask.for_ is None:
        yield Mistake(path, "a request needs how long: write days: 30, or for: permanent")
    elif ask.days is not None and ask.for_ is not None:
        yield Mistake((*path, "for"), "both 'days' and 'for' say how long: keep one", at_key=True)


def _same_role(
    case: CaseModel, people: Mapping[str, PersonModel], path: KeyPath
) -> Iterable[Mistake]:
    change = case.role_changed
    person = people.get(change.who) if change else None
    if change and person and person.role == change.to:
        yield Mistake(path, f"'{change.who}' is {change.to} already: write another role")


def _comes(at: datetime, calendar: Calendar) -> bool:
    there = _instant(at, calendar)
    return there.astimezone(UTC).astimezone(there.tzinfo).replace(tzinfo=None) == at
