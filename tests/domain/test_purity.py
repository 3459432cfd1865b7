"""The domain is pure: values that do not change, and no way to look outside."""

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

import pytest

import bot.domain
from bot.domain.audit import Entry, Tag
from bot.domain.cards import STATE_LABEL_PREFIX, state_label
from bot.domain.request import RequestState
from tests.factories import NOW

MODULES = [
    importlib.import_module(f"bot.domain.{found.name}")
    for found in pkgutil.iter_modules(bot.domain.__path__)
]
VALUES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
]
PURE = {
    *("bot", "collections", "dataclasses", "datetime", "difflib", "enum", "functools", "hashlib"),
    *("itertools", "json", "re", "string", "textwrap", "typing", "unicodedata", "zoneinfo"),
}
CLOCKS = {"now", "utcnow", "today"}


def tree_of(module: ModuleType) -> ast.Module:
    return ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_domain_module_imports_nothing_that_could_look_outside(module: ModuleType) -> None:
    names = []
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")

    assert {name.partition(".")[0] for name in names} <= PURE
    assert all(name.startswith("bot.domain.") for name in names if name.startswith("bot"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_domain_module_does_not_read_a_clock(module: ModuleType) -> None:
    read = [
        ast.unparse(node)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and ast.unparse(node.value) in {"datetime", "date"}
    ]

    assert read == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_a_value_of_the_domain_is_frozen_and_holds_no_list_or_set(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of a dataclass
    kinds = [str(field.type) for field in fields(value)]
    assert not [kind for kind in kinds if re.match(r"(list|set|dict)\b", kind)]


def test_audit_tags_are_subject_and_action_and_distinct() -> None:
    assert all(re.fullmatch(r"[a-z]+:[a-z_]+", tag) for tag in Tag)
    assert all(tag.name == tag.replace(":", "_").upper() for tag in Tag)


def test_an_audit_entry_needs_no_facts() -> None:
    entry = Entry(at=NOW, tag=Tag.REQUEST_SUBMITTED, subject="r1", actor="ann")

    assert (entry.facts, entry.policy_commit) == ({}, "")


def test_every_state_has_a_label_of_its_own_that_people_can_read() -> None:
    labels = [state_label(state) for state in RequestState]

    assert state_label(RequestState.AWAITING_APPROVAL) == "access: awaiting approval"
    assert len(set(labels)) == len(labels)
    assert all(label.startswith(STATE_LABEL_PREFIX) and "_" not in label for label in labels)
