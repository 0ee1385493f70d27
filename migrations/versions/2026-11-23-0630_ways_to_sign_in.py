"""Links by mail, second factors, passkeys, providers of identity; a partner's settings and practice orders.

Revision: a0630c5e19d4
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a0630c5e19d4"
down_revision = "4b9e06c1d7a5"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SCOPE = "ck_user_account_partner"


def json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["user_account.id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    with op.batch_alter_table("user_account") as table:
        table.add_column(sa.Column("timezone", sa.String(length=60), nullable=True))
        table.drop_constraint(op.f(SCOPE), type_="check")
        table.create_check_constraint(
            op.f(SCOPE), "(role IN ('DROPSHIPPER', 'DROPSHIPPER_STAFF')) = (partner_id IS NOT NULL)"
        )
    op.add_column("partner", sa.Column("settings", json(), nullable=False, server_default="{}"))
    op.create_table(
        "user_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        of_user("user_link"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_link_token_hash")),
    )
    op.create_table(
        "user_second_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", json(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        of_user("user_second_factor"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_second_factor")),
    )
    op.create_table(
        "user_passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.String(length=2800), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        of_user("user_passkey"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_user_passkey_credential_id")),
    )
    op.create_table(
        "sign_in_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("data", json(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        of_user("sign_in_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_step")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_step_token_hash")),
    )
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("client_secret", sa.String(length=500), nullable=False),
        sa.Column("domains", json(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_identity_provider_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_provider")),
        sa.UniqueConstraint("partner_id", name=op.f("uq_identity_provider_partner_id")),
    )
    op.create_table(
        "user_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_provider.id"], name=op.f("fk_user_identity_provider_id"), ondelete="CASCADE"
        ),
        of_user("user_identity"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_identity")),
        sa.UniqueConstraint("provider_id", "subject", name=op.f("uq_user_identity_provider_id_subject")),
    )
    for name in ("user_link", "user_passkey", "sign_in_step", "user_identity"):
        op.create_index(op.f(f"ix_{name}_user_id"), name, ["user_id"])
    for name in ("user_link", "sign_in_step"):
        op.create_index(op.f(f"ix_{name}_expires_at"), name, ["expires_at"])
    op.create_table(
        "practice_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("lines", json(), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("tracking_number", sa.String(length=100), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_practice_order_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_order")),
    )
    op.create_index(op.f("ix_practice_order_partner_id"), "practice_order", ["partner_id"])


def downgrade() -> None:
    for name in (
        "practice_order", "user_identity", "identity_provider", "sign_in_step", "user_passkey", "user_second_factor",
        "user_link",
    ):  # fmt: skip
        op.drop_table(name)
    with op.batch_alter_table("partner") as table:
        table.drop_column("settings")
    # Who only packed keeps an account, with the one role of partners there was.
    op.execute("UPDATE user_account SET role = 'DROPSHIPPER' WHERE role = 'DROPSHIPPER_STAFF'")
    with op.batch_alter_table("user_account") as table:
        table.drop_constraint(op.f(SCOPE), type_="check")
        table.create_check_constraint(op.f(SCOPE), "(role = 'DROPSHIPPER') = (partner_id IS NOT NULL)")
        table.drop_column("timezone")
