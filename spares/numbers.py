"""The numbers that stand on paper and screens, and how scanned text becomes one of them.

A record's number is its kind's prefix and its row's key, so it is known in the transaction that makes the record, needs
no counter that requests would queue for, and finding a record by number is a look-up by key."""

import re
import unicodedata
from enum import StrEnum


class NumberKind(StrEnum):
    """What a number names; the value is the prefix that people see."""

    CASE = "CS"
    RMA = "RMA"
    DISPATCH_ORDER = "DO"
    SHIPMENT = "SH"
    POSTING = "PO"
    IMPORT = "IM"
    STOCKTAKE = "STK"


_NUMBER = re.compile(r"^(CS|RMA|DO|SH|PO|IM|STK)-?(\d{1,15})$")


def number(kind: NumberKind, key: int) -> str:
    """`RMA-000042` for the RMA whose key is 42."""
    return f"{kind.value}-{key:06d}"


def parse(text: str) -> tuple[NumberKind, int] | None:
    """The kind and key of a number typed or scanned in any of the ways people do (`rma42`, `RMA-000042`), or None."""
    found = _NUMBER.match(scan_key(text))
    return (NumberKind(found[1]), int(found[2])) if found else None


def key_of(kind: NumberKind, text: str) -> int | None:
    """The key in `text` when it is a number of this kind, else None."""
    found = parse(text)
    return found[1] if found and found[0] is kind else None


def scan_key(text: str) -> str:
    """The form under which serials, part numbers and waybills are compared: full-width folded, no white space or control
    characters, upper case. A scanner may add line ends, a Chinese input method full-width letters, a person spaces."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf"}).upper()
