"""Mistakes across files: the files' names against what is in them, then the domain's own checks."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bot.adapters.policy_files.build import Sources
from bot.adapters.policy_files.messages import printable
from bot.adapters.policy_files.models import SystemFile
from bot.adapters.policy_files.source import START, Source
from bot.adapters.policy_files.strict_yaml import Fault, Mark
from bot.domain.policy_checks import check_policy, urgent_mention
from bot.domain.policy_draft import Draft


def by_system_id(files: Mapping[str, Source]) -> dict[str, Source]:
    """Key the system files as others name them; a second one of an id goes by its file name."""
    named: dict[str, Source] = {}
    for file, source in files.items():
        stem = PurePosixPath(file).stem
        written = _written_id(source)
        # Where a file is rightly named, the id is its own.
        taken = written in named or (written != stem and f"systems/{written}.yml" in files)
        named[stem if written is None or taken else written] = source
    return named


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
    """Give the findings of the whole policy their places."""
    found = list(check_policy(draft))
    for system_id, source in sources.systems.items():
        if isinstance(source.model, SystemFile) and source.model.urgent:
            mention = urgent_mention(draft, system_id, source.model.urgent.mention)
            found += draft.sound(mention)
    for finding in found:
        where = draft.where(finding)
        yield Fault(where.file, Mark(where.line, where.column), printable(finding.message))
