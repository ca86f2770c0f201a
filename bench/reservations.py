"""Reservations a second: the request page through HTTP, against the same rows written by hand on the same database.

Through HTTP four browsers send the form to `spares serve` in a process of its own: sign-in check, form, promise,
substitutes, chains, locks and all. The hand-written side is one connection that looks for a free unit and writes the rows,
in one transaction a reservation with the same durability. It checks nothing, counts no promise and chains no hash, so it
says what the database alone would allow, not what a product could reach."""

import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlencode

import psycopg
from sqlalchemy import select

from bench.bulk import Raw, raw_forms
from bench.databases import Kind, databases
from bench.depots import SECRET, Visited, depot
from bench.pages import Visit, prepare, request_form
from spares.accounts import sessions
from spares.accounts.models import Role, User
from spares.calendars.models import Depot
from spares.db import Base, db, session, transaction
from spares.inventory.models import Part

UNITS, CLIENTS, EACH = 10_000, 4, 50
COOKIE = "spares_session"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Browser:
    """One person at a browser: a connection that stays open, his cookies, and the token of his forms."""

    def __init__(self, port: int, sign_in: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies = {COOKIE: sign_in}
        found = _TOKEN.search(self.ask("GET", "/account")[1])
        assert found is not None
        self.token = found[1]

    def ask(self, method: str, address: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and body of an answer."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if data is not None:
            body = urlencode({"csrf_token": self.token, **data})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def reserve(self, visit: Visit, numbers: Sequence[int]) -> None:
        """These requests, one after the other."""
        for n in numbers:
            status, page = self.ask("POST", "/request", request_form(visit, n))
            assert status == 302, (status, page)


def through_http(visited: Visited, visit: Visit, url: str, folder: Path) -> float:
    """Seconds that all the requests took."""
    with visited.app.app_context(), transaction():
        user = session.get_one(User, visited.filled.users[Role.ENGINEER])
        now = datetime.now(UTC)
        tokens = [sessions.begin(user, address="127.0.0.1", agent="bench", now=now) for _ in range(CLIENTS)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"SPARES_DATABASE_URL": url, "SPARES_SECRET_KEY": SECRET, "SPARES_DATA_DIR": str(folder)}
    command = [sys.executable, "-c", "from spares.cli import main; main()", "serve", "--port", str(port), "--no-worker"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder)
        browsers = [Browser(port, token) for token in tokens]
        for place, browser in enumerate(browsers):
            browser.reserve(visit, [place])
        shares = [range(CLIENTS + place, CLIENTS + CLIENTS * EACH, CLIENTS) for place in range(CLIENTS)]
        begun = perf_counter()
        with ThreadPoolExecutor(CLIENTS) as people:
            list(people.map(lambda pair: pair[0].reserve(visit, pair[1]), zip(browsers, shares, strict=True)))
        return perf_counter() - begun
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError((folder / "server.log").read_text())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            sleep(0.2)
    raise TimeoutError("the server did not begin to listen")


class ByHand:
    """One connection of the driver, and the statements that a reservation cannot do without."""

    def __init__(self, kind: Kind, path: str) -> None:
        self.kind: Kind = kind
        if kind == "sqlite":
            self.sqlite = sqlite3.connect(path, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self.sqlite.execute(f"PRAGMA {pragma}")
        else:
            self.postgresql = psycopg.connect(path, autocommit=True)
        self.inserts: dict[str, tuple[str, dict[str, Any], dict[str, Raw | None]]] = {}

    def run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        if self.kind == "sqlite":
            return self.sqlite.execute(statement, values)
        return self.postgresql.execute(statement.replace("?", "%s").encode(), values)

    def insert(self, table: str, **values: Any) -> int:
        """One row, with the product's own defaults; gives its key."""
        if table not in self.inserts:
            columns = [c for c in Base.metadata.tables[table].columns if c.name != "id"]
            names, marks = ", ".join(f'"{c.name}"' for c in columns), ", ".join("?" * len(columns))
            back = " RETURNING id" if "id" in Base.metadata.tables[table].columns else ""
            defaults = {c.name: getattr(c.default, "arg", None) for c in columns}
            statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks}){back}'
            self.inserts[table] = statement, defaults, raw_forms(Base.metadata.tables[table], db.engine.dialect)
        statement, defaults, forms = self.inserts[table]
        row = []
        for name, default in defaults.items():
            value, form = values.get(name, default), forms[name]
            row.append(value if form is None or value is None else form(value))
        made = self.run(statement, row)
        return int(made.fetchone()[0]) if " RETURNING " in statement else 0

    def reserve(self, n: int, part_id: int, customer_id: int, engineer_id: int, depot_id: int) -> None:
        """The rows that the request page writes, in one transaction."""
        now, serial = datetime.now(UTC), f"HAND{n:06d}"
        at = {"case_id": 0, "part_id": part_id}
        self.run("BEGIN IMMEDIATE" if self.kind == "sqlite" else "BEGIN")
        unit_id, location_id = self.run(
            "SELECT s.unit_id, s.location_id FROM unit_state s JOIN location l ON l.id = s.location_id"
            " WHERE s.part_id = ? AND s.condition = 'good' AND s.hold_id IS NULL AND l.kind = 'bin' AND l.depot_id = ?"
            " LIMIT 1",
            (part_id, depot_id),
        ).fetchone()
        people = {"opened_by_id": engineer_id, "assigned_to_id": engineer_id}
        case = self.insert(
            "service_case", customer_id=customer_id, title="端口中断", level="C-2", opened_at=now, **people
        )
        at["case_id"] = case
        fault = {"serial": serial, "serial_key": serial, "level": "C-2", "finding": "自检失败", "confirmed_at": now}
        confirmation = self.insert("fault_confirmation", **at, **fault, recorded_at=now, confirmed_by_id=engineer_id)
        asked = {"kind": "advance_replacement", "requested_at": now, "requested_by_id": engineer_id}
        rma = self.insert("rma", case_id=case, confirmation_id=confirmation, **asked)
        promise = {"promise_kind": "same_day", "promise_reason": "before_cutoff", "promise_provisional": False}
        to = {"method": "courier", "consignee": "李工", "phone": "13800000000", "address": "河南省洛阳市"}
        order = self.insert(
            "dispatch_order",
            **{"rma_id": rma, "case_id": case, "depot_id": depot_id, "level": "C-2", "confirmed_at": now},
            **{"first_due_at": now, "due_at": now, "created_at": now, **promise, **to},
        )
        wanted = {"requested_part_id": part_id, "part_id": part_id, "quantity": 1, "state": "reserved"}
        owed = {"faulty_part_id": part_id, "faulty_serial": serial}
        line = self.insert("dispatch_line", order_id=order, line_no=1, **wanted, **owed)
        where = {"unit_id": unit_id, "location_id": location_id, "quantity": 1}
        hold = self.insert("hold", line_id=line, part_id=part_id, held_at=now, actor_id=engineer_id, **where)
        self.run("UPDATE unit_state SET hold_id = ? WHERE unit_id = ?", (hold, unit_id))
        self.run(
            "UPDATE stock_balance SET held = held + 1 WHERE part_id = ? AND location_id = ? AND condition = 'good'",
            (part_id, location_id),
        )
        whose = {"rma_id": rma, "customer_id": customer_id, "depot_id": depot_id, "line_id": line, **at}
        fault = {"serial": serial, "serial_key": serial, "quantity": 1, "state": "not_started"}
        self.insert("obligation", **whose, **fault, created_at=now)
        for sequence, kind in enumerate(("case_opened", "fault_confirmed", "spares_requested"), 1):
            said = {"kind": kind, "occurred_at": now, "recorded_at": now, "data": "{}"}
            who = {"actor_id": engineer_id, "actor_name": "engineer", "previous_hash": "", "hash": ""}
            self.insert("timeline_entry", case_id=case, sequence=sequence, **said, **who)
        self.insert("request_key", key=f"hand-{n:06d}", result=f"/rma/RMA-{rma:06d}", at=now)
        self.run("COMMIT")

    def close(self) -> None:
        (self.sqlite if self.kind == "sqlite" else self.postgresql).close()


def by_hand(visited: Visited, visit: Visit, kind: Kind) -> float:
    """Seconds that as many reservations take by hand, of stock that the browsers left."""
    with visited.app.app_context():
        parts = {part.part_number: part.id for part in session.scalars(select(Part))}
        depot_id = session.scalars(select(Depot.id)).one()
        url, engineer = db.engine.url, visited.filled.users[Role.ENGINEER]
        path = str(url.database) if kind == "sqlite" else url.set(drivername="postgresql").render_as_string(False)
        session.remove()
        hand = ByHand(kind, path)
        numbers = range(CLIENTS + CLIENTS * EACH, CLIENTS + 2 * CLIENTS * EACH)
        begun = perf_counter()
        for n in numbers:
            hand.reserve(n, parts[visit.wanted[n]], visit.customers[n % len(visit.customers)][2], engineer, depot_id)
        spent = perf_counter() - begun
        hand.close()
    return spent


def run(quick: bool = False, kind: Kind = "sqlite") -> dict[str, float]:
    """Reservations a second by each, and the product's share of what the database alone allows."""
    count = CLIENTS * EACH
    with tempfile.TemporaryDirectory(prefix="spares-bench-") as name, databases(kind, Path(name)) as fresh:
        url = fresh("reservations")
        with depot(url, UNITS // 5 if quick else UNITS) as visited:
            visit = prepare(visited, CLIENTS + 2 * count)
            spent = through_http(visited, visit, url, Path(name))
            alone = by_hand(visited, visit, kind)
    return {"http_per_second": count / spent, "raw_per_second": count / alone, "ratio": alone / spent}
