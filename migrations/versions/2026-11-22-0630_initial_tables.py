"""Initial tables.

Revision: 5e1c0a7d94b2
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5e1c0a7d94b2"
down_revision = None
branch_labels = None
depends_on = None


POSTGRESQL_BEFORE = (
    # Both are trusted since PostgreSQL 13: the owner of the database may create them.
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",  # searches look for a part of a text
    "CREATE EXTENSION IF NOT EXISTS btree_gist",  # equality beside overlapping ranges in one constraint
)
POSTGRESQL_AFTER = (
    # Readers of the log must not pass a transaction that commits later with a lower position.
    'ALTER TABLE event ALTER COLUMN "transaction" SET DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint)',
    # Two prices of one thing at one moment cannot be, nor two tax rates, whoever writes.
    "ALTER TABLE price ADD CONSTRAINT ex_price_validity EXCLUDE USING gist (channel_id WITH =, variant_id WITH =, "
    "min_quantity WITH =, tstzrange(valid_from, valid_to) WITH &&)",
    "ALTER TABLE tax_rate ADD CONSTRAINT ex_tax_rate_validity EXCLUDE USING gist (country WITH =, tax_class WITH =, "
    "daterange(valid_from, valid_to) WITH &&)",
)
# SQLite knows no exclusion, but has one writer at a time: a trigger is as good.
VALIDITIES = {
    "price": ("channel_id", "variant_id", "min_quantity"),
    "tax_rate": ("country", "tax_class"),
}
EVENTS = {"insert": "INSERT", "update": "UPDATE OF valid_from, valid_to"}


def validity_trigger(table: str, columns: tuple[str, ...], name: str) -> str:
    """The trigger that refuses a row whose validity overlaps another one's."""
    same = " AND ".join(f"other.{column} = NEW.{column}" for column in columns)
    return f"""
CREATE TRIGGER {table}_validity_{name} BEFORE {EVENTS[name]} ON {table}
WHEN EXISTS (
    SELECT 1 FROM {table} AS other
    WHERE {same} AND other.id <> NEW.id
      AND (other.valid_to IS NULL OR other.valid_to > NEW.valid_from)
      AND (NEW.valid_to IS NULL OR other.valid_from < NEW.valid_to)
)
BEGIN SELECT RAISE(ABORT, 'ex_{table}_validity'); END
"""


def upgrade() -> None:
    postgresql_database = op.get_context().dialect.name == "postgresql"
    if postgresql_database:
        for statement in POSTGRESQL_BEFORE:
            op.execute(statement)
    op.create_table(
        "allocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("from_reservation", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "from_reservation >= 0 AND from_reservation <= quantity", name=op.f("ck_allocation_from_reservation")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocation_quantity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_inbound_id", "allocation", ["inbound_id"], unique=False)
    op.create_index("ix_allocation_level", "allocation", ["location_id", "variant_id"], unique=False)
    op.create_index("ix_allocation_order_id", "allocation", ["order_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal_kind", sa.String(length=20), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column("principal_name", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("targets", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"], unique=False)
    op.create_index("ix_audit_entry_operation_at", "audit_entry", ["operation", "at"], unique=False)
    op.create_index("ix_audit_entry_principal_id_at", "audit_entry", ["principal_id", "at"], unique=False)
    op.create_table(
        "audit_target",
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("target_id", "entry_id", name=op.f("pk_audit_target")),
    )
    op.create_table(
        "care_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_key", sa.String(length=120), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_case")),
    )
    op.create_index("ix_care_case_order_id", "care_case", ["order_id"], unique=False)
    op.create_index("ix_care_case_state_created_at", "care_case", ["state", "created_at"], unique=False)
    op.create_index(
        "uq_care_case_open_subject",
        "care_case",
        ["subject_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'DONE'"),
        postgresql_where=sa.text("state <> 'DONE'"),
    )
    op.create_table(
        "cron_entry",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_cron_entry")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=20), nullable=True),
        sa.Column("tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("consents", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("search_key", sa.String(length=720), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
    )
    op.create_index("ix_customer_created_at_id", "customer", ["created_at", "id"], unique=False)
    op.create_index("ix_customer_email_key", "customer", ["email_key"], unique=False)
    op.create_index("ix_customer_name_key", "customer", ["name_key"], unique=False)
    op.create_index(
        "ix_customer_search_key",
        "customer",
        ["search_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.create_index("ix_customer_updated_at_id", "customer", ["updated_at", "id"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("key", name=op.f("uq_document_key")),
    )
    op.create_index("ix_document_created_at_id", "document", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_document_number",
        "document",
        ["number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_document_order_id"), "document", ["order_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal_kind", sa.String(length=20), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column("principal_name", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=True),
        sa.Column("transaction", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
        sa.UniqueConstraint("stream_id", "seq", name=op.f("uq_event_stream_id_seq")),
    )
    op.create_index("ix_event_name_position", "event", ["name", "position"], unique=False)
    op.create_index("ix_event_transaction_position", "event", ["transaction", "position"], unique=False)
    op.create_table(
        "event_stream",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name=op.f("pk_event_stream")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_inbox_message_source_external_id")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("source_key", name=op.f("uq_journal_entry_source_key")),
    )
    op.create_index("ix_journal_entry_order_id", "journal_entry", ["order_id"], unique=False)
    op.create_index("ix_journal_entry_posted_at_id", "journal_entry", ["posted_at", "id"], unique=False)
    op.create_index("ix_journal_entry_reference", "journal_entry", ["reference"], unique=False)
    op.create_table(
        "legal_entity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=20), nullable=True),
        sa.Column("tax_number", sa.String(length=40), nullable=True),
        sa.Column("register", sa.String(length=120), nullable=True),
        sa.Column("iban", sa.String(length=34), nullable=True),
        sa.Column("bic", sa.String(length=11), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("brand_color", sa.String(length=7), nullable=False),
        sa.Column("logo_svg", sa.Text(), nullable=True),
        sa.Column("footer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_entity")),
        sa.UniqueConstraint("code", name=op.f("uq_legal_entity_code")),
    )
    op.create_table(
        "log_cursor",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_cursor")),
    )
    op.create_table(
        "masters_version",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_masters_version")),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.String(length=80), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("context", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint(
            "order_id", "source_key", "template", name=op.f("uq_notification_order_id_source_key_template")
        ),
    )
    op.create_index("ix_notification_created_at_id", "notification", ["created_at", "id"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_number_series")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("args", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("unique_key", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at", "available_at"],
        unique=False,
        sqlite_where=sa.text("NOT dead"),
        postgresql_where=sa.text("NOT dead"),
    )
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("dead"),
        postgresql_where=sa.text("dead"),
    )
    op.create_index("ix_outbox_key", "outbox", ["key", "job", "id"], unique=False)
    op.create_index("uq_outbox_unique_key", "outbox", ["unique_key"], unique=True)
    op.create_table(
        "partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=20), nullable=True),
        sa.Column("agreement", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("code", name=op.f("uq_partner_code")),
    )
    op.create_table(
        "process_definition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("xml", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deployed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_definition")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_process_definition_key_version")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("brand", sa.String(length=120), nullable=True),
        sa.Column("category", sa.String(length=120), nullable=True),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("images", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("regions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("sale_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sale_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hazmat", sa.Boolean(), nullable=False),
        sa.Column("bulky", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.String(length=520), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_index("ix_product_name_id", "product", ["name", "id"], unique=False)
    op.create_index(
        "ix_product_search_key",
        "product",
        ["search_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.create_index("ix_product_updated_at_id", "product", ["updated_at", "id"], unique=False)
    op.create_table(
        "risk_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_assessment")),
        sa.UniqueConstraint("order_id", name=op.f("uq_risk_assessment_order_id")),
    )
    op.create_index("ix_risk_assessment_assessed_at_id", "risk_assessment", ["assessed_at", "id"], unique=False)
    op.create_table(
        "risk_list_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_list_entry")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_risk_list_entry_kind_value")),
    )
    op.create_table(
        "risk_sighting",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("key", "at", "order_id", name=op.f("pk_risk_sighting")),
    )
    op.create_index(op.f("ix_risk_sighting_at"), "risk_sighting", ["at"], unique=False)
    op.create_table(
        "routing_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("policy", sa.String(length=60), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("parcels", sa.Integer(), nullable=False),
        sa.Column("unsent", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_decision")),
    )
    op.create_index("ix_routing_decision_order_id", "routing_decision", ["order_id"], unique=False)
    op.create_table(
        "simulated_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulated_clock")),
    )
    op.create_table(
        "state_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("old", sa.String(length=40), nullable=True),
        sa.Column("new", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_change")),
    )
    op.create_index("ix_state_change_entity", "state_change", ["entity_id", "at"], unique=False)
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_level", "stock_movement", ["location_id", "variant_id", "at"], unique=False)
    op.create_index("ix_stock_movement_order_line_id", "stock_movement", ["order_line_id"], unique=False)
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rate >= 0 AND rate < 100", name=op.f("ck_tax_rate_rate")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_tax_rate_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
        sa.UniqueConstraint(
            "country", "tax_class", "valid_from", name=op.f("uq_tax_rate_country_tax_class_valid_from")
        ),
    )
    op.create_table(
        "accessory",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("accessory_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["accessory_id"], ["product.id"], name=op.f("fk_accessory_accessory_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_accessory_product_id")),
        sa.PrimaryKeyConstraint("product_id", "accessory_id", name=op.f("pk_accessory")),
    )
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'PARTNER') = (partner_id IS NOT NULL)", name=op.f("ck_api_client_partner")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_api_client_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_api_client_client_id")),
    )
    op.create_index(op.f("ix_api_client_partner_id"), "api_client", ["partner_id"], unique=False)
    op.create_table(
        "customer_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("extra", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_address_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_address")),
    )
    op.create_index(op.f("ix_customer_address_customer_id"), "customer_address", ["customer_id"], unique=False)
    op.create_index("ix_customer_address_postal_code", "customer_address", ["postal_code"], unique=False)
    op.create_table(
        "journal_line",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_journal_line_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_journal_line")),
    )
    op.create_table(
        "process_instance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["process_definition.id"], name=op.f("fk_process_instance_definition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_instance")),
        sa.UniqueConstraint("subject_id", "key", name=op.f("uq_process_instance_subject_id_key")),
    )
    op.create_index("ix_process_instance_order_id", "process_instance", ["order_id"], unique=False)
    op.create_index("ix_process_instance_updated_at_id", "process_instance", ["updated_at", "id"], unique=False)
    op.create_index("ix_process_instance_state_updated_at", "process_instance", ["state", "updated_at"], unique=False)
    op.create_table(
        "product_variant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("attributes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("length_mm", sa.Integer(), nullable=True),
        sa.Column("width_mm", sa.Integer(), nullable=True),
        sa.Column("height_mm", sa.Integer(), nullable=True),
        sa.Column("bundle", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.String(length=420), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weight_g >= 0", name=op.f("ck_product_variant_weight")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_variant_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_variant")),
        sa.UniqueConstraint("gtin", name=op.f("uq_product_variant_gtin")),
        sa.UniqueConstraint("sku", name=op.f("uq_product_variant_sku")),
    )
    op.create_index("ix_product_variant_product_id", "product_variant", ["product_id"], unique=False)
    op.create_index(
        "ix_product_variant_search_key",
        "product_variant",
        ["search_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.create_index("ix_product_variant_updated_at_id", "product_variant", ["updated_at", "id"], unique=False)
    op.create_table(
        "sales_channel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("languages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("gross", sa.Boolean(), nullable=False),
        sa.Column("shortage", sa.String(40), nullable=False),
        sa.Column("priced_by_channel", sa.Boolean(), nullable=False),
        sa.Column("payment_methods", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("return_days", sa.Integer(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("processes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_sales_channel_legal_entity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_sales_channel_code")),
    )
    op.create_table(
        "stock_location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("street", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("opening_hours", sa.String(length=300), nullable=False),
        sa.Column("closures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("cut_off", sa.String(length=5), nullable=True),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("unit_capacity", sa.Integer(), nullable=True),
        sa.Column("parcel_capacity", sa.Integer(), nullable=True),
        sa.Column("handling_parcel_cents", sa.Integer(), nullable=False),
        sa.Column("handling_line_cents", sa.Integer(), nullable=False),
        sa.Column("handling_unit_cents", sa.Integer(), nullable=False),
        sa.Column("can_ship", sa.Boolean(), nullable=False),
        sa.Column("can_pickup", sa.Boolean(), nullable=False),
        sa.Column("accepts_returns", sa.Boolean(), nullable=False),
        sa.Column("hazmat", sa.Boolean(), nullable=False),
        sa.Column("bulky", sa.Boolean(), nullable=False),
        sa.Column("channel_codes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("countries", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("stock_kind", sa.String(40), nullable=False),
        sa.Column("live_stock", sa.String(length=60), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("dispatch_group", sa.String(length=60), nullable=True),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_stock_location_latitude")),
        sa.CheckConstraint("lead_days >= 0", name=op.f("ck_stock_location_lead_days")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_stock_location_longitude")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_stock_location_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_location")),
        sa.UniqueConstraint("code", name=op.f("uq_stock_location_code")),
    )
    op.create_index("ix_stock_location_partner_id", "stock_location", ["partner_id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(role = 'DROPSHIPPER') = (partner_id IS NOT NULL)", name=op.f("ck_user_account_partner")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_user_account_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    op.create_index(op.f("ix_user_account_partner_id"), "user_account", ["partner_id"], unique=False)
    op.create_table(
        "access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("api_client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["api_client_id"], ["api_client.id"], name=op.f("fk_access_token_api_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
    )
    op.create_index(op.f("ix_access_token_api_client_id"), "access_token", ["api_client_id"], unique=False)
    op.create_index(op.f("ix_access_token_expires_at"), "access_token", ["expires_at"], unique=False)
    op.create_table(
        "api_client_channel",
        sa.Column("api_client_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_client_id"], ["api_client.id"], name=op.f("fk_api_client_channel_api_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_api_client_channel_channel_id")),
        sa.PrimaryKeyConstraint("api_client_id", "channel_id", name=op.f("pk_api_client_channel")),
    )
    op.create_index(op.f("ix_api_client_channel_channel_id"), "api_client_channel", ["channel_id"], unique=False)
    op.create_table(
        "api_client_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["api_client_id"], ["api_client.id"], name=op.f("fk_api_client_secret_api_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client_secret")),
    )
    op.create_index(op.f("ix_api_client_secret_api_client_id"), "api_client_secret", ["api_client_id"], unique=False)
    op.create_table(
        "bundle_item",
        sa.Column("bundle_id", sa.Uuid(), nullable=False),
        sa.Column("component_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("bundle_id <> component_id", name=op.f("ck_bundle_item_not_itself")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_bundle_item_quantity")),
        sa.ForeignKeyConstraint(["bundle_id"], ["product_variant.id"], name=op.f("fk_bundle_item_bundle_id")),
        sa.ForeignKeyConstraint(["component_id"], ["product_variant.id"], name=op.f("fk_bundle_item_component_id")),
        sa.PrimaryKeyConstraint("bundle_id", "component_id", name=op.f("pk_bundle_item")),
    )
    op.create_index(op.f("ix_bundle_item_component_id"), "bundle_item", ["component_id"], unique=False)
    op.create_table(
        "capacity_use",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("parcels", sa.Integer(), nullable=False),
        sa.CheckConstraint("units >= 0 AND parcels >= 0", name=op.f("ck_capacity_use_not_negative")),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_capacity_use_location_id")),
        sa.PrimaryKeyConstraint("location_id", "day", name=op.f("pk_capacity_use")),
    )
    op.create_table(
        "customer_reference",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_customer_reference_channel_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_reference_customer_id")),
        sa.PrimaryKeyConstraint("channel_id", "external_id", name=op.f("pk_customer_reference")),
    )
    op.create_index(op.f("ix_customer_reference_customer_id"), "customer_reference", ["customer_id"], unique=False)
    op.create_table(
        "inbound_stock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("sellable", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "allocated >= 0 AND allocated <= quantity - received", name=op.f("ck_inbound_stock_allocated")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inbound_stock_quantity")),
        sa.CheckConstraint("received >= 0 AND received <= quantity", name=op.f("ck_inbound_stock_received")),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_inbound_stock_location_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_inbound_stock_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_stock")),
        sa.UniqueConstraint(
            "location_id", "variant_id", "reference", name=op.f("uq_inbound_stock_location_id_variant_id_reference")
        ),
    )
    op.create_index("ix_inbound_stock_variant_id", "inbound_stock", ["variant_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gross", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True),
        sa.Column("delivery_type", sa.String(40), nullable=False),
        sa.Column("billing_address", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("shipping_address", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("pickup_location_id", sa.Uuid(), nullable=True),
        sa.Column("sold_at_location_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("ship_complete", sa.Boolean(), nullable=False),
        sa.Column("max_parcels", sa.Integer(), nullable=True),
        sa.Column("vat_id", sa.String(length=20), nullable=True),
        sa.Column("goods_total", sa.BigInteger(), nullable=False),
        sa.Column("charges_total", sa.BigInteger(), nullable=False),
        sa.Column("discount_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("fulfillment_status", sa.String(40), nullable=False),
        sa.Column("authorize_status", sa.String(40), nullable=False),
        sa.Column("charge_status", sa.String(40), nullable=False),
        sa.Column("return_status", sa.String(40), nullable=False),
        sa.Column("invoice_status", sa.String(40), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_orders_channel_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_orders_customer_id")),
        sa.ForeignKeyConstraint(
            ["pickup_location_id"], ["stock_location.id"], name=op.f("fk_orders_pickup_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["sold_at_location_id"], ["stock_location.id"], name=op.f("fk_orders_sold_at_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("channel_id", "external_id", name=op.f("uq_orders_channel_id_external_id")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"], unique=False)
    op.create_index("ix_orders_email_key", "orders", ["email_key"], unique=False)
    op.create_index("ix_orders_placed_at_id", "orders", ["placed_at", "id"], unique=False)
    op.create_index("ix_orders_state_placed_at", "orders", ["state", "placed_at"], unique=False)
    op.create_index("ix_orders_updated_at_id", "orders", ["updated_at", "id"], unique=False)
    op.create_table(
        "pool_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_pool_code_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_code")),
        sa.UniqueConstraint("order_line_id", "unit", name=op.f("uq_pool_code_order_line_id_unit")),
        sa.UniqueConstraint("variant_id", "code", name=op.f("uq_pool_code_variant_id_code")),
    )
    op.create_index(
        "ix_pool_code_free",
        "pool_code",
        ["variant_id", "id"],
        unique=False,
        sqlite_where=sa.text("order_line_id IS NULL"),
        postgresql_where=sa.text("order_line_id IS NULL"),
    )
    op.create_table(
        "price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("min_quantity", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_amount")),
        sa.CheckConstraint("min_quantity >= 1", name=op.f("ck_price_min_quantity")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_price_validity")),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_price_channel_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_price_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint(
            "channel_id",
            "variant_id",
            "min_quantity",
            "valid_from",
            name=op.f("uq_price_channel_id_variant_id_min_quantity_valid_from"),
        ),
    )
    op.create_index("ix_price_variant_id", "price", ["variant_id"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_reservation_quantity")),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_reservation_channel_id")),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_reservation_location_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_reservation_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint(
            "location_id",
            "variant_id",
            "channel_id",
            "reference",
            name=op.f("uq_reservation_location_id_variant_id_channel_id_reference"),
        ),
    )
    op.create_index(
        "ix_reservation_expires_at",
        "reservation",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("quantity > 0"),
        postgresql_where=sa.text("quantity > 0"),
    )
    op.create_table(
        "risk_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("text", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_risk_rule_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_risk_rule_code")),
    )
    op.create_table(
        "routing_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("weights", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_routing_policy_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_policy")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_routing_policy_code_version")),
    )
    op.create_table(
        "shipping_tariff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("from_km", sa.Integer(), nullable=False),
        sa.Column("to_km", sa.Integer(), nullable=True),
        sa.Column("max_weight_g", sa.Integer(), nullable=True),
        sa.Column("parcel_cents", sa.Integer(), nullable=False),
        sa.Column("cents_per_kg", sa.Integer(), nullable=False),
        sa.Column("bulky_unit_cents", sa.Integer(), nullable=False),
        sa.Column("transit_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_shipping_tariff_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_tariff")),
    )
    op.create_index("ix_shipping_tariff_location_id", "shipping_tariff", ["location_id"], unique=False)
    op.create_table(
        "stock_level",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("safety", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("allocated >= 0 AND allocated <= on_hand", name=op.f("ck_stock_level_allocated")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_level_on_hand")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_level_reserved")),
        sa.CheckConstraint("safety >= 0", name=op.f("ck_stock_level_safety")),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_stock_level_location_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_stock_level_variant_id")),
        sa.PrimaryKeyConstraint("location_id", "variant_id", name=op.f("pk_stock_level")),
    )
    op.create_index("ix_stock_level_variant_id", "stock_level", ["variant_id"], unique=False)
    op.create_table(
        "user_location",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_user_location_location_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_location_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "location_id", name=op.f("pk_user_location")),
    )
    op.create_index(op.f("ix_user_location_location_id"), "user_location", ["location_id"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "user_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_user_task_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_task")),
        sa.UniqueConstraint("instance_id", "token", name=op.f("uq_user_task_instance_id_token")),
    )
    op.create_index("ix_user_task_order_id", "user_task", ["order_id"], unique=False)
    op.create_index("ix_user_task_state_created_at", "user_task", ["state", "created_at"], unique=False)
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=120), nullable=False),
        sa.Column("previous_secret", sa.String(length=120), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("filter", sa.Text(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_webhook_endpoint_channel_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_webhook_endpoint_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_table(
        "event_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("event_name", sa.String(length=60), nullable=False),
        sa.Column("body", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_event_delivery_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_event_delivery_endpoint_id_event_id")),
    )
    op.create_index("ix_event_delivery_created_at_id", "event_delivery", ["created_at", "id"], unique=False)
    op.create_index("ix_event_delivery_endpoint", "event_delivery", ["endpoint_id", "created_at", "id"], unique=False)
    op.create_table(
        "fulfillment_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("held_from", sa.String(40), nullable=True),
        sa.Column("delivery_type", sa.String(40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("ship_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("split_from_id", sa.Uuid(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("cancel_reason", sa.String(length=300), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pickup_code", sa.String(length=12), nullable=True),
        sa.Column("recallable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_fulfillment_order_location_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fulfillment_order_order_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_fulfillment_order_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_order")),
        sa.UniqueConstraint("number", name=op.f("uq_fulfillment_order_number")),
    )
    op.create_index("ix_fulfillment_order_created_at_id", "fulfillment_order", ["created_at", "id"], unique=False)
    op.create_index("ix_fulfillment_order_order_id", "fulfillment_order", ["order_id"], unique=False)
    op.create_index(
        "ix_fulfillment_order_partner", "fulfillment_order", ["partner_id", "state", "created_at"], unique=False
    )
    op.create_index(
        "ix_fulfillment_order_place", "fulfillment_order", ["location_id", "state", "created_at"], unique=False
    )
    op.create_index("ix_fulfillment_order_updated_at_id", "fulfillment_order", ["updated_at", "id"], unique=False)
    op.create_table(
        "order_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("canceled", sa.Boolean(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("gross = net + tax", name=op.f("ck_order_charge_amounts")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_charge_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_charge")),
    )
    op.create_index("ix_order_charge_order_id", "order_charge", ["order_id"], unique=False)
    op.create_table(
        "order_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=200), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=True),
        sa.Column("release_note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_hold_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_hold")),
    )
    op.create_index(
        "ix_order_hold_open",
        "order_hold",
        ["order_id"],
        unique=False,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index("ix_order_hold_order_id", "order_hold", ["order_id"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=True),
        sa.Column("bundle_sku", sa.String(length=80), nullable=True),
        sa.Column("bundle_key", sa.Integer(), nullable=True),
        sa.Column("bundle_quantity", sa.Integer(), nullable=True),
        sa.Column("no_split", sa.Boolean(), nullable=False),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("discount_total", sa.BigInteger(), nullable=False),
        sa.Column("net_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("gross_total", sa.BigInteger(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("canceled", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("backordered", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("refunded", sa.Integer(), nullable=False),
        sa.Column("canceled_gross", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "canceled + allocated + backordered + shipped <= ordered", name=op.f("ck_order_line_within_ordered")
        ),
        sa.CheckConstraint(
            "canceled >= 0 AND allocated >= 0 AND backordered >= 0 AND shipped >= 0 AND delivered >= 0 AND returned >= 0 AND refunded >= 0",
            name=op.f("ck_order_line_not_negative"),
        ),
        sa.CheckConstraint("delivered <= shipped AND returned <= shipped", name=op.f("ck_order_line_within_shipped")),
        sa.CheckConstraint("gross_total = net_total + tax_total", name=op.f("ck_order_line_amounts")),
        sa.CheckConstraint("ordered > 0", name=op.f("ck_order_line_ordered")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_order_line_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
    )
    op.create_index(
        "ix_order_line_waiting",
        "order_line",
        ["variant_id"],
        unique=False,
        sqlite_where=sa.text("ordered > canceled + allocated + shipped"),
        postgresql_where=sa.text("ordered > canceled + allocated + shipped"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("billed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("token", sa.String(length=200), nullable=True),
        sa.Column("gateway_reference", sa.String(length=120), nullable=True),
        sa.Column("label", sa.String(length=120), nullable=True),
        sa.Column("authorization_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expiry_warned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint("captured >= 0 AND captured <= authorized", name=op.f("ck_payment_captured")),
        sa.CheckConstraint("credited >= 0 AND credited <= billed", name=op.f("ck_payment_billed")),
        sa.CheckConstraint("refunded >= 0 AND refunded <= captured", name=op.f("ck_payment_refunded")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_payment_order_id_position")),
    )
    op.create_index("ix_payment_created_at_id", "payment", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_payment_expiring",
        "payment",
        ["authorization_expires_at"],
        unique=False,
        sqlite_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
        postgresql_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
    )
    op.create_index("ix_payment_gateway_reference", "payment", ["gateway_reference"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("policy", sa.String(length=20), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("source_key", name=op.f("uq_refund_source_key")),
    )
    op.create_index("ix_refund_order_id", "refund", ["order_id"], unique=False)
    op.create_index("ix_refund_requested_at_id", "refund", ["requested_at", "id"], unique=False)
    op.create_table(
        "return",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("label_tracking", sa.String(length=80), nullable=True),
        sa.Column("label_document_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_return_location_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_return_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return")),
        sa.UniqueConstraint("number", name=op.f("uq_return_number")),
    )
    op.create_index("ix_return_order_id", "return", ["order_id"], unique=False)
    op.create_index("ix_return_requested_at_id", "return", ["requested_at", "id"], unique=False)
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["event_delivery.id"], name=op.f("fk_delivery_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index("ix_delivery_attempt_delivery_id", "delivery_attempt", ["delivery_id"], unique=False)
    op.create_table(
        "fulfillment_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False),
        sa.Column("reject_reason", sa.String(length=20), nullable=True),
        sa.Column("reject_note", sa.String(length=300), nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_fulfillment_line_quantity")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"], ["fulfillment_order.id"], name=op.f("fk_fulfillment_line_fulfillment_order_id")
        ),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_fulfillment_line_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_line")),
        sa.UniqueConstraint(
            "fulfillment_order_id", "order_line_id", name=op.f("uq_fulfillment_line_fulfillment_order_id_order_line_id")
        ),
    )
    op.create_index("ix_fulfillment_line_order_line_id", "fulfillment_line", ["order_line_id"], unique=False)
    op.create_table(
        "issued_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_issued_code_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_issued_code_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_code")),
        sa.UniqueConstraint("code", name=op.f("uq_issued_code_code")),
        sa.UniqueConstraint("order_line_id", "unit", name=op.f("uq_issued_code_order_line_id_unit")),
    )
    op.create_index(op.f("ix_issued_code_order_id"), "issued_code", ["order_id"], unique=False)
    op.create_table(
        "payment_transaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("gateway_reference", sa.String(length=120), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payment_transaction_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_transaction_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_transaction")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_transaction_idempotency_key")),
    )
    op.create_index("ix_payment_transaction_payment_id", "payment_transaction", ["payment_id"], unique=False)
    op.create_index("ix_payment_transaction_refund_id", "payment_transaction", ["refund_id"], unique=False)
    op.create_table(
        "price_adjustment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_price_adjustment_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_price_adjustment_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_adjustment")),
    )
    op.create_index("ix_price_adjustment_order_id", "price_adjustment", ["order_id"], unique=False)
    op.create_table(
        "refund_allocation",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_allocation_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_allocation_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", "payment_id", name=op.f("pk_refund_allocation")),
    )
    op.create_table(
        "shipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("delivery_type", sa.String(40), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"], ["fulfillment_order.id"], name=op.f("fk_shipment_fulfillment_order_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("number", name=op.f("uq_shipment_number")),
    )
    op.create_index("ix_shipment_fulfillment_order_id", "shipment", ["fulfillment_order_id"], unique=False)
    op.create_index("ix_shipment_order_id", "shipment", ["order_id"], unique=False)
    op.create_index("ix_shipment_shipped_at_id", "shipment", ["shipped_at", "id"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.String(length=10), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supplied_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("gross = net + tax", name=op.f("ck_invoice_amounts")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_invoice_legal_entity_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoice_order_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_invoice_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint(
            "legal_entity_id",
            "series",
            "year",
            "sequence",
            name=op.f("uq_invoice_legal_entity_id_series_year_sequence"),
        ),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("shipment_id", name=op.f("uq_invoice_shipment_id")),
    )
    op.create_index("ix_invoice_issued_at_id", "invoice", ["issued_at", "id"], unique=False)
    op.create_index("ix_invoice_order_id", "invoice", ["order_id"], unique=False)
    op.create_table(
        "parcel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("tracking_number", sa.String(length=80), nullable=True),
        sa.Column("tracking_url", sa.String(length=500), nullable=True),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("contents", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"], ["fulfillment_order.id"], name=op.f("fk_parcel_fulfillment_order_id")
        ),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_parcel_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
    )
    op.create_index(op.f("ix_parcel_fulfillment_order_id"), "parcel", ["fulfillment_order_id"], unique=False)
    op.create_index("ix_parcel_shipment_id", "parcel", ["shipment_id"], unique=False)
    op.create_index("ix_parcel_tracking_number", "parcel", ["tracking_number"], unique=False)
    op.create_table(
        "shipment_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("first_unit", sa.Integer(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("refunded_units", sa.Integer(), nullable=False),
        sa.Column("refunded_gross", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("gross = net + tax", name=op.f("ck_shipment_line_amounts")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity")),
        sa.CheckConstraint("returned >= 0 AND returned <= quantity", name=op.f("ck_shipment_line_returned")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_shipment_line_order_line_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_line_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_line")),
        sa.UniqueConstraint("shipment_id", "order_line_id", name=op.f("uq_shipment_line_shipment_id_order_line_id")),
    )
    op.create_index("ix_shipment_line_order_line_id", "shipment_line", ["order_line_id"], unique=False)
    op.create_table(
        "credit_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.String(length=10), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("gross = net + tax", name=op.f("ck_credit_note_amounts")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_credit_note_legal_entity_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_credit_note_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint(
            "legal_entity_id",
            "series",
            "year",
            "sequence",
            name=op.f("uq_credit_note_legal_entity_id_series_year_sequence"),
        ),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_credit_note_source_key")),
    )
    op.create_index("ix_credit_note_invoice_id", "credit_note", ["invoice_id"], unique=False)
    op.create_index("ix_credit_note_issued_at_id", "credit_note", ["issued_at", "id"], unique=False)
    op.create_index("ix_credit_note_order_id", "credit_note", ["order_id"], unique=False)
    op.create_table(
        "return_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("inspected", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refunded", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_line_quantity")),
        sa.CheckConstraint(
            "received >= 0 AND inspected >= 0 AND inspected <= received", name=op.f("ck_return_line_progress")
        ),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_return_line_order_line_id")),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_return_line_return_id")),
        sa.ForeignKeyConstraint(
            ["shipment_line_id"], ["shipment_line.id"], name=op.f("fk_return_line_shipment_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_line")),
        sa.UniqueConstraint("return_id", "shipment_line_id", name=op.f("uq_return_line_return_id_shipment_line_id")),
    )
    op.create_index("ix_return_line_shipment_line_id", "return_line", ["shipment_line_id"], unique=False)
    op.create_table(
        "return_inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_line_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("disposition", sa.String(40), nullable=False),
        sa.Column("condition", sa.String(length=300), nullable=True),
        sa.Column("refundable", sa.Boolean(), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspected_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_return_inspection_location_id")),
        sa.ForeignKeyConstraint(
            ["return_line_id"], ["return_line.id"], name=op.f("fk_return_inspection_return_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_inspection")),
    )
    op.create_index(op.f("ix_return_inspection_return_line_id"), "return_inspection", ["return_line_id"], unique=False)
    op.create_table(
        "return_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_line_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_return_receipt_location_id")),
        sa.ForeignKeyConstraint(["return_line_id"], ["return_line.id"], name=op.f("fk_return_receipt_return_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_receipt")),
    )
    op.create_index(op.f("ix_return_receipt_return_line_id"), "return_receipt", ["return_line_id"], unique=False)
    if postgresql_database:
        for statement in POSTGRESQL_AFTER:
            op.execute(statement)
    else:
        for table, columns in VALIDITIES.items():
            for name in EVENTS:
                op.execute(validity_trigger(table, columns, name))


def downgrade() -> None:
    op.drop_index(op.f("ix_return_receipt_return_line_id"), table_name="return_receipt")
    op.drop_table("return_receipt")
    op.drop_index(op.f("ix_return_inspection_return_line_id"), table_name="return_inspection")
    op.drop_table("return_inspection")
    op.drop_index("ix_return_line_shipment_line_id", table_name="return_line")
    op.drop_table("return_line")
    op.drop_index("ix_credit_note_order_id", table_name="credit_note")
    op.drop_index("ix_credit_note_issued_at_id", table_name="credit_note")
    op.drop_index("ix_credit_note_invoice_id", table_name="credit_note")
    op.drop_table("credit_note")
    op.drop_index("ix_shipment_line_order_line_id", table_name="shipment_line")
    op.drop_table("shipment_line")
    op.drop_index("ix_parcel_tracking_number", table_name="parcel")
    op.drop_index("ix_parcel_shipment_id", table_name="parcel")
    op.drop_index(op.f("ix_parcel_fulfillment_order_id"), table_name="parcel")
    op.drop_table("parcel")
    op.drop_index("ix_invoice_order_id", table_name="invoice")
    op.drop_index("ix_invoice_issued_at_id", table_name="invoice")
    op.drop_table("invoice")
    op.drop_index("ix_shipment_shipped_at_id", table_name="shipment")
    op.drop_index("ix_shipment_order_id", table_name="shipment")
    op.drop_index("ix_shipment_fulfillment_order_id", table_name="shipment")
    op.drop_table("shipment")
    op.drop_table("refund_allocation")
    op.drop_index("ix_price_adjustment_order_id", table_name="price_adjustment")
    op.drop_table("price_adjustment")
    op.drop_index("ix_payment_transaction_refund_id", table_name="payment_transaction")
    op.drop_index("ix_payment_transaction_payment_id", table_name="payment_transaction")
    op.drop_table("payment_transaction")
    op.drop_index(op.f("ix_issued_code_order_id"), table_name="issued_code")
    op.drop_table("issued_code")
    op.drop_index("ix_fulfillment_line_order_line_id", table_name="fulfillment_line")
    op.drop_table("fulfillment_line")
    op.drop_index("ix_delivery_attempt_delivery_id", table_name="delivery_attempt")
    op.drop_table("delivery_attempt")
    op.drop_index("ix_return_requested_at_id", table_name="return")
    op.drop_index("ix_return_order_id", table_name="return")
    op.drop_table("return")
    op.drop_index("ix_refund_requested_at_id", table_name="refund")
    op.drop_index("ix_refund_order_id", table_name="refund")
    op.drop_table("refund")
    op.drop_index("ix_payment_gateway_reference", table_name="payment")
    op.drop_index(
        "ix_payment_expiring",
        table_name="payment",
        sqlite_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
        postgresql_where=sa.text("authorized > captured AND authorization_expires_at IS NOT NULL"),
    )
    op.drop_index("ix_payment_created_at_id", table_name="payment")
    op.drop_table("payment")
    op.drop_index(
        "ix_order_line_waiting",
        table_name="order_line",
        sqlite_where=sa.text("ordered > canceled + allocated + shipped"),
        postgresql_where=sa.text("ordered > canceled + allocated + shipped"),
    )
    op.drop_table("order_line")
    op.drop_index("ix_order_hold_order_id", table_name="order_hold")
    op.drop_index(
        "ix_order_hold_open",
        table_name="order_hold",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_table("order_hold")
    op.drop_index("ix_order_charge_order_id", table_name="order_charge")
    op.drop_table("order_charge")
    op.drop_index("ix_fulfillment_order_updated_at_id", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_place", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_partner", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_order_id", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_created_at_id", table_name="fulfillment_order")
    op.drop_table("fulfillment_order")
    op.drop_index("ix_event_delivery_endpoint", table_name="event_delivery")
    op.drop_index("ix_event_delivery_created_at_id", table_name="event_delivery")
    op.drop_table("event_delivery")
    op.drop_table("webhook_endpoint")
    op.drop_index("ix_user_task_state_created_at", table_name="user_task")
    op.drop_index("ix_user_task_order_id", table_name="user_task")
    op.drop_table("user_task")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_index(op.f("ix_user_session_expires_at"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_user_location_location_id"), table_name="user_location")
    op.drop_table("user_location")
    op.drop_index("ix_stock_level_variant_id", table_name="stock_level")
    op.drop_table("stock_level")
    op.drop_index("ix_shipping_tariff_location_id", table_name="shipping_tariff")
    op.drop_table("shipping_tariff")
    op.drop_table("routing_policy")
    op.drop_table("risk_rule")
    op.drop_index(
        "ix_reservation_expires_at",
        table_name="reservation",
        sqlite_where=sa.text("quantity > 0"),
        postgresql_where=sa.text("quantity > 0"),
    )
    op.drop_table("reservation")
    op.drop_index("ix_price_variant_id", table_name="price")
    op.drop_table("price")
    op.drop_index(
        "ix_pool_code_free",
        table_name="pool_code",
        sqlite_where=sa.text("order_line_id IS NULL"),
        postgresql_where=sa.text("order_line_id IS NULL"),
    )
    op.drop_table("pool_code")
    op.drop_index("ix_orders_updated_at_id", table_name="orders")
    op.drop_index("ix_orders_state_placed_at", table_name="orders")
    op.drop_index("ix_orders_placed_at_id", table_name="orders")
    op.drop_index("ix_orders_email_key", table_name="orders")
    op.drop_index("ix_orders_customer_id", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_inbound_stock_variant_id", table_name="inbound_stock")
    op.drop_table("inbound_stock")
    op.drop_index(op.f("ix_customer_reference_customer_id"), table_name="customer_reference")
    op.drop_table("customer_reference")
    op.drop_table("capacity_use")
    op.drop_index(op.f("ix_bundle_item_component_id"), table_name="bundle_item")
    op.drop_table("bundle_item")
    op.drop_index(op.f("ix_api_client_secret_api_client_id"), table_name="api_client_secret")
    op.drop_table("api_client_secret")
    op.drop_index(op.f("ix_api_client_channel_channel_id"), table_name="api_client_channel")
    op.drop_table("api_client_channel")
    op.drop_index(op.f("ix_access_token_expires_at"), table_name="access_token")
    op.drop_index(op.f("ix_access_token_api_client_id"), table_name="access_token")
    op.drop_table("access_token")
    op.drop_index(op.f("ix_user_account_partner_id"), table_name="user_account")
    op.drop_table("user_account")
    op.drop_index("ix_stock_location_partner_id", table_name="stock_location")
    op.drop_table("stock_location")
    op.drop_table("sales_channel")
    op.drop_index("ix_product_variant_updated_at_id", table_name="product_variant")
    op.drop_index(
        "ix_product_variant_search_key",
        table_name="product_variant",
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.drop_index("ix_product_variant_product_id", table_name="product_variant")
    op.drop_table("product_variant")
    op.drop_index("ix_process_instance_state_updated_at", table_name="process_instance")
    op.drop_index("ix_process_instance_updated_at_id", table_name="process_instance")
    op.drop_index("ix_process_instance_order_id", table_name="process_instance")
    op.drop_table("process_instance")
    op.drop_table("journal_line")
    op.drop_index("ix_customer_address_postal_code", table_name="customer_address")
    op.drop_index(op.f("ix_customer_address_customer_id"), table_name="customer_address")
    op.drop_table("customer_address")
    op.drop_index(op.f("ix_api_client_partner_id"), table_name="api_client")
    op.drop_table("api_client")
    op.drop_table("accessory")
    op.drop_table("tax_rate")
    op.drop_index("ix_stock_movement_order_line_id", table_name="stock_movement")
    op.drop_index("ix_stock_movement_level", table_name="stock_movement")
    op.drop_table("stock_movement")
    op.drop_index("ix_state_change_entity", table_name="state_change")
    op.drop_table("state_change")
    op.drop_table("simulated_clock")
    op.drop_index("ix_routing_decision_order_id", table_name="routing_decision")
    op.drop_table("routing_decision")
    op.drop_index(op.f("ix_risk_sighting_at"), table_name="risk_sighting")
    op.drop_table("risk_sighting")
    op.drop_table("risk_list_entry")
    op.drop_index("ix_risk_assessment_assessed_at_id", table_name="risk_assessment")
    op.drop_table("risk_assessment")
    op.drop_index("ix_product_updated_at_id", table_name="product")
    op.drop_index(
        "ix_product_search_key",
        table_name="product",
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.drop_index("ix_product_name_id", table_name="product")
    op.drop_table("product")
    op.drop_table("process_definition")
    op.drop_table("partner")
    op.drop_index("uq_outbox_unique_key", table_name="outbox")
    op.drop_index("ix_outbox_key", table_name="outbox")
    op.drop_index("ix_outbox_dead", table_name="outbox", sqlite_where=sa.text("dead"), postgresql_where=sa.text("dead"))
    op.drop_index(
        "ix_outbox_due", table_name="outbox", sqlite_where=sa.text("NOT dead"), postgresql_where=sa.text("NOT dead")
    )
    op.drop_table("outbox")
    op.drop_table("number_series")
    op.drop_index("ix_notification_created_at_id", table_name="notification")
    op.drop_table("notification")
    op.drop_table("masters_version")
    op.drop_table("log_cursor")
    op.drop_table("legal_entity")
    op.drop_index("ix_journal_entry_reference", table_name="journal_entry")
    op.drop_index("ix_journal_entry_posted_at_id", table_name="journal_entry")
    op.drop_index("ix_journal_entry_order_id", table_name="journal_entry")
    op.drop_table("journal_entry")
    op.drop_table("inbox_message")
    op.drop_table("idempotency_key")
    op.drop_table("event_stream")
    op.drop_index("ix_event_transaction_position", table_name="event")
    op.drop_index("ix_event_name_position", table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_document_order_id"), table_name="document")
    op.drop_index(
        "ix_document_number",
        table_name="document",
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.drop_index("ix_document_created_at_id", table_name="document")
    op.drop_table("document")
    op.drop_index("ix_customer_updated_at_id", table_name="customer")
    op.drop_index(
        "ix_customer_search_key",
        table_name="customer",
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.drop_index("ix_customer_name_key", table_name="customer")
    op.drop_index("ix_customer_email_key", table_name="customer")
    op.drop_index("ix_customer_created_at_id", table_name="customer")
    op.drop_table("customer")
    op.drop_table("cron_entry")
    op.drop_index(
        "uq_care_case_open_subject",
        table_name="care_case",
        sqlite_where=sa.text("state <> 'DONE'"),
        postgresql_where=sa.text("state <> 'DONE'"),
    )
    op.drop_index("ix_care_case_state_created_at", table_name="care_case")
    op.drop_index("ix_care_case_order_id", table_name="care_case")
    op.drop_table("care_case")
    op.drop_table("audit_target")
    op.drop_index("ix_audit_entry_principal_id_at", table_name="audit_entry")
    op.drop_index("ix_audit_entry_operation_at", table_name="audit_entry")
    op.drop_index("ix_audit_entry_at_id", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index("ix_allocation_order_id", table_name="allocation")
    op.drop_index("ix_allocation_level", table_name="allocation")
    op.drop_index("ix_allocation_inbound_id", table_name="allocation")
    op.drop_table("allocation")
