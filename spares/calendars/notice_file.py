"""Reads a year's notice from an uploaded table: columns day, status, name, in any order. docs/calendar.md shows one."""

import re
from datetime import date

from spares.calendars.notice import NoticeDay, NoticeRefused, NoticeStatus, check, check_year
from spares.errors import Invalid
from spares.sheets.reading import Limits, Row, open_sheet

LIMITS = Limits(file_bytes=1024 * 1024, rows=1_000, columns=20, cell_length=200)
ALIASES = {"日期": "day", "date": "day", "状态": "status", "名称": "name", "节日": "name"}
DAY = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?(?:[ T]00:00:00)?", re.ASCII)
"""`2027-01-01`, and what spreadsheets make of it."""
WORDS = {
    "off": NoticeStatus.OFF,
    "放假": NoticeStatus.OFF,
    "休": NoticeStatus.OFF,
    "work": NoticeStatus.WORK,
    "上班": NoticeStatus.WORK,
    "班": NoticeStatus.WORK,
}


def read_notice(data: bytes, filename: str, year: int) -> list[NoticeDay]:
    """The file's rows, acceptable as the notice of `year`. Raises NoticeRefused with every bad row, and Invalid when the
    file as a whole cannot be read or the year is out of range."""
    check_year(year)
    sheet = open_sheet(data, filename, limits=LIMITS, aliases=ALIASES, required=("day", "status"))
    days: list[NoticeDay] = []
    problems: list[Invalid] = []
    for row in sheet.rows():
        try:
            days.append(_read(row))
        except Invalid as problem:
            problems.append(problem)
    try:
        if days or not problems:
            check(year, days)
    except NoticeRefused as refused:
        problems += refused.problems
    if problems:
        raise NoticeRefused(sorted(problems, key=lambda problem: problem.facts.get("line", 0)))
    return days


def _read(row: Row) -> NoticeDay:
    if row.problem is not None:
        raise row.problem
    day_text, status_text = row.values["day"].strip(), row.values["status"].strip()
    status = WORDS.get(status_text.casefold())
    if status is None:
        raise Invalid("notice_status_unknown", line=row.line, value=status_text)
    return NoticeDay(_date(day_text, row.line), status, " ".join(row.values.get("name", "").split()), row.line)


def _date(text: str, line: int) -> date:
    found = DAY.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return date(*map(int, found.groups()))
    except ValueError:
        raise Invalid("notice_day_unreadable", line=line, value=text) from None
