"""Stocktakes: runs, their bins, every count as a fact, differences and what was done about them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("stocktake_count", "stocktake_event")
TABLES = ("stocktake_event", "stocktake_difference", "stocktake_count", "stocktake_bin", "stocktake_run")


def upgrade() -> None:
    op.create_table(
        "stocktake_run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("depot_id", KEY, nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("part_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", KEY, nullable=True),
        sa.Column("recount_by_other", sa.Boolean(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("limit_currency", sa.String(length=3), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", KEY, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["depot_id"], ["depot.id"], name=op.f("fk_stocktake_run_depot_id_depot")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_stocktake_run_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_stocktake_run_opened_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_stocktake_run_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_run")),
    )
    with op.batch_alter_table("stocktake_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktake_run_depot_id_state"), ["depot_id", "state"], unique=False)

    op.create_table(
        "stocktake_bin",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("location_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["finished_by_id"], ["user_account.id"], name=op.f("fk_stocktake_bin_finished_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_stocktake_bin_location_id_location")),
        sa.ForeignKeyConstraint(["run_id"], ["stocktake_run.id"], name=op.f("fk_stocktake_bin_run_id_stocktake_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_bin")),
        sa.UniqueConstraint("run_id", "location_id", name=op.f("uq_stocktake_bin_run_id_location_id")),
    )
    with op.batch_alter_table("stocktake_bin", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stocktake_bin_location_id_finished_at"), ["location_id", "finished_at"], unique=False
        )

    op.create_table(
        "stocktake_count",
        sa.Column("id", KEY, nullable=False),
        sa.Column("bin_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("serial_key", sa.String(length=80), nullable=False),
        sa.Column("part_id", KEY, nullable=True),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("away", sa.Integer(), nullable=False),
        sa.Column("recount", sa.Boolean(), nullable=False),
        sa.Column("undoes_id", KEY, nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_stocktake_count_not_below_nothing")),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_stocktake_count_actor_id_user_account")
        ),
        sa.ForeignKeyConstraint(["bin_id"], ["stocktake_bin.id"], name=op.f("fk_stocktake_count_bin_id_stocktake_bin")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_stocktake_count_part_id_part")),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["stocktake_count.id"], name=op.f("fk_stocktake_count_undoes_id_stocktake_count")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_count")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_stocktake_count_undoes_id")),
    )
    with op.batch_alter_table("stocktake_count", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stocktake_count_bin_id_round_serial_key"), ["bin_id", "round", "serial_key"], unique=False
        )

    op.create_table(
        "stocktake_difference",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("place_id", KEY, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("unit_id", KEY, nullable=True),
        sa.Column("part_id", KEY, nullable=True),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("booked_id", KEY, nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("approved_by_id", KEY, nullable=True),
        sa.Column("posting_id", KEY, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["user_account.id"], name=op.f("fk_stocktake_difference_approved_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["booked_id"], ["location.id"], name=op.f("fk_stocktake_difference_booked_id_location")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_stocktake_difference_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_stocktake_difference_part_id_part")),
        sa.ForeignKeyConstraint(["place_id"], ["location.id"], name=op.f("fk_stocktake_difference_place_id_location")),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["posting.id"], name=op.f("fk_stocktake_difference_posting_id_posting")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["stocktake_run.id"], name=op.f("fk_stocktake_difference_run_id_stocktake_run")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_stocktake_difference_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_difference")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_stocktake_difference_run_id_key")),
    )
    with op.batch_alter_table("stocktake_difference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktake_difference_place_id"), ["place_id"], unique=False)

    op.create_table(
        "stocktake_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("bin_id", KEY, nullable=True),
        sa.Column("difference_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_stocktake_event_actor_id_user_account")
        ),
        sa.ForeignKeyConstraint(["bin_id"], ["stocktake_bin.id"], name=op.f("fk_stocktake_event_bin_id_stocktake_bin")),
        sa.ForeignKeyConstraint(
            ["difference_id"],
            ["stocktake_difference.id"],
            name=op.f("fk_stocktake_event_difference_id_stocktake_difference"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["stocktake_run.id"], name=op.f("fk_stocktake_event_run_id_stocktake_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_event")),
    )
    with op.batch_alter_table("stocktake_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktake_event_difference_id"), ["difference_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stocktake_event_run_id_id"), ["run_id", "id"], unique=False)
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    """What was counted is lost; what was posted stays in the ledger. The triggers go with their tables."""
    for table in TABLES:
        op.drop_table(table)
