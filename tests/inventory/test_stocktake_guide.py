"""The guide to stocktakes names buttons and pages as the screens do, in both languages."""

import re
from pathlib import Path

from tools.compile_catalogues import merged

GUIDE = Path(__file__).parents[2] / "docs" / "stocktake-guide.md"


def test_what_the_guide_names_is_on_the_screens() -> None:
    words = {message.id: message.string for message in merged()[0] if message.id}
    chinese, english = GUIDE.read_text(encoding="utf-8").split("## English")
    named = [re.findall(r"\*\*(.+?)\*\*", text) for text in (chinese, english)]
    assert [len(names) for names in named] == [15, 15]
    steps = [[step for name in names for step in name.split(" → ")] for names in named]
    assert [step for step in steps[0] if step not in words.values()] == []
    assert [step for step in steps[1] if step not in words] == []
