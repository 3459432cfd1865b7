"""What Connect takes for an item, and what it makes of it (OpenAPI FullItem and Field)."""

from typing import Any

from bot.sandbox.onepassword.answers import NotModelledError, bad_request
from bot.sandbox.onepassword.passwords import entropy, generate
from bot.sandbox.onepassword.state import Document, new_id

CATEGORIES = frozenset(
    {
        "LOGIN",
        "PASSWORD",
        "API_CREDENTIAL",
        "SERVER",
        "DATABASE",
        "CREDIT_CARD",
        "MEMBERSHIP",
        "PASSPORT",
        "SOFTWARE_LICENSE",
        "OUTDOOR_LICENSE",
        "SECURE_NOTE",
        "WIRELESS_ROUTER",
        "BANK_ACCOUNT",
        "DRIVER_LICENSE",
        "IDENTITY",
        "REWARD_PROGRAM",
        "DOCUMENT",
        "EMAIL_ACCOUNT",
        "SOCIAL_SECURITY_NUMBER",
        "MEDICAL_RECORD",
        "SSH_KEY",
        "CUSTOM",
    }
)
# OTP, not TOTP: the published file is wrong and the server wants OTP (wire.md §1, 12).
FIELD_TYPES = frozenset(
    {"STRING", "EMAIL", "CONCEALED", "URL", "OTP", "DATE", "MONTH_YEAR", "MENU"}
)
# "Some item types, Login and Password, have fields used for autofill" (OpenAPI, Field.purpose).
AUTOFILL_CATEGORIES = frozenset({"LOGIN", "PASSWORD"})
# The ids the server gives built-in fields, seen in connect-sdk-python issue 34.
BUILT_IN_IDS = {"USERNAME": "username", "PASSWORD": "password", "NOTES": "notesPlain"}
SECRET_FIELD_KEYS = frozenset({"value", "entropy", "totp"})

# createdAt and the like are read-only in the OpenAPI; `trashed` is an old key the SDK still sends.
_READ_ONLY = {"version", "state", "createdAt", "updatedAt", "lastEditedBy", "trashed"}
_ITEM_KEYS = {"id", "title", "vault", "category", "urls", "favorite", "tags", "sections", "fields"}
_FIELD_KEYS = {
    "id",
    "section",
    "type",
    "purpose",
    "label",
    "value",
    "generate",
    "recipe",
    "entropy",
    "totp",
}


def accept(body: Any, *, vault_id: str) -> Document:
    """Check an item that a client sent and return what the server keeps of it, values generated."""
    if not isinstance(body, dict):
        raise bad_request("Invalid item: a JSON object is expected")
    if unknown := body.keys() - _ITEM_KEYS - _READ_ONLY - {"files"}:
        raise NotModelledError(f"item attributes {sorted(unknown)}")
    if body.get("files"):
        raise NotModelledError("items with files")
    if not isinstance(body.get("vault"), dict) or body["vault"].get("id") != vault_id:
        raise bad_request("Invalid item: vault.id must be the vault of the path")
    category = _category(body)
    item = {
        "title": _typed(body, "title", str, ""),
        "vault": {"id": vault_id},
        "category": category,
        "urls": [_url(url) for url in _typed(body, "urls", list, [])],
        "favorite": _typed(body, "favorite", bool, default=False),
        "tags": [_text(tag, "tags") for tag in _typed(body, "tags", list, [])],
        "sections": [_section(section) for section in _typed(body, "sections", list, [])],
    }
    item["fields"] = _fields(body, category, {section["id"] for section in item["sections"]})
    return item


def summary(item: Document) -> Document:
    """Return the item as lists show it: "Item objects that don't include sections and fields"."""
    return {key: value for key, value in item.items() if key not in {"sections", "fields"}}


def without_values(item: Document) -> Document:
    """Return the item with its fields' names only."""
    fields = [{k: v for k, v in f.items() if k not in SECRET_FIELD_KEYS} for f in item["fields"]]
    return {**item, "fields": fields}


def _category(body: Document) -> str:
    category = body.get("category")
    if not isinstance(category, str) or category not in CATEGORIES:
        raise bad_request("Invalid item category")
    if category == "DOCUMENT":
        # Connect changelog 1.7.0: documents cannot be made through Connect.
        raise bad_request("Invalid item category: creating DOCUMENT items is not supported")
    if category == "CUSTOM":
        raise NotModelledError("creating CUSTOM items")
    return category


def _fields(body: Document, category: str, sections: set[str]) -> list[Document]:
    fields = [_field(each, category, sections) for each in _typed(body, "fields", list, [])]
    purposes = [field["purpose"] for field in fields if "purpose" in field]
    if purposes.count("PASSWORD") > 1:
        # Wording from connect-sdk-python issue 71.
        raise bad_request(
            'Logic: (Unable to parse Item), Validation: (too many "password" fields in Apply()), '
            'You can only use one "password" field.'
        )
    if len(purposes) != len(set(purposes)):
        raise NotModelledError("two fields of the same purpose USERNAME or NOTES")
    if category == "PASSWORD" and "PASSWORD" not in purposes:
        # Ansible collection pull request 28: this type needs one. The OpenAPI's wording (PUT, 400).
        raise bad_request("The item doesn't have a password field.")
    if len({field["id"] for field in fields}) != len(fields):
        raise bad_request("Invalid item: two fields have the same id")
    return fields


def _field(given: Any, category: str, sections: set[str]) -> Document:
    if not isinstance(given, dict):
        raise bad_request("Invalid item: every field must be an object")
    if unknown := given.keys() - _FIELD_KEYS:
        raise NotModelledError(f"field attributes {sorted(unknown)}")
    purpose = _purpose(given, category)
    field: Document = {"id": _typed(given, "id", str, "") or BUILT_IN_IDS.get(purpose) or new_id()}
    field["type"] = "CONCEALED" if purpose == "PASSWORD" else _field_type(given)
    if purpose:
        field["purpose"] = purpose
    if label := _typed(given, "label", str, BUILT_IN_IDS.get(purpose, "")):
        field["label"] = label
    if (section := given.get("section")) is not None:
        field["section"] = _section_reference(section, sections)
    if (value := _value(given)) is not None:
        field["value"] = value
        if purpose == "PASSWORD":
            field["entropy"] = entropy(value)
    return field


def _value(given: Document) -> str | None:
    """Return the value, or a new one: OpenAPI, "If value is not present then … generated"."""
    if value := _typed(given, "value", str, ""):
        return str(value)
    if _typed(given, "generate", bool, default=False):
        return generate(given.get("recipe"))
    return None


def _purpose(given: Document, category: str) -> str:
    purpose = str(_typed(given, "purpose", str, ""))
    if purpose and purpose not in BUILT_IN_IDS:
        raise bad_request(f"Invalid field purpose {purpose!r}")
    if purpose in {"USERNAME", "PASSWORD"} and category not in AUTOFILL_CATEGORIES:
        raise NotModelledError(f"a {purpose} field in a {category} item")
    return purpose


def _field_type(given: Document) -> str:
    # The vendor's own PATCH example writes the type in small letters.
    kind = str(_typed(given, "type", str, "STRING")).upper()
    if kind not in FIELD_TYPES:
        raise bad_request(f"Invalid field type {kind!r}")
    return kind


def _section_reference(section: Any, sections: set[str]) -> Document:
    if not isinstance(section, dict) or not isinstance(section.get("id"), str):
        raise bad_request("Invalid item: a field's section must have an id")
    if section["id"] not in sections:
        raise NotModelledError("a field in a section that the item does not list")
    return {"id": section["id"]}


def _section(section: Any) -> Document:
    if not isinstance(section, dict):
        raise bad_request("Invalid item: every section must be an object")
    kept: Document = {"id": _typed(section, "id", str, "") or new_id()}
    if label := _typed(section, "label", str, ""):
        kept["label"] = label
    return kept


def _url(url: Any) -> Document:
    if not isinstance(url, dict) or not isinstance(url.get("href"), str):
        raise bad_request("Invalid item: every url must have an href")
    kept: Document = {"href": url["href"]}
    if label := _typed(url, "label", str, ""):
        kept["label"] = label
    if _typed(url, "primary", bool, default=False):
        kept["primary"] = True
    return kept


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise bad_request(f"Invalid item: {where} must be strings")
    return value


def _typed(body: Document, key: str, kind: type, default: Any) -> Any:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise bad_request(f"Invalid item: {key} must be of type {kind.__name__}")
    return value
