"""The shared edge of every page: language, the words for refusals, formats, headers, and the error pages.

Slices register the words for their error codes with `explains` when their views are imported; `explain` puts a
SparesError into the reader's language. A test checks that no code raised anywhere is without words."""

import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from flask import Flask, Response, current_app, g, has_request_context, render_template, request
from flask import session as cookie
from flask_babel import Babel, gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from spares import settings
from spares.clock import now
from spares.db import session
from spares.errors import Conflict, SparesError

log = structlog.get_logger("spares.web")
csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])

LANGUAGES = {"zh-CN": "zh_Hans_CN", "zh-Hans-CN": "zh_Hans_CN", "zh": "zh_Hans_CN", "en": "en"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
PAGE_SIZE = 50
_OUT_OF_SPACE = re.compile("disk is full|No space left", re.IGNORECASE)
"""What SQLite and PostgreSQL say when there is no room."""
SECRET_FIELDS = ("password", "repeat", "current")
"""Names of fields that are never written into a page or a log."""


class Routes:
    """A slice's pages. Unlike a blueprint it adds no prefix: an endpoint is the view's own name, noun_verb, unique in the
    product, which is what `url_for` and the scan box speak in."""

    def __init__(self) -> None:
        self._rules: list[tuple[str, str, Any, list[str]]] = []

    def _add(self, rule: str, methods: list[str]) -> Callable[[View], View]:
        def keep(view: View) -> View:
            self._rules.append((rule, view.__name__, view, methods))
            return view

        return keep

    def get(self, rule: str) -> Callable[[View], View]:
        """A page that shows."""
        return self._add(rule, ["GET"])

    def post(self, rule: str) -> Callable[[View], View]:
        """An address that changes something."""
        return self._add(rule, ["POST"])

    def form(self, rule: str) -> Callable[[View], View]:
        """A page with a form: shown on GET, acted on by POST."""
        return self._add(rule, ["GET", "POST"])

    def add_all(self, others: "Routes") -> None:
        """Take in the pages of another module of the slice."""
        self._rules += others._rules

    def register(self, app: Flask) -> None:
        """Hang the slice's pages on the application."""
        for rule, endpoint, view, methods in self._rules:
            app.add_url_rule(rule, endpoint, view, methods=methods)


@dataclass(frozen=True)
class Hit:
    """A record that a scanned or typed text names. `kind` is a stable word for the caller to name it by, `label` what the
    person sees (a number, a serial), `endpoint` and `args` the page that opens it."""

    kind: str
    label: str
    endpoint: str
    args: dict[str, Any]


class RecordId(IntegerConverter):
    """`<int:…>` in an address: what no database column can hold is not found, rather than an error further in."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **({"max": 2**63 - 1} | options))

    def to_python(self, value: str) -> int:
        """The key. Raises ValidationError, which is not found, for more digits than int() takes too."""
        if len(value) > 19:
            raise ValidationError
        return int(super().to_python(value))


EXPLANATIONS: dict[str, Any] = {
    "not_allowed": _l("Your role does not allow this. Ask an administrator if you need it."),
    "not_found": _l("There is no such record, or you may not see it."),
    "stale_page": _l(
        "Somebody changed this record after you opened the page. Look at it again, then repeat your step."
    ),
    "busy": _l("The database is busy or cannot be written. Nothing was changed; please try again in a moment."),
    "disk_full": _l(
        "The server's disk is full. Nothing was changed. Ask an administrator to make room, then send it again."
    ),
    "clash": _l("Somebody else did the same thing at the same moment. Nothing was changed; please look again."),
    "unexpected": _l(
        "Something went wrong on our side. Nothing was changed. Tell the administrator the reference below."
    ),
    "text_too_long": _l("Enter at most %(limit)s characters."),
    "text_unreadable": _l("What was sent holds characters that cannot be stored. Nothing was changed; type it anew."),
    "reason_missing": _l("Enter a reason."),
    "request_key_missing": _l("The form arrived incomplete. Open the page again and repeat your step."),
    "date_out_of_range": _l("That date is outside the calendar that is known here."),
}


def explains(words: Mapping[str, Any]) -> None:
    """Register the words for a slice's error codes: lazy strings with %(fact)s places, or functions of the facts where a
    fact itself needs words (a state).

    Raises ValueError when a code has other words already: the facts that one slice gives need not fill the other's."""
    taken = sorted(code for code, said in words.items() if EXPLANATIONS.get(code, said) is not said)
    if taken:
        raise ValueError(f"these codes have words already: {', '.join(taken)}")
    EXPLANATIONS.update(words)


def explain(error: SparesError) -> str:
    """The refusal as a sentence in the reader's language."""
    words = EXPLANATIONS.get(error.code)
    if words is None:
        return f"{error.code}: " + ", ".join(f"{key} {value}" for key, value in error.facts.items())
    if callable(words):
        return str(words(error.facts))
    facts = {key: _shown(value) for key, value in error.facts.items()}
    return str(words) % facts if facts else str(words).replace("%%", "%")


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(v) for v in value)
    return value


def init_app(app: Flask) -> None:
    """Hang the shared edge on the application."""
    app.url_map.converters["int"] = RecordId
    Babel(app, locale_selector=locale, default_translation_directories="translations", default_locale="en")
    app.jinja_env.filters.update(instant=instant, day=day, money=money, duration=duration)
    app.context_processor(_page_context)
    app.before_request(_begin)
    app.after_request(_headers)
    app.register_error_handler(SparesError, _refused)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, _database_unavailable)
    app.register_error_handler(IntegrityError, _clash)
    app.register_error_handler(Exception, _unexpected)


def locale() -> str:
    """`zh_Hans_CN` or `en`: the person's own choice, else this browser's choice, else what the browser asks for."""
    if not has_request_context():
        return "zh_Hans_CN" if os.environ.get("LANG", "").startswith("zh") else "en"
    actor = g.get("actor")
    chosen = (actor.language if actor else "") or cookie.get("language", "")
    if chosen in LANGUAGES.values():
        return str(chosen)
    best = request.accept_languages.best_match(list(LANGUAGES), default="zh-CN")
    return LANGUAGES[best]


def page_language() -> str:
    """The value of the page's `lang` attribute."""
    return "zh-CN" if locale() == "zh_Hans_CN" else "en"


def _page_context() -> dict[str, Any]:
    return {
        "page_language": page_language(),
        "product_name": _product_name(),
        "demo_mode": current_app.config.get("SPARES_DEMO_DATA", False),
        "actor": g.get("actor"),
        "nav_items": [],
        "fresh_key": fresh_key,
        "_": gettext,
        "gettext": gettext,
        "ngettext": ngettext,
    }


def _product_name() -> str:
    """The name on every page, the page that says that the database is away among them."""
    try:
        return settings.current().product_name
    except SQLAlchemyError:
        session.rollback()
        return settings.Settings.product_name


def fresh_key() -> str:
    """A new key for a form that must act once."""
    return secrets.token_urlsafe(18)


def zone() -> ZoneInfo:
    """The zone in which pages show instants: the depots' own."""
    return ZoneInfo(settings.current().time_zone)


def instant(value: datetime | None, seconds: bool = False) -> str:
    """`2026-11-22 14:05`, depot-local; an empty string for no instant."""
    if value is None:
        return ""
    return value.astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def local_day(value: datetime) -> date:
    """The depot-local day of an instant."""
    return value.astimezone(zone()).date()


def day(value: date | None) -> str:
    """`2026-11-22`; an empty string for no day."""
    return "" if value is None else value.isoformat()


def money(minor: int | None, currency: str = "CNY") -> str:
    """`CNY 1,234.50` from minor units; an en dash where no price is known."""
    if minor is None:
        return "–"
    places = 0 if currency in {"JPY", "KRW"} else 2
    return f"{currency} {Decimal(minor).scaleb(-places):,.{places}f}"


def duration(value: timedelta) -> str:
    """`2 h 10 min` / `2 小时 10 分` of working or elapsed time; the sign is the caller's to explain."""
    minutes = int(abs(value).total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return str(gettext("%(minutes)d min", minutes=minutes))
    if not minutes:
        return str(gettext("%(hours)d h", hours=hours))
    return str(gettext("%(hours)d h %(minutes)d min", hours=hours, minutes=minutes))


def safe_next(target: str | None) -> str:
    """`target` when it is a path on this site, else the start page: a link cannot send people elsewhere.

    One leading slash, no backslash (browsers read it as a slash) and no control character (browsers drop them)."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(character) < 32 for character in target):
        return "/"
    return target


def check_version(seen: str | int | None, current: int) -> None:
    """Raises Conflict when the page was made from an older version of the record than the one in force."""
    if seen is not None and str(seen) != str(current):
        raise Conflict("stale_page")


@contextmanager
def refusals_on(form: FlaskForm) -> Iterator[None]:
    """Turn a refusal inside the block into errors of `form`, at the field it names, so that the page can be shown again
    with everything that was typed. Ask `form.errors` or `form.form_errors` afterwards whether it went well."""
    try:
        yield
    except SparesError as error:
        g.refusal_status = error.status
        words = explain(error)
        field = getattr(form, error.field, None) if error.field else None
        if field is not None:
            field.errors = [*field.errors, words]
        else:
            form.form_errors.append(words)


def refusal_status(default: int = 422) -> int:
    """The HTTP status for a form that is shown again."""
    return int(g.get("refusal_status", default))


def came_from_here() -> bool:
    """Whether the browser says that a page of this site sent the request; without a word from it, no."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin == f"{request.scheme}://{request.host}"


def sent_fields() -> list[tuple[str, str]]:
    """What was typed into the form that was sent, to be sent again: everything but secrets and files. Only to be shown
    when `came_from_here`, or another site could prepare a form for a person to confirm."""
    return [
        (name, value) for name, value in request.form.items(multi=True) if name not in {"csrf_token", *SECRET_FIELDS}
    ]


def page_number() -> int:
    """The page asked for, from 1; nonsense counts as the first."""
    text = request.args.get("page", "1")
    return max(1, min(int(text), 100_000)) if text.isdecimal() and len(text) < 7 else 1


def _begin() -> None:
    g.reference = secrets.token_hex(5)
    g.now = now()


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "geolocation=(), microphone=()"
    if current_app.config.get("SPARES_HTTPS"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def error_page(status: int, words: str = "", reference: str = "") -> tuple[str, int]:
    """The one page for everything that cannot be done; `reference` is for the administrator's log."""
    session.rollback()
    return render_template("errors/error.html", status=status, words=words, reference=reference), status


def _refused(error: SparesError) -> tuple[str, int]:
    level = log.warning if error.status == 403 else log.info
    level("refused", code=error.code, status=error.status, path=request.path, reference=g.get("reference"))
    return error_page(error.status, explain(error))


def _form_expired(error: CSRFError) -> tuple[str, int]:
    log.warning("csrf", reason=error.description, path=request.path)
    if request.form and came_from_here():
        return render_template(
            "errors/send_again.html", kept=sent_fields(), resend_to=request.full_path.rstrip("?")
        ), 400
    return error_page(400)


def http_error(error: HTTPException) -> BaseResponse | tuple[str, int]:
    if error.code is None or error.code < 400:
        return error.get_response()
    body, status = error_page(error.code)
    response = Response(body, status)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _database_unavailable(error: OperationalError) -> tuple[str, int]:
    """Busy, away, or out of space. A form of this site comes back ready to be sent again: its key is in it, so that it
    acts once even where only the answer was lost."""
    problem = str(error.orig)
    log.error("database", problem=problem, path=request.path, reference=g.get("reference"))
    words = str(EXPLANATIONS["disk_full" if _OUT_OF_SPACE.search(problem) else "busy"])
    if request.method != "POST" or "HX-Request" in request.headers or not came_from_here():
        return error_page(503, words, g.get("reference", ""))
    session.rollback()
    resend_to = request.full_path.rstrip("?")
    return render_template("errors/send_again.html", kept=sent_fields(), resend_to=resend_to, words=words), 503


def _clash(error: IntegrityError) -> tuple[str, int]:
    log.error("clash", problem=str(error.orig), path=request.path, reference=g.get("reference"))
    return error_page(409, str(EXPLANATIONS["clash"]), g.get("reference", ""))


def _unexpected(error: Exception) -> tuple[str, int]:
    log.exception("unexpected", path=request.path, reference=g.get("reference"))
    return error_page(500, str(EXPLANATIONS["unexpected"]), g.get("reference", ""))


def as_utc(value: datetime, zone_name: str) -> datetime:
    """A depot-local wall-clock time as typed (naive) as an instant."""
    return value.replace(tzinfo=ZoneInfo(zone_name)).astimezone(UTC)
