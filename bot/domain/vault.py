"""What is handed over through a vault, without the secret itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Handoff:
    """A log-in for a person's hand-off vault; `tag` finds it again."""

    vault_id: str
    title: str
    username: str
    url: str
    note: str
    tag: str
