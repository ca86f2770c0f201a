import codecs

import pytest

from spares.errors import Invalid
from spares.sheets.csv_source import CsvSource, detect_encoding

CHINESE = "厂商,型号\n华为,交换机\n喆堃镕,€𠮷\n"


def rows(data: bytes) -> list[tuple[int, list[str]]]:
    return [(row.line, list(row.cells)) for row in CsvSource(data).raw_rows()]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16"),
        (b"plain,ascii\n", "utf-8"),
    ],
)
def test_the_encodings_that_people_have_are_found(data: bytes, encoding: str) -> None:
    assert detect_encoding(data) == encoding
    if "ascii" not in str(data):
        assert rows(data) == [(1, ["厂商", "型号"]), (2, ["华为", "交换机"]), (3, ["喆堃镕", "€𠮷"])]


def test_gbk_is_read_as_its_superset() -> None:
    assert rows("品名;数量\n光模块;3\n".encode("gbk")) == [(1, ["品名", "数量"]), (2, ["光模块", "3"])]


def test_a_long_file_in_gbk_is_read_across_its_pieces() -> None:
    data = ("编号,说明\n" + "1,光模块\n" * 300_000).encode("gbk")
    assert len(data) > 2 * 1024 * 1024
    assert detect_encoding(data) == "gb18030"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("a,b\n一二三四五,六\n".encode() + b"\xe5\xff\n", 3),
        (codecs.BOM_UTF8 + "a,b\n华,".encode("gbk"), 2),
        (b"a,b\nc,d\n\xff\xff\n", 3),
        (codecs.BOM_UTF16_LE + "a\nb\n".encode("utf-16-le") + b"\x00\xdc", 3),
    ],
)
def test_bytes_in_no_known_encoding_are_refused_with_their_line(data: bytes, line: int) -> None:
    with pytest.raises(Invalid) as refusal:
        CsvSource(data)
    assert (refusal.value.code, refusal.value.facts) == ("encoding_unknown", {"line": line})


@pytest.mark.parametrize("data", [b"a,b\n1,2\n3,\x004\n", codecs.BOM_UTF16_LE + "a,b\n1,2\n\0,4\n".encode("utf-16-le")])
def test_zero_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        rows(data)
    assert (refusal.value.code, refusal.value.facts) == ("csv_nul", {"line": 3})


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1;2;3;4;5", ","),
        ("a;b;c\n1,5;2;3", ";"),
        ("a\tb\n", "\t"),
        ("only\n1", ","),
        ('"a;b;c;d",e\n', ","),
        ("\n\na;b\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_of_the_header_line(text: str, delimiter: str) -> None:
    assert CsvSource(text.encode()).delimiter == delimiter


def test_lines_are_counted_as_an_editor_does() -> None:
    data = b'a,b\r\n\r\n"one\r\ntwo",2\r\n3,"4 ""x"" 5"\rlast,6'
    assert rows(data) == [
        (1, ["a", "b"]),
        (2, []),
        (3, ["one\r\ntwo", "2"]),
        (5, ["3", '4 "x" 5']),
        (6, ["last", "6"]),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"2\n3,4\n', 2),
        ('a,b\n1,2\n3,"4\n5,"6"\n', 3),
        ('a,b\n1,"2"x\n', 2),
        ('a,b\n1,"' + "2\n" * 100_000, 2),
    ],
)
def test_unbalanced_quotes_are_reported_where_the_record_starts(text: str, line: int) -> None:
    with pytest.raises(Invalid) as refusal:
        rows(text.encode())
    assert (refusal.value.code, refusal.value.facts) == ("csv_quotes_unbalanced", {"line": line})


def test_a_monstrous_cell_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        rows(b"a\n" + b"x" * 200_000)
    assert (refusal.value.code, refusal.value.facts["line"]) == ("cell_too_long", 2)
