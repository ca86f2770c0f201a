import re
from pathlib import Path

from babel.messages.pofile import read_po

import spares.files.words
import spares.sheets.words

PACKAGE = Path(spares.sheets.words.__file__).resolve().parents[1]
CATALOGUES = PACKAGE / "translations" / "zh_Hans_CN"
RAISED = re.compile(r'(?:Invalid\(|self\._blame\()\s*"(\w+)"')
PLACES = re.compile(r"%\((\w+)\)s")


def codes_raised_in(folder: str) -> set[str]:
    return {code for path in (PACKAGE / folder).glob("*.py") for code in RAISED.findall(path.read_text("utf-8"))}


def test_every_refusal_of_these_packages_has_words() -> None:
    assert codes_raised_in("sheets") == set(spares.sheets.words.WORDS)
    assert codes_raised_in("files") >= {code for code in spares.files.words.WORDS if code.startswith("attachment_")}


def test_the_chinese_words_have_the_same_places() -> None:
    for folder, words in (("sheets", spares.sheets.words.WORDS), ("files", spares.files.words.WORDS)):
        with (CATALOGUES / f"{folder}.po").open("rb") as file:
            catalogue = read_po(file, locale="zh_Hans_CN")
        for english in (str(said) for said in words.values() if not callable(said)):
            message = catalogue.get(english)
            assert message is not None, english
            assert set(PLACES.findall(str(message.string))) == set(PLACES.findall(english)), english
