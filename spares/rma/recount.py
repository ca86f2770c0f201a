"""Counts the deadlines of a history again, for a table that nobody has entered into the product.

Each row says what is counted (`kind`), whether make-up weekends are worked (`makeup`) and from when (`at`). Two columns
are added: `due` and `note`. Local overrides do not apply: the same table gives the same answer in every depot.
Deadlines are counted and shown in the time of Asia/Shanghai.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from spares.calendars.chinese_holidays import SHANGHAI, chinese_calendar
from spares.cases.confirmation_clock import confirmation_mark
from spares.dispatch.cutoff import ships_by
from spares.errors import Invalid
from spares.rma.deadlines import return_due, swap_due
from spares.workdays import Calendar

COLUMNS = ("kind", "makeup", "at")
ADDED = ("due", "note")
MAKEUP = {"closed": False, "open": True}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell; `column` is empty where the whole line is to blame."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.value!r} {self.reason}"


class Unreadable(Exception):
    """The table cannot be counted again; `problems` lists everything found wrong with it, in its order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def recount(lines: Iterable[tuple[int, Sequence[str]]]) -> list[list[str]]:
    """The table with `due` and `note` behind its own columns; everything else as it came.

    `lines` are the header and then the rows, each with its line number; those without any text are left out. Raises
    Unreadable."""
    filled = ((line, row) for line, row in lines if any(cell.strip() for cell in row))
    line, header = next(filled, (1, ()))
    places = _places(line, header)
    table = [[*header, *ADDED]]
    problems = []
    for line, row in filled:
        if len(row) != len(header):
            reason = f"has {len(row)} fields, the header has {len(header)}"
            problems.append(Problem(line, "", ",".join(row), reason))
            continue
        kind, makeup, at = (row[place].strip() for place in places)
        try:
            table.append([*row, *_answer(kind.lower(), makeup.lower(), at)])
        except _Refused as refused:
            column, reason = refused.args
            problems.append(Problem(line, column, row[places[COLUMNS.index(column)]], reason))
    if problems:
        raise Unreadable(problems)
    return table


class _Refused(Exception):
    """The column to blame, and the reason."""


def _places(line: int, header: Sequence[str]) -> tuple[int, ...]:
    if not header:
        raise Unreadable([Problem(line, "", "", "is no header: the file is empty")])
    names = [name.strip().lower() for name in header]
    shown = ",".join(header)
    faults = [(name, "needs this column") for name in COLUMNS if name not in names]
    faults += [(name, "has this column more than once") for name in COLUMNS if names.count(name) > 1]
    faults += [(name, "already has this column; rename it") for name in ADDED if name in names]
    problems = [Problem(line, name, shown, reason) for name, reason in faults]
    if problems:
        raise Unreadable(problems)
    return tuple(names.index(name) for name in COLUMNS)


def _answer(kind: str, makeup: str, at: str) -> tuple[str, str]:
    count = _COUNTS.get(kind)
    if count is None and kind not in _CONFIRM_HOURS:
        raise _Refused("kind", f"is none of {', '.join([*_COUNTS, *_CONFIRM_HOURS])}")
    if count is not None and makeup not in MAKEUP:
        raise _Refused("makeup", f"is none of {', '.join(MAKEUP)}")
    start = _instant(at)
    try:
        if count is None:
            return _shown(confirmation_mark(start, _CONFIRM_HOURS[kind], SHANGHAI)), ""
        return count(start, chinese_calendar(MAKEUP[makeup]))
    except Invalid as refusal:
        raise _Refused("at", f"leads outside {refusal.facts['first']} to {refusal.facts['last']}") from refusal


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("at", "is not a date and time in ISO 8601, as 2026-11-20T13:59:59+08:00") from None
    if instant.tzinfo is None:
        raise _Refused("at", "has no offset from UTC, as +08:00")
    return instant


def _shown(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat()


def _dispatch(confirmed_at: datetime, calendar: Calendar) -> tuple[str, str]:
    promise = ships_by(confirmed_at, calendar)
    return _shown(promise.due_at), promise.kind.value


def _swap(received_at: datetime, calendar: Calendar) -> tuple[str, str]:
    return _shown(swap_due(received_at, calendar).due_at), ""


def _return(received_at: datetime, calendar: Calendar) -> tuple[str, str]:
    return return_due(calendar.local_day(received_at), calendar).due_on.isoformat(), ""


_COUNTS: dict[str, Callable[[datetime, Calendar], tuple[str, str]]] = {
    "dispatch": _dispatch,
    "swap72h": _swap,
    "return10d": _return,
}
_CONFIRM_HOURS = {"confirm1h": 1, "confirm8h": 8, "confirm24h": 24}
