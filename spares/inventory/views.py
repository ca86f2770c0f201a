"""The slice's pages."""

from spares.web import Routes

routes = Routes()
