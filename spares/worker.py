"""Background work: messages are sent and imports run, in a process of their own or in a thread of the web server.

Any number of workers may run; each piece of work is leased in the database, so none is done twice at once and none is
lost with a killed worker."""

import signal
import threading
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
from spares.inventory import imports_work
from spares.once import RequestKey
from spares.outbox_delivery import deliver, lease_next

log = structlog.get_logger("spares.worker")
PAUSE_SECONDS = 1.0
TIDY_EVERY = timedelta(hours=1)
KEEP_REQUEST_KEYS = timedelta(days=30)
KEEP_ATTEMPTS = timedelta(days=90)


@click.command()
@click.option("--once", is_flag=True, help="Do what is waiting now, then stop.")
def worker(once: bool) -> None:
    """Send messages and run imports until stopped; a stop waits for the piece of work in hand."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if once:
        while work(app):
            pass
        return
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    click.echo("Waiting for work. Stop with Ctrl-C.")
    _loop(app, stopped)


def run_in_thread(app: Flask) -> threading.Thread:
    """Do the background work beside the web server. A daemon: leases bring back what a stop interrupts."""
    thread = threading.Thread(target=_loop, args=(app, threading.Event()), name="worker", daemon=True)
    thread.start()
    return thread


def work(app: Flask) -> bool:
    """Do one piece of work; whether there was any."""
    config: Config = app.config["SPARES_CONFIG"]
    with app.app_context():
        try:
            if imports_work.advance(now):
                return True
            if config.smtp_url:
                message_id = lease_next(now())
                if message_id is not None:
                    deliver(message_id, smtp_url=config.smtp_url, mail_from=config.mail_from, now=now())
                    return True
            return False
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


def _loop(app: Flask, stopped: threading.Event) -> None:
    tidied = None
    while not stopped.is_set():
        try:
            if tidied is None or now() - tidied > TIDY_EVERY:
                tidy(app)
                tidied = now()
            busy = work(app)
        except Exception:
            log.exception("worker")
            busy = False
        if not busy:
            stopped.wait(PAUSE_SECONDS)
