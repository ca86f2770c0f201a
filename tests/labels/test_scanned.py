"""Fields of forms that take a scan: what stands in them is what the code says."""

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import Length

from spares.labels.scan_reading import LONGEST
from spares.labels.scanned import ScannedField


class Box(Form):
    serial = ScannedField("Serial", [Length(max=8)], render_kw={"list": "known"})


@pytest.mark.parametrize(
    ("scanned", "read"),
    [
        (" sn9\r", "sn9"),
        ("ＳＮ９", "SN9"),
        ("]C101095011015300031724123121SN9", "SN9"),
        ("(01)09501101530003(21)SN9", "SN9"),
        ("[)>\x1e06\x1d1PSW-24\x1dSSN9\x1e\x04", "SN9"),
        ("https://depot.example/scan?q=SN9", "SN9"),
        ("", ""),
    ],
)
def test_a_code_is_read(context: Flask, scanned: str, read: str) -> None:
    form = Box(MultiDict({"serial": scanned}))
    assert form.validate()
    assert form.serial.data == read


def test_what_was_read_is_bounded_and_not_the_code(context: Flask) -> None:
    form = Box(MultiDict({"serial": "SN9456789"}))
    assert not form.validate()
    assert form.serial.data == "SN9456789"


def test_the_box_takes_the_whole_code(context: Flask) -> None:
    shown = str(Box().serial())
    for attribute in (f'maxlength="{LONGEST}"', 'autocapitalize="off"', 'list="known"'):
        assert attribute in shown
    assert Box().serial.data is None
