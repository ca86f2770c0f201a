"""Labels reach a real socket through the outbox, wait for a printer that is off, and go to no other host."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares import worker
from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.calendars.models import Depot
from spares.db import session, transaction
from spares.errors import Conflict, Forbidden, NotFound
from spares.labels import printing, queries, services
from spares.labels.models import LabelSettings
from spares.labels.services import IN_ONE_MESSAGE, LabelValues
from spares.labels.words import PROBLEMS, problem_words
from spares.labels.zpl import zpl
from spares.outbox import Channel, Message, MessageState
from spares.outbox_delivery import ATTEMPTS, lease_next
from tests.conftest import NOON
from tests.factories import make_actor, make_depot
from tests.labels.making import shelf, unit

HERE = (ip_network("127.0.0.0/8"),)


class Printer:
    """Takes what is sent to it, as a label printer does: everything until the sender hangs up."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._server.accept()
            except OSError:
                return
            with peer:
                data = b""
                while part := peer.recv(65536):
                    data += part
                self.got.append(data)

    def wait_for(self, count: int) -> list[bytes]:
        """What was sent, once it is so many."""
        for _ in range(500):
            if len(self.got) >= count:
                break
            threading.Event().wait(0.01)
        return self.got

    def stop(self) -> None:
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def printer() -> Iterator[Printer]:
    found = Printer()
    yield found
    found.stop()


def set_printer(depot: Depot, port: int, host: str = "127.0.0.1") -> None:
    with transaction():
        services.change_settings(
            depot.id,
            LabelValues(printer_host=host, printer_port=port),
            queries.settings_of(depot.id).version,
            actor=SYSTEM,
            now=NOON,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(depot: Depot, count: int = 1) -> int:
    with transaction():
        return services.send(
            [unit(serial=f"S{n}") for n in range(count)], depot.id, title="Labels", actor=SYSTEM, now=NOON
        )


def message() -> Message:
    session.rollback()
    return session.scalars(
        select(Message).order_by(Message.id.desc()).execution_options(populate_existing=True)
    ).first()  # type: ignore[return-value]


def test_the_printer_gets_the_label_once(context: Flask, printer: Printer) -> None:
    depot = make_depot()
    set_printer(depot, printer.port)
    assert send(depot) == 1
    assert printer.got == [], "nothing leaves with the transaction"
    assert printing.print_next(HERE, NOON)
    assert printer.wait_for(1) == [zpl([unit(serial="S0")], 203).encode()]
    assert (message().state, message().sent_at, message().error) == (MessageState.SENT, NOON, "")
    assert not printing.print_next(HERE, NOON + timedelta(days=1))


def test_many_labels_go_in_parts_in_order(context: Flask, printer: Printer) -> None:
    depot = make_depot()
    set_printer(depot, printer.port)
    assert send(depot, 2 * IN_ONE_MESSAGE + 1) == 3
    while printing.print_next(HERE, NOON):
        pass
    got = b"".join(printer.wait_for(3))
    assert got == zpl([unit(serial=f"S{n}") for n in range(2 * IN_ONE_MESSAGE + 1)], 203).encode()


def test_a_printer_that_is_off_is_tried_again_and_says_so(context: Flask, printer: Printer) -> None:
    depot = make_depot()
    set_printer(depot, free_port())
    send(depot)
    assert printing.print_next(HERE, NOON)
    assert (message().state, message().attempts) == (MessageState.WAITING, 1)
    assert problem_words(message().error) == str(PROBLEMS["unreachable"])
    assert not printing.print_next(HERE, NOON + timedelta(seconds=14))
    set_printer(depot, printer.port)
    assert printing.print_next(HERE, NOON + timedelta(seconds=15))
    assert len(printer.wait_for(1)) == 1
    assert (message().state, message().attempts, message().error) == (MessageState.SENT, 2, "")


def test_it_is_given_up_after_half_an_hour_and_can_be_printed_then(context: Flask, printer: Printer) -> None:
    depot, actor = make_depot(), make_actor(Role.WAREHOUSE)
    set_printer(depot, free_port())
    send(depot)
    moment = NOON
    for attempt in range(ATTEMPTS):
        assert printing.print_next(HERE, moment)
        moment += printing.FIRST_PAUSE * 2**attempt
    assert timedelta(minutes=30) < moment - NOON < timedelta(minutes=70)
    assert message().state is MessageState.FAILED
    assert not printing.print_next(HERE, moment + timedelta(days=1))
    set_printer(depot, printer.port)
    with transaction():
        services.send_again(message().id, actor=actor, now=moment)
    assert printing.print_next(HERE, moment)
    assert len(printer.wait_for(1)) == 1


@pytest.mark.parametrize("networks", [(), (ip_network("10.0.0.0/8"),), (ip_network("::1/128"),)])
def test_an_address_outside_the_networks_is_not_connected_to(
    context: Flask, printer: Printer, networks: tuple[object, ...]
) -> None:
    depot = make_depot()
    set_printer(depot, printer.port)
    send(depot)
    assert printing.print_next(networks, NOON)  # type: ignore[arg-type]
    assert problem_words(message().error) == str(PROBLEMS["not_allowed"])
    assert (message().state, printer.got) == (MessageState.WAITING, [])


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "no.such.host.invalid"])
def test_no_spelling_of_a_host_gets_around_the_networks(context: Flask, printer: Printer, host: str) -> None:
    problem = printing.send_bytes(host, printer.port, b"^XA^XZ", (ip_network("10.0.0.0/8"),))
    assert problem is not None
    assert problem.partition(":")[0] in {"not_allowed", "unknown_host"}
    assert printer.got == []


def test_a_printer_that_takes_nothing_is_waited_for_no_longer_than_the_limit(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        problem = printing.send_bytes("127.0.0.1", silent.getsockname()[1], b"x" * 50_000_000, HERE)
    assert problem is not None
    assert problem.startswith("timed_out")


def test_a_printer_that_was_removed_says_so(context: Flask, printer: Printer) -> None:
    depot = make_depot()
    set_printer(depot, printer.port)
    send(depot)
    set_printer(depot, printer.port, host="")
    assert printing.print_next(HERE, NOON)
    assert problem_words(message().error) == str(PROBLEMS["no_printer"])
    assert printer.got == []


def test_a_depot_without_a_printer_is_refused_and_nothing_waits(context: Flask) -> None:
    depot = make_depot()
    with pytest.raises(Conflict) as refused, transaction():
        services.send([unit()], depot.id, title="x", actor=SYSTEM, now=NOON)
    assert refused.value.code == "label_printer_missing"
    assert session.scalar(select(func.count(Message.id))) == 0


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR])
def test_who_does_not_move_stock_prints_nothing(context: Flask, role: Role) -> None:
    depot, actor = make_depot(), make_actor(role)
    set_printer(depot, 9100)
    send(depot)
    message_id = message().id
    for act in (
        lambda: services.send([shelf()], depot.id, title="x", actor=actor, now=NOON),
        lambda: services.send_again(message_id, actor=actor, now=NOON),
        lambda: services.withdraw(message_id, actor=actor, now=NOON),
    ):
        with pytest.raises(Forbidden), transaction():
            act()
    assert (session.scalar(select(func.count(Message.id))), message().state) == (1, MessageState.WAITING)


def test_every_state_may_be_printed_again_and_only_what_waits_withdrawn(context: Flask) -> None:
    depot = make_depot()
    set_printer(depot, 9100)
    send(depot)
    for state in MessageState:
        for verb in (services.send_again, services.withdraw):
            with transaction():
                session.get_one(Message, message().id).state = state
            message_id = message().id
            if verb is services.withdraw and state is not MessageState.WAITING:
                with pytest.raises(Conflict) as refused, transaction():
                    verb(message_id, actor=SYSTEM, now=NOON)
                assert (refused.value.code, message().state) == ("labels_not_waiting", state)
                continue
            with transaction():
                verb(message_id, actor=SYSTEM, now=NOON)
            assert message().state is (MessageState.WITHDRAWN if verb is services.withdraw else MessageState.WAITING)


def test_what_is_being_sent_is_left_alone(context: Flask) -> None:
    depot = make_depot()
    set_printer(depot, 9100)
    send(depot)
    message_id = lease_next(NOON, Channel.PRINTER)
    assert message_id is not None
    for verb in (services.send_again, services.withdraw):
        with pytest.raises(Conflict) as refused, transaction():
            verb(message_id, actor=SYSTEM, now=NOON)
        assert refused.value.code == "labels_being_sent"


def test_mail_and_labels_keep_to_themselves(context: Flask, printer: Printer) -> None:
    from spares import outbox

    depot = make_depot()
    set_printer(depot, printer.port)
    send(depot)
    with transaction():
        outbox.enqueue(recipient="zhang@example.cn", subject="x", body="y", now=NOON)
    mail = message().id
    assert lease_next(NOON) == mail
    assert lease_next(NOON) is None
    assert printing.print_next(HERE, NOON)
    assert not printing.print_next(HERE, NOON)
    with pytest.raises(NotFound):
        services.send_again(mail, actor=SYSTEM, now=NOON)


def test_the_worker_prints(app: Flask, printer: Printer) -> None:
    with app.app_context():
        depot = make_depot()
        set_printer(depot, printer.port)
        send(depot)
        session.remove()
    assert worker.work(app) is True
    with app.app_context():
        assert problem_words(message().error) == str(PROBLEMS["not_allowed"]), "tests allow no network"
        assert session.scalars(select(LabelSettings.printer_port)).all() == [printer.port]
