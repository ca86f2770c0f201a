"""The slice's pages, gathered here so that each view module can add its own."""

from spares.web import Routes

routes = Routes()
