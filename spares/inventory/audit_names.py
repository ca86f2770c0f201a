"""What the audit calls parts, bins and imports: what people know them by, with their pages."""

from flask import url_for
from sqlalchemy import select

from spares.accounts.audit_words import Named, finds, numbered
from spares.db import session
from spares.inventory.models import Location, Part


def _parts(keys: set[str]) -> dict[str, Named]:
    found = session.execute(select(Part.id, Part.part_number).where(Part.id.in_(numbered(keys))))
    return {str(key): Named(number, url_for("part_show", part_id=key)) for key, number in found}


def _places(keys: set[str]) -> dict[str, Named]:
    found = session.execute(select(Location.id, Location.code).where(Location.id.in_(numbered(keys))))
    return {str(key): Named(code, url_for("location_show", location_id=key)) for key, code in found}


def _imports(keys: set[str]) -> dict[str, Named]:
    return {number: Named(number, url_for("import_show", number=number)) for number in keys}


finds("part", _parts, under=["substitute"])
finds("location", _places)
finds("import", _imports)
