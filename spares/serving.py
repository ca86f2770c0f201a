"""Making the database ready, and serving it."""

import logging
import signal
import sys
import threading
from types import FrameType

import click
import waitress
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy import inspect

from spares import settings
from spares.accounts.loopback import is_loopback
from spares.accounts.people import is_demo_database, nobody_yet
from spares.calendars.models import Depot
from spares.calendars.queries import depots
from spares.clock import now
from spares.config import Config
from spares.db import db, session, transaction
from spares.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from spares.inventory.places import ensure_places


def prepare() -> None:
    """Bring the database to the newest schema and make sure that there is a depot with its places. Harmless to repeat."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    with transaction():
        if not depots():
            session.add(Depot(code="ZZ", name="郑州备件库", name_en="Zhengzhou spares depot"))
            session.flush()
        for depot in depots():
            ensure_places(depot.id)


@click.command()
def init() -> None:
    """Make or upgrade the database, the first depot and its places.

    Nobody can sign in before `spares user add` has made the first administrator."""
    prepare()
    click.echo("The database is ready.")
    if nobody_yet():
        click.echo("Nobody can sign in yet. Make the first administrator with:")
        click.echo("  spares user add NAME --role administrator")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), envvar="PORT", default=8080, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--demo", is_flag=True, help="Prepare the database, and fill it with an invented company if it is empty.")
@click.option(
    "--worker/--no-worker", default=True, show_default=True, help="Do the background work in this process too."
)
def serve(host: str, port: int, threads: int, demo: bool, worker: bool) -> None:
    """Serve the web pages.

    A demo database has accounts that everybody knows, so it is served on a loopback address only, unless
    SPARES_SERVE_DEMO_PUBLICLY=1 says otherwise."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    config: Config = app.config["SPARES_CONFIG"]
    server = _listen(app, host, port, threads)
    if demo:
        prepare()
        if nobody_yet():
            from spares.demo.story import load

            click.echo("Loading demo data …")
            load(now())
    elif not inspect(db.engine).has_table("user_account"):
        raise click.ClickException("The database has not been made yet: run `spares init` first.")
    app.config["SPARES_DEMO_DATA"] = is_demo_database()
    if app.config["SPARES_DEMO_DATA"] and not is_loopback(host) and not config.serve_demo_publicly:
        raise click.ClickException(
            f"This is a demo database with well-known passwords; it is not served on {host}. "
            "Use a loopback address, or set SPARES_SERVE_DEMO_PUBLICLY=1 if you are sure."
        )
    session.remove()
    settings.forget()
    if worker:
        from spares.worker import run_in_thread

        run_in_thread(app)
    _tell(app, host, port)
    server.run()


def _listen(app: Flask, host: str, port: int, threads: int) -> waitress.server.BaseWSGIServer:
    """Take the port before anything else is done: a second start beside a running one changes nothing."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    try:
        return waitress.create_server(
            app, host=host, port=port, threads=threads, ident=None, clear_untrusted_proxy_headers=False
        )
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}:{port} ({error.strerror}). If something else uses the port, choose another one: "
            "PORT=8081 make run, or spares serve --port 8081."
        ) from error


def _tell(app: Flask, host: str, port: int) -> None:
    shown = "localhost" if is_loopback(host) else host
    click.echo(f"\nServing on http://{shown}:{port}")
    if app.config["SPARES_DEMO_DATA"]:
        click.echo(f"\nDemo accounts (password: {DEMO_PASSWORD}):")
        for username, role, name in DEMO_ACCOUNTS:
            click.echo(f"  {username:<12} {role.value:<14} {name}")
    click.echo("\nStop with Ctrl-C.")
    sys.stdout.flush()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    threading.excepthook = lambda _: None
    raise SystemExit(0)
