import pytest

from spares.errors import Invalid
from spares.sheets.rows import Limits, header_keys, letters, normalised


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("part_number", "part_number"),
        ("  Part   Number\u3000", "part_number"),
        ("\ufeffＰＡＲＴ　ＮＵＭＢＥＲ", "part_number"),
        ("Part\nNumber", "part_number"),
        ("备件 编号（PN）", "备件_编号(pn)"),
        ("Straße", "strasse"),
        ("\u200b", ""),
    ],
)
def test_titles_are_compared_without_case_width_and_spaces(title: str, key: str) -> None:
    assert normalised(title) == key


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_names_that_a_spreadsheet_gives_them(index: int, name: str) -> None:
    assert letters(index) == name


def keys(*titles: str, aliases: dict[str, str] | None = None, required: tuple[str, ...] = ()) -> list[str]:
    return header_keys(titles, aliases=aliases or {}, required=required, limits=Limits(columns=4, cell_length=20))


def test_aliases_give_a_column_its_key() -> None:
    assert keys("厂　商", "Part Number", aliases={"厂 商": "manufacturer"}) == ["manufacturer", "part_number"]


@pytest.mark.parametrize(
    ("titles", "code", "facts"),
    [
        (("a", "b", "c", "d", "e"), "sheet_too_wide", {"columns": 5, "limit": 4}),
        (("a", "", "c", " "), "columns_untitled", {"columns": ["B", "D"]}),
        (("Part No", "b", "part_no"), "columns_repeated", {"columns": ["Part No", "part_no"]}),
        (("厂商", "manufacturer"), "columns_repeated", {"columns": ["厂商", "manufacturer"]}),
        (("型号", "b"), "columns_missing", {"columns": ["manufacturer"], "found": ["型号", "b"]}),
        (("a", "x" * 21), "cell_too_long", {"line": 1, "column": "B", "length": 21, "limit": 20}),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(titles: tuple[str, ...], code: str, facts: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refusal:
        keys(*titles, aliases={"厂商": "manufacturer"}, required=("manufacturer",))
    assert (refusal.value.code, refusal.value.facts) == (code, facts)
