import pytest

from spares.errors import Invalid
from spares.sheets.packages import Package
from spares.sheets.rows import Limits
from spares.sheets.xlsx_parts import read_workbook, unescaped
from tests.sheets.factories import parts, zipped


def test_styles_say_which_numbers_are_dates() -> None:
    book = read_workbook(Package(zipped(parts("")), Limits()), 100)
    assert book.sheet_part == "xl/worksheets/sheet1.xml"
    assert (book.date_styles, book.duration_styles, book.padded_styles) == ({1, 2, 4}, {4}, {3: 5})
    assert not book.counts_from_1904


def test_a_long_shared_string_is_cut_behind_the_limit() -> None:
    strings = f"<si><t>{'x' * 300_000}</t></si><si><t>short</t></si>"
    long, short = read_workbook(Package(zipped(parts("", strings=strings)), Limits()), 100).strings
    assert 100 < len(long) < 200_000
    assert short == "short"


def test_escapes_of_the_format_are_undone() -> None:
    assert unescaped("line_x000A_break _x00 _xZZZZ_") == "line\nbreak _x00 _xZZZZ_"


def test_a_sheet_without_an_entry_of_its_own_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        read_workbook(Package(zipped(parts("", sheets='<sheet name="x" r:id="rId9"/>')), Limits()), 100)
    assert refusal.value.code == "xlsx_no_visible_sheet"
