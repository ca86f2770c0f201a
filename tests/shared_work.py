"""What every application of a run would make anew although it comes out the same: made once, given to all.

Nearly every test has an application of its own, so that none sees another's state. Most of the time of making one went
into compiling its addresses, and most of its first pages' into compiling templates and statements. None of that has any
state."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_compile = Rule._compile_builder


class _Bytecode(BytecodeCache):
    """Compiled templates, by their name and a checksum of their source."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


_bytecode = _Bytecode()
_dialects: dict[str, tuple[Dialect, Any]] = {}


def share() -> None:
    """From now on; harmless to repeat."""
    Rule._compile_builder = _compiled_once  # type: ignore[method-assign]


def share_templates(app: Flask) -> None:
    """Let the application take templates that another one has compiled, and leave its own."""
    app.jinja_env.bytecode_cache = _bytecode


def share_statements(engine: Engine) -> None:
    """Let the engine take statements that another one of its kind has compiled. They are kept by dialect, so it shares
    that too: one that has met a server of this run already, which a database out of reach leaves to the next engine."""
    if engine.dialect.name not in _dialects:
        try:
            engine.connect().close()
        except OperationalError:
            return
        _dialects[engine.dialect.name] = (engine.dialect, LRUCache(5000))
    dialect, statements = _dialects[engine.dialect.name]
    engine.dialect = dialect
    engine.update_execution_options(compiled_cache=statements)


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """The function that builds a rule's address; it is given the rule whenever it is called."""
    key = (rule.rule, tuple(rule._trace), tuple(sorted((rule.defaults or {}).items())), append_unknown)
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]
