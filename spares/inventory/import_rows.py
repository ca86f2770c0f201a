"""What the rows of an import mean: pure checks of one row, with the words that people use in their sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from spares.errors import Invalid
from spares.inventory.models import Condition, Tracking

PART_COLUMNS: dict[str, str] = {
    "制造商": "manufacturer",
    "厂商": "manufacturer",
    "厂家": "manufacturer",
    "品牌": "manufacturer",
    "备件型号": "part_number",
    "料号": "part_number",
    "物料编码": "part_number",
    "p/n": "part_number",
    "pn": "part_number",
    "part": "part_number",
    "型号": "description",
    "描述": "description",
    "名称": "description",
    "model": "description",
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
    "品相": "condition",
}
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
MOST_MINOR = 10**12
MOST_PIECES = 1_000_000


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
    """Read one row of a parts sheet. Raises Invalid naming the column (`field`) and the value."""
    maker = _text(values, "manufacturer", 120, needed=True)
    part_number = _text(values, "part_number", 120, needed=True)
    given: dict[str, object] = {}
    for field, limit in (("description", 300), ("category", 60)):
        if _said(values, field):
            given[field] = _text(values, field, limit)
    if _said(values, "price"):
        given["price_minor"] = _price(values["price"])
    if _said(values, "currency"):
        given["currency"] = _currency(values["currency"])
    if _said(values, "minimum_level"):
        given["minimum_level"] = _whole(values["minimum_level"], "minimum_level", 0)
    if _said(values, "tracking"):
        given["tracking"] = _tracking(values["tracking"])
    if _said(values, "return_required"):
        given["return_required"] = _flag(values["return_required"], "return_required")
    if _said(values, "weight"):
        given["weight_grams"] = _grams(values["weight"], values.get("weight_unit", ""))
    return PartRow(manufacturer=maker, part_number=part_number, given=given)


def stock_row(values: Mapping[str, str]) -> StockRow:
    """Read one row of a stock sheet. Raises Invalid naming the column and the value."""
    condition = CONDITIONS.get(values.get("condition", "").strip().casefold())
    if condition is None:
        raise Invalid("condition_unknown", field="condition", value=values["condition"].strip()[:60])
    return StockRow(
        manufacturer=_text(values, "manufacturer", 120),
        part_number=_text(values, "part_number", 120, needed=True),
        serial=_text(values, "serial", 80),
        quantity=_whole(values["quantity"], "quantity", 1) if _said(values, "quantity") else 1,
        bin=_text(values, "bin", 40, needed=True),
        condition=condition,
    )


def _said(values: Mapping[str, str], field: str) -> bool:
    return bool(values.get(field, "").strip())


def _text(values: Mapping[str, str], field: str, limit: int, *, needed: bool = False) -> str:
    text = " ".join(values.get(field, "").split())
    if needed and not text:
        raise Invalid("import_value_missing", field=field)
    if len(text) > limit:
        raise Invalid("import_value_too_long", field=field, limit=limit, length=len(text))
    return text


def _price(text: str) -> int:
    typed = text.strip().replace(",", "").replace("，", "").lstrip("¥￥")
    try:
        minor = Decimal(typed).scaleb(2)
    except InvalidOperation:
        raise Invalid("price_malformed", field="price", value=text.strip()[:60]) from None
    if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor <= MOST_MINOR:
        raise Invalid("price_malformed", field="price", value=text.strip()[:60])
    return int(minor)


def _currency(text: str) -> str:
    code = text.strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise Invalid("currency_malformed", field="currency", value=text.strip()[:60])
    return code


def _whole(text: str, field: str, least: int) -> int:
    typed = text.strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9 and least <= int(typed) <= MOST_PIECES):
        raise Invalid("whole_number_malformed", field=field, value=typed[:60], least=least, most=MOST_PIECES)
    return int(typed)


def _tracking(text: str) -> Tracking:
    word = text.strip().casefold()
    if word in SERIAL_WORDS:
        return Tracking.SERIAL
    if word in COUNTED_WORDS:
        return Tracking.COUNTED
    raise Invalid("tracking_unknown", field="tracking", value=text.strip()[:60])


def _flag(text: str, field: str) -> bool:
    word = text.strip().casefold()
    if word in YES | NO:
        return word in YES
    raise Invalid("flag_unknown", field=field, value=text.strip()[:60])


def _grams(text: str, unit: str) -> int | None:
    """Whole grams; a weight whose unit is not told counts as kilograms, as on carriers' forms."""
    factor = GRAMS.get(unit.strip().casefold() or "kg")
    try:
        weight = Decimal(text.strip())
    except InvalidOperation:
        raise Invalid("weight_malformed", field="weight", value=text.strip()[:60]) from None
    if factor is None or not weight.is_finite() or not 0 <= weight * factor <= 10_000_000:
        raise Invalid("weight_malformed", field="weight", value=f"{text.strip()} {unit.strip()}"[:60])
    return int((weight * factor).to_integral_value()) or None
