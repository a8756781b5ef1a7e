# Each command does its own set-up from nothing: Python 3.11 or later with its venv module, make and a package index will do.

SHELL := /bin/bash
PYTHON ?= python3
export PYTHON

DEMO_ARGS ?=
SERVE_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
MUTATE_ARGS ?=
HOURS ?= 2

.PHONY: help demo serve test lint format bench campaign mutate lock clean

help:
	@echo "make demo       the night at Calais, end to end, on embedded SQLite (DEMO_ARGS=--no-serve to stop after printing)"
	@echo "make test       lint, types, layers, and all tests on SQLite and on a real PostgreSQL (TEST_ARGS for pytest)"
	@echo "make lint       lint, types and layers alone; make format mends what can be mended by a machine"
	@echo "make serve      the service (SERVE_ARGS, see entente serve --help)"
	@echo "make bench      our rates beside other stores', interleaved (BENCH_ARGS, see bench/__main__.py)"
	@echo "make campaign   the long fault campaigns, HOURS=2"
	@echo "make mutate     how many small changes to the verifier its tests notice, module by module (MUTATE_ARGS, docs/mutation.md)"
	@echo "make lock       the hash-pinned sets anew from pyproject.toml (LOCK_ARGS=--upgrade for the newest versions)"

demo:
	@requirements/install reports
	@.venv/bin/entente demo $(DEMO_ARGS)

serve:
	@requirements/install reports
	@.venv/bin/entente serve $(SERVE_ARGS)

test: lint
	@.ci/system-packages
	.venv/bin/python -m pytest -n 2 --dist worksteal $(TEST_ARGS)

lint:
	@requirements/install test
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/lint-imports

format:
	@requirements/install test
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

bench:
	@requirements/install bench
	.venv/bin/python -m bench $(BENCH_ARGS)

campaign:
	@requirements/install test
	.venv/bin/python -m tests.campaign --hours $(HOURS)

mutate:
	@requirements/install test
	@cmp -s requirements/mutation.txt .venv/mutation/made-from || { rm -rf .venv/mutation && \
	  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps \
	  --only-binary :all: --target .venv/mutation --requirement requirements/mutation.txt && \
	  cp requirements/mutation.txt .venv/mutation/made-from; }
	.venv/bin/python -m tests.mutation $(MUTATE_ARGS)

lock:
	@requirements/install core
	requirements/lock $(LOCK_ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
