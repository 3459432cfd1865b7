"""Alembic's environment; run by `migrating.py`, never imported."""
