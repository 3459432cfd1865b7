"""Where everything stands in all files together, without a copy of what each file knows."""

from collections.abc import Iterator, Mapping

from bot.adapters.policy_files.marks import Mark
from bot.domain.policy import Where
from bot.domain.policy_draft import KeyPath

_LONGEST_PREFIX = 2


class Places(Mapping[KeyPath, Where]):
    """The marks of files, each under its prefix: few of them are ever asked for."""

    def __init__(self, files: Mapping[KeyPath, tuple[str, Mapping[KeyPath, Mark]]]) -> None:
        self._files = files

    def __getitem__(self, path: KeyPath) -> Where:
        for length in range(1, _LONGEST_PREFIX + 1):
            found = self._files.get(path[:length])
            if found is not None:
                file, marks = found
                mark = marks[path[length:]]
                return Where(file, mark.line, mark.column)
        raise KeyError(path)

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, tuple):
            return False
        for length in range(1, _LONGEST_PREFIX + 1):
            found = self._files.get(path[:length])
            if found is not None:
                return path[length:] in found[1]
        return False

    def __iter__(self) -> Iterator[KeyPath]:
        for prefix, (_, marks) in self._files.items():
            yield from ((*prefix, *path) for path in marks)

    def __len__(self) -> int:
        return sum(len(marks) for _, marks in self._files.values())
