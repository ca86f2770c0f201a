"""Labels that tests draw: usual ones, and those that do not fit."""

from spares.labels.layout import BinLabel, CartonLabel, UnitLabel

URL = "https://spares.example.org"
NASTY = "^XZ^XA~JA^FO0,0^FDhi^FS <b>&amp;\\_5E >:>;\r\n\x1d"


def unit(**changes: str) -> UnitLabel:
    values = {
        "part_number": "WS-C2960X-48FPD-L",
        "manufacturer": "示例网络",
        "description": "48 口千兆 PoE 交换机，2 个 10G SFP+ 上行口",
        "serial": "FOC1932X0AB",
        "serial_words": "序列号",
        "base_url": URL,
    }
    return UnitLabel(**(values | changes))


def shelf(**changes: str) -> BinLabel:
    values = {"code": "A-01-02", "place": "一号库房", "depot": "郑州备件库", "base_url": URL}
    return BinLabel(**(values | changes))


def carton(**changes: object) -> CartonLabel:
    values: dict[str, object] = {
        "number": "SH-000123",
        "rma_number": "RMA-000042",
        "carton": 2,
        "carton_words": "第 2 箱，共 3 箱",
        "from_words": "发货方",
        "depot": "郑州备件库",
        "to_words": "收货方",
        "consignee": "王喆 138 0000 1234 · 洛龙数据中心",
        "address": "河南省洛阳市洛龙区开元大道 258 号 B 座 3 层",
        "base_url": URL,
    }
    return CartonLabel(**(values | changes))  # type: ignore[arg-type]
