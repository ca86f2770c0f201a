"""What import-linter cannot see: the house rules that hold for every file."""

import ast
import re
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Column, Date

import spares.tables
from spares import config, web
from spares.db import Base, UtcDateTime, is_postgresql, session

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "spares"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
LONGEST_FUNCTION, LONGEST_MODULE = 70, 400
KINDS = {"Invalid", "NotFound", "Conflict", "Forbidden", "SparesError"}
WORDS_ELSEWHERE = set(config.WORDS)
"""Codes raised before there is an application: `spares.config` has words of its own for them."""


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of these kinds in the package, with its file."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kinds):
                yield name, node


def committed() -> list[Path]:
    """The files of the tree that git keeps, or would on the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_an_init_is_a_docstring_and_nothing_else() -> None:
    wrong = []
    for name, tree in TREES.items():
        if name.endswith("__init__.py"):
            kept = [n for n in tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
            if kept or not ast.get_docstring(tree):
                wrong.append(name)
    assert len([name for name in TREES if name.endswith("__init__.py")]) > 8
    assert not wrong


def test_every_module_says_what_it_is() -> None:
    assert not [name for name, tree in TREES.items() if not ast.get_docstring(tree)]


def test_only_db_commits() -> None:
    found = {name for name, node in nodes(ast.Attribute) if isinstance(node, ast.Attribute) and node.attr == "commit"}
    assert found == {"spares/db.py"}


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [name for name in TREES if drawers & set(Path(name).with_suffix("").parts)]


def test_functions_fit_a_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_modules_stay_readable() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert not {name: size for name, size in sizes.items() if size > LONGEST_MODULE}


def test_the_wall_clock_is_read_in_one_place() -> None:
    """`time.monotonic` and `time.perf_counter` measure spans and are no clock."""
    readers = set()
    for name, node in nodes(ast.Attribute):
        if not isinstance(node, ast.Attribute) or node.attr not in {"now", "utcnow", "today", "time"}:
            continue
        owner = ast.unparse(node.value)
        of_a_day = owner in {"datetime", "datetime.datetime", "date", "datetime.date"} and node.attr != "time"
        if of_a_day or (owner, node.attr) == ("time", "time"):
            readers.add(name)
    assert readers == {"spares/clock.py"}


def test_services_are_given_their_time() -> None:
    """The clock is imported at the edge alone: no service, query or rule reads it."""
    inner = re.compile(
        r"/(services|queries|models|rules|ledger\w*|lifecycle|deadlines|cutoff|\w+_services|\w+_queries)\.py$"
    )
    readers = {
        name
        for name, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and node.module == "spares.clock"
    }
    assert "spares/worker.py" in readers
    assert not [name for name in readers if inner.search(name)]


HOSTS = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:pypi|pythonhosted|npmjs|yarnpkg|npmmirror|tuna|aliyun|artifactory|nexus)[\w.-]*", re.I
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|home/\w+|root|Users/\w+)/")
NAMES_OF_HOSTS_ALLOWED = {"tests/test_tidy.py"}


def test_no_registry_and_no_machine_is_named() -> None:
    wrong = []
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        if name in NAMES_OF_HOSTS_ALLOWED or path.suffix in {".ttf", ".woff2", ".wasm", ".png", ".xlsx", ".mo", ".pdf"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if "/vendor/" in name:
            text = MACHINE_PATHS.sub("", text)
        for pattern in (HOSTS, MACHINE_PATHS):
            wrong += [f"{name}: {found.group()}" for found in pattern.finditer(text)]
    assert not wrong


def codes_raised() -> dict[str, set[str]]:
    """Every code that a SparesError is made with, and where. A code that is not a literal is followed no further than a
    conditional expression between two literals."""
    found: dict[str, set[str]] = {}
    for name, node in nodes(ast.Call):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute) or not node.args:
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if called in KINDS:
            for literal in ast.walk(node.args[0]):
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    found.setdefault(literal.value, set()).add(f"{name}:{node.lineno}")
    return found


def test_every_refusal_has_words(context: Flask) -> None:
    raised = codes_raised()
    assert len(raised) > 50
    wordless = {code: sorted(where) for code, where in raised.items() if code not in web.EXPLANATIONS}
    assert not {code: where for code, where in wordless.items() if code not in WORDS_ELSEWHERE}


def columns() -> list[Column[object]]:
    """Every column of every table."""
    assert spares.tables
    return [column for table in Base.metadata.tables.values() for column in table.columns]


def test_names_of_columns_say_what_they_hold() -> None:
    """`*_at` is an instant, `*_on` a depot-local day; a day under another name is called `day`."""
    wrong = []
    for column in columns():
        name = f"{column.table.name}.{column.name}"
        if column.name.endswith("_at") or column.name == "at":
            right = isinstance(column.type, UtcDateTime)
        elif column.name.endswith("_on") or column.name == "day":
            right = isinstance(column.type, Date)
        else:
            right = column.type.python_type is not date and (
                column.type.python_type is not datetime or isinstance(column.type, UtcDateTime)
            )
        if not right:
            wrong.append(f"{name} is {column.type!r}")
    assert len(columns()) > 100
    assert not wrong


def test_money_and_quantities_are_whole_numbers() -> None:
    assert not [f"{c.table.name}.{c.name}" for c in columns() if c.type.python_type is float]


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(word: str) -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(rf"\b{word}\b", path.read_text(encoding="utf-8"))
    ]
    assert not found


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_documents_name_files_that_exist() -> None:
    wrong = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        name = document.relative_to(ROOT).as_posix()
        for found in re.findall(r"`((?:spares|tests|tools|templates|migrations|docs)/[\w./-]+)`", text):
            if not (ROOT / found).exists():
                wrong.append(f"{name}: {found}")
        for found in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            if not (document.parent / found).exists():
                wrong.append(f"{name}: link to {found}")
    assert len(DOCUMENTS) > 15
    assert not wrong


def test_the_architecture_lists_every_table_and_what_is_appended_only(context: Flask) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:\w+) \| (`.*?) \| (`.*?) \|$", text, re.M)
    listed = {table for tables, _ in rows for table in re.findall(r"`(\w+)`", tables)}
    assert listed == {table.name for table in Base.metadata.tables.values()}
    if not is_postgresql():
        triggers = session.execute(sa.text("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"))
        assert {table for _, appended in rows for table in re.findall(r"`(\w+)`", appended)} == set(triggers.scalars())


def test_decisions_are_numbered_once_and_short() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name) for path in decisions)
    long = {path.name for path in decisions if len(path.read_text(encoding="utf-8").splitlines()) > 60}
    assert not long
