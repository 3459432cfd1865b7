"""The schemas by which editors check policy files: complete, honest, and found by every file."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.adapters.policy_files.folder import kind_by_place
from bot.adapters.policy_files.loader import load_policy
from bot.adapters.policy_files.models import FILE_MODELS
from bot.adapters.policy_files.schema import (
    DIALECT,
    FOLDER,
    described_models,
    first_line,
    schema,
    schema_files,
)
from bot.adapters.policy_files.schema_words import FILES, HINTS, KEYS, MODELS
from bot.adapters.policy_files.strict_yaml import load
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.seeded_mistakes import VALID, Mistake
from tests.json_schema import CHECKS, TYPES, WORDS, mistakes, resolved

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies"
SHIPPED = sorted(path.relative_to(POLICIES).as_posix() for path in POLICIES.rglob("*.yml"))
SCHEMAS = {kind: schema(kind) for kind in FILE_MODELS}
# What a regular expression may escape in Python, in a browser and in an editor alike.
PORTABLE_ESCAPES = re.compile(r"\\([dsSwW]|[^A-Za-z0-9_<>\-#&~ ])")


def data(text: str) -> dict[str, Any]:
    document, faults = load(text, file="x.yml")
    assert document is not None
    assert faults == []
    return document.data


def shipped(file: str) -> dict[str, Any]:
    return data((POLICIES / file).read_text("utf-8"))


def parts(content: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk through every schema in a schema."""
    yield at, content
    for keyword in ("properties", "patternProperties", "definitions"):
        for name, part in content.get(keyword, {}).items():
            yield from parts(part, f"{at}/{keyword}/{name}")
    for keyword in ("items", "propertyNames", "additionalProperties"):
        if isinstance(content.get(keyword), dict):
            yield from parts(content[keyword], f"{at}/{keyword}")
    for keyword in ("allOf", "oneOf"):
        for index, part in enumerate(content.get(keyword, ())):
            yield from parts(part, f"{at}/{keyword}/{index}")


EVERY_KIND = pytest.mark.parametrize("kind", SCHEMAS)


# ---- the files ----------------------------------------------------------------------------------


def test_the_committed_schemas_are_what_the_models_say() -> None:
    committed = {path.name: path.read_text("utf-8") for path in (POLICIES / FOLDER).iterdir()}

    assert committed == schema_files(), (
        "write them anew: usher policy schema --write policies/schema"
    )


@pytest.mark.parametrize("file", SHIPPED)
def test_every_shipped_file_leads_editors_to_the_schema_of_its_kind(file: str) -> None:
    path, kind = POLICIES / file, kind_by_place(file)
    line = path.read_text("utf-8").splitlines()[0]
    target = path.parent / line.removeprefix("# yaml-language-server: $schema=")

    assert line == first_line(kind, file)
    assert json.loads(target.read_text("utf-8"))["properties"]["kind"]["const"] == kind


@pytest.mark.parametrize("file", SHIPPED)
def test_every_shipped_file_is_right_by_its_schema(file: str) -> None:
    assert mistakes(shipped(file), SCHEMAS[kind_by_place(file)]) == []


@pytest.mark.parametrize("file", VALID)
def test_a_file_that_uses_more_of_the_language_is_right_by_its_schema(file: str) -> None:
    assert mistakes(data(VALID[file]), SCHEMAS[kind_by_place(file)]) == []


def test_the_workspace_maps_every_policy_file_to_the_schema_of_its_kind() -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text("utf-8"))
    by_glob = {glob: target for target, glob in settings["yaml.schemas"].items()}

    assert {Path(target).name for target in by_glob.values()} == set(schema_files())
    for file in (*SHIPPED, "separation.yml", "tests/deeper/still.yml"):
        (target,) = [to for glob, to in by_glob.items() if _matches(f"policies/{file}", glob)]
        assert target == f"policies/{FOLDER}/{kind_by_place(file)}.schema.json"
        assert (ROOT / target).is_file()


def _matches(file: str, glob: str) -> bool:
    pattern = re.escape(glob).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return bool(re.fullmatch(pattern, file))


# ---- the dialect --------------------------------------------------------------------------------


@EVERY_KIND
def test_a_schema_is_draft_7(kind: str) -> None:
    root = SCHEMAS[kind]

    assert root["$schema"] == DIALECT
    for at, part in parts(root):
        assert set(part) <= CHECKS.keys() | WORDS | {"$ref"}, at
        assert part.get("type", "object") in TYPES, at
        assert set(part) == {"$ref"} or "$ref" not in part, at
        assert "$ref" not in part or resolved(part["$ref"], root), at
        for keyword in ("minLength", "maxLength", "maxItems", "minProperties"):
            assert part.get(keyword, 0) >= 0, at
        for keyword in ("required", "enum"):
            names = part.get(keyword, ["one"])
            assert len(set(names)) == len(names) > 0, at
        if "properties" in part:
            assert set(part.get("required", ())) <= set(part["properties"]), at


@EVERY_KIND
def test_patterns_mean_the_same_in_python_and_in_an_editor(kind: str) -> None:
    for at, part in parts(SCHEMAS[kind]):
        for pattern in (*part.get("patternProperties", ()), part.get("pattern", "^$")):
            re.compile(pattern)
            assert pattern.startswith("^"), at
            assert "\\" not in PORTABLE_ESCAPES.sub("", pattern), at
            assert "(?" not in pattern, at


@EVERY_KIND
def test_every_default_and_every_example_is_right(kind: str) -> None:
    root = SCHEMAS[kind]
    for at, part in parts(root):
        shown = [*part.get("examples", ()), *([part["default"]] if "default" in part else [])]
        assert [wrong for example in shown for wrong in mistakes(example, part, root)] == [], at


@EVERY_KIND
def test_everything_with_keys_is_closed(kind: str) -> None:
    for at, part in parts(SCHEMAS[kind]):
        if part.get("type") == "object":
            others = part["additionalProperties"]
            assert others is False or "allOf" in others, at


# ---- the words ----------------------------------------------------------------------------------


def test_every_key_of_every_model_is_explained_and_nothing_else_is() -> None:
    models = {model.__name__: model for model in described_models()}
    keys = {
        name: {field.alias or key for key, field in model.model_fields.items()}
        for name, model in models.items()
    }

    assert {name: set(words) for name, words in KEYS.items()} == keys
    assert set(FILES) == set(FILE_MODELS)
    assert {name for name in keys if not name.endswith("File")} <= set(MODELS)


def test_every_form_says_what_to_write_and_no_hint_is_left_over() -> None:
    forms = {
        part["pattern"]: part.get("patternErrorMessage")
        for root in SCHEMAS.values()
        for _, part in parts(root)
        if "pattern" in part
    }

    assert forms == HINTS


def test_every_definition_is_explained_as_a_sentence() -> None:
    told = [
        part["description"]
        for root in SCHEMAS.values()
        for part in (root, *root.get("definitions", {}).values(), *root["properties"].values())
    ]

    assert all(text[:1].isalpha() and text.endswith(".") for text in told)


# ---- what it refuses ----------------------------------------------------------------------------


BROKEN = {
    "a key that nobody knows": ("company.yml", ("timezon",), "UTC"),
    "a kind of another file": ("roles.yml", ("kind",), "company"),
    "a name with capitals": ("roles.yml", ("roles", "Sales"), {"department": "sales"}),
    "a time in words": (
        "systems/salesforce.yml",
        ("levels", "view-only", "request", "longest"),
        "3 months",
    ),
    "a risk that is none": ("systems/salesforce.yml", ("levels", "view-only", "risk"), "lowest"),
    "a list that is a text": ("systems/gong.yml", ("levels", "recorder", "bundle", "by_hand"), "x"),
    "a number in quotes": ("systems/salesforce.yml", ("pools", "Salesforce", "keep_free"), "1"),
    "no level at all": ("systems/gong.yml", ("levels",), {}),
    "a login with an @": ("company.yml", ("groups", "it", "members"), ["@octo-it-1"]),
    "an address without TLS": ("systems/gong.yml", ("url",), "ftp://gong.example"),
    "a case in which two things happen": ("tests/people.yml", ("cases", 0, "left"), "ann"),
    "a case that expects nothing": ("tests/people.yml", ("cases", 0, "expect"), {}),
    "a day without a form": ("tests/people.yml", ("people", "leo", "first_day"), "next week"),
    "an emergency of days": (
        "systems/salesforce.yml",
        ("levels", "admin", "break_glass"),
        {"by": ["it"], "longest": "2d"},
    ),
}


@pytest.mark.parametrize(("file", "path", "value"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_file_is_marked(file: str, path: tuple[str | int, ...], value: object) -> None:
    document: Any = shipped(file)
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    assert mistakes(document, SCHEMAS[kind_by_place(file)]) != []


def test_a_missing_key_is_marked() -> None:
    document = shipped("company.yml")
    del document["timezone"]

    assert mistakes(document, SCHEMAS["company"]) == [": no timezone"]


# ---- the schema and the loader ------------------------------------------------------------------

NEW_VALUES = st.one_of(
    st.sampled_from(
        ["permanent", "8h", "0h", "x", "", "salesforce/sales", "it", "2026-11-02", "☃"]
    ),
    st.integers(-1, 200),
    st.booleans(),
    st.just([]),
    st.just({}),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("changed") / "policies"
    Mistake("", {}, ()).write(directory)
    return directory


@given(st.sampled_from(sorted(VALID)), st.randoms(use_true_random=False), NEW_VALUES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_loader_takes_no_editor_marks(
    copy: Path, file: str, random: Any, value: object
) -> None:
    document = deepcopy(data(VALID[file]))
    places = [*_places(document)]
    holder, key = random.choice(places)
    holder[key] = value
    kind = kind_by_place(file)

    try:
        FILE_MODELS[kind].model_validate(document)
    except ValidationError:
        return
    # What is empty is told by the checks of the whole policy; JSON is YAML, too.
    if found := mistakes(document, SCHEMAS[kind]):
        Mistake("", {file: json.dumps(document)}, ()).write(copy)
        with pytest.raises(PolicyError):
            load_policy(copy, commit="test")
        assert all(one.endswith(": empty") for one in found)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)
