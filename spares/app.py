"""The application: configuration in, pages and commands on. No logic of its own."""

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from spares import db, form_words, health, logs, page_above, unreadable, web
from spares.accounts import guard, loopback
from spares.accounts.sessions import identify
from spares.calendars.models import Depot
from spares.calendars.services import when_days_change, when_depot_added
from spares.cases.services import objects_to_closing
from spares.config import Config, from_environment
from spares.desk import navigation
from spares.dispatch import holding, stocktaking, waiting
from spares.dispatch.orders import recount_promises, refuse_while_open
from spares.files import words as file_words
from spares.inventory.holders import described_by
from spares.inventory.places import ensure_places
from spares.inventory.stock_carried import finds_carried
from spares.inventory.stocktake_holds import reserved_by
from spares.rma.carried import carried
from spares.rma.obligations import recount_returns
from spares.rma.served_mail import tell_served
from spares.sheets import words as sheet_words

HERE = Path(__file__).resolve().parent
SLICES = (
    "spares.accounts.views",
    "spares.calendars.views",
    "spares.labels.views",
    "spares.inventory.views",
    "spares.cases.views",
    "spares.dispatch.views",
    "spares.rma.views",
    "spares.reports.views",
    "spares.desk.views",
)


def shipped(name: str) -> Path:
    """A folder that lies beside the package in a checkout and inside it in a wheel."""
    beside = HERE.parent / name
    return beside if (HERE.parent / "pyproject.toml").exists() else HERE / name


def create_app(config: Config | None = None) -> Flask:
    """The WSGI application. Without `config` every setting is read from the environment."""
    config = config or from_environment()
    if not config.testing:
        logs.configure()
    app = Flask("spares", template_folder=str(shipped("templates")), static_folder=str(HERE / "static"))
    cookie_prefix = "__Host-" if config.https else ""
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME=f"{cookie_prefix}spares_form",
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SPARES_SIGN_IN_COOKIE=f"{cookie_prefix}spares_session",
        SPARES_HTTPS=config.https,
        SPARES_BASE_URL=config.base_url,
        SPARES_CONFIG=config,
        SPARES_DEMO_DATA=config.demo,
        MAX_CONTENT_LENGTH=config.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_I18N_ENABLED=True,
        TESTING=config.testing,
        DEBUG=config.debug,
        BABEL_DEFAULT_LOCALE="en",
    )
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies)  # type: ignore[method-assign]
    db.init_app(app, config.database_url)
    Migrate(app, db.db, directory=str(shipped("migrations")), render_as_batch=True)
    web.init_app(app)
    health.init_app(app, shipped("migrations"))
    for words in (sheet_words.WORDS, file_words.WORDS):
        web.explains(words)
    form_words.install()
    loopback.init_app(app)
    guard.init_app(app, identify)
    unreadable.init_app(app)
    page_above.init_app(app)
    for name in SLICES:
        import_module(name).routes.register(app)
    for recount in (recount_promises, recount_returns):
        when_days_change(recount)
    when_depot_added(_with_places)
    objects_to_closing(refuse_while_open)
    described_by(holding.holders)
    finds_carried(carried)
    reserved_by(stocktaking)
    db.at_the_end(waiting.serve_freed)
    waiting.when_served(tell_served)
    app.context_processor(navigation.page_context)
    return app


def _with_places(depot: Depot) -> None:
    ensure_places(depot.id)
