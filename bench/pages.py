"""The pages that people use most, at 1,000 and at 1,000,000 units: how long they take, and how many statements.

Each is asked through Flask's test client (no network, no server) by a person who signed in once: of the small depot and
of the large one in turn, so that a busy machine slows both, every time with other arguments. The statements of the sign-in
check are counted in. The growth is the large depot's time over the small one's."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bench.databases import Kind, databases
from bench.depots import Visited, depot
from spares.accounts.access import Actor
from spares.accounts.models import Role, User
from spares.cases.models import Customer, Site
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.inventory.models import Condition, Hold, Location, LocationKind, Part, Unit, UnitState
from spares.rma.models import Rma

SMALL, LARGE, QUICK = 1_000, 1_000_000, 50_000
WARM, ROUNDS = 10, 200
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Page:
    """One page: who asks, how many statements are aimed at, and how the `n`-th request is made."""

    name: str
    role: Role
    aim: int
    ask: Callable[["Visit", int], Any]
    status: int = 200


@dataclass
class Visit:
    """What the requests to one depot need: the arguments, drawn beforehand, and what earlier requests made."""

    visited: Visited
    serials: list[str] = field(default_factory=list)
    unit_ids: list[int] = field(default_factory=list)
    bins: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    customers: list[tuple[str, int, int]] = field(default_factory=list)
    part_ids: list[int] = field(default_factory=list)
    shelf: int = 0
    shipments: list[str] = field(default_factory=list)
    returns: list[tuple[str, str]] = field(default_factory=list)

    def get(self, role: Role, address: str) -> Any:
        return self.visited.client(role).get(address)

    def post(self, role: Role, address: str, data: dict[str, Any]) -> Any:
        sent = {"csrf_token": self.visited.token(role), **data}
        return self.visited.client(role).post(address, data=sent)


def prepare(visited: Visited, count: int) -> Visit:
    """Draw arguments that are spread over the whole depot."""
    visit = Visit(visited)
    with visited.app.app_context():
        bins = list(session.execute(select(Location.id, Location.code).where(Location.kind == LocationKind.BIN)))
        visit.bins = [code for _, code in bins]
        visit.shelf = bins[0].id
        free = (
            select(Unit.serial, Unit.id, Part.part_number, Part.id.label("part_id"))
            .join(UnitState, UnitState.unit_id == Unit.id)
            .join(Part, Part.id == Unit.part_id)
            .where(UnitState.condition == Condition.GOOD, UnitState.hold_id.is_(None))
            .where(UnitState.location_id.in_([key for key, _ in bins]))
            .order_by(Unit.serial_key)
        )
        rows = session.execute(free).all()
        rows = rows[:: max(1, len(rows) // count)][:count]
        visit.serials, visit.unit_ids = [row.serial for row in rows], [row.id for row in rows]
        visit.wanted, visit.part_ids = [row.part_number for row in rows], [row.part_id for row in rows]
        query = (
            select(Customer.name, Site.id, Customer.id)
            .join(Site, Site.customer_id == Customer.id)
            .order_by(Customer.id)
        )
        visit.customers = [(name, site, key) for name, site, key in session.execute(query)]
    return visit


def find(visit: Visit, n: int) -> Any:
    return visit.get(Role.WAREHOUSE, f"/units/find?q={visit.serials[n]}")


def scan(visit: Visit, n: int) -> Any:
    return visit.get(Role.WAREHOUSE, f"/scan?q={visit.serials[n]}")


def unit_page(visit: Visit, n: int) -> Any:
    return visit.get(Role.WAREHOUSE, f"/units/{visit.unit_ids[n]}")


def listed(visit: Visit, n: int) -> Any:
    return visit.get(Role.WAREHOUSE, f"/units?bin={visit.bins[n % len(visit.bins)]}")


def board(visit: Visit, n: int) -> Any:
    return visit.get(Role.WAREHOUSE, f"/board?page={n % 4 + 1}")


def overdue(visit: Visit, n: int) -> Any:
    return visit.get(Role.FINANCE, f"/reports/overdue?page={n % 3 + 1}")


def overdue_then(visit: Visit, n: int) -> Any:
    day = datetime.now(SHANGHAI).date() - timedelta(days=1 + n % 3)
    return visit.get(Role.FINANCE, f"/reports/overdue?as_of={day}")


def request_form(visit: Visit, n: int) -> dict[str, str]:
    """The request page's form: a new case, its fault confirmation, and one part that is in stock."""
    name, site, _ = visit.customers[n % len(visit.customers)]
    return {
        "request_key": f"bench-reserve-{n:06d}",
        "case_mode": "new",
        "customer": name,
        "title": "端口中断",
        "serial": f"BENCH{n:06d}",
        "part": visit.wanted[n],
        "level": "C-2",
        "confirmed_at": (datetime.now(SHANGHAI) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"),
        "finding": "自检失败",
        "wanted": visit.wanted[n],
        "quantity": "1",
        "site": str(site),
        "method": "courier",
        "consignee": "李工",
        "phone": "13800000000",
        "address": "河南省洛阳市洛龙区开元大道 258 号",
        "depot": "1",
    }


def reserve(visit: Visit, n: int) -> Any:
    return visit.post(Role.ENGINEER, "/request", request_form(visit, n))


def dispatch(visit: Visit, n: int) -> Any:
    data = {"request_key": f"bench-dispatch-{n:06d}", "version": "1", "carrier": "顺丰", "waybill": f"SFB{n:09d}"}
    return visit.post(Role.WAREHOUSE, f"/shipments/{visit.shipments[n]}/dispatch", data)


def receive(visit: Visit, n: int) -> Any:
    number, serial = visit.returns[n]
    data = {"request_key": f"bench-receive-{n:06d}", "serial": serial, "packages": "1"}
    return visit.post(Role.WAREHOUSE, f"/returns/receive/{number}", data)


def receive_stock(visit: Visit, n: int) -> Any:
    data = {
        "request_key": f"bench-stock-{n:06d}",
        "part_id": str(visit.part_ids[n]),
        "location_id": str(visit.shelf),
        "serial": f"NEW{n:06d}",
    }
    return visit.post(Role.WAREHOUSE, "/stock/receive", data)


def pack_reserved(visit: Visit) -> None:
    """Between the requests and the dispatches: pick and pack what was requested, by the services."""
    with visit.visited.app.app_context():
        user = session.get_one(User, visit.visited.filled.users[Role.WAREHOUSE])
        actor = Actor(id=user.id, name=user.display_name, role=user.role)
        query = (
            select(DispatchOrder.id, Unit.serial, DispatchLine.faulty_serial, Rma.id.label("rma_id"))
            .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
            .join(Rma, Rma.id == DispatchOrder.rma_id)
            .join(Hold, Hold.line_id == DispatchLine.id)
            .join(Unit, Unit.id == Hold.unit_id)
            .where(DispatchLine.faulty_serial.like("BENCH%"))
            .order_by(DispatchOrder.id)
        )
        now = datetime.now(UTC)
        for row in session.execute(query).all():
            with transaction():
                picking.pick_scanned(row.id, row.serial, actor=actor, now=now)
                shipment = shipping.pack(row.id, packages=1, weight_grams=4200, actor=actor, now=now)
            visit.shipments.append(shipment.number)
            visit.returns.append((f"RMA-{row.rma_id:06d}", row.faulty_serial))
        session.remove()


PAGES = (
    Page("find a serial", Role.WAREHOUSE, 3, find),
    Page("scan a serial", Role.WAREHOUSE, 3, scan, 302),
    Page("a unit's page", Role.WAREHOUSE, 6, unit_page),
    Page("list 50 units", Role.WAREHOUSE, 4, listed),
    Page("board", Role.WAREHOUSE, 5, board),
    Page("overdue", Role.FINANCE, 3, overdue),
    Page("overdue, a past day", Role.FINANCE, 4, overdue_then),
    Page("reserve", Role.ENGINEER, 8, reserve, 302),
    Page("dispatch", Role.WAREHOUSE, 8, dispatch, 302),
    Page("receive a return", Role.WAREHOUSE, 10, receive, 302),
    Page("receive new stock", Role.WAREHOUSE, 10, receive_stock, 302),
)


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def race(page: Page, visits: list[Visit]) -> dict[str, float]:
    """The page asked of both depots in turn."""
    times: list[list[float]] = [[] for _ in visits]
    most = 0
    for n in range(WARM + ROUNDS):
        for place, visit in enumerate(visits):
            before = visit.visited.statements
            begun = perf_counter()
            answer = page.ask(visit, n)
            spent = perf_counter() - begun
            assert answer.status_code == page.status, (page.name, answer.status_code, answer.get_data(as_text=True))
            if n >= WARM:
                times[place].append(spent)
                most = max(most, visit.visited.statements - before)
    small, large = times
    return {
        "p50_small": percentile(small, 0.5),
        "p50_large": percentile(large, 0.5),
        "p95_small": percentile(small, 0.95),
        "p95_large": percentile(large, 0.95),
        "p50_growth": percentile(large, 0.5) / percentile(small, 0.5),
        "p95_growth": percentile(large, 0.95) / percentile(small, 0.95),
        "statements": most,
        "statements_aim": page.aim,
    }


def run(quick: bool = False, kind: Kind = "sqlite") -> dict[str, dict[str, float]]:
    """Seconds at the percentiles, growth (at most 1.3, aim 1.15), and the most statements that a request took."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="spares-bench-") as folder, ExitStack() as stack:
        fresh = stack.enter_context(databases(kind, Path(folder)))
        visits = []
        for units in (SMALL, QUICK if quick else LARGE):
            visited = stack.enter_context(depot(fresh(f"units{units}"), units))
            filled = visited.filled
            print(f"  filled {units:,} units, {filled.parts:,} parts, {filled.bins} bins in {filled.seconds:.0f} s")
            visits.append(prepare(visited, WARM + ROUNDS))
        for page in PAGES:
            if page.name == "dispatch":
                for visit in visits:
                    pack_reserved(visit)
            found[page.name] = race(page, visits)
    return found
