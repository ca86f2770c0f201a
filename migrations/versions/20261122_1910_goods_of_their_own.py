"""Goods that came without ending the obligation get rows of their own, and pieces are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWED = sa.text("came_for_id IS NULL")
BEYOND = (
    "came_for_id IS NOT NULL OR came_quantity <> 0 "
    "OR received_quantity <> CASE WHEN received_part_id IS NULL THEN 0 ELSE quantity END"
)
"""What going up again would not bring back."""
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
    """Refused while an obligation counts pieces as the older schema cannot: they would be lost, and the debt wrong."""
    beyond = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM obligation WHERE {BEYOND}"))
    if beyond:
        raise RuntimeError(
            f"cannot go back before 0004: {beyond} rows of the table obligation tell of goods that came in part or "
            "were not accepted, which the older schema cannot hold. Nothing was changed. "
            "To run the older version, restore a backup that it made."
        )
    with op.batch_alter_table("obligation") as batch:
        batch.drop_index("uq_obligation_line_id_owed")
        batch.drop_index("ix_obligation_came_for_id")
        batch.drop_constraint("fk_obligation_came_for_id_obligation", type_="foreignkey")
        batch.create_unique_constraint("uq_obligation_line_id", ["line_id"])
        batch.drop_column("came_for_id")
        batch.drop_column("came_quantity")
        batch.drop_column("received_quantity")
