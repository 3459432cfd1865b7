"""All tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _requests()
    _approvals()
    _grants()
    _tasks()
    _reservations()
    _writes()
    _inbox()
    _audit()
    _policies()
    _people()
    _onboardings()
    _workers()
    _cursors()


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("requester_id", sa.String(64), nullable=False),
        sa.Column("level_id", sa.String(120), nullable=False),
        sa.Column("duration", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("is_birthright", sa.Boolean(), nullable=False),
        sa.Column("emergency", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("form_digest", sa.String(64), nullable=False),
        sa.Column("read_digest", sa.String(64), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("edited_at", sa.DateTime(), nullable=True),
        sa.Column("issue_number", sa.Integer(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=False),
        sa.Column("tell_attempts", sa.Integer(), nullable=False),
        sa.Column("tell_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ways_out", sa.Text(), nullable=False),
        sa.Column("shown_plan", sa.Text(), nullable=True),
        sa.Column("idle_seats", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("issue_number", name="uq_requests_issue_number"),
    )
    op.create_index("ix_requests_due_at", "requests", ["due_at"])
    op.create_index("ix_requests_origin", "requests", ["origin"])
    op.create_index("ix_requests_person_id", "requests", ["person_id"])
    op.create_index("ix_requests_state", "requests", ["state"])
    op.create_index("ix_requests_tell_at", "requests", ["tell_at"])


def _approvals() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "approvals",
        sa.Column("id", sequence, nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("surface", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.UniqueConstraint(
            "request_id", "person_id", "digest", name="uq_approvals_request_id_person_id_digest"
        ),
    )
    op.create_index("ix_approvals_request_id", "approvals", ["request_id"])


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("level_id", sa.String(120), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("username", sa.String(200), nullable=False),
        sa.Column("vault_id", sa.String(64), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("end_reason", sa.String(24), nullable=True),
        sa.Column("ended_by", sa.String(200), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("leaving", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    op.create_index("ix_grants_due_at", "grants", ["due_at"])
    op.create_index("ix_grants_person_id", "grants", ["person_id"])
    op.create_index("ix_grants_state", "grants", ["state"])


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("owner", sa.String(48), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("done_by", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("owner", "position", name="pk_tasks"),
    )


def _reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("pool", sa.String(120), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "pool", name="pk_reservations"),
    )
    op.create_index("ix_reservations_system", "reservations", ["system"])


def _writes() -> None:
    op.create_table(
        "writes",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("address", sa.String(200), nullable=True),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("intended_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_writes"),
    )
    op.create_index("ix_writes_owner", "writes", ["owner"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("delivery_id", sa.String(200), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("handled_at", sa.DateTime(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_inbox"),
    )
    is_open = sa.text("answered_at IS NULL")
    op.create_index(
        "ix_inbox_open", "inbox", ["received_at"], sqlite_where=is_open, postgresql_where=is_open
    )


def _audit() -> None:
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("sequence", sequence, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("policy_commit", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("commit", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("commit", name="pk_policies"),
    )
    op.create_index("ix_policies_at", "policies", ["at"])


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )


def _onboardings() -> None:
    op.create_table(
        "onboardings",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_onboardings"),
        sa.UniqueConstraint(
            "caller", "idempotency_key", name="uq_onboardings_caller_idempotency_key"
        ),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
