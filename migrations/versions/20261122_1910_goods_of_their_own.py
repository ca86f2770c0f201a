"""Goods that came without ending the obligation get rows of their own, and pieces are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWED = sa.text("came_for_id IS NULL")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("obligation") as batch:
        batch.add_column(sa.Column("received_quantity", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("came_quantity", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("came_for_id", KEY, nullable=True))
        batch.drop_constraint("uq_obligation_line_id", type_="unique")
        batch.create_foreign_key("fk_obligation_came_for_id_obligation", "obligation", ["came_for_id"], ["id"])
    with op.batch_alter_table("obligation") as batch:
        batch.alter_column("received_quantity", server_default=None)
        batch.alter_column("came_quantity", server_default=None)
        batch.create_index("ix_obligation_came_for_id", ["came_for_id"])
        batch.create_index(
            "uq_obligation_line_id_owed", ["line_id"], unique=True, sqlite_where=OWED, postgresql_where=OWED
        )
    op.execute("UPDATE obligation SET received_quantity = quantity WHERE received_part_id IS NOT NULL")


def downgrade() -> None:
    """What a row of goods tells is lost: where they went stands in the ledger and on the timeline all the same."""
    op.execute(
        "UPDATE discrepancy SET obligation_id = (SELECT came_for_id FROM obligation WHERE obligation.id = obligation_id) "
        "WHERE obligation_id IN (SELECT id FROM obligation WHERE came_for_id IS NOT NULL)"
    )
    op.execute("DELETE FROM obligation WHERE came_for_id IS NOT NULL")
    with op.batch_alter_table("obligation") as batch:
        batch.drop_index("uq_obligation_line_id_owed")
        batch.drop_index("ix_obligation_came_for_id")
        batch.drop_constraint("fk_obligation_came_for_id_obligation", type_="foreignkey")
        batch.create_unique_constraint("uq_obligation_line_id", ["line_id"])
        batch.drop_column("came_for_id")
        batch.drop_column("came_quantity")
        batch.drop_column("received_quantity")
