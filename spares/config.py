"""Settings of the process, from the environment. Read by `spares.app` alone; everything that people change while it runs
(names, addresses, terms, limits) is data instead: see `spares.settings`."""

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from spares.errors import Invalid

PRIVATE_NETWORKS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
"""Where label printers stand unless SPARES_PRINTER_NETWORKS says otherwise: in the house, and not on this machine."""

WORDS = {
    "secret_key_missing": "Set %(variable)s (32 characters or more), or SPARES_SECRET_KEY_FILE: every process of the site "
    "must share one secret key.",
    "secret_key_too_short": "The secret key is shorter than %(least)s characters.",
    "secret_file_open_to_others": "%(path)s holds the secret key and can be read by others: chmod 600 %(path)s.",
    "secret_file_missing": "%(path)s, named by SPARES_SECRET_KEY_FILE, cannot be read.",
    "setting_not_a_flag": "%(variable)s is %(value)r; write 1 or 0.",
    "setting_not_networks": "%(variable)s is %(value)r; write networks such as 10.0.0.0/8, with commas between them.",
    "setting_not_a_number": "%(variable)s is %(value)r; write a whole number.",
}
"""What a refused setting is called, for the person who starts the process: before there is any page or language."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """`database_url` is a SQLAlchemy URL; `data_dir` keeps the embedded database, the secret and the logs' place.

    `base_url` is what the QR codes on paper point to. `https` says that people reach the site over HTTPS (behind
    `proxies` reverse proxies), which turns on Secure cookies and HSTS. `demo` says whether the database is a demo; None:
    to be asked at the first request. `metrics_token` opens the metrics to other machines. `printer_networks` are where label
    printers may stand: nothing is sent to an address outside them, whatever a depot's settings say."""

    database_url: str
    data_dir: Path
    secret_key: str = field(repr=False)
    base_url: str = "http://localhost:8080"
    https: bool = False
    proxies: int = 0
    debug: bool = False
    demo: bool | None = False
    serve_demo_publicly: bool = False
    smtp_url: str = field(default="", repr=False)
    mail_from: str = "spares@localhost"
    max_upload_bytes: int = 20 * 1024 * 1024
    metrics_token: str = field(default="", repr=False)
    printer_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    testing: bool = False


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Where the embedded database lives: SPARES_DATA_DIR, else `instance/` below the current directory."""
    return Path(environ.get("SPARES_DATA_DIR", "instance")).resolve()


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    """Read every setting. Raises Invalid naming the variable that is missing or malformed.

    Without SPARES_DATABASE_URL the embedded SQLite is used and a secret key is made once and kept beside it (mode 0600);
    with a database of one's own a missing SPARES_SECRET_KEY stops the start, since several processes must share it."""
    data_dir = default_data_dir(environ)
    url = environ.get("SPARES_DATABASE_URL", "")
    embedded = not url
    if embedded:
        url = f"sqlite:///{data_dir / 'spares.sqlite3'}"
    port = environ.get("PORT", "8080")
    return Config(
        database_url=_with_driver(url),
        data_dir=data_dir,
        secret_key=_secret_key(environ, data_dir, generate=url.startswith("sqlite")),
        base_url=environ.get("SPARES_BASE_URL", f"http://localhost:{port}").rstrip("/"),
        https=_flag(environ, "SPARES_HTTPS"),
        proxies=_number(environ, "SPARES_PROXIES", 0),
        debug=_flag(environ, "SPARES_DEBUG"),
        demo=None,
        serve_demo_publicly=_flag(environ, "SPARES_SERVE_DEMO_PUBLICLY"),
        smtp_url=environ.get("SPARES_SMTP_URL", ""),
        mail_from=environ.get("SPARES_MAIL_FROM", "spares@localhost"),
        max_upload_bytes=_number(environ, "SPARES_MAX_UPLOAD_BYTES", 20 * 1024 * 1024),
        metrics_token=environ.get("SPARES_METRICS_TOKEN", ""),
        printer_networks=_networks(environ.get("SPARES_PRINTER_NETWORKS", PRIVATE_NETWORKS)),
    )


def _with_driver(url: str) -> str:
    """Plain `postgresql://` means psycopg 3, the only driver the product ships with."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _secret_key(environ: Mapping[str, str], data_dir: Path, *, generate: bool) -> str:
    if "SPARES_SECRET_KEY" in environ:
        key = environ["SPARES_SECRET_KEY"]
    elif "SPARES_SECRET_KEY_FILE" in environ:
        path = Path(environ["SPARES_SECRET_KEY_FILE"])
        if not os.access(path, os.R_OK):
            raise Invalid("secret_file_missing", path=str(path))
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Invalid("secret_file_open_to_others", path=str(path))
        key = path.read_text(encoding="utf-8").strip()
    elif generate:
        return _kept_secret(data_dir / "secret_key")
    else:
        raise Invalid("secret_key_missing", variable="SPARES_SECRET_KEY")
    if len(key) < 32:
        raise Invalid("secret_key_too_short", least=32)
    return key


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise Invalid("setting_not_networks", variable="SPARES_PRINTER_NETWORKS", value=text) from None


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in {"", "0", "no", "false", "off"}:
        return False
    if value in {"1", "yes", "true", "on"}:
        return True
    raise Invalid("setting_not_a_flag", variable=name, value=value)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal():
        raise Invalid("setting_not_a_number", variable=name, value=value)
    return int(value)
