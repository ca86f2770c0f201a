"""Chinese and English are both complete: every message that code or templates use has a translation, none is left over,
none is translated in two ways, and the places in a translation are those of its message."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir

from tools.compile_catalogues import merged

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
    "lazy_ngettext": (1, 2),
    "_n": (1, 2),
}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
PLACE = re.compile(r"%\((\w+)\)[sd]")


def used() -> dict[str | tuple[str, ...], str]:
    """Every message in use, and a place where it is used."""
    found: dict[str | tuple[str, ...], str] = {}
    for folder in (ROOT / "spares", ROOT / "templates"):
        options = {"**.html": {"encoding": "utf-8"}}
        for name, line, message, *_ in extract_from_dir(folder, METHODS, options, KEYWORDS):
            found[message] = f"{folder.name}/{name}:{line}"
    return found


def test_every_message_is_translated_and_none_is_left_over() -> None:
    catalogue, problems = merged()
    known = {message.id for message in catalogue if message.id}
    wanted = used()
    missing = [f"{place}: {message!r}" for message, place in wanted.items() if message not in known]
    left_over = [repr(message) for message in known if message not in wanted]
    assert problems == []
    assert missing == []
    assert left_over == []


def test_translations_keep_the_places_of_their_message() -> None:
    catalogue, _ = merged()
    wrong = []
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = {place for one in ids for place in PLACE.findall(one)}
        if message.id and any(set(PLACE.findall(one)) - allowed for one in words):
            wrong.append(message.id)
    assert wrong == []


def test_chinese_words_have_chinese_punctuation() -> None:
    catalogue, _ = merged()
    half = re.compile(r"(?<=[一-鿿])[,;:!?](?=[一-鿿]|$)")
    wrong = [message.string for message in catalogue if message.id and half.search(str(message.string))]
    assert wrong == []
