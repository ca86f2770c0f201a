"""Copies an exchange that the services made, many times over: the same rows with other keys, serials, numbers and times.

Nothing of a row is known here but what its foreign keys say, so a new column or table needs no change; only what the
chains cover is counted anew (the ledger's digests, the timeline's hashes). Instants inside JSON stay the pattern's."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import Table, or_, select

from bench.bulk import Bulk
from bench.exchanges import ENGINEER, WAYBILL_BACK, WAYBILL_OUT, Cast, unit_with
from spares.cases.timeline import entry_hash
from spares.db import Base, session
from spares.inventory.ledger_digest import digest_of, posting_content
from spares.inventory.models import Condition
from spares.numbers import NumberKind, number

NUMBERED = {
    "service_case": NumberKind.CASE,
    "rma": NumberKind.RMA,
    "dispatch_order": NumberKind.DISPATCH_ORDER,
    "shipment": NumberKind.SHIPMENT,
}
CACHES = {"stock_balance", "request_key"}
FIRST = ("posting", "move", "timeline_entry")
"""Tables whose rows are copied before the others, since rows of the others repeat their digests."""


class Stocked(NamedTuple):
    """A unit in stock that a copy sends out: its opening move with its digest, and what it was received as."""

    unit_id: int
    part_id: int
    location_id: int
    move_id: int
    digest: str
    serial: str


class Others(NamedTuple):
    """Who and what takes the parts of the pattern's cast in one copy."""

    good: Stocked
    faulty_serial: str
    customer_id: int
    site_id: int
    engineer_id: int
    engineer_name: str


class Cell(NamedTuple):
    """A value that differs from copy to copy: the place in the row, how it is made, and from what."""

    place: int
    column: str
    how: str
    what: Any


@dataclass
class PatternRow:
    """One row of the pattern: its typed values, the driver's values, and the cells that differ."""

    table: str
    typed: dict[str, Any]
    raw: list[Any]
    cells: list[Cell]


def marks() -> dict[str, frozenset[Any]]:
    """The keys of every row there is, by table: what comes later is new."""
    return {table.name: frozenset(_keys(table)) for table in Base.metadata.sorted_tables if table.name not in CACHES}


def _keys(table: Table) -> list[Any]:
    return [tuple(row) for row in session.execute(select(*table.primary_key.columns))]


class Pattern:
    """The rows that one exchange added since `before`, ready to be copied."""

    def __init__(self, before: dict[str, frozenset[Any]], cast: Cast, good: str, faulty: str) -> None:
        unit = unit_with(good)
        states = Base.metadata.tables["unit_state"]
        self.good_id = unit.id
        self.rows: dict[str, list[dict[str, Any]]] = {}
        for table in Base.metadata.sorted_tables:
            if table.name not in CACHES:
                found = [dict(row._mapping) for row in session.execute(select(table))]
                old = before[table.name]
                keys = [column.name for column in table.primary_key.columns]
                new = [row for row in found if tuple(row[key] for key in keys) not in old]
                self.rows[table.name] = sorted(new, key=lambda row: [row[key] for key in keys])
        wanted = select(states).where(or_(states.c.unit_id == unit.id, states.c.unit_id.in_(self._ids("unit"))))
        self.rows["unit_state"] = [dict(row._mapping) for row in session.execute(wanted)]
        moves = Base.metadata.tables["move"]
        opening = session.execute(select(moves.c.id).where(moves.c.unit_id == unit.id).order_by(moves.c.id)).first()
        assert opening is not None
        self.part_of = {
            ("unit", unit.id): "unit",
            ("part", cast.part.id): "part",
            ("location", cast.bin.id): "bin",
            ("move", opening.id): "opening",
            ("customer", cast.customer.id): "customer",
            ("site", cast.site.id): "site",
            ("user_account", cast.engineer.id): "engineer",
        }
        self.places = {
            (table, row["id"]): place
            for table, rows in self.rows.items()
            for place, row in enumerate(rows)
            if "id" in row
        }
        self.counts = {name: len(rows) for name, rows in self.rows.items() if rows and "id" in rows[0]}
        self.texts = {
            good: "good",
            faulty: "faulty",
            ENGINEER: "engineer_name",
            WAYBILL_OUT: "out",
            WAYBILL_BACK: "back",
        }
        for name, kind in NUMBERED.items():
            if self.rows[name]:
                self.texts[number(kind, self.rows[name][0]["id"])] = name
        self.part_number = cast.part.part_number
        self.texts[self.part_number] = "part_number"

    def _ids(self, table: str) -> list[int]:
        return [row["id"] for row in self.rows[table]]

    def compiled(self, bulk: Bulk, by: timedelta) -> list[PatternRow]:
        """The rows moved in time, each with the cells that every copy fills in; those that others repeat come first."""
        tables = [name for name in FIRST if name in self.rows] + [name for name in self.rows if name not in FIRST]
        return [self._row(bulk, name, row, by) for name in tables for row in self.rows[name]]

    def _row(self, bulk: Bulk, name: str, row: dict[str, Any], by: timedelta) -> PatternRow:
        table = Base.metadata.tables[name]
        typed = {column: value + by if isinstance(value, (datetime, date)) else value for column, value in row.items()}
        raw, cells = [], []
        for place, column in enumerate(table.columns):
            value = typed[column.name]
            if isinstance(value, (dict, list)):
                value = json.dumps(value, ensure_ascii=False)
            raw.append(bulk.raw(name, column.name, value))
            how = self._how(name, column, value)
            if how is not None:
                cells.append(Cell(place, column.name, *how))
        return PatternRow(name, typed, raw, cells)

    def _how(self, name: str, column: Any, value: Any) -> tuple[str, Any] | None:
        if value is None:
            return None
        if (name, column.name) == ("posting", "request_key"):
            return "request_key", value.split(":")[0]
        targets = [key.column.table.name for key in column.foreign_keys] or ([name] if column.name == "id" else [])
        for target in targets:
            if (target, value) in self.places:
                return "new", (target, self.places[target, value])
            if (target, value) in self.part_of:
                return "other", self.part_of[target, value]
        if isinstance(value, str):
            held = tuple((text, part) for text, part in self.texts.items() if text in value)
            if held:
                return "text", held
        return None


class Copier:
    """Writes copies of one pattern, moved in time by `by`; keys go on from `next_ids`, which all copiers share.

    `balances` counts what the copies leave in depot places, by part, place and condition, and how much of it is held."""

    def __init__(
        self,
        bulk: Bulk,
        pattern: Pattern,
        by: timedelta,
        next_ids: dict[str, int],
        balances: Counter[tuple[int, int, Condition, str]],
        part_numbers: dict[int, str],
    ) -> None:
        self.bulk, self.pattern, self.next_ids, self.balances = bulk, pattern, next_ids, balances
        self.rows = pattern.compiled(bulk, by)
        self.part_numbers = part_numbers

    def copy(self, others: Others) -> None:
        """One exchange more."""
        ids = {table: self.next_ids[table] for table in self.pattern.counts}
        for table, count in self.pattern.counts.items():
            self.next_ids[table] += count
        good = others.good
        values: dict[str, Any] = {
            "unit": good.unit_id,
            "part": good.part_id,
            "bin": good.location_id,
            "opening": good.move_id,
            "customer": others.customer_id,
            "site": others.site_id,
            "engineer": others.engineer_id,
        }
        case = ids["service_case"]
        texts = {
            "good": good.serial,
            "faulty": others.faulty_serial,
            "engineer_name": others.engineer_name,
            "out": f"SF{case:012d}",
            "back": f"YT{case:012d}",
            "part_number": self.part_numbers[good.part_id],
            **{table: number(kind, ids[table]) for table, kind in NUMBERED.items() if table in ids},
        }
        chains = _Chains({good.unit_id: good.digest})
        for row in self.rows:
            self._one(row, ids, values, texts, chains)

    def _one(
        self,
        row: PatternRow,
        ids: dict[str, int],
        values: dict[str, Any],
        texts: dict[str, str],
        chains: "_Chains",
    ) -> None:
        raw, changed = row.raw.copy(), {}
        for place, column, how, what in row.cells:
            if how == "new":
                value: Any = ids[what[0]] + what[1]
            elif how == "other":
                value = values[what]
            elif how == "text":
                value = raw[place]
                for text, part in what:
                    value = value.replace(text, texts[part])
            else:
                value = f"{what}:copy-{ids['posting']}-{row.typed['id']}"
            raw[place] = changed[column] = value
        repeated = chains.follow(row, changed)
        if repeated:
            columns = list(row.typed)
            for column, value in repeated.items():
                raw[columns.index(column)] = value
        if row.table == "unit_state":
            self._count({**row.typed, **changed})
        self.bulk.add(row.table, tuple(raw))

    def _count(self, state: dict[str, Any]) -> None:
        key = (state["part_id"], state["location_id"], state["condition"])
        self.balances[(*key, "on_hand")] += 1
        if state["hold_id"] is not None:
            self.balances[(*key, "held")] += 1


class _Chains:
    """What the chains of one copy have come to: the digests of its units' moves, and the hash of its timeline."""

    def __init__(self, digests: dict[int, str]) -> None:
        self.digests = digests
        self.covered: dict[int, str] = {}
        self.head = ""

    def follow(self, row: PatternRow, changed: dict[str, Any]) -> dict[str, Any]:
        """The digests and hashes of this row, by column."""
        if row.table == "posting":
            self.covered[changed["id"]] = posting_content(row.typed | changed)
        elif row.table == "move":
            move = row.typed | changed
            digest = digest_of(move, self.covered[move["posting_id"]], self.digests.get(move["unit_id"], ""))
            self.digests[move["unit_id"]] = digest
            return {"digest": digest}
        elif row.table == "timeline_entry":
            typed = row.typed | changed | {"previous_hash": self.head}
            if "data" in changed:
                typed["data"] = json.loads(changed["data"])
            entry: Any = SimpleNamespace(**typed)
            before, self.head = self.head, entry_hash(entry)
            return {"previous_hash": before, "hash": self.head}
        elif row.table == "service_case":
            return {"timeline_head": self.head}
        return {}
