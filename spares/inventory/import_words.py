"""The words of imports: kinds, states, columns, what becomes of a row, and why one was refused."""

from typing import Any

from flask_babel import lazy_gettext as _l

from spares.accounts.audit_words import says
from spares.errors import SparesError
from spares.inventory.import_models import ImportKind, ImportState
from spares.inventory.import_outcome import Fate
from spares.inventory.models import Condition, LocationKind
from spares.inventory.words import CONDITIONS, PLACES
from spares.web import explain, explains

KINDS: dict[ImportKind, Any] = {ImportKind.PARTS: _l("Parts"), ImportKind.STOCK: _l("Opening stock")}
STATES: dict[ImportState, tuple[Any, str]] = {
    ImportState.PREVIEWED: (_l("to be checked"), "warn"),
    ImportState.WAITING: (_l("waiting"), "info"),
    ImportState.RUNNING: (_l("running"), "info"),
    ImportState.DONE: (_l("finished"), "good"),
    ImportState.CANCELLED: (_l("cancelled"), "neutral"),
    ImportState.FAILED: (_l("failed"), "bad"),
}
FATES: dict[Fate, tuple[Any, str]] = {
    Fate.NEW: (_l("new"), "good"),
    Fate.CHANGED: (_l("changed"), "info"),
    Fate.UNCHANGED: (_l("unchanged"), "neutral"),
    Fate.REFUSED: (_l("refused"), "bad"),
}
COLUMNS: dict[str, Any] = {
    "manufacturer": _l("Manufacturer"),
    "part_number": _l("Part number"),
    "model": _l("Model"),
    "name": _l("Name"),
    "description": _l("Description"),
    "category": _l("Category"),
    "price": _l("Price"),
    "currency": _l("Currency"),
    "minimum_level": _l("Minimum level"),
    "tracking": _l("Tracking"),
    "return_required": _l("Return required"),
    "weight": _l("Weight"),
    "weight_unit": _l("Weight unit"),
    "serial": _l("Serial number"),
    "bin": _l("Bin"),
    "quantity": _l("Quantity"),
    "condition": _l("Condition"),
}
ENCODINGS: dict[str, Any] = {
    "utf-8": "UTF-8",
    "utf-8-sig": _l("UTF-8 with byte order mark"),
    "gb18030": "GBK / GB18030",
    "utf-16": "UTF-16",
}
DELIMITERS: dict[str, Any] = {",": _l("comma"), ";": _l("semicolon"), "\t": _l("tab")}
ACCEPTED: dict[ImportKind, list[tuple[str, str, bool, Any]]] = {
    ImportKind.PARTS: [
        ("厂商", "manufacturer", True, _l("At most 120 characters.")),
        ("备件型号", "part_number", True, _l("At most 120 characters; unique per manufacturer.")),
        ("描述 / 型号 / 名称", "description / model / name", False, _l("Together at most 300 characters.")),
        ("类别", "category / kind", False, _l("At most 60 characters.")),
        ("管理方式", "tracking", False, _l("serial (序列号) or counted (数量); serial if left out.")),
        ("单价", "price", False, _l("A plain amount such as 12800 or 12,800.50.")),
        ("币种", "currency", False, _l("Three letters; CNY if left out.")),
        ("最低库存", "minimum_level", False, _l("A whole number.")),
        ("需返还", "return_required", False, _l("yes (是) or no (否); yes if left out.")),
        ("重量", "weight", False, _l("A number.")),
        ("重量单位", "weight_unit", False, _l("g, kg, lb or oz; kg if left out.")),
    ],
    ImportKind.STOCK: [
        ("厂商", "manufacturer", False, _l("Needed only when several manufacturers use the number.")),
        ("备件型号", "part_number", True, _l("Must be in the catalogue.")),
        ("序列号", "serial", False, _l("Needed for parts tracked by serial number.")),
        ("数量", "quantity", False, _l("For counted parts; 1 if left out.")),
        ("货位", "bin", True, _l("The code of a bin.")),
        ("状况", "condition", False, _l("good (良品), faulty (故障品) or to_inspect (待检); good if left out.")),
    ],
}
"""For each kind the columns that are understood: the Chinese title, the English one, whether it must be there, and what
stands in it."""

explains(
    {
        "import_no_rows": _l("The table has a header but no rows. Fill it in and upload it again."),
        "import_started": _l("%(number)s was started already."),
        "import_ended": _l("%(number)s has ended already."),
        "import_crashed": _l(
            "The import stopped behind row %(rows)s, and again each of the %(attempts)s times it was taken up. What was "
            "imported by then stays. Import the file again; if it stops again, tell the administrator."
        ),
        "import_value_missing": _l("The value is missing."),
        "import_value_too_long": _l("The text has %(length)s characters; at most %(limit)s are allowed."),
        "import_value_unreadable": _l("The text holds characters that cannot be shown. Type it anew."),
        "import_part_unknown": _l("No part in the catalogue has the number “%(value)s”. Import the parts first."),
        "import_part_ambiguous": _l("Several manufacturers use the number “%(value)s”: %(makers)s. Name one."),
        "import_unit_elsewhere": _l(
            "%(value)s is in the depot already: %(place)s, %(condition)s. Move it there instead."
        ),
        "import_place_unsuitable": _l("Stock cannot be put at %(value)s. Name a bin or the receiving area."),
        "import_currency_missing": _l("The part is priced in %(currency)s. Name the currency of this price."),
        "bin_unknown": _l("The depot has no bin %(value)s. Correct it, or import again and let missing bins be made."),
        "repeats_line": _l("Repeats line %(first_line)s (%(value)s)."),
        "counted_has_no_serial": _l("The part is counted, so there can be no serial number (%(value)s)."),
        "one_serial_one_piece": _l("A serial number is one piece, not %(value)s."),
        "bin_holds_other_quantity": _l(
            "The bin holds %(there)s already, the sheet says %(value)s. Adjust the stock instead."
        ),
        "condition_unknown": _l("“%(value)s” is no condition. Use good (良品), faulty (故障品) or to_inspect (待检)."),
        "price_malformed": _l("“%(value)s” is no price. Write a plain amount such as 12800 or 12,800.50."),
        "currency_malformed": _l("“%(value)s” is no currency. Use three letters, such as CNY."),
        "whole_number_malformed": _l("“%(value)s” is no whole number from %(least)s to %(most)s."),
        "tracking_unknown": _l("“%(value)s” is no way of tracking. Use serial (序列号) or counted (数量)."),
        "flag_unknown": _l("“%(value)s” is neither yes (是) nor no (否)."),
        "import_weight_malformed": _l("“%(value)s” is no weight. Write a number, and g, kg, lb or oz as its unit."),
    }
)
says(
    actions={
        "parts_imported": _l("Parts imported"),
        "stock_imported": _l("Stock imported"),
        "import_cancelled": _l("Import cancelled"),
        "import_failed": _l("Import failed"),
    },
    subjects={"import": _l("Import")},
    facts={
        "rows": _l("Rows"),
        "new": _l("New"),
        "changed": _l("Changed"),
        "unchanged": _l("Unchanged"),
        "refused": _l("Refused"),
    },
)


def column_word(key: str) -> str:
    """What a column is called; one of the file's own by the file's title."""
    return str(COLUMNS.get(key, key))


def sentence(error: SparesError) -> str:
    """The refusal in words, with columns, places and conditions called as people call them."""
    facts = dict(error.facts)
    if error.code == "columns_missing":
        facts["columns"] = [column_word(key) for key in facts["columns"]]
    if facts.get("place_kind", LocationKind.BIN) != LocationKind.BIN:
        facts["place"] = PLACES[LocationKind(facts["place_kind"])]
    if error.code == "import_unit_elsewhere":
        facts["condition"] = CONDITIONS[Condition(facts["condition"])]
    return explain(type(error)(error.code, field=error.field, **facts))
