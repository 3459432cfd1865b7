"""Mistakes to be found: edits of one valid policy, each with the places and words of its faults.

The tables in `seeded/*.txt` read like a diff. An entry is the mistake in words, the file, lines
that go (`- `), the lines that come for them (`+ `), and for each fault a piece of its message
(`= `, "…" stands for anything). The text at fault stands in ⟦brackets⟧; a fault of another file is
marked in an unedited text of that file (`@ file: text`). All edits of an entry are one mistake,
so that it has one fault, unless it has several marks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OPENS, CLOSES = "⟦", "⟧"
SEEDED = Path(__file__).with_name("seeded")
VALID: Mapping[str, str] = {
    path.relative_to(SEEDED / "policies").as_posix(): path.read_text("utf-8")
    for path in sorted((SEEDED / "policies").rglob("*.yml"))
}
TABLES = ("yaml", "names", "types", "deadlocks", "loosenings", "salesforce")


@dataclass(frozen=True)
class Expected:
    """A fault: its place, and a pattern that is found in its message."""

    file: str
    line: int
    column: int
    says: str

    def is_met_by(self, fault: str) -> bool:
        place = f"policies/{self.file}:{self.line}:{self.column}: error: "
        return fault.startswith(place) and bool(re.search(self.says, fault, re.DOTALL))

    def __str__(self) -> str:
        return f"policies/{self.file}:{self.line}:{self.column}: … {self.says}"


@dataclass(frozen=True)
class Mistake:
    """A policy that is not valid: what changes in VALID (None goes), and what is to be told."""

    name: str
    changes: Mapping[str, str | bytes | None]
    faults: tuple[Expected, ...]

    @property
    def texts(self) -> dict[str, str]:
        """The files of text that change."""
        return {file: text for file, text in self.changes.items() if isinstance(text, str)}

    def write(self, directory: Path) -> None:
        for file, text in {**VALID, **self.changes}.items():
            if text is not None:
                path = directory / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text if isinstance(text, bytes) else text.encode())


def mistakes() -> Iterator[Mistake]:
    """Read all tables."""
    for table in TABLES:
        text = (SEEDED / f"{table}.txt").read_text("utf-8")
        for entry in re.split(r"\n{2,}", text.strip()):
            if not entry.startswith("#"):
                yield _mistake(entry)
    yield from FILES


@dataclass
class _Entry:
    edits: list[tuple[list[str], list[str]]] = field(default_factory=list)
    marked: dict[str, str] = field(default_factory=dict)
    says: list[str] = field(default_factory=list)


def _mistake(entry: str) -> Mistake:
    # Only \n ends a line here: control characters are among the mistakes.
    name, file, *lines = entry.split("\n")
    read = _read(lines)
    text = VALID[file]
    for old, new in read.edits:
        text = _replaced(text, "\n".join(old), "\n".join(new))
    marked = {
        other: _replaced(VALID[other], unmarked(mark), mark) for other, mark in read.marked.items()
    }
    places = [
        (where, *place)
        for where in sorted({**marked, file: ""})
        for place in marks({**marked, file: text}[where])
    ]
    faults = tuple(
        Expected(*place, pattern(says)) for place, says in zip(places, read.says, strict=True)
    )
    return Mistake(name, {file: unmarked(text)}, faults)


def _read(lines: list[str]) -> _Entry:
    entry, before = _Entry(), ""
    for line in lines:
        sign, content = line[:1], line[2:]
        if sign == "-" and before != "-":
            entry.edits.append(([], []))
        match sign:
            case "-":
                entry.edits[-1][0].append(content)
            case "+":
                entry.edits[-1][1].append(content)
            case "=":
                entry.says.append(content)
            case "@":
                file, _, text = content.partition(": ")
                entry.marked[file] = text
            case _:
                raise ValueError(line)
        before = sign
    return entry


def _replaced(text: str, old: str, new: str) -> str:
    if unmarked(text).count(old) != 1:
        raise ValueError(f"stands there {unmarked(text).count(old)} times: {old}")
    return text.replace(old, new)


def unmarked(text: str) -> str:
    return text.replace(OPENS, "").replace(CLOSES, "")


def marks(text: str) -> list[tuple[int, int]]:
    """Return line and column of each mark, as they are without the marks."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        before, *rest = line.split(OPENS)
        for piece in rest:
            found.append((number, len(unmarked(before)) + 1))
            before += piece
    return found


def pattern(says: str) -> str:
    return ".*".join(re.escape(piece.strip()) for piece in says.split("…"))


def _files(name: str, changes: Mapping[str, str | bytes | None], *faults: str) -> Mistake:
    """Make a mistake of whole files; a fault is `file:line:column: piece of the message`."""
    expected = []
    for fault in faults:
        file, line, column, says = fault.split(":", 3)
        expected.append(Expected(file, int(line), int(column), pattern(says)))
    return Mistake(name, changes, tuple(expected))


_ROLES, _GONG = VALID["roles.yml"], VALID["systems/gong.yml"]
_TESTS, _SEPARATION = VALID["tests/salesforce.yml"], VALID["separation.yml"]
FILES = (
    _files(
        "no company",
        {"company.yml": None},
        "company.yml:1:1: missing … kind: company",
    ),
    _files("no roles", {"roles.yml": None}, "roles.yml:1:1: missing … kind: roles"),
    _files(
        "no systems",
        {file: None for file in VALID if file.startswith("systems/")},
        "systems:1:1: no system … write one file for each",
    ),
    _files(
        "a system beside the company",
        {"systems/gong.yml": None, "gong.yml": _GONG},
        "gong.yml:1:1: unknown file 'gong.yml' … systems/",
    ),
    _files(
        "a folder with a misspelt name",
        {"system/slack.yml": "kind: system"},
        "system/slack.yml:1:1: unknown folder 'system' … systems",
    ),
    _files(
        "a folder in the folder of systems",
        {"systems/more/slack.yml": "kind: system"},
        "systems/more/slack.yml:1:1: folder … systems/",
    ),
    _files(
        "tests in a folder with a misspelt name",
        {"tests/salesforce.yml": None, "test/salesforce.yml": _TESTS},
        "test/salesforce.yml:1:1: unknown folder 'test' … tests",
    ),
    _files(
        "a separation with a misspelt name",
        {"separation.yml": None, "separations.yml": _SEPARATION},
        "separations.yml:1:1: unknown file 'separations.yml' … did you mean 'separation.yml'?",
    ),
    _files(
        "a company with a misspelt name",
        {"company.yml": None, "compny.yml": VALID["company.yml"]},
        "compny.yml:1:1: unknown file 'compny.yml' … did you mean 'company.yml'?",
    ),
    _files(
        "a second company",
        {"company-2.yml": VALID["company.yml"]},
        "company-2.yml:1:1: unknown file 'company-2.yml' … did you mean 'company.yml'?",
    ),
    _files(
        "a system that ends in .yaml",
        {"systems/gong.yml": None, "systems/gong.yaml": _GONG},
        "systems/gong.yaml:1:1: policy files end in .yml: rename it to gong.yml",
    ),
    _files(
        "tests that end in .yaml",
        {"tests/gong.yaml": _TESTS},
        "tests/gong.yaml:1:1: policy files end in .yml: rename it to gong.yml",
    ),
    _files(
        "a system in a file of another name",
        {"systems/gong.yml": None, "systems/gang.yml": _GONG},
        "systems/gang.yml:2:5: 'gong' … 'gang.yml' … rename the file to gong.yml",
    ),
    _files(
        "one system in two files",
        {"systems/recordings.yml": _GONG},
        "systems/recordings.yml:2:5: duplicate system id 'gong' … write id: recordings",
    ),
    _files(
        "tests among the systems",
        {"systems/tests.yml": _TESTS},
        "systems/tests.yml:1:7: must be of kind 'system', not 'tests'",
    ),
    _files(
        "a separation among the systems",
        {"separation.yml": None, "systems/separation.yml": _SEPARATION},
        "systems/separation.yml:1:7: must be of kind 'system', not 'separation'",
    ),
    _files(
        "a system among the tests",
        {"tests/gong.yml": _GONG},
        "tests/gong.yml:1:7: must be of kind 'tests', not 'system'",
    ),
    _files(
        "a file that does not say its kind",
        {"roles.yml": _ROLES.replace("kind: roles\n", "")},
        "roles.yml:1:1: 'kind' is required: write kind: roles",
    ),
    _files("an empty file", {"separation.yml": ""}, "separation.yml:1:1: empty … write"),
    _files(
        "a file of comments",
        {"tests/salesforce.yml": "# later\n"},
        "tests/salesforce.yml:1:1: empty … write",
    ),
    _files(
        "a file that is a list",
        {"roles.yml": "- csm\n- engineer\n"},
        "roles.yml:1:1: must be keys and values",
    ),
    _files(
        "a file that is one word",
        {"company.yml": "acme\n"},
        "company.yml:1:1: must be keys and values",
    ),
    _files(
        "a byte order mark",
        {"roles.yml": "\ufeff" + _ROLES},
        "roles.yml:1:1: byte order mark … save the file as UTF-8",
    ),
    _files(
        "text that is not UTF-8",
        {"roles.yml": _ROLES.replace("any", "caf\xe9").encode("latin-1")},
        "roles.yml:8:39: UTF-8",
    ),
    _files(
        "text in UTF-16",
        {"systems/gong.yml": _GONG.encode("utf-16")},
        "systems/gong.yml:1:1: UTF-8",
    ),
    _files(
        "lines that end as on an old Macintosh",
        {"roles.yml": _ROLES.replace("\n", "\r")},
        "roles.yml:1:12: U+000D is not allowed",
    ),
    _files(
        "a null byte",
        {"roles.yml": _ROLES.replace("any", "a\0y")},
        "roles.yml:8:37: U+0000 is not allowed",
    ),
    _files(
        "a file that is too big",
        {"roles.yml": _ROLES + "#" * 1_000_000},
        "roles.yml:1:1: 1,000,000 bytes",
    ),
    _files(
        "lists in lists in lists",
        {"roles.yml": _ROLES.replace("any", "[" * 30 + "]" * 30)},
        "roles.yml:8:53: nested over 20 levels deep",
    ),
    _files(
        "a bomb of aliases",
        {"roles.yml": "kind: &a roles\nroles: [*a, *a]\n"},
        "roles.yml:1:7: anchors (&a) are not allowed",
        "roles.yml:2:9: aliases (*a) … not allowed",
        "roles.yml:2:13: aliases (*a) … not allowed",
    ),
)
