"""Templates for a company's own codes: what may be written, and that none of them can take long."""

import time

import pytest

from spares.errors import Invalid
from spares.labels.scan_patterns import LONGEST, MOST, Pattern, first_match, match, parse_pattern, parse_patterns


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("SN:", "scan_pattern_empty"),
        ("{quantity}x", "scan_pattern_empty"),
        ("A{skip}", "scan_pattern_empty"),
        ("{serial}{part}", "scan_pattern_endless"),
        ("{serial}{part:3}", "scan_pattern_endless"),
        ("{serial}-{serial}", "scan_pattern_twice"),
        ("{serial}", "scan_pattern_everything"),
        ("{part}", "scan_pattern_everything"),
        ("{number}", "scan_pattern_broken"),
        ("{serial", "scan_pattern_broken"),
        ("serial}", "scan_pattern_broken"),
        ("{serial:0}", "scan_pattern_broken"),
        ("{serial:1000}", "scan_pattern_broken"),
        ("{serial:x}", "scan_pattern_broken"),
        ("A{}", "scan_pattern_broken"),
        ("A" * LONGEST + "{serial}", "scan_pattern_too_long"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(source: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_patterns(f"A{{serial}}\n\n{source}")
    assert (refused.value.code, refused.value.field, refused.value.facts["line"]) == (code, "patterns", 3)


def test_there_are_not_too_many() -> None:
    assert len(parse_patterns("A{serial}\n" * MOST)) == MOST
    with pytest.raises(Invalid) as refused:
        parse_patterns("A{serial}\n" * (MOST + 1))
    assert refused.value.code == "scan_patterns_too_many"


def test_empty_lines_do_not_count() -> None:
    assert parse_patterns(" \n\r\n") == ()
    assert parse_patterns("") == ()


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("SN{serial}", "sn123", {"serial": "123"}),
        ("SN{serial}", "SN", None),
        ("SN{serial}", "XSN1", None),
        ("{part}/{serial}", "A/B/C", {"part": "A", "serial": "B/C"}),
        ("{part}/{serial}/", "A/B/C/", {"part": "A", "serial": "B/C"}),
        ("{serial:4}", "1234", {"serial": "1234"}),
        ("{serial:4}", "12345", None),
        ("{serial:4}", "123", None),
        ("{part:2}{serial}", "ABC", {"part": "AB", "serial": "C"}),
        ("{serial}ß", "1ß", {"serial": "1"}),
        (".*{serial}", ".*7", {"serial": "7"}),
        (".*{serial}", "ab7", None),
    ],
)
def test_a_template_covers_the_whole_code(source: str, text: str, found: dict[str, str] | None) -> None:
    assert match(parse_pattern(source), text) == found


def test_the_first_that_fits_counts() -> None:
    patterns = parse_patterns("A{serial}\nAB{part}")
    assert first_match(patterns, "AB1") == {"serial": "B1"}
    assert first_match(patterns, "C") is None
    assert first_match((), "C") is None


def hard() -> Pattern:
    """What would make a backtracking matcher try every way."""
    return parse_pattern("a{skip}a".replace("{skip}", "{serial}") + "".join("{skip}a" for _ in range(14)) + "b")


def test_no_template_takes_long() -> None:
    pattern = hard()
    start = time.perf_counter()
    for _ in range(20):
        assert match(pattern, "a" * 1000) is None
    assert time.perf_counter() - start < 0.5
