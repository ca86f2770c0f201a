"""Parts by the number that people type, and what to offer them while they type."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from spares.db import session
from spares.errors import Conflict, NotFound
from spares.inventory.models import Part
from spares.numbers import scan_key

BETWEEN = " · "
"""Between part number and manufacturer where a number alone is not enough: two makers may use the same one."""


def parts_by_number(typed: Iterable[str]) -> dict[str, list[Part]]:
    """For each text the parts it may mean, in one statement: `SW-24`, or `SW-24 · Acme` to name the maker too."""
    asked = {text: [scan_key(piece) for piece in text.split(BETWEEN.strip(), 1)] for text in typed if text.strip()}
    if not asked:
        return {}
    keys = {pieces[0] for pieces in asked.values()}
    found = session.scalars(select(Part).where(Part.part_number_key.in_(keys)).order_by(Part.id)).all()
    return {
        text: [
            part
            for part in found
            if part.part_number_key == pieces[0] and (len(pieces) == 1 or part.manufacturer_key == pieces[1])
        ]
        for text, pieces in asked.items()
    }


def the_part(found: Sequence[Part], typed: str, field: str) -> Part:
    """The one part that is meant. Raises NotFound("part_number_unknown") or Conflict("part_number_shared")."""
    if not found:
        raise NotFound("part_number_unknown", field=field, number=typed.strip())
    if len(found) > 1:
        raise Conflict("part_number_shared", field=field, choices=[full_number(part) for part in found])
    return found[0]


def full_number(part: Part) -> str:
    """Part number and manufacturer, as `parts_by_number` reads them."""
    return f"{part.part_number}{BETWEEN}{part.manufacturer}"


def parts_beginning(text: str, most: int = 20) -> Sequence[Part]:
    """Parts whose number begins with what was typed so far, in the order of their numbers."""
    key = scan_key(text)
    if not key:
        return []
    query = select(Part).where(Part.part_number_key >= key, Part.part_number_key < key + "\U0010ffff")
    return session.scalars(query.order_by(Part.part_number_key, Part.id).limit(most)).all()
