"""Settings from the environment: defaults that are safe, refusals that name the variable, secrets that stay secret."""

import stat
from ipaddress import ip_network
from pathlib import Path

import pytest

from spares.config import WORDS, Config, from_environment
from spares.errors import Invalid

KEY = "k" * 40


def test_with_nothing_set_the_embedded_database_is_used(tmp_path: Path) -> None:
    config = from_environment({"SPARES_DATA_DIR": str(tmp_path)})
    assert config == Config(
        database_url=f"sqlite:///{tmp_path}/spares.sqlite3",
        data_dir=tmp_path,
        secret_key=(tmp_path / "secret_key").read_text(encoding="utf-8"),
        base_url="http://localhost:8080",
        https=False,
        proxies=0,
        debug=False,
        demo=None,
        serve_demo_publicly=False,
        smtp_url="",
        mail_from="spares@localhost",
        max_upload_bytes=20 * 1024 * 1024,
        metrics_token="",
        printer_networks=tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))),
        testing=False,
    )


def test_the_made_key_is_long_private_and_kept(tmp_path: Path) -> None:
    first = from_environment({"SPARES_DATA_DIR": str(tmp_path / "new")})
    kept = tmp_path / "new" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(first.secret_key) == 64
    assert from_environment({"SPARES_DATA_DIR": str(tmp_path / "new")}).secret_key == first.secret_key
    assert from_environment({"SPARES_DATA_DIR": str(tmp_path / "other")}).secret_key != first.secret_key


def test_everything_can_be_set(tmp_path: Path) -> None:
    config = from_environment(
        {
            "SPARES_DATABASE_URL": "postgresql://spares@db.example/spares",
            "SPARES_DATA_DIR": str(tmp_path),
            "SPARES_SECRET_KEY": KEY,
            "SPARES_BASE_URL": "https://spares.example/",
            "SPARES_HTTPS": "1",
            "SPARES_PROXIES": "2",
            "SPARES_DEBUG": "yes",
            "SPARES_SERVE_DEMO_PUBLICLY": "on",
            "SPARES_SMTP_URL": "smtps://u:p@mail.example",
            "SPARES_MAIL_FROM": "depot@spares.example",
            "SPARES_MAX_UPLOAD_BYTES": "1000",
            "SPARES_METRICS_TOKEN": "t",
            "SPARES_PRINTER_NETWORKS": "10.20.0.0/16, fd00::/8",
        }
    )
    assert config == Config(
        database_url="postgresql+psycopg://spares@db.example/spares",
        data_dir=tmp_path,
        secret_key=KEY,
        base_url="https://spares.example",
        https=True,
        proxies=2,
        debug=True,
        demo=None,
        serve_demo_publicly=True,
        smtp_url="smtps://u:p@mail.example",
        mail_from="depot@spares.example",
        max_upload_bytes=1000,
        metrics_token="t",
        printer_networks=(ip_network("10.20.0.0/16"), ip_network("fd00::/8")),
        testing=False,
    )
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize("scheme", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_postgresql_means_the_driver_that_is_shipped(scheme: str) -> None:
    config = from_environment({"SPARES_DATABASE_URL": f"{scheme}h/d", "SPARES_SECRET_KEY": KEY})
    assert config.database_url == "postgresql+psycopg://h/d"


def test_without_a_port_in_the_address_port_is_used(tmp_path: Path) -> None:
    assert from_environment({"SPARES_DATA_DIR": str(tmp_path), "PORT": "5000"}).base_url == "http://localhost:5000"


def test_the_key_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n", encoding="utf-8")
    file.chmod(0o600)
    environ = {"SPARES_DATABASE_URL": "postgresql://h/d", "SPARES_SECRET_KEY_FILE": str(file)}
    assert from_environment(environ).secret_key == KEY
    file.chmod(0o640)
    with pytest.raises(Invalid) as refused:
        from_environment(environ)
    assert (refused.value.code, refused.value.facts) == ("secret_file_open_to_others", {"path": str(file)})


POSTGRESQL = {"SPARES_DATABASE_URL": "postgresql://h/d"}


@pytest.mark.parametrize(
    ("environ", "code", "facts"),
    [
        (POSTGRESQL, "secret_key_missing", {"variable": "SPARES_SECRET_KEY"}),
        (POSTGRESQL | {"SPARES_SECRET_KEY": "short"}, "secret_key_too_short", {"least": 32}),
        ({"SPARES_SECRET_KEY": ""}, "secret_key_too_short", {"least": 32}),
        ({"SPARES_SECRET_KEY_FILE": "/nowhere"}, "secret_file_missing", {"path": "/nowhere"}),
        ({"SPARES_HTTPS": "maybe"}, "setting_not_a_flag", {"variable": "SPARES_HTTPS", "value": "maybe"}),
        ({"SPARES_PROXIES": "one"}, "setting_not_a_number", {"variable": "SPARES_PROXIES", "value": "one"}),
        ({"SPARES_PROXIES": "-1"}, "setting_not_a_number", {"variable": "SPARES_PROXIES", "value": "-1"}),
    ],
)
def test_a_refusal_names_the_variable(
    tmp_path: Path, environ: dict[str, str], code: str, facts: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refused:
        from_environment({"SPARES_DATA_DIR": str(tmp_path)} | environ)
    assert (refused.value.code, refused.value.facts) == (code, facts)
    assert "%" not in WORDS[code] % facts


def test_debug_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert from_environment({"SPARES_DATA_DIR": str(tmp_path)}).debug is False
    assert from_environment({"SPARES_DATA_DIR": str(tmp_path), "SPARES_DEBUG": "0"}).debug is False


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    config = from_environment(
        {"SPARES_SECRET_KEY": KEY, "SPARES_SMTP_URL": "smtp://u:hidden@h", "SPARES_METRICS_TOKEN": "hidden"}
    )
    assert KEY not in repr(config)
    assert "hidden" not in repr(config)


@pytest.mark.parametrize("value", ["10.0.0.0/99", "printer", "10.20.0.15/16", "10.0.0.0/8;fc00::/7"])
def test_networks_that_are_none_stop_the_start(tmp_path: Path, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        from_environment({"SPARES_DATA_DIR": str(tmp_path), "SPARES_PRINTER_NETWORKS": value})
    assert (refused.value.code, refused.value.facts["value"]) == ("setting_not_networks", value)


def test_no_network_at_all_is_a_choice(tmp_path: Path) -> None:
    config = from_environment({"SPARES_DATA_DIR": str(tmp_path), "SPARES_PRINTER_NETWORKS": ""})
    assert config.printer_networks == ()
