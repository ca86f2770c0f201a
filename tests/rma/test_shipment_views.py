"""Both slips of an exchange in one file: each is frozen, counted and marked as if it were printed alone."""

import io

import pypdf
import pytest
from sqlalchemy import select

from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import Document, DocumentKind, DocumentPrint
from spares.inventory.models import Part
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages

ADDRESS = "/shipments/SH-000001/slips"


def texts(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_both_slips_come_in_one_file_and_count_as_two_prints(pages: Pages) -> None:
    making.dispatched(pages.world)
    keeper = pages.browser(Role.WAREHOUSE)
    for key, copy_no in (("k1", 1), ("k1", 1), ("k2", 2)):
        answer = post(keeper, ADDRESS, {"request_key": key})
        assert answer.headers["Location"] == f"/documents/1/{copy_no}/2/{copy_no}.pdf"
    kinds = [DocumentKind.SHIPPING_SLIP, DocumentKind.RETURN_SLIP]
    assert [one.kind for one in session.scalars(select(Document).order_by(Document.id))] == kinds
    prints = session.scalars(select(DocumentPrint).order_by(DocumentPrint.id)).all()
    assert [(one.document_id, one.copy_no) for one in prints] == [(1, 1), (2, 1), (1, 2), (2, 2)]
    paper = keeper.get("/documents/1/1/2/1.pdf")
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    assert 'filename="SH-000001-1-RMA-000001-1.pdf"' in paper.headers["Content-Disposition"]
    out, back = (texts(keeper.get(f"/documents/{key}/1.pdf").data) for key in (1, 2))
    assert len(out) == 1
    assert texts(paper.data) == [*out, "", *back]
    copies = texts(keeper.get("/documents/1/2/2/2.pdf").data)
    assert all("副本 COPY 2" in page for page in copies if page)


def test_prints_that_were_not_made_are_not_found(pages: Pages) -> None:
    making.dispatched(pages.world)
    keeper = pages.browser(Role.WAREHOUSE)
    post(keeper, ADDRESS, {"request_key": "k1"})
    assert keeper.get("/documents/1/1/2/2.pdf").status_code == 404
    assert keeper.get("/documents/1/1/3/1.pdf").status_code == 404


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.RMA_ADMIN])
def test_where_nothing_comes_back_nothing_is_printed(pages: Pages, role: Role) -> None:
    with transaction():
        session.get_one(Part, pages.world.part.id).return_required = False
    making.dispatched(pages.world)
    browser = pages.browser(role)
    answer = post(browser, ADDRESS, {"request_key": "k1"})
    assert answer.status_code == 409
    assert "无需返还，不必打印返还单" in answer.text
    assert session.scalars(select(Document)).all() == []
    assert ADDRESS not in browser.get("/shipments/SH-000001").text
