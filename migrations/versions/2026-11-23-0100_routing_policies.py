"""Routing policies with rules, drafts and scope; decisions can be decided again; simulations.

Revision: 5b27c9e6d014
Follows: 3b7e21c9d5a4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5b27c9e6d014"
down_revision = "3b7e21c9d5a4"
branch_labels = None
depends_on = None

LONG_AGO = "1970-01-01 00:00:00"  # for the moment between the column and its first values
SCOPE = ("name", "countries", "kinds", "rules", "active", "updated_at", "withdrawn_at", "withdrawn_by")


def json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    long_ago = f"{LONG_AGO}+00" if postgres else LONG_AGO
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("routing_policy") as table:
        table.alter_column("valid_from", existing_type=moment, nullable=True)
        table.add_column(sa.Column("name", sa.String(length=200), nullable=False, server_default=""))
        table.add_column(sa.Column("countries", json(), nullable=True))
        table.add_column(sa.Column("kinds", json(), nullable=True))
        table.add_column(sa.Column("rules", json(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("updated_at", moment, nullable=False, server_default=long_ago))
        table.add_column(sa.Column("withdrawn_at", moment, nullable=True))
        table.add_column(sa.Column("withdrawn_by", sa.String(length=200), nullable=True))
    op.execute("UPDATE routing_policy SET updated_at = created_at")
    with op.batch_alter_table("routing_policy") as table:
        for name, kind in (
            ("name", sa.String(length=200)),
            ("rules", json()),
            ("active", sa.Boolean()),
            ("updated_at", moment),
        ):
            table.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    op.add_column("routing_decision", sa.Column("situation", sa.LargeBinary(), nullable=True))
    op.add_column("routing_decision", sa.Column("channel_id", sa.Uuid(), nullable=True))
    op.add_column("routing_decision", sa.Column("country", sa.String(length=2), nullable=True))
    op.create_index("ix_routing_decision_decided_at_id", "routing_decision", ["decided_at", "id"], unique=False)
    _create_simulations(moment)


def _create_simulations(moment: sa.DateTime) -> None:
    op.create_table(
        "routing_simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("request", json(), nullable=False),
        sa.Column("result", json(), nullable=False),
        sa.Column("carried", json(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_simulation")),
    )
    op.create_index("ix_routing_simulation_created_at_id", "routing_simulation", ["created_at", "id"], unique=False)
    op.create_table(
        "routing_simulation_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("saving", sa.BigInteger(), nullable=False),
        sa.Column("before", json(), nullable=False),
        sa.Column("after", json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["simulation_id"],
            ["routing_simulation.id"],
            name=op.f("fk_routing_simulation_order_simulation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_simulation_order")),
        sa.UniqueConstraint(
            "simulation_id", "decision_id", name=op.f("uq_routing_simulation_order_simulation_id_decision_id")
        ),
    )
    op.create_index(
        "ix_routing_simulation_order_simulation_id_saving_id",
        "routing_simulation_order",
        ["simulation_id", "saving", "id"],
        unique=False,
    )
    op.create_index("ix_routing_simulation_order_saving_id", "routing_simulation_order", ["saving", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("routing_simulation_order")
    op.drop_table("routing_simulation")
    op.drop_index("ix_routing_decision_decided_at_id", table_name="routing_decision")
    for name in ("situation", "channel_id", "country"):
        op.drop_column("routing_decision", name)
    op.execute("DELETE FROM routing_policy WHERE valid_from IS NULL")
    with op.batch_alter_table("routing_policy") as table:
        for name in SCOPE:
            table.drop_column(name)
        table.alter_column("valid_from", existing_type=sa.DateTime(timezone=True), nullable=False)
