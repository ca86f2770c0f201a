"""What the form library says by itself, in the product's words: the same wording wherever something is missing, and an
example where something cannot be read. What is not listed here the library says in its own words and languages."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.i18n import translations as of_the_library

WORDS: dict[str, Any] = {
    "This field is required.": _l("Please fill this in."),
    "Not a valid date value.": _l("Enter a date such as 2026-11-22."),
    "Not a valid datetime value.": _l("Enter a date and time such as 2026-11-22 14:05."),
    "Not a valid time value.": _l("Enter a time such as 14:05."),
    "Not a valid integer value.": _l("Enter a whole number."),
    "Not a valid choice.": _l("Choose one of the list."),
    "Invalid Choice: could not coerce.": _l("Choose one of the list."),
}


class FormWords:
    """The library's translations, but for the sentences in `WORDS`."""

    def gettext(self, sentence: str) -> str:
        """The sentence in the reader's language."""
        return str(WORDS[sentence]) if sentence in WORDS else str(of_the_library.gettext(sentence))

    def ngettext(self, one: str, several: str, count: int) -> str:
        """The sentence for so many, in the reader's language."""
        return str(of_the_library.ngettext(one, several, count))


def _words(_meta: FlaskForm.Meta, _form: FlaskForm) -> FormWords:
    return FormWords()


def install() -> None:
    """Let every form speak so: WTForms asks a form's Meta for its translations."""
    FlaskForm.Meta.get_translations = _words
