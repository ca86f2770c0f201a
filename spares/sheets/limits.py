"""The most rows of a download, said in the download itself when there are more."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

MOST_ROWS = 100_000
"""A download holds a process while it is written, so none is endless."""


def limited(rows: Iterable[Mapping[str, Any]], column: str, most: int = MOST_ROWS) -> Iterator[Mapping[str, Any]]:
    """The first `most` rows; if there are more, a last one says so in `column`, which must hold text. A sheet that ends
    early without a word would be taken for the whole."""
    for count, row in enumerate(rows):
        if count == most:
            yield {
                column: _("Only the first %(count)s rows. Narrow the filter to download the others.", count=f"{most:,}")
            }
            return
        yield row
