"""Browsers by name, and the audit's entries in words."""

import pytest
from flask import Flask
from flask_babel import force_locale

from spares.accounts import audit_words
from spares.accounts.models import AuditEntry
from spares.accounts.words import browser
from tests.conftest import NOON

TAIL = "(KHTML, like Gecko) Chrome/120.0.0.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {TAIL} Safari/537.36", "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 {TAIL} Safari/537.36 Edg/120.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 {TAIL} Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox, Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)
def test_a_browser_by_name(agent: str, words: str) -> None:
    assert browser(agent) == words


def entry(subject: str, **data: object) -> AuditEntry:
    return AuditEntry(at=NOON, actor_id=None, action="x", subject=subject, data=data)


def test_details_of_an_entry_in_words(context: Flask) -> None:
    changed = entry(
        "user 7", role=["engineer", "finance"], phone=["", "1"], reason="离职", other=True, many=["a", "b", "c"]
    )
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        assert audit_words.details(changed) == [
            ("角色", "工程师", "财务"),
            ("电话", "", "1"),
            ("原因", None, "离职"),
            ("other", None, "是"),
            ("many", None, "a, b, c"),
        ]


def test_the_subject_of_an_entry_in_words(context: Flask) -> None:
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        assert audit_words.subject(entry("user 7"), {7: "安娜"}) == "安娜"
        assert audit_words.subject(entry("user 8"), {7: "安娜"}) == "人员 8"
        assert audit_words.subject(entry("thing x y"), {}) == "thing x y"
        assert audit_words.subject(entry("thing"), {}) == "thing"
