"""The only place where the wall clock is read, so that every decision can be given its time as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC. Called at the edge (views, command line, worker), once per decision."""
    return datetime.now(UTC)  # noqa: TID251
