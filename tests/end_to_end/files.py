"""A company of files alone: a policy, a roster, and rows for a database, without a bot."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.store.database import make_engine
from bot.adapters.store.store import Store
from bot.domain.people import Person
from bot.domain.policy_version import PolicyVersion
from bot.tables import migrate_database

FILES = {
    "company.yml": """
kind: company
id: acme
timezone: America/Chicago
holidays: US
help: { slack: "#help-it", github_label: ":help-it" }
groups:
  it: { members: [octo-ivy, octo-ian] }
  security: { members: [octo-sam, octo-sue] }
approvals: { default: [manager], critical_adds: [security] }
""",
    "roles.yml": """
kind: roles
roles:
  engineer: { department: engineering }
  seller: { department: sales, birthright: [crm/view] }
""",
    "systems/crm.yml": """
kind: system
id: crm
title: CRM
provider: task
dri: it
delivery: sso
levels:
  view:
    says: Look at accounts.
    risk: low
    bundle: { by_hand: ["Add the user"] }
    request: { by: [everyone], approve: [manager], longest: 90d }
  edit:
    says: Change accounts.
    risk: high
    bundle: { by_hand: ["Add the user"] }
    request:
      by: [seller]
      approve: [manager, it]
      longest: 30d
      questions:
        - { id: profile, asks: "The address of your profile", form: link }
  admin:
    says: Change everything.
    risk: critical
    bundle: { by_hand: ["Add the user"] }
    request: { by: [engineer], approve: [manager], longest: 8h }
    break_glass: { by: [it], longest: 4h }
auto_approve:
  - id: again
    levels: [view]
    when: { already_had: true, longest: 30d }
    approved_by: security
    approved_on: "2026-11-01"
    record: acme/access#7
""",
    "separation.yml": """
kind: separation
rules:
  - { id: look-or-rule, never_both: [crm/view, crm/admin], why: "Nobody checks themselves." }
""",
}
ROSTER = """\
id,mail,name,role,manager_id,engagement,department,timezone,first_day,last_day,github,slack_id,handoff_vault
ann,ann@acme.example,Ann Doe,engineer,bea,core,,Europe/Berlin,2025-01-06,,octo-ann,,
bea,bea@acme.example,Bea Doe,seller,,core,,America/Chicago,2025-01-06,,octo-bea,,
ivy,ivy@acme.example,Ivy Doe,engineer,bea,core,,America/Chicago,2025-01-06,,octo-ivy,,
ian,ian@acme.example,Ann Doe,engineer,bea,core,,America/Chicago,2025-01-06,,octo-ian,,
sam,sam@acme.example,Sam Doe,engineer,bea,core,,America/Chicago,2025-01-06,,octo-sam,,
sue,sue@acme.example,Sue Doe,engineer,bea,core,,America/Chicago,2025-01-06,,octo-sue,,
"""


def settle(folder: Path) -> dict[str, str]:
    """Write the company's files into a folder and return the settings that name them."""
    for name, text in FILES.items():
        path = folder / "policies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    (folder / "people.csv").write_text(ROSTER)
    return {
        "POLICY_DIR": str(folder / "policies"),
        "PEOPLE_FILE": str(folder / "people.csv"),
        "DATABASE_URL": f"sqlite:///{folder}/var/usher.db",
    }


def keep(
    environ: dict[str, str],
    *,
    people: tuple[Person, ...] = (),
    versions: tuple[PolicyVersion, ...] = (),
    **rows: Any,
) -> None:
    """Put rows into a database made for it."""
    Path(environ["DATABASE_URL"].removeprefix("sqlite:///")).parent.mkdir()
    migrate_database(environ["DATABASE_URL"])
    store = Store(make_engine(environ["DATABASE_URL"]))
    with store.begin() as tx:
        for one in rows.get("grants", ()):
            tx.grants.add(one)
        for one in rows.get("requests", ()):
            tx.requests.add(one)
            for answer in one.approvals:
                tx.requests.add_approval(one.id, answer)
        for one in people:
            tx.people.add(one, datetime(2026, 11, 1, tzinfo=UTC))
        for version in versions:
            tx.policies.put(version)
    store.close()
