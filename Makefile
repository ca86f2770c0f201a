# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
export PORT
# The tests start the product some fifty times; where bytecode is not kept, each start compiles everything it imports.
KEEPING_BYTECODE := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(CURDIR)/$(VENV)/bytecode

.PHONY: run test check setup setup-dev bench catalogues wheel clean requirements

run: $(VENV)/.runtime catalogues
	$(BIN)/spares serve --demo

test: $(VENV)/.dev catalogues
	$(KEEPING_BYTECODE) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_migrations.py -k models_are

bench: $(VENV)/.bench catalogues
	$(BIN)/python -m bench $(ARGS)

setup: $(VENV)/.runtime catalogues
setup-dev: $(VENV)/.dev catalogues

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q --no-compile --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python tools/link_checkout.py
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $@

catalogues: | $(VENV)/bin/python
	@$(BIN)/python tools/compile_catalogues.py

wheel: $(VENV)/.dev catalogues
	$(BIN)/python -m build --wheel --no-isolation

# Re-lock after editing pyproject.toml (needs uv: `pip install uv`). The exports name versions and hashes, never hosts.
requirements:
	uv lock --upgrade
	uv export -q --frozen --no-emit-project --no-dev --all-extras --no-header -o requirements/runtime.txt > /dev/null
	uv export -q --frozen --no-emit-project --all-extras --no-header -o requirements/dev.txt > /dev/null
	uv export -q --frozen --no-emit-project --all-extras --group bench --no-header -o requirements/bench.txt > /dev/null
	rm uv.lock

clean:
	rm -rf $(VENV) build dist
