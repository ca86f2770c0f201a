"""The form library's own sentences, in the product's words and both languages."""

from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.i18n import messages_path
from wtforms.validators import DataRequired, InputRequired, Length

from spares.form_words import WORDS


class Sample(FlaskForm):  # type: ignore[misc]
    """One field of each kind that can be refused."""

    text = StringField(validators=[InputRequired()])
    more = StringField(validators=[DataRequired()])
    day = DateField()
    count = IntegerField()
    kind = SelectField(choices=[SelectChoice("a", "A")])
    short = StringField(validators=[Length(max=2)])


SENT = {"text": "", "more": " ", "day": "22/11/2026", "count": "two", "kind": "b", "short": "abc"}
SAID = {
    "zh_Hans_CN": {
        "text": "请填写此项。",
        "more": "请填写此项。",
        "day": "请填写日期，如 2026-11-22。",
        "count": "请填写整数。",
        "kind": "请从列表中选择。",
        "short": "字段长度不能超过 2 个字符。",
    },
    "en": {
        "text": "Please fill this in.",
        "more": "Please fill this in.",
        "day": "Enter a date such as 2026-11-22.",
        "count": "Enter a whole number.",
        "kind": "Choose one of the list.",
        "short": "Field cannot be longer than 2 characters.",
    },
}


@pytest.mark.parametrize("locale", SAID)
def test_what_is_refused_is_said_in_one_way(app: Flask, locale: str) -> None:
    with app.test_request_context(method="POST"), force_locale(locale):
        form = Sample(MultiDict(SENT), meta={"csrf": False})
        assert not form.validate()
        assert {name: str(errors[0]) for name, errors in form.errors.items()} == SAID[locale]


def test_every_sentence_that_is_replaced_is_one_of_the_library() -> None:
    text = Path(messages_path(), "wtforms.pot").read_text(encoding="utf-8")
    assert [sentence for sentence in WORDS if f'msgid "{sentence}"' not in text] == []
