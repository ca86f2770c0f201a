"""What the rows of an import mean: pure checks of one row, with the words that people use in their sheets.

A row that passes can be written: texts fit their columns in the folded form too, and hold nothing that a database refuses."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from spares.errors import Invalid
from spares.inventory.import_outcome import Faults
from spares.inventory.models import Condition, Tracking
from spares.numbers import scan_key
from spares.sheets.money import Money

PART_COLUMNS: dict[str, str] = {
    "制造商": "manufacturer",
    "厂商": "manufacturer",
    "厂家": "manufacturer",
    "品牌": "manufacturer",
    "brand": "manufacturer",
    "vendor": "manufacturer",
    "备件型号": "part_number",
    "备件编码": "part_number",
    "料号": "part_number",
    "物料编码": "part_number",
    "p/n": "part_number",
    "pn": "part_number",
    "part": "part_number",
    "part no": "part_number",
    "part no.": "part_number",
    "型号": "model",
    "名称": "name",
    "描述": "description",
    "类别": "category",
    "分类": "category",
    "kind": "category",
    "价格": "price",
    "单价": "price",
    "币种": "currency",
    "最低库存": "minimum_level",
    "安全库存": "minimum_level",
    "管理方式": "tracking",
    "需返还": "return_required",
    "重量": "weight",
    "重量单位": "weight_unit",
}
STOCK_COLUMNS: dict[str, str] = {
    **{title: key for title, key in PART_COLUMNS.items() if key in {"manufacturer", "part_number"}},
    "型号": "part_number",
    "序列号": "serial",
    "s/n": "serial",
    "sn": "serial",
    "库位": "bin",
    "货位": "bin",
    "location": "bin",
    "数量": "quantity",
    "qty": "quantity",
    "状态": "condition",
    "状况": "condition",
    "品相": "condition",
}
TEMPLATES: dict[str, tuple[str, ...]] = {
    "parts": (
        "厂商",
        "备件型号",
        "描述",
        "类别",
        "管理方式",
        "单价",
        "币种",
        "最低库存",
        "需返还",
        "重量",
        "重量单位",
    ),
    "stock": ("厂商", "备件型号", "序列号", "数量", "货位", "状况"),
}
"""The titles of the file to fill in, by kind of import."""
DESCRIBING = ("model", "name", "description")
"""Columns that together make a part's description, in this order."""
YES = {"1", "y", "yes", "true", "是", "需要", "需返还"}
NO = {"0", "n", "no", "false", "否", "不需要", "无需"}
SERIAL_WORDS = {"serial", "序列号", "sn", "序列化"}
COUNTED_WORDS = {"counted", "数量", "计数", "quantity"}
CONDITIONS = {
    "": Condition.GOOD,
    "good": Condition.GOOD,
    "良品": Condition.GOOD,
    "良": Condition.GOOD,
    "faulty": Condition.FAULTY,
    "故障品": Condition.FAULTY,
    "坏件": Condition.FAULTY,
    "to_inspect": Condition.TO_INSPECT,
    "待检": Condition.TO_INSPECT,
}
GRAMS: dict[str, Decimal] = {
    "g": Decimal(1),
    "克": Decimal(1),
    "kg": Decimal(1000),
    "千克": Decimal(1000),
    "公斤": Decimal(1000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
CALLED_CNY = {"RMB", "人民币", "元", "¥"}
MOST_MINOR = 10**12
MOST_PIECES = 1_000_000
MOST_GRAMS = 10_000_000
_PLAIN_NUMBER = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """A part as a sheet tells it. `given` names the fields that the sheet has a value for; only these are taken over."""

    manufacturer: str
    part_number: str
    given: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class StockRow:
    """Stock as a sheet tells it: one serial, or a quantity of a counted part, in a bin."""

    manufacturer: str
    part_number: str
    serial: str
    quantity: int
    bin: str
    condition: Condition


def part_row(values: Mapping[str, str]) -> PartRow:
    """Read one row of a parts sheet. Raises RowRefused with all its faults, each naming the column and the value."""
    faults = Faults()
    maker = faults.of(_text, values, "manufacturer", 120, needed=True, keyed=True) or ""
    part_number = faults.of(_text, values, "part_number", 120, needed=True, keyed=True) or ""
    given: dict[str, object] = {}
    if any(_said(values, field) for field in DESCRIBING):
        given["description"] = faults.of(_description, values)
    if _said(values, "category"):
        given["category"] = faults.of(_text, values, "category", 60)
    if _said(values, "currency"):
        given["currency"] = faults.of(_currency, values["currency"])
    if _said(values, "price"):
        given["price_minor"] = faults.of(_price, values["price"], str(given.get("currency") or "CNY"))
    if _said(values, "minimum_level"):
        given["minimum_level"] = faults.of(_whole, values["minimum_level"], "minimum_level", 0)
    if _said(values, "tracking"):
        given["tracking"] = faults.of(_tracking, values["tracking"])
    if _said(values, "return_required"):
        given["return_required"] = faults.of(_flag, values["return_required"], "return_required")
    if _said(values, "weight"):
        given["weight_grams"] = faults.of(_grams, values["weight"], values.get("weight_unit", ""))
    faults.check()
    return PartRow(manufacturer=maker, part_number=part_number, given=given)


def stock_row(values: Mapping[str, str]) -> StockRow:
    """Read one row of a stock sheet. Raises RowRefused with all its faults, each naming the column and the value."""
    faults = Faults()
    maker = faults.of(_text, values, "manufacturer", 120, keyed=True) or ""
    part_number = faults.of(_text, values, "part_number", 120, needed=True, keyed=True) or ""
    serial = faults.of(_text, values, "serial", 80, keyed=True) or ""
    quantity = faults.of(_whole, values["quantity"], "quantity", 1) if _said(values, "quantity") else 1
    place = faults.of(_text, values, "bin", 40, needed=True, keyed=True) or ""
    condition = faults.of(_condition, values.get("condition", ""))
    faults.check()
    return StockRow(
        manufacturer=maker,
        part_number=part_number,
        serial=serial,
        quantity=quantity or 1,
        bin=place,
        condition=condition or Condition.GOOD,
    )


def _said(values: Mapping[str, str], field: str) -> bool:
    return bool(values.get(field, "").strip())


def _text(values: Mapping[str, str], field: str, limit: int, *, needed: bool = False, keyed: bool = False) -> str:
    """One line of text. `keyed`: it is found by its folded form, which must be there and fit as well."""
    text = " ".join(values.get(field, "").split())
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise Invalid("import_value_unreadable", field=field)
    key = scan_key(text) if keyed else text
    if not key:
        if needed:
            raise Invalid("import_value_missing", field=field)
        return ""
    length = max(len(text), len(key))
    if length > limit:
        raise Invalid("import_value_too_long", field=field, limit=limit, length=length)
    return text


def _description(values: Mapping[str, str]) -> str:
    texts: list[str] = []
    for field in DESCRIBING:
        text = _text(values, field, 300)
        if text and text not in texts:
            texts.append(text)
    whole = " ".join(texts)
    if len(whole) > 300:
        raise Invalid("import_value_too_long", field="description", limit=300, length=len(whole))
    return whole


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _number(text: str) -> Decimal | None:
    """A number written plainly or with thousands apart; None for anything that could be read in two ways."""
    return Decimal(text.replace(",", "")) if len(text) <= 20 and _PLAIN_NUMBER.fullmatch(text) else None


def _price(text: str, currency: str) -> int:
    typed = _folded(text).removeprefix("¥").removesuffix("元").strip()
    number = _number(typed)
    minor = None if number is None else number.scaleb(Money(0, currency).exponent)
    if minor is None or minor != minor.to_integral_value() or minor > MOST_MINOR:
        raise Invalid("price_malformed", field="price", value=text.strip()[:60])
    return int(minor)


def _currency(text: str) -> str:
    code = _folded(text).upper()
    code = "CNY" if code in CALLED_CNY else code
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise Invalid("currency_malformed", field="currency", value=text.strip()[:60])
    return code


def _whole(text: str, field: str, least: int) -> int:
    typed = _folded(text)
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9 and least <= int(typed) <= MOST_PIECES):
        value = text.strip()[:60]
        raise Invalid("whole_number_malformed", field=field, value=value, least=least, most=MOST_PIECES)
    return int(typed)


def _tracking(text: str) -> Tracking:
    word = _folded(text)
    if word in SERIAL_WORDS:
        return Tracking.SERIAL
    if word in COUNTED_WORDS:
        return Tracking.COUNTED
    raise Invalid("tracking_unknown", field="tracking", value=text.strip()[:60])


def _condition(text: str) -> Condition:
    condition = CONDITIONS.get(_folded(text))
    if condition is None:
        raise Invalid("condition_unknown", field="condition", value=text.strip()[:60])
    return condition


def _flag(text: str, field: str) -> bool:
    word = _folded(text)
    if word in YES | NO:
        return word in YES
    raise Invalid("flag_unknown", field=field, value=text.strip()[:60])


def _grams(text: str, unit: str) -> int | None:
    """Whole grams; a weight whose unit is not told counts as kilograms, as on carriers' forms."""
    factor = GRAMS.get(_folded(unit) or "kg")
    weight = _number(_folded(text))
    if factor is None or weight is None or weight * factor > MOST_GRAMS:
        raise Invalid("import_weight_malformed", field="weight", value=f"{text.strip()} {unit.strip()}".strip()[:60])
    return int((weight * factor).to_integral_value()) or None
