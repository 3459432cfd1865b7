"""All tables; a change here needs a migration beside it (a test holds the two together)."""

import sqlalchemy as sa

from bot.adapters.store.database import Instant

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("person_id", sa.String(64), nullable=False, index=True),
    sa.Column("requester_id", sa.String(64), nullable=False),
    sa.Column("level_id", sa.String(120), nullable=False),
    sa.Column("duration", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("state", sa.String(24), nullable=False, index=True),
    sa.Column("is_birthright", sa.Boolean, nullable=False),
    sa.Column("emergency", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("form_digest", sa.String(64), nullable=False),
    sa.Column("read_digest", sa.String(64), nullable=False),
    sa.Column("decision", sa.Text, nullable=True),
    sa.Column("starts_at", Instant, nullable=True),
    sa.Column("due_at", Instant, nullable=True, index=True),
    sa.Column("reminders", sa.Integer, nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("asked_at", Instant, nullable=True),
    sa.Column("edited_at", Instant, nullable=True),
    sa.Column("issue_number", sa.Integer, nullable=True, unique=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("told_revision", sa.Integer, nullable=False),
    sa.Column("tell_attempts", sa.Integer, nullable=False),
    sa.Column("tell_at", Instant, nullable=True, index=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("ways_out", sa.Text, nullable=False),
    sa.Column("shown_plan", sa.Text, nullable=True),
    sa.Column("idle_seats", sa.Text, nullable=True),
    sa.Column("ended_by", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(64), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("request_id", sa.String(40), nullable=False, index=True),
    sa.Column("person_id", sa.String(64), nullable=False),
    sa.Column("verdict", sa.String(8), nullable=False),
    sa.Column("surface", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("request_id", "person_id", "digest"),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("person_id", sa.String(64), nullable=False, index=True),
    sa.Column("level_id", sa.String(120), nullable=False),
    sa.Column("basis", sa.String(16), nullable=False),
    sa.Column("state", sa.String(24), nullable=False, index=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("username", sa.String(200), nullable=False),
    sa.Column("vault_id", sa.String(64), nullable=False),
    sa.Column("item_id", sa.String(64), nullable=False),
    sa.Column("end_reason", sa.String(24), nullable=True),
    sa.Column("ended_by", sa.String(200), nullable=False),
    sa.Column("ended_at", Instant, nullable=True),
    sa.Column("due_at", Instant, nullable=True, index=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("leaving", sa.Text, nullable=True),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("owner", sa.String(48), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("done_by", sa.String(200), nullable=True),
)

reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("request_id", sa.String(40), primary_key=True),
    sa.Column("pool", sa.String(120), primary_key=True),
    sa.Column("system", sa.String(64), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
)

writes = sa.Table(
    "writes",
    metadata,
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("owner", sa.String(40), nullable=False, index=True),
    sa.Column("address", sa.String(200), nullable=True),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("intended_at", Instant, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("delivery_id", sa.String(200), primary_key=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("handled_at", Instant, nullable=True),
    sa.Column("reply", sa.Text, nullable=True),
    sa.Column("answered_at", Instant, nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=True),
    sa.Column("note", sa.Text, nullable=False),
)
# Only of what is open: few at any time, and nothing to write for what was answered at once.
sa.Index(
    "ix_inbox_open",
    inbox.c.received_at,
    sqlite_where=inbox.c.answered_at.is_(None),
    postgresql_where=inbox.c.answered_at.is_(None),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("tag", sa.String(60), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False, index=True),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("policy_commit", sa.String(80), nullable=False),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("commit", sa.String(80), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("files", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("faults", sa.Text, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
)

onboardings = sa.Table(
    "onboardings",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("caller", sa.String(80), nullable=False),
    sa.Column("idempotency_key", sa.String(200), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("person_id", sa.String(64), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("caller", "idempotency_key"),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("beat_at", sa.Float, nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
