"""What scanners send, read as it is meant: a table of codes, and what no code may do."""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spares.labels.scan_patterns import parse_patterns
from spares.labels.scan_reading import NO_RULES, Form, Reading, ScanRules, read_scan

TABLE = Path(__file__).parent.parent / "resources" / "scanned_codes.csv"


def raw(text: str) -> str:
    """A code as the table writes it, with its control characters."""
    for shown in ("\\x1d", "\\x1e", "\\x04", "\\ufeff", "\\u200b", "\\t", "\\r", "\\n"):
        text = text.replace(shown, shown.encode().decode("unicode_escape"))
    return text


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["what"])
def test_every_code_of_the_table_is_read(row: dict[str, str]) -> None:
    rules = ScanRules(
        tuple(filter(None, [row["prefix"]])), tuple(filter(None, [row["suffix"]])), parse_patterns(row["pattern"])
    )
    quantity = int(row["quantity"]) if row["quantity"] else None
    wanted = Reading(row["text"], row["serial"], row["part"], quantity, row["gtin"], Form(row["form"]))
    assert read_scan(raw(row["raw"]), rules) == wanted


def test_the_table_is_whole() -> None:
    assert len(rows()) >= 55
    assert {row["form"] for row in rows()} == set(Form)
    assert all(None not in row and None not in row.values() for row in rows())


def test_rules_of_several_depots_are_joined() -> None:
    one = ScanRules(("~",), (), parse_patterns("A{serial}"))
    other = ScanRules((), ("#",), parse_patterns("B{serial}"))
    assert read_scan("~B7#", one + other) == Reading("7", "7", form=Form.PATTERN)
    assert NO_RULES + one == one


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    rules = ScanRules(("~",), ("#",), parse_patterns("SN{serial}PN{part}\n{part:3}{serial}"))
    read = read_scan(text, rules)
    assert not set(read.text) & set("\r\n\x1d\x1e\x04\x00")


@given(st.text(alphabet=st.characters(min_codepoint=48, max_codepoint=90), min_size=1, max_size=40))
def test_a_plain_code_is_read_the_same_twice(text: str) -> None:
    once = read_scan(text).text
    assert read_scan(once).text == once


@pytest.mark.parametrize("text", ["(" * 100_000, "]C1" + "21A\x1d" * 30_000, "a" * 500_000, "{serial}" * 50_000])
def test_long_input_takes_no_time(text: str) -> None:
    rules = ScanRules((), (), parse_patterns("\n".join(["a{skip:1}a{serial}b{part}c{quantity}d"] * 20)))
    start = time.perf_counter()
    read_scan(text, rules)
    assert time.perf_counter() - start < 0.5
