"""Real races: worker processes that do tasks against one database at the same time, some of them killed on the way.

    outcomes = race("tests.inventory.test_ledger_races:hold_one", url, tasks, workers=8, killed_after=[40, 70])

Each worker takes its share of `tasks` (dictionaries that JSON can carry) and calls the function with one after the other,
each in an application context of its own. What it returns is the task's outcome; a refusal's outcome is `refused:<code>`.
A worker that was killed (by its own hand too) is replaced: the new one begins with the task whose outcome never came,
with `again` set to True, so a task must be safe to try twice, as a form that is sent twice is. All workers begin
together, once the last is ready. Anything else that goes wrong fails the race with the worker's own words."""

import importlib
import multiprocessing
import os
import random
import signal
import threading
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from spares.app import SLICES, create_app
from spares.db import session
from spares.errors import SparesError
from tests.conftest import config_for

Task = dict[str, Any]
PROCESSES = multiprocessing.get_context("forkserver")
"""Workers are forked from a process that has imported the product and done nothing else: a fresh process each, with
connections of its own, without two seconds of imports."""


def race(
    function: str, url: str, tasks: Sequence[Task], *, workers: int = 8, killed_after: Sequence[int] = ()
) -> list[tuple[Task, str]]:
    """Every task with its outcome. `killed_after`: the first workers get SIGKILL a moment after so many outcomes."""
    start = threading.Barrier(workers)
    PROCESSES.set_forkserver_preload(["tests.racing", *SLICES])
    kills: list[int | None] = [*killed_after, *[None] * workers]
    drivers = [_Driver(function, url, list(tasks[n::workers]), start, kills[n]) for n in range(workers)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    for driver in drivers:
        if driver.problem is not None:
            raise driver.problem
    return [outcome for driver in drivers for outcome in driver.outcomes]


class _Driver(threading.Thread):
    """Keeps one worker process going until its tasks are done."""

    def __init__(self, function: str, url: str, tasks: list[Task], start: threading.Barrier, kill: int | None) -> None:
        super().__init__(daemon=True)
        self.function, self.url, self.tasks, self.barrier, self.kill = function, url, tasks, start, kill
        self.outcomes: list[tuple[Task, str]] = []
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            again = False
            while self._work(again):
                again = True
        except BaseException as problem:
            self.problem = problem
            self.barrier.abort()

    def _work(self, again: bool) -> bool:
        """Run one process; whether it was killed before it had done everything."""
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=_worker, args=(self.function, self.url, theirs), daemon=True)
        process.start()
        theirs.close()
        with ours:
            said = self._converse(ours, process.kill, again)
        process.join()
        if process.exitcode not in (0, -signal.SIGKILL):
            raise AssertionError(f"a worker failed after {len(self.outcomes)} tasks: {said}")
        return process.exitcode != 0 and len(self.outcomes) < len(self.tasks)

    def _converse(self, worker: Connection, kill: Any, again: bool) -> str:
        """Give the tasks, collect the outcomes, kill when it is time; what the worker said of a failure, if it did."""
        try:
            assert worker.recv() == "ready"
            if not again:
                self.barrier.wait(timeout=120)
            left = self.tasks[len(self.outcomes) :]
            worker.send([{**task, "again": again and n == 0} for n, task in enumerate(left)])
            for task in left:
                outcome, problem = worker.recv()
                if problem:
                    return str(problem)
                self.outcomes.append((task, outcome))
                if self.kill is not None and len(self.outcomes) == self.kill:
                    self.kill = None
                    time.sleep(random.uniform(0, 0.01))
                    kill()
        except (EOFError, ConnectionResetError, BrokenPipeError):
            return "it ended without a word"
        return ""


def die() -> None:
    """End this process at once, without any tidying up: for a task that dies at a certain step."""
    os.kill(os.getpid(), signal.SIGKILL)


def _worker(function: str, url: str, driver: Connection) -> None:
    module, name = function.split(":")
    act = getattr(importlib.import_module(module), name)
    app = create_app(config_for(url))
    driver.send("ready")
    for task in driver.recv():
        with app.app_context():
            try:
                outcome = act(task)
            except SparesError as refusal:
                outcome = f"refused:{refusal.code}"
            except BaseException:
                driver.send(("", traceback.format_exc()))
                raise
            finally:
                session.remove()
        driver.send((outcome, ""))
