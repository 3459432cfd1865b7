"""The files for the customer's repository and App say the same as the code that reads them."""

import json
from pathlib import Path
from typing import Any

import yaml

import handlers.github
from bot.adapters.github.sign_in import PERMISSIONS, POLICY_PERMISSIONS
from handlers.github.issue_form import HEADINGS, NO_ANSWER, parse_form
from handlers.github.webhooks import EVENTS

FOLDER = Path(handlers.github.__file__).parent
FORM: dict[str, Any] = yaml.safe_load((FOLDER / "access-request.yml").read_text("utf-8"))
MANIFEST: dict[str, Any] = json.loads((FOLDER / "app-manifest.json").read_text("utf-8"))


def test_the_form_has_exactly_the_headings_that_the_parser_reads() -> None:
    assert tuple(field["attributes"]["label"] for field in FORM["body"]) == HEADINGS
    assert FORM["labels"] == ["access-request"]


def test_the_form_requires_what_the_parser_misses() -> None:
    required = {
        field["attributes"]["label"]: field["validations"]["required"] for field in FORM["body"]
    }
    empty = parse_form("\n\n".join(f"### {heading}\n\n{NO_ANSWER}" for heading in HEADINGS))

    missed = {heading for heading in HEADINGS if f"«{heading}»" in " ".join(empty.problems)}
    assert {heading for heading, needed in required.items() if needed} == missed


def test_the_forms_own_examples_are_answers_without_problems() -> None:
    answers = [field["attributes"].get("placeholder", "Quarter end.") for field in FORM["body"]]
    body = "\n\n".join(f"### {h}\n\n{a}" for h, a in zip(HEADINGS, answers, strict=True))

    assert parse_form(body).problems == ()


def test_the_app_asks_for_the_events_that_the_webhook_knows() -> None:
    assert set(MANIFEST["default_events"]) == EVENTS
    assert MANIFEST["hook_attributes"]["url"].endswith("/github/webhooks")


def test_the_app_asks_for_every_permission_that_its_tokens_need() -> None:
    granted = MANIFEST["default_permissions"]

    assert granted == {**PERMISSIONS, **POLICY_PERMISSIONS}, (
        "least privilege: what is not used is not asked for"
    )
