"""Background work: messages are sent, labels printed, imports run and stock offered to what waits for it, in a process of
their own or in threads of the web server.

Any number of workers may run; each piece of work is leased in the database, so none is done twice at once and none is
lost with a killed worker."""

import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import click
import structlog
from flask import Flask, current_app
from sqlalchemy import delete

from spares import settings
from spares.accounts.models import SignInAttempt
from spares.clock import now
from spares.config import Config
from spares.db import session, transaction
from spares.dispatch import waiting
from spares.dispatch.stock_queue import parts_to_offer
from spares.errors import SparesError
from spares.inventory import imports_work
from spares.labels.printing import print_next
from spares.once import RequestKey
from spares.outbox_delivery import deliver, lease_next

log = structlog.get_logger("spares.worker")
PAUSE_SECONDS = 1.0
TIDY_EVERY = timedelta(hours=1)
OFFER_EVERY = timedelta(minutes=1)
KEEP_REQUEST_KEYS = timedelta(days=30)
KEEP_ATTEMPTS = timedelta(days=90)


@click.command()
@click.option("--once", is_flag=True, help="Do what is waiting now, then stop.")
def worker(once: bool) -> None:
    """Send messages, print labels, run imports and offer stock to what waits for it, until stopped; a stop waits for the
    piece of work in hand."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if once:
        while work(app):
            pass
        return
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    click.echo("Waiting for work. Stop with Ctrl-C.")
    threads = _start(app, stopped, daemon=False)
    # Woken up now and then, so that a signal is handled: it is, only while the main thread runs.
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(PAUSE_SECONDS)


def run_in_thread(app: Flask) -> None:
    """Do the background work beside the web server. Daemons: leases bring back what a stop interrupts."""
    _start(app, threading.Event(), daemon=True)


def work(app: Flask) -> bool:
    """Do one piece of each kind of work; whether there was any."""
    done = [job(app, threading.Event()) for job in (import_rows, send_message, print_labels)]
    return any(done)


def import_rows(app: Flask, stopped: threading.Event) -> bool:
    """Run one import to its end, or to the end of a chunk once `stopped` is set; whether one was waiting."""
    with app.app_context():
        try:
            return imports_work.advance(now, stopping=stopped.is_set)
        finally:
            session.remove()


def send_message(app: Flask, _stopped: threading.Event) -> bool:
    """Send one message; whether one was due."""
    config: Config = app.config["SPARES_CONFIG"]
    if not config.smtp_url:
        return False
    with app.app_context():
        try:
            message_id = lease_next(now())
            if message_id is not None:
                deliver(message_id, smtp_url=config.smtp_url, mail_from=config.mail_from, now=now())
            return message_id is not None
        finally:
            session.remove()


def print_labels(app: Flask, _stopped: threading.Event) -> bool:
    """Send labels to one printer; whether any were due."""
    config: Config = app.config["SPARES_CONFIG"]
    with app.app_context():
        try:
            return print_next(config.printer_networks, now())
        finally:
            session.remove()


def offer_stock(app: Flask) -> None:
    """Offer what is free to the lines that wait for it, a part at a time: for those that were in somebody's hands when it
    came, or wait for more than came at first. What is wrong with one part keeps nothing from the others."""
    with app.app_context():
        try:
            for part_id in parts_to_offer():
                try:
                    with transaction():
                        waiting.offer(part_id, now=now())
                except SparesError as error:
                    log.error("stock_not_offered", part_id=part_id, code=error.code)
        finally:
            session.remove()


def tidy(app: Flask) -> None:
    """Forget request keys and sign-in attempts that are too old to matter."""
    moment = now()
    with app.app_context():
        with transaction():
            session.execute(delete(RequestKey).where(RequestKey.at < moment - KEEP_REQUEST_KEYS))
            session.execute(delete(SignInAttempt).where(SignInAttempt.at < moment - KEEP_ATTEMPTS))
        settings.forget()
        session.remove()


def _offer_minutely(app: Flask, stopped: threading.Event) -> bool:
    offer_stock(app)
    stopped.wait(OFFER_EVERY.total_seconds())
    return False


def _tidy_hourly(app: Flask, stopped: threading.Event) -> bool:
    tidy(app)
    stopped.wait(TIDY_EVERY.total_seconds())
    return False


def _start(app: Flask, stopped: threading.Event, *, daemon: bool) -> list[threading.Thread]:
    """A thread for each kind of work, so that a long import keeps no message waiting."""
    threads = [
        threading.Thread(target=_loop, args=(app, stopped, job), name=job.__name__, daemon=daemon)
        for job in (import_rows, send_message, print_labels, _offer_minutely, _tidy_hourly)
    ]
    for thread in threads:
        thread.start()
    return threads


def _loop(app: Flask, stopped: threading.Event, job: Callable[[Flask, threading.Event], bool]) -> None:
    while not stopped.is_set():
        try:
            busy = job(app, stopped)
        except Exception:
            log.exception("worker", job=job.__name__)
            busy = False
        if not busy:
            stopped.wait(PAUSE_SECONDS)
