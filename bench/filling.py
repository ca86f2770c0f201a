"""Fills an empty, migrated database with a depot of so many units, as one that has worked for years.

What grows with the units is the closed history: a tenth of them went out in exchanges that are settled, and as many
faulty ones came back. What is open stays the same few hundred, of as many customers: a depot's day does not grow with
its archive. Parts and bins are as many as a depot of that size has."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import func, insert, select

from bench.bulk import Bulk
from bench.copies import Copier, Others, Pattern, Stocked, marks
from bench.exchanges import ENGINEER, Cast, Course, play, stock
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role, User
from spares.calendars.models import Depot
from spares.cases.models import Customer, Site
from spares.db import Base, db, session, transaction
from spares.inventory import ledger_stock, places
from spares.inventory.ledger_digest import digest_of, posting_content
from spares.inventory.models import Condition, Location, LocationKind, Part, PostingKind
from spares.numbers import scan_key

OPEN, OVERDUE, RUNNING = 200, 150, 50
ENGINEERS, CUSTOMERS = 40, 200
OPENING_SIZE = 100
"""Units in one opening posting."""
YEARS = 4


@dataclass(frozen=True)
class Depots:
    """What was filled, for whoever asks pages of it. `free` are the serials of good unheld units with their parts."""

    units: int
    parts: int
    bins: int
    seconds: float
    users: dict[Role, int]


def serial_of(number: int) -> str:
    """A serial like a maker's, in no order: makers' serials do not come in the order that units arrive in."""
    return f"21{(number * 2654435761) % 2**32:08X}{number % 97:02d}"


def fill(units: int, now: datetime) -> Depots:
    """Needs an application context on an empty migrated database; nothing else may be connected to it."""
    begun = perf_counter()
    parts, bins = max(50, min(3000, units // 20)), max(10, min(500, units // 100))
    closed = units // 10
    users = _people(now)
    depot_id, bin_ids, part_ids = _catalogue(parts, bins)
    sites = _customers(CUSTOMERS)
    patterns = _patterns(users, now)
    session.rollback()
    filler = _Filler(users, depot_id, bin_ids, part_ids, sites, now)
    with Bulk() as bulk:
        filler.write(bulk, units - closed, closed, patterns)
    db.engine.dispose()
    return Depots(units, parts, bins, perf_counter() - begun, {Role(u.role): u.id for u in users[: len(Role)]})


def _people(now: datetime) -> list[User]:
    """One person a role, then the engineers; the pattern's engineer comes last."""
    begun = now - timedelta(days=YEARS * 366)
    names = [(role, f"{role.value}") for role in Role]
    names += [(Role.ENGINEER, f"工程师 {n}") for n in range(ENGINEERS)] + [(Role.ENGINEER, ENGINEER)]
    users = [
        User(username=name, username_key=name.casefold(), display_name=name, role=role, created_at=begun)
        for role, name in names
    ]
    with transaction():
        session.add_all(users)
    return users


def _catalogue(parts: int, bins: int) -> tuple[int, list[int], list[int]]:
    depot = Depot(code="ZZ", name="郑州备件库", name_en="Zhengzhou depot", address="河南省郑州市高新区莲花街 11 号")
    with transaction():
        session.add(depot)
        session.flush()
        places.ensure_places(depot.id)
        codes = [f"{chr(65 + n // 50)}-{n // 10 % 5 + 1:02d}-{n % 10 + 1:02d}" for n in range(bins)]
        made = [
            Location(kind=LocationKind.BIN, code=code, code_key=scan_key(code), depot_id=depot.id) for code in codes
        ]
        session.add_all(made)
        makers = ("华为", "新华三", "锐捷", "中兴", "迈普")
        rows = [
            {
                "manufacturer": makers[n % 5],
                "manufacturer_key": scan_key(makers[n % 5]),
                "part_number": f"0235{n:05d}",
                "part_number_key": f"0235{n:05d}",
                "description": f"接口板 {n % 48 + 1} 端口",
                "category": ("接口板", "主控板", "电源", "光模块")[n % 4],
                "price_minor": 10_000 + n * 137,
            }
            for n in range(parts)
        ]
        session.execute(insert(Part), rows)
        session.flush()
        ids = list(session.scalars(select(Part.id).order_by(Part.id)))
    return depot.id, [one.id for one in made], ids


def _customers(count: int) -> list[tuple[int, int]]:
    """Customers with a site each."""
    with transaction():
        customers = [Customer(code=f"KH{n:05d}", name=f"示例客户 {n:05d}") for n in range(count)]
        session.add_all(customers)
        session.flush()
        sites = [
            Site(
                customer_id=customer.id,
                name="主机房",
                address="河南省洛阳市洛龙区开元大道 258 号",
                contact_name="李工",
                contact_phone="13800000000",
            )
            for customer in customers
        ]
        session.add_all(sites)
        session.flush()
    return [(site.customer_id, site.id) for site in sites]


def _patterns(users: list[User], now: datetime) -> dict[str, Pattern]:
    """One exchange of each kind, by the services."""
    person = users[-1]
    part = Part(
        manufacturer="样板",
        manufacturer_key="样板",
        part_number="PATTERN-PART",
        part_number_key="PATTERN-PART",
        price_minor=123_400,
    )
    chief = next(user for user in users if user.role is Role.RMA_ADMIN)
    with transaction():
        session.add(part)
    location = session.scalars(select(Location).where(Location.kind == LocationKind.BIN).order_by(Location.id)).first()
    site = session.scalars(select(Site).order_by(Site.id)).first()
    assert location is not None and site is not None
    cast = Cast(
        part=part,
        bin=location,
        customer=session.get_one(Customer, site.customer_id),
        site=site,
        engineer=Actor(id=person.id, name=person.display_name, role=person.role),
        chief=Actor(id=chief.id, name=chief.display_name, role=chief.role),
    )
    day = timedelta(days=1)
    old, late, young = now - 70 * day, now - 40 * day, now - 7 * day
    courses = {
        "closed": Course(old, old + day / 24, old + 3 * day, old + 9 * day),
        "overdue": Course(late, late + day / 24, late + 3 * day),
        "running": Course(young, young + day / 24, young + 2 * day),
        "open": Course(now - day / 24),
    }
    found = {}
    for name, course in courses.items():
        stock(name, cast, course.asked - day)
        before = marks()
        good, faulty = play(name, cast, course)
        session.expire_all()
        found[name] = Pattern(before, cast, good, faulty)
    return found


class _Filler:
    """Writes the stock, then the copies, then the caches that follow from both."""

    def __init__(
        self,
        users: list[User],
        depot_id: int,
        bin_ids: list[int],
        part_ids: list[int],
        sites: list[tuple[int, int]],
        now: datetime,
    ) -> None:
        self.chance = random.Random(7)
        self.engineers = [(user.id, user.display_name) for user in users[len(Role) : -1]]
        self.bins, self.parts, self.sites, self.now = bin_ids, part_ids, sites, now
        self.supplier = places.outside(LocationKind.SUPPLIER)
        numbers = session.execute(select(Part.id, Part.part_number))
        self.part_numbers: dict[int, str] = {row.id: row.part_number for row in numbers}
        self.depot_places = {key for key in session.scalars(select(Location.id)) if ledger_stock.in_depot(key)}
        self.next_ids = {
            table.name: (session.scalar(select(func.max(table.c.id))) or 0) + 1
            for table in Base.metadata.sorted_tables
            if "id" in table.columns
        }
        self.balances: Counter[tuple[int, int, Condition, str]] = Counter()
        session.rollback()

    def write(self, bulk: Bulk, stocked: int, closed: int, patterns: dict[str, Pattern]) -> None:
        """`stocked` units received, `closed` exchanges in the past, and the few hundred that are open."""
        counts = {"closed": closed, "overdue": OVERDUE, "running": RUNNING, "open": OPEN}
        chosen = self.chance.sample(range(stocked), sum(counts.values()))
        units = self._stock(bulk, stocked, frozenset(chosen))
        order = iter(chosen)
        faulty = stocked
        for name, count in counts.items():
            for by, copies in self._spread(name, count):
                copier = Copier(bulk, patterns[name], by, self.next_ids, self.balances, self.part_numbers)
                for _ in range(copies):
                    copier.copy(self._others(units[next(order)], faulty))
                    faulty += 1
        self._balances(bulk)
        self._sessions(bulk, stocked // 50)

    def _spread(self, name: str, count: int) -> list[tuple[timedelta, int]]:
        """How the copies lie in the past: the closed ones over years, what is open over days or weeks."""
        steps, unit = {"closed": (YEARS * 52, 7), "overdue": (4, 7), "running": (3, 1), "open": (3, 1)}[name]
        shares = [count // steps + (n < count % steps) for n in range(steps)]
        return [(timedelta(days=-unit * n), share) for n, share in reversed(list(enumerate(shares))) if share]

    def _others(self, good: Stocked, faulty: int) -> Others:
        customer_id, site_id = self.chance.choice(self.sites)
        return Others(good, serial_of(faulty + 10**9), customer_id, site_id, *self.chance.choice(self.engineers))

    def _stock(self, bulk: Bulk, count: int, chosen: frozenset[int]) -> dict[int, Stocked]:
        """Receive the units; gives those that copies send out, whose states the copies write."""
        began = self.now - timedelta(days=YEARS * 366)
        found: dict[int, Stocked] = {}
        covered, posting_id = "", 0
        unit_id, move_id = self.next_ids["unit"], self.next_ids["move"]
        self.next_ids["unit"] += count
        self.next_ids["move"] += count
        for n in range(count):
            if n % OPENING_SIZE == 0:
                posting_id, covered = self._opening(bulk, began + timedelta(minutes=n // OPENING_SIZE))
            part_id = self.parts[n % len(self.parts)]
            location_id = self.bins[(n % len(self.parts) * 7 + n // len(self.parts) % 2) % len(self.bins)]
            serial = serial_of(n)
            move = {
                "id": move_id + n,
                "posting_id": posting_id,
                "part_id": part_id,
                "unit_id": unit_id + n,
                "quantity": 1,
                "from_location_id": self.supplier,
                "from_condition": Condition.GOOD,
                "to_location_id": location_id,
                "to_condition": Condition.GOOD,
                "previous_id": None,
            }
            digest = digest_of(move, covered, "")
            self._write_stocked(bulk, move, digest, serial, n not in chosen)
            if n in chosen:
                found[n] = Stocked(unit_id + n, part_id, location_id, move_id + n, digest, serial)
        return found

    def _write_stocked(self, bulk: Bulk, move: dict[str, Any], digest: str, serial: str, stays: bool) -> None:
        unit_id, part_id, location_id = move["unit_id"], move["part_id"], move["to_location_id"]
        bulk.add_named("unit", {"id": unit_id, "part_id": part_id, "serial": serial, "serial_key": serial})
        bulk.add_named("move", {**move, "digest": digest})
        if stays:
            state = {"unit_id": unit_id, "part_id": part_id, "location_id": location_id, "last_move_id": move["id"]}
            bulk.add_named("unit_state", {**state, "condition": Condition.GOOD})
            self.balances[part_id, location_id, Condition.GOOD, "on_hand"] += 1

    def _opening(self, bulk: Bulk, at: datetime) -> tuple[int, str]:
        posting_id = self.next_ids["posting"]
        self.next_ids["posting"] += 1
        posting = {
            "id": posting_id,
            "kind": PostingKind.OPENING,
            "request_key": f"opening:{posting_id}",
            "occurred_at": at,
            "recorded_at": at,
            "actor_id": SYSTEM.id,
            "reason": "",
            "reference": "",
            "case_id": None,
            "reverses_id": None,
        }
        bulk.add_named("posting", posting)
        return posting_id, posting_content(posting)

    def _balances(self, bulk: Bulk) -> None:
        """The patterns' own exchanges are in the database already: their part has no other units."""
        for part_id, location_id, condition, what in list(self.balances):
            if what == "on_hand" and location_id in self.depot_places:
                key = (part_id, location_id, condition)
                row = {"part_id": part_id, "location_id": location_id, "condition": condition}
                amounts = {"on_hand": self.balances[(*key, "on_hand")], "held": self.balances[(*key, "held")]}
                bulk.add_named("stock_balance", row | amounts)

    def _sessions(self, bulk: Bulk, count: int) -> None:
        """Sessions that have ended and forms that were sent: every request looks among them."""
        for n in range(count):
            at = self.now - timedelta(minutes=n + 60)
            ended = {"created_at": at, "last_seen_at": at, "ended_at": at, "address": "192.0.2.1", "agent": ""}
            person = {"user_id": self.engineers[n % ENGINEERS][0], "ended_because": "signed_out"}
            bulk.add_named(
                "user_session", {"id": self.next_ids["user_session"] + n, "token_hash": f"{n:064x}"} | ended | person
            )
            bulk.add_named("request_key", {"key": f"past-{n:08d}", "result": "/", "at": at})
