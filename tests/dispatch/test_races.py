"""Two people do the same thing at once: one acts, the other is told or is led to the same result."""

import threading
from collections import Counter
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.dispatch import cancelling, picking, shipping
from spares.dispatch.models import DispatchLine, Document, DocumentPrint, Shipment
from spares.errors import SparesError
from spares.inventory.ledger_check import verify
from spares.inventory.models import Posting, PostingKind
from spares.rma import receipts
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form
from tests.dispatch.making import make_exchange, pack_all, pick_all
from tests.factories import make_bin, make_depot, make_part, put_stock


def at_once(app: Flask, *acts: Callable[[], object]) -> Counter[str]:
    """Run the acts in threads with contexts of their own, each in a transaction; counts how they ended."""
    start = threading.Barrier(len(acts))
    ended: list[str] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    act()
            except SparesError as error:
                ended.append(error.code)
            else:
                ended.append("done")
            finally:
                session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ended) == len(acts)
    return Counter(ended)


def test_two_people_pick_the_same_order_at_once(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1", "S2", "S3"], make_bin(depot))
        order_id = make_exchange(depot, part).order.id
        session.remove()
    ended = at_once(
        app,
        *(
            lambda serial=serial: picking.pick_scanned(order_id, serial, actor=SYSTEM, now=NOON)  # type: ignore[misc]
            for serial in ("S2", "S3", "S2", "S3")
        ),
    )
    assert ended == {"done": 2, "nothing_to_pick": 2}
    with app.app_context():
        (line,) = session.scalars(select(DispatchLine)).all()
        assert line.unit is not None and line.unit.serial in {"S2", "S3"}
        assert list(verify()) == []
        session.remove()


def test_the_same_shipment_is_dispatched_once(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        shipment_id = pack_all(make_exchange(depot, part).order).id
        session.remove()
    ended = at_once(
        app,
        *(
            lambda waybill=f"SF100{n}": receipts.dispatch_shipment(  # type: ignore[misc]
                shipment_id, carrier="顺丰", waybill=waybill, actor=SYSTEM, now=NOON
            )
            for n in range(4)
        ),
    )
    assert ended == {"done": 1, "shipment_not_allowed": 3}
    with app.app_context():
        assert session.scalar(select(func.count()).where(Posting.kind == PostingKind.DISPATCH)) == 1
        assert list(verify()) == []
        session.remove()


def test_packing_and_cancelling_at_once_leave_one_of_the_two(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        order = make_exchange(depot, part).order
        pick_all(order)
        session.remove()
    ended = at_once(
        app,
        lambda: shipping.pack(order.id, packages=1, weight_grams=None, actor=SYSTEM, now=NOON),
        lambda: cancelling.cancel_lines(order.id, reason="误报", actor=SYSTEM, now=NOON),
    )
    with app.app_context():
        states = session.scalars(select(DispatchLine.state)).all()
        shipments = session.scalars(select(Shipment.state)).all()
        assert (states, shipments, ended) in (
            (["cancelled"], ["reopened"], {"done": 2}),
            (["cancelled"], [], {"done": 1, "nothing_picked": 1}),
        )
        assert list(verify()) == []
        session.remove()


def test_the_same_form_sent_at_once_acts_once_and_both_see_the_result(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        pack_all(make_exchange(depot, part).order)
        session.remove()
    clients = [browser(app) for _ in range(3)]
    start = threading.Barrier(3)
    answers: list[tuple[str | None, str | None]] = []

    def run(client: object) -> None:
        start.wait()
        gone = send_form(
            client,
            "/shipments/SH-000001/dispatch",
            "one-and-the-same",
            carrier="顺丰",
            waybill="SF1001",
            version=1,  # type: ignore[arg-type]
        )
        printed = send_form(client, "/shipments/SH-000001/slip", "another-single-key")  # type: ignore[arg-type]
        answers.append((gone.location, printed.location))

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [("/shipments/SH-000001", "/documents/1/1.pdf")] * 3
    with app.app_context():
        assert session.scalar(select(func.count()).where(Posting.kind == PostingKind.DISPATCH)) == 1
        assert session.scalar(select(func.count()).select_from(Document)) == 1
        assert session.scalar(select(func.count()).select_from(DocumentPrint)) == 1
        session.remove()


def test_prints_at_once_get_numbers_of_their_own(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        pack_all(make_exchange(depot, part).order)
        session.remove()
    clients = [browser(app) for _ in range(3)]
    start = threading.Barrier(3)
    answers: list[str | None] = []

    def run(client: object) -> None:
        start.wait()
        answers.append(send_form(client, "/shipments/SH-000001/slip").location)  # type: ignore[arg-type]

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(str(answer) for answer in answers) == [f"/documents/1/{copy}.pdf" for copy in (1, 2, 3)]
