"""An address that only acts has no page of its own. A form that it refused is shown at that address all the same; whoever
opens it anew (the address bar, a bookmark) is led to the page above, where the form lives."""

from flask import Flask, current_app, redirect, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from spares.web import http_error


def init_app(app: Flask) -> None:
    """Ask whenever an address does not take the method it was asked by."""
    app.register_error_handler(MethodNotAllowed, _lead_up)


def _lead_up(error: MethodNotAllowed) -> Response | tuple[str, int]:
    page = _page_above(request.path) if request.method == "GET" else ""
    return redirect(page) if page else http_error(error)


def _page_above(address: str) -> str:
    """The nearest address above that is a page; nothing when only the start page is."""
    addresses = current_app.create_url_adapter(request)
    while addresses is not None and (address := address.rpartition("/")[0]):
        try:
            addresses.match(address, method="GET")
        except HTTPException:
            continue
        return address
    return ""
