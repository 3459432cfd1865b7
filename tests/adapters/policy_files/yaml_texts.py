"""A text of the policy language, and the strict reader's answer to any text."""

from typing import Any

from bot.adapters.policy_files.strict_yaml import LOADER, Document, load

POLICY = """\
# yaml-language-server: $schema=../schema/system.schema.json
kind: system
id: salesforce
dri: gtm-systems              # who looks after it
urgent: { mention: gtm-systems, slack: "#help-it" }
pools:
  Salesforce: { keep_free: 1, when_full: wait }
levels:
  view-only:
    says: Read accounts. No edits, no exports.   # shown to the requester
    request: { by: [everyone], not: [consultant], longest: 90d }
  standard:
    says: >
      Create and edit # accounts
    owner: "0056e10"
    bundle:
      by_hand: ["Add the user"]
on_leave:                     # before deactivation
  hand_over: { Task: manager }
auto_approve:
- id: renew
  when: { already_had: true, core: false, until: null }
  approved_on: '2026-11-02'
"""


def faults(text: str | bytes, loader: Any = LOADER) -> list[str]:
    return [str(fault) for fault in load(text, file="f.yml", loader=loader)[1]]


def read(text: str, loader: Any = LOADER) -> Document:
    document, found = load(text, file="f.yml", loader=loader)
    assert found == []
    assert document is not None
    return document
