"""The slice's pages."""

import spares.calendars.words  # noqa: F401 - registers the sentences of the slice's refusals
from spares.web import Routes

routes = Routes()
