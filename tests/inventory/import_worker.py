"""A worker process that is killed while it imports: `python -m tests.inventory.import_worker URL CHUNK`.

It dies in the transaction of the chunk with that number (from 0), when its rows are written and not yet committed."""

import os
import signal
import sys

from spares.app import create_app
from spares.clock import now
from spares.inventory import imports_work
from tests.conftest import config_for


def main(url: str, dies_in: int) -> None:
    """Import what waits, and die on the way."""
    apply, calls = imports_work._apply, iter(range(1_000_000))

    def deadly(*args: object) -> object:
        outcome = apply(*args)  # type: ignore[arg-type]
        if next(calls) == dies_in:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    imports_work._apply = deadly  # type: ignore[assignment]
    imports_work.CHUNK = 50
    with create_app(config_for(url)).app_context():
        imports_work.advance(now)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
