"""Sandboxes and trials: what tells them from production."""

from datetime import timedelta

from bot.sandbox.salesforce.database import Database

TRIAL_LONG_CALLS = 5
"""Concurrent long calls of Developer Edition and trial orgs (salesforce.md §4 [3P])."""

TRIAL_DAYS = 30


def make_sandbox(database: Database, org_id: str, *, keeping: str) -> None:
    """Mark a sandbox and spoil its addresses as a refresh does, so that it mails nobody by mistake;
    `keeping` is the user who refreshed it and whose address stays.

    Source: help data_sandbox_users_and_contacts (D1); object reference, Organization.IsSandbox.
    """
    _mark(database, org_id, IsSandbox=True)
    users = database.entity("User")
    for row in database.store.rows(users):
        if row["Id"] != keeping:
            database.store.put(users, {**row, "Email": f"{row['Email']}.invalid"})


def make_trial(database: Database, org_id: str) -> None:
    """Mark an org that ends unless somebody buys it (Organization.TrialExpirationDate)."""
    _mark(database, org_id, TrialExpirationDate=database.now() + timedelta(days=TRIAL_DAYS))


def _mark(database: Database, org_id: str, **fields: object) -> None:
    entity = database.entity("Organization")
    row = database.store.get(entity, org_id)
    assert row is not None  # noqa: S101  # the seed has made it
    database.store.put(entity, {**row, **fields})
