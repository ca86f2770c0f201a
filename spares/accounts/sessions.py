"""Sessions on the server."""

from spares.accounts.access import Actor


def identify() -> Actor | None:
    """The person whose session cookie came with the request."""
    return None
