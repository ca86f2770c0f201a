"""Who opens the address of an act is led to the page above it."""

import pytest
from flask import Flask

from spares.accounts.models import Role
from tests.factories import make_user, sign_in


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/shipments/SH-000001/dispatch", "/shipments/SH-000001"),
        ("/shipments/SH-000001/lose", "/shipments/SH-000001"),
        ("/dispatch/DO-000001/lines/7/cancel", "/dispatch/DO-000001"),
        ("/parts/7/substitutes", "/parts/7"),
        ("/substitutes/7/withdraw", "/substitutes/7"),
        ("/returns/7/waive", "/returns/7"),
        ("/cases/7/note", "/cases/7"),
        ("/board/scan", "/board"),
        ("/request/preview", "/request"),
    ],
)
def test_it_leads_to_the_page_that_the_form_lives_on(app: Flask, address: str, page: str) -> None:
    answer = app.test_client().get(address)
    assert (answer.status_code, answer.location) == (302, page)


def test_every_act_has_a_page_above_or_says_which_methods_are_right(app: Flask) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.RMA_ADMIN))
    without = set()
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and "GET" not in (rule.methods or ()):
            address = rule.rule.replace("<int:", "<").replace("<number>", "RMA-000001")
            parts = ["7" if part.startswith("<") else part for part in address.split("/")]
            answer = client.get("/".join(parts))
            if answer.status_code == 405:
                assert answer.headers["Allow"]
                without.add(rule.endpoint)
            else:
                assert answer.status_code == 302, rule
    assert without == {"session_end", "language_set", "document_print"}


def test_only_who_looks_is_led_there(app: Flask) -> None:
    answer = app.test_client().put("/shipments/SH-000001/dispatch")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]
