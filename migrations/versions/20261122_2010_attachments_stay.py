"""Refuse UPDATE and DELETE on the proof that hangs on a case: an attachment is never exchanged for another."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER case_attachment_append_only BEFORE UPDATE OR DELETE ON case_attachment "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            "CREATE TRIGGER case_attachment_no_truncate BEFORE TRUNCATE ON case_attachment "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER case_attachment_no_{verb.lower()} BEFORE {verb} ON case_attachment "
            "BEGIN SELECT RAISE(ABORT, 'case_attachment is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER case_attachment_append_only ON case_attachment")
        op.execute("DROP TRIGGER case_attachment_no_truncate ON case_attachment")
        return
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER case_attachment_no_{verb}")
