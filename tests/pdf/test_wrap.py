"""Where lines break."""

from hypothesis import given
from hypothesis import strategies as st

from spares.pdf.fonts import printable, width_of
from spares.pdf.wrap import clip, wrap

NEVER_FIRST = ",。、;:?!)》」』】…,.;:?!)]}"
NEVER_LAST = "(《「『【([{"


def test_chinese_breaks_anywhere_but_before_a_closing_mark() -> None:
    assert wrap("河南省郑州市,高新区", 60, 10) == ("河南省郑州", "市,高新区")
    assert wrap("甲(乙丙)丁", 20, 10) == ("甲", "(乙", "丙)", "丁")


def test_words_stay_whole() -> None:
    assert wrap("Return the faulty part", width_of("Return the f", 10), 10) == ("Return the", "faulty part")


def test_long_numbers_are_cut_after_a_separator() -> None:
    width = width_of("ABCDEFGH-IJ", 10)
    assert wrap("ABCDEFGH-IJKLMN", width, 10) == ("ABCDEFGH-", "IJKLMN")
    assert wrap("A" * 25, width_of("A" * 10, 10), 10) == ("A" * 10, "A" * 10, "A" * 5)


def test_nothing_is_no_line() -> None:
    assert wrap("", 10, 10) == ()
    assert wrap(" \n", 10, 10) == ()


def test_clip_ends_with_an_ellipsis() -> None:
    assert clip("郑州备件库", 50, 10) == "郑州备件库"
    assert clip("郑州备件库", 45, 10) == "郑州备…"


@given(st.text(alphabet="甲乙丙丁,。()《》 abcXYZ019-/.,()𠮷", max_size=80), st.integers(30, 120))
def test_nothing_is_lost_and_every_line_fits(text: str, width: int) -> None:
    lines = wrap(text, width, 10)
    assert "".join("".join(lines).split()) == "".join(printable(text).split())
    for line in lines:
        assert width_of(line, 10) <= width or len(line) == 1
        assert line == line.strip()


@given(st.lists(st.sampled_from(["甲", "乙丙", "丁,", "(戊)", "《己》。", "abc, ", "d-1"]), max_size=40))
def test_no_line_begins_with_a_closing_or_ends_with_an_opening_mark(parts: list[str]) -> None:
    lines = wrap("".join(parts), 60, 10)
    assert [line for line in lines if line[0] in NEVER_FIRST or line[-1] in NEVER_LAST] == []
