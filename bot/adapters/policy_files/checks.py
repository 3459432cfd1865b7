"""Mistakes across files: the files' names against what is in them, then the domain's own checks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from bot.adapters.policy_files.build import Sources
from bot.adapters.policy_files.case_files import case_mistakes
from bot.adapters.policy_files.case_names import case_names
from bot.adapters.policy_files.marks import Fault, Mark
from bot.adapters.policy_files.messages import printable
from bot.adapters.policy_files.models import SystemFile, TestsFile
from bot.adapters.policy_files.source import START, Source
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import Draft, Finding, KeyPath


def by_system_id(files: Mapping[str, Source]) -> dict[str, Source]:
    """Key the system files as others name them; where id and file name differ, by both.

    Of a second file of an id, and of one whose id and name differ, what others say about its levels
    means nothing until that is put right.
    """
    named: dict[str, Source] = {}
    unsure: dict[str, Source] = {}
    for file, source in files.items():
        stem = PurePosixPath(file).stem
        written = _written_id(source)
        # Where a file is rightly named, the id is its own.
        taken = written in named or (written != stem and f"systems/{written}.yml" in files)
        if written is None or written == stem:
            named[stem] = source
            continue
        unsure[stem] = replace(source, broken=source.broken | {()})
        if not taken:
            named[written] = replace(source, broken=source.broken | {("levels",)})
    return unsure | named


def _written_id(source: Source) -> str | None:
    is_known = () not in source.broken and ("id",) not in source.broken
    return source.model.id if is_known and isinstance(source.model, SystemFile) else None


def file_names(files: Mapping[str, Source]) -> Iterator[Fault]:
    """A system's file is named for its id, so that two systems cannot have one."""
    for file, source in files.items():
        stem, written = PurePosixPath(file).stem, _written_id(source)
        if written is None or written == stem:
            continue
        other = files.get(f"systems/{written}.yml")
        text = f"id '{written}' and file name '{stem}.yml' differ: rename the file to {written}.yml"
        if other is not None:
            text = f"duplicate system id '{written}' (first in {other.file}): write id: {stem}"
        yield Fault(source.file, source.document.values.get(("id",), START), text)


def findings(draft: Draft, sources: Sources) -> Iterator[Fault]:
    """Give the findings of the whole policy, and of its tests, their places."""
    of_tests = (
        finding
        for file, source in sources.tests.items()
        for finding in _findings_of_tests(draft, source, ("tests", file))
    )
    yield from placed(draft, (*check_policy(draft), *draft.sound(of_tests)))


def placed(draft: Draft, found: Iterable[Finding]) -> Iterator[Fault]:
    """Give findings their places in the files."""
    for finding in found:
        where = draft.where(finding)
        yield Fault(where.file, Mark(where.line, where.column), printable(finding.message))


def _findings_of_tests(draft: Draft, source: Source, file: KeyPath) -> Iterator[Finding]:
    model = source.model
    assert isinstance(model, TestsFile)  # noqa: S101  # read as this kind
    yield from case_names(draft, model, file)
    for mistake in case_mistakes(model, draft.policy.company.calendar):
        path = (*file, *mistake.path)
        # What is missing may be there, misspelt.
        if draft.is_whole(path):
            yield Finding(path, mistake.message, at_key=mistake.at_key)
