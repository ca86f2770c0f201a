"""Every refusal of the slice has a sentence, and every sentence its Chinese."""

import re
from pathlib import Path

from flask import Flask

from spares.calendars.words import KINDS, MARKS, STATUSES, month_names, weekday_names
from spares.web import EXPLANATIONS
from tools.compile_catalogues import merged

SLICE = Path(__file__).parents[2] / "spares" / "calendars"


def test_every_refusal_has_words() -> None:
    raised = {
        code
        for path in SLICE.glob("*.py")
        for code in re.findall(r'(?:Invalid|Conflict|NotFound|Forbidden)\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert "nothing_to_take_back" in raised
    assert raised - EXPLANATIONS.keys() == set()


def test_what_days_are_called_is_translated(app: Flask) -> None:
    whole, _problems = merged()
    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = [str(words) for table in (KINDS, MARKS, STATUSES) for words in table.values()]
        assert (month_names()[1], weekday_names()[0]) == ("February", "Mon")
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert (month_names()[1], weekday_names()[0]) == ("二月", "周一")
    assert [words for words in english if whole.get(words) is None] == []
