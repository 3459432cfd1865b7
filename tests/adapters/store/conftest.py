"""The same store as the ledger's contract: on SQLite, and on PostgreSQL where it answers."""

from tests.contracts.conftest import database, ledger

__all__ = ["database", "ledger"]
