"""Label printers and scanners of a depot, and labels among the messages to send."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_settings",
        sa.Column(
            "depot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("printer_host", sa.String(length=253), nullable=False),
        sa.Column("printer_port", sa.Integer(), nullable=False),
        sa.Column("printer_dpi", sa.Integer(), nullable=False),
        sa.Column("scan_prefix", sa.String(length=10), nullable=False),
        sa.Column("scan_suffix", sa.String(length=10), nullable=False),
        sa.Column("scan_patterns", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["depot_id"], ["depot.id"], name="fk_label_settings_depot_id_depot"),
        sa.PrimaryKeyConstraint("depot_id", name="pk_label_settings"),
    )
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(sa.Column("channel", sa.String(length=40), nullable=False, server_default="email"))
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("channel", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM outbox_message WHERE channel <> 'email'")
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_column("channel")
    op.drop_table("label_settings")
