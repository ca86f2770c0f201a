"""An import as rows: the file, how far it has come, and every refused line with its reason."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id, text_enum
from spares.numbers import NumberKind, number


class ImportKind(StrEnum):
    """What a sheet holds."""

    PARTS = "parts"
    STOCK = "stock"


class ImportState(StrEnum):
    """Previewed runs change nothing; a running one is leased by a worker and resumed after a crash."""

    PREVIEWED = "previewed"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class ImportRun(Base):
    """One sheet being imported. Rows up to `lines_done` have been dealt with, each exactly once: the counters move in the
    transaction that imports the rows they count. `attempts` counts how often a worker took the run up since it last came
    forward, so that a file on which workers die is given up in the end."""

    __tablename__ = "import_run"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[ImportKind] = mapped_column(text_enum(ImportKind))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    options: Mapped[dict[str, Any]]
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_refused: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def number(self) -> str:
        """`IM-000042`."""
        return number(NumberKind.IMPORT, self.id)


class ImportRefusal(Base):
    """One fault of a refused line, which may have several: where it stands, what it said, and why it was refused (a code with
    facts, put into words later)."""

    __tablename__ = "import_refusal"
    __table_args__ = (Index(None, "run_id", "line"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    line: Mapped[int]
    column: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]]
