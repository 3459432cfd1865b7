"""Mistakes in tests that only the whole policy shows: people, levels, roles and questions."""

from collections.abc import Iterable, Iterator

from bot.adapters.policy_files.models import AskModel, CaseModel, PersonModel, TestsFile
from bot.domain.policy import IT_GROUP, MANAGER
from bot.domain.policy_checks_levels import repeated
from bot.domain.policy_checks_names import check_level, check_role, unknown, unknown_name
from bot.domain.policy_draft import GROUPS, Draft, Finding, KeyPath, level_path


def case_names(draft: Draft, model: TestsFile, file: KeyPath) -> Iterator[Finding]:
    """Check the names of one file of tests; its paths begin with `file`."""
    for id_, person in model.people.items():
        yield from _person(draft, id_, person, file)
    cases = (*file, "cases")
    yield from repeated(draft, cases, "case", [case.name for case in model.cases], key="name")
    for index, case in enumerate(model.cases):
        yield from _case(draft, case, (*cases, index))


def _person(draft: Draft, id_: str, person: PersonModel, file: KeyPath) -> Iterator[Finding]:
    path = (*file, "people", id_)
    yield from check_role(draft, (*path, "role"), person.role)
    if person.manager == id_:
        yield Finding((*path, "manager"), f"'{id_}' cannot be their own manager: write another id")
    elif person.manager is not None:
        yield from _known_person(draft, (*path, "manager"), person.manager)
    first, last = person.first_day, person.last_day
    if first is not None and last is not None and last < first:
        text = f"last_day {last} is before first_day {first}: write a later day"
        yield Finding((*path, "last_day"), text)


def _case(draft: Draft, case: CaseModel, path: KeyPath) -> Iterator[Finding]:
    for key, name in (("joined", case.joined), ("left", case.left)):
        if name is not None:
            yield from _known_person(draft, (*path, key), name)
    if case.role_changed is not None:
        change = (*path, "role_changed")
        yield from _known_person(draft, (*change, "who"), case.role_changed.who)
        yield from check_role(draft, (*change, "to"), case.role_changed.to)
    if case.request is not None:
        yield from _ask(draft, case.request, (*path, "request"))
    yield from _people(draft, (*path, "approved_by"), case.approved_by)
    yield from _people(draft, (*path, "expect", "from"), case.expect.from_ or (), with_groups=True)
    yield from _levels(draft, (*path, "has"), case.has)
    yield from _levels(draft, (*path, "had"), case.had)
    yield from _levels(draft, (*path, "expect", "grants"), case.expect.grants or ())
    yield from _levels(draft, (*path, "expect", "revokes"), case.expect.revokes or ())


def _ask(draft: Draft, ask: AskModel, path: KeyPath) -> Iterator[Finding]:
    yield from _known_person(draft, (*path, "who"), ask.who)
    if ask.by is not None:
        yield from _known_person(draft, (*path, "by"), ask.by)
    yield from check_level(draft, (*path, "level"), ask.level)
    level = draft.policy.level(ask.level)
    questions = (*level_path(ask.level), "request", "questions")
    if level is None or level.request is None or not draft.is_whole(questions):
        return
    known = {question.id for question in level.request.questions}
    for name in ask.answers:
        if name not in known:
            text = unknown(draft, f"question of {level.id}", name, known)
            yield Finding((*path, "answers", name), text, at_key=True)


def _levels(draft: Draft, path: KeyPath, names: Iterable[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        yield from check_level(draft, (*path, index), name)


def _people(
    draft: Draft, path: KeyPath, names: Iterable[str], *, with_groups: bool = False
) -> Iterator[Finding]:
    for index, name in enumerate(names):
        # A missing `it` is told once, where the groups are.
        is_group = name in (MANAGER, IT_GROUP) or draft.declares((*GROUPS, name))
        if not (with_groups and is_group):
            yield from _known_person(draft, (*path, index), name)


def _known_person(draft: Draft, path: KeyPath, name: str) -> Iterator[Finding]:
    people = (*path[:2], "people")
    if not draft.declares((*people, name)):
        yield from unknown_name(draft, path, "person", name, people)
