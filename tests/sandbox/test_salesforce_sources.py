"""Each contract case of the Salesforce emulator says where its rule is from."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
LEAST = 120
VENDOR = re.compile(
    r"(?:object|field|SOQL) reference|(?:REST|Bulk|Apex|SOAP|OAuth|metadata API) guide|\bhelp\b"
    r"|release notes|WSDL|developers' blog|engineering blog|Special access rules"
    r"|considerations for|\bD\d{1,2}\b|salesforce\.md §|simple_salesforce 1\.",
    re.IGNORECASE,
)
# What third parties say, what nobody has verified, and what the vendor was seen to answer.
HEARSAY = re.compile(r"\[3P\]|\[M\]|vendor's message|^# \"|^# No source says")
OWN = re.compile(r"sandbox|Contract of wire\.Emulator", re.IGNORECASE)
SAME = re.compile(r"^# The (?:same|other reading)")
KINDS = (VENDOR, HEARSAY, OWN, SAME)


class Case(NamedTuple):
    """One test and the comment under its name, where its source stands."""

    name: str
    said: str


def cases() -> Iterator[Case]:
    for path in sorted(HERE.glob("test_salesforce_*.py")):
        if path != Path(__file__):
            lines = path.read_text().splitlines()
            for node in ast.parse("\n".join(lines)).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    head = (line.strip() for line in lines[node.lineno : node.body[0].lineno])
                    said = " ".join(line for line in head if line.startswith("#"))
                    yield Case(f"{path.name}: {node.name}", said)


def test_no_contract_case_is_without_a_source() -> None:
    bare = [case.name for case in cases() if not any(kind.search(case.said) for kind in KINDS)]

    assert bare == []


def test_the_vendors_documents_stand_behind_enough_cases() -> None:
    sourced = [case for case in cases() if VENDOR.search(case.said)]

    assert len(sourced) >= LEAST


def test_a_case_without_a_source_would_be_found() -> None:
    assert not any(kind.search("# it works as expected") for kind in KINDS)
    assert len({case.name for case in cases()}) == len(list(cases()))
