"""A pattern for case numbers must be one that can never take long."""

import pytest

from spares.calendars.case_number_pattern import check_pattern
from spares.errors import Invalid
from spares.settings import Settings


@pytest.mark.parametrize(
    "pattern",
    [
        Settings().case_number_pattern,
        "",
        r"(?:INC|REQ)\d{7}",
        r"^CS[-/]?\d{4,}$",
        r"[]A]\.\w+(-\d{1,2})?",
    ],
)
def test_patterns_that_people_need(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("[A-Z", "pattern_broken"),
        ("(", "pattern_broken"),
        ("a" * 201, "text_too_long"),
        ("(a+)+", "pattern_too_costly"),
        ("(a|a)*", "pattern_too_costly"),
        (r"\d*\d*\d*", "pattern_too_costly"),
        ("a+?", "pattern_too_costly"),
        ("(?=a)b", "pattern_too_costly"),
        (r"(a)\1", "pattern_too_costly"),
        ("(?i)a", "pattern_too_costly"),
    ],
)
def test_patterns_that_are_refused(pattern: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_pattern(pattern)
    assert (refused.value.code, refused.value.field) == (code, "case_number_pattern")
