"""Reading about imports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import load_only

from spares.accounts.models import User
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import NotFound
from spares.files.models import StoredFile
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.numbers import NumberKind, key_of

PIECE = 1000


@dataclass(frozen=True)
class RunShown:
    """A run with what people know it by: its file, who uploaded it, and for stock the depot."""

    run: ImportRun
    file_name: str
    file_size: int
    by: str | None
    depot: str | None


def runs(*, page: int, size: int) -> tuple[list[RunShown], int]:
    """A page of runs, newest first; and how many there are."""
    total = session.scalar(select(func.count()).select_from(ImportRun)) or 0
    found = session.execute(_runs().order_by(ImportRun.id.desc()).limit(size).offset((page - 1) * size))
    return [_shown(*row) for row in found], total


def run_numbered(number: str) -> RunShown:
    """The run with this number, typed in any of the ways people do. Raises NotFound."""
    key = key_of(NumberKind.IMPORT, number)
    found = session.execute(_runs().where(ImportRun.id == key)).first() if key is not None else None
    if found is None:
        raise NotFound("not_found")
    return _shown(*found)


def refusals(run_id: int, *, page: int, size: int) -> Sequence[ImportRefusal]:
    """A page of the faults of a run's refused rows, by line."""
    query = select(ImportRefusal).where(ImportRefusal.run_id == run_id).order_by(ImportRefusal.id)
    return session.scalars(query.limit(size).offset((page - 1) * size)).all()


def refusal_count(run_id: int) -> int:
    """How many faults the refused rows of a run have."""
    return session.scalar(select(func.count()).where(ImportRefusal.run_id == run_id)) or 0


def all_refusals(run_id: int) -> Iterator[ImportRefusal]:
    """Every fault of a run's refused rows by line, read piece by piece, so that a long report needs little memory."""
    after = 0
    while True:
        query = select(ImportRefusal).where(ImportRefusal.run_id == run_id, ImportRefusal.id > after)
        piece = session.scalars(query.order_by(ImportRefusal.id).limit(PIECE)).all()
        yield from piece
        if len(piece) < PIECE:
            return
        after = piece[-1].id


def failure_of(run: ImportRun) -> ImportRefusal | None:
    """Why a failed run could not go on."""
    if run.state is not ImportState.FAILED:
        return None
    query = select(ImportRefusal).where(ImportRefusal.run_id == run.id).order_by(ImportRefusal.id.desc()).limit(1)
    return session.scalars(query).first()


def _runs() -> Select[ImportRun, StoredFile, str]:
    columns = load_only(StoredFile.id, StoredFile.name, StoredFile.size)
    return (
        select(ImportRun, StoredFile, User.display_name)
        .join(StoredFile, StoredFile.id == ImportRun.file_id)
        .outerjoin(User, User.id == ImportRun.created_by_id)
        .options(columns)
    )


def _shown(run: ImportRun, file: StoredFile, by: str | None) -> RunShown:
    depot = session.get(Depot, run.options.get("depot_id")) if run.kind is ImportKind.STOCK else None
    return RunShown(run, file.name, file.size, by, depot.name if depot else None)
