"""A notice is read from the tables that people have, and every bad row is named at once."""

from datetime import date

import pytest

from spares.calendars.notice import NoticeDay, NoticeRefused, NoticeStatus, unnamed_fixed_days
from spares.calendars.notice_file import read_notice
from spares.errors import Invalid

GOOD = "day,status,name\n2027-01-01,off,元旦\n2027-02-20,work,春节调休\n"
EXPECTED = [
    NoticeDay(date(2027, 1, 1), NoticeStatus.OFF, "元旦", 2),
    NoticeDay(date(2027, 2, 20), NoticeStatus.WORK, "春节调休", 3),
]


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("gb18030"),
        "日期,状态,名称\n2027/1/1,放假,元旦\n2027年2月20日,上班,春节调休\n".encode(),
        "name;day;STATUS\n元旦;2027-01-01 00:00:00;OFF\n春节调休;2027-2-20;Work\n".encode(),
    ],
)
def test_the_same_notice_in_the_forms_that_people_have(data: bytes) -> None:
    assert read_notice(data, "notice.csv", 2027) == EXPECTED


def test_every_bad_row_is_named_at_once() -> None:
    rows = [
        "2027-01-01,off,元旦",
        "2027-13-01,off,",
        "1/2/2027,off,",
        "2027-02-05,holiday,",
        "2028-01-01,off,",
        "2026-12-24,off,",
        "2026-12-25,off,",
        "2027-01-01,off,again",
        "2027-02-22,work,",
        f"2027-02-21,work,{'长' * 101}",
        "2027-02-27,work,调休,more",
    ]
    with pytest.raises(NoticeRefused) as refused:
        read_notice("\n".join(["day,status,name", *rows]).encode(), "notice.csv", 2027)
    assert [(problem.facts["line"], problem.code) for problem in refused.value.problems] == [
        (3, "notice_day_unreadable"),
        (4, "notice_day_unreadable"),
        (5, "notice_status_unknown"),
        (6, "notice_day_outside"),
        (7, "notice_day_outside"),
        (9, "notice_day_repeated"),
        (10, "notice_work_on_weekday"),
        (11, "notice_name_too_long"),
        (12, "too_many_cells"),
    ]
    assert refused.value.facts == {"count": 9}


def test_a_notice_of_nothing_or_of_too_much() -> None:
    with pytest.raises(NoticeRefused) as refused:
        read_notice(b"day,status,name\n", "notice.csv", 2027)
    assert [problem.code for problem in refused.value.problems] == ["notice_empty"]
    many = "day,status\n" + "2027-01-01,off\n" * 121
    with pytest.raises(NoticeRefused) as refused:
        read_notice(many.encode(), "notice.csv", 2027)
    assert [problem.code for problem in refused.value.problems] == ["notice_too_long"]


@pytest.mark.parametrize(
    ("data", "name", "year", "code"),
    [
        (b"", "notice.csv", 2027, "sheet_file_empty"),
        (b"day,name\n2027-01-01,x\n", "notice.csv", 2027, "columns_missing"),
        (b"PK\x03\x04broken", "notice.xlsx", 2027, "xlsx_broken"),
        (GOOD.encode(), "notice.csv", 2101, "year_out_of_range"),
    ],
)
def test_a_file_that_cannot_be_read(data: bytes, name: str, year: int, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        read_notice(data, name, year)


def test_a_list_that_is_not_complete_is_noticed() -> None:
    assert unnamed_fixed_days(2027, EXPECTED) == [date(2027, 5, 1), date(2027, 10, 1)]
