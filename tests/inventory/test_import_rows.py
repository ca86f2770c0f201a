"""What a row means, word by word."""

import pytest

from spares.inventory.import_outcome import RowRefused
from spares.inventory.import_rows import part_row, stock_row
from spares.inventory.models import Condition, Tracking

PART = {"manufacturer": "华为", "part_number": "02310ABC"}
GOOD = [
    ({"description": " 交换  机 "}, {"description": "交换 机"}),
    ({"model": "S5700", "name": "交换机", "description": "24 口"}, {"description": "S5700 交换机 24 口"}),
    ({"model": "S5700", "description": "S5700"}, {"description": "S5700"}),
    ({"category": "board"}, {"category": "board"}),
    ({"price": "12800"}, {"price_minor": 1280000}),
    ({"price": "12,800.5"}, {"price_minor": 1280050}),
    ({"price": "¥１２，８００．５０元"}, {"price_minor": 1280050}),
    ({"price": "0"}, {"price_minor": 0}),
    ({"price": "12800", "currency": "jpy"}, {"price_minor": 12800, "currency": "JPY"}),
    ({"price": "1.234", "currency": "KWD"}, {"price_minor": 1234, "currency": "KWD"}),
    ({"currency": "人民币"}, {"currency": "CNY"}),
    ({"currency": "rmb"}, {"currency": "CNY"}),
    ({"minimum_level": "０"}, {"minimum_level": 0}),
    ({"tracking": "序列号"}, {"tracking": Tracking.SERIAL}),
    ({"tracking": "Counted"}, {"tracking": Tracking.COUNTED}),
    ({"return_required": "否"}, {"return_required": False}),
    ({"return_required": "YES"}, {"return_required": True}),
    ({"weight": "1.5"}, {"weight_grams": 1500}),
    ({"weight": "10", "weight_unit": "lb"}, {"weight_grams": 4536}),
    ({"weight": "0", "weight_unit": "g"}, {"weight_grams": None}),
    ({"price": "  ", "currency": "", "tracking": "　", "weight_unit": "kg"}, {}),
]
REFUSED = [
    ({"manufacturer": ""}, "import_value_missing", "manufacturer"),
    ({"part_number": "\u200b"}, "import_value_missing", "part_number"),
    ({"part_number": "x" * 121}, "import_value_too_long", "part_number"),
    ({"part_number": "㍿" * 31}, "import_value_too_long", "part_number"),
    ({"part_number": "A\x01B"}, "import_value_unreadable", "part_number"),
    ({"description": "A\x00B"}, "import_value_unreadable", "description"),
    ({"description": "x" * 301}, "import_value_too_long", "description"),
    ({"model": "x" * 200, "description": "y" * 200}, "import_value_too_long", "description"),
    ({"category": "x" * 61}, "import_value_too_long", "category"),
    ({"price": "12,50"}, "price_malformed", "price"),
    ({"price": "1.234,50"}, "price_malformed", "price"),
    ({"price": "1.005"}, "price_malformed", "price"),
    ({"price": "-1"}, "price_malformed", "price"),
    ({"price": "1e400000"}, "price_malformed", "price"),
    ({"price": "1e99999999"}, "price_malformed", "price"),
    ({"price": "NaN"}, "price_malformed", "price"),
    ({"price": "9" * 19}, "price_malformed", "price"),
    ({"price": "1.5", "currency": "JPY"}, "price_malformed", "price"),
    ({"currency": "YUAN"}, "currency_malformed", "currency"),
    ({"minimum_level": "1.5"}, "whole_number_malformed", "minimum_level"),
    ({"minimum_level": "1000001"}, "whole_number_malformed", "minimum_level"),
    ({"tracking": "batch"}, "tracking_unknown", "tracking"),
    ({"return_required": "maybe"}, "flag_unknown", "return_required"),
    ({"weight": "1", "weight_unit": "stone"}, "import_weight_malformed", "weight"),
    ({"weight": "1e9"}, "import_weight_malformed", "weight"),
    ({"weight": "10001"}, "import_weight_malformed", "weight"),
]


@pytest.mark.parametrize(("said", "given"), GOOD)
def test_a_part_as_its_row_tells_it(said: dict[str, str], given: dict[str, object]) -> None:
    row = part_row(PART | said)
    assert (row.manufacturer, row.part_number, dict(row.given)) == ("华为", "02310ABC", given)


@pytest.mark.parametrize(("said", "code", "field"), REFUSED)
def test_a_part_that_is_refused(said: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        part_row(PART | said)
    assert [(fault.code, fault.field) for fault in refusal.value.faults] == [(code, field)]


def test_stock_as_its_row_tells_it() -> None:
    row = stock_row({"part_number": "P", "serial": " s 1 ", "bin": "A-01", "condition": "故障品"})
    assert (row.manufacturer, row.part_number, row.serial, row.quantity) == ("", "P", "s 1", 1)
    assert (row.bin, row.condition) == ("A-01", Condition.FAULTY)
    assert stock_row({"part_number": "P", "bin": "A", "quantity": "12"}).quantity == 12


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"bin": ""}, "import_value_missing", "bin"),
        ({"part_number": ""}, "import_value_missing", "part_number"),
        ({"quantity": "0"}, "whole_number_malformed", "quantity"),
        ({"quantity": "-1"}, "whole_number_malformed", "quantity"),
        ({"condition": "broken"}, "condition_unknown", "condition"),
        ({"condition": "报废"}, "condition_unknown", "condition"),
        ({"serial": "x" * 81}, "import_value_too_long", "serial"),
    ],
)
def test_stock_that_is_refused(said: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        stock_row({"part_number": "P", "bin": "A-01"} | said)
    assert [(fault.code, fault.field) for fault in refusal.value.faults] == [(code, field)]


def test_every_fault_of_a_row_is_told() -> None:
    with pytest.raises(RowRefused) as refusal:
        part_row({"manufacturer": "", "part_number": "P", "price": "viel", "currency": "YUAN", "weight": "x"})
    assert [(fault.field, fault.facts.get("value")) for fault in refusal.value.faults] == [
        ("manufacturer", None),
        ("currency", "YUAN"),
        ("price", "viel"),
        ("weight", "x"),
    ]
    with pytest.raises(RowRefused) as refusal:
        stock_row({"part_number": "", "serial": "S1", "bin": "", "quantity": "0", "condition": "broken"})
    assert [fault.field for fault in refusal.value.faults] == ["part_number", "quantity", "bin", "condition"]
