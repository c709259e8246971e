# make run    install into .venv and start the gateway in its sandbox
# make test   install into .venv and run all tests
# make check  formatting, lint, types, import walls, conformance list
# make bench  the figures; BENCH_ARGS="--database postgresql --nodes 2" on two nodes
# make lock   renew the pinned dependencies after pyproject.toml changed
PYTHON ?= python3
BIN := .venv/bin
SOURCES := src client/src tests bench examples

.PHONY: run test check bench torture lock clean

run: .venv/.run
	$(BIN)/habar serve

test: .venv/.dev
	.ci/packages
	$(BIN)/python tests/interop/node_packages.py
	$(BIN)/pytest -q $(PYTEST_ARGS)

check: .venv/.dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/conformance/report.py --check

bench: .venv/.dev
	$(BIN)/python -m bench $(BENCH_ARGS)

torture: .venv/.dev
	$(BIN)/pytest -q -m "torture or not torture" tests/acceptance --rounds=200

.venv/.python:
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.python requirements/run.txt pyproject.toml client/pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e client -e .
	touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

UV_COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --no-emit-package habar-client \
	--no-emit-package habar

lock: .venv/.dev
	$(UV_COMPILE) --extra build pyproject.toml client/pyproject.toml -o requirements/run.txt
	$(UV_COMPILE) --extra build --extra dev --extra async pyproject.toml client/pyproject.toml \
		-o requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis habar-data \
		tests/interop/node_modules
