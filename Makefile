# Everything one does with this repository. It needs Python 3.11 with pip, make and bash; CI runs the same targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3.11
# Where the tools live. CI gives a fresh directory.
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# pip calls home for a newer pip otherwise.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# make test: SLOW=1 also the slow ones, COVERAGE=1 with the coverage floor, SEED=n repeats an order,
# WORKERS=0 in one process, TESTS=path only these.
TESTS ?=
WORKERS ?= auto
PYTEST := -m pytest -n $(WORKERS) $(if $(SLOW),,-m "not slow") $(if $(SEED),-p randomly --randomly-seed=$(SEED)) $(TESTS)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

.PHONY: venv
venv: $(STAMP) ## the environment, exactly as locked, in .venv

$(STAMP): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: install Python 3.11, or say make PYTHON=/path/to/it" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements-dev.lock says into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

.PHONY: demo
demo: venv ## the main job on a built-in sandbox of both CRMs, no account needed
	@$(BIN)/leadledger demo

.PHONY: test
test: venv ## the tests; the last line is pytest's own
ifdef COVERAGE
	@$(BIN)/python -m coverage erase
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	$(BIN)/python -m coverage run $(PYTEST) 2>&1 | tee "$$log"; \
	$(BIN)/python -m coverage combine --quiet; \
	$(BIN)/python -m coverage report; \
	grep -E '^=+ .*(passed|failed|error)' "$$log" | tail -n 1
else
	@$(BIN)/python $(PYTEST)
endif

.PHONY: check
check: lint types arch deps docs test smoke ## all that CI checks

.PHONY: lint
lint: venv ## format and habits
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: format
format: venv ## lets ruff mend what it can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: types
types: venv ## mypy, strict
	@$(BIN)/mypy

.PHONY: arch
arch: venv ## who may import whom
	@$(BIN)/lint-imports --no-cache --no-logo

.PHONY: deps
deps: venv ## every import is declared, every declared package is imported
	@$(BIN)/deptry .

.PHONY: docs
docs: schemas ## generated files are current

.PHONY: schemas
schemas: venv ## the JSON Schemas of the definition are current
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(BIN)/python -m leadledger.definition.schema "$$folder"; \
	diff -ru mappings/schema "$$folder" || { echo "refresh them: $(BIN)/python -m leadledger.definition.schema mappings/schema" >&2; exit 1; }; \
	echo "mappings/schema is current"

.PHONY: build wheel
build: wheel
wheel: venv ## the wheel, into dist/
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-1767225600} $(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist .
	@ls dist/*.whl

.PHONY: smoke
smoke: venv ## the wheel twice, byte by byte, and alone in an environment of its own
	@.ci/smoke $(BIN)/python

.PHONY: bench
bench: venv ## speed, memory and API calls, measured here and now
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/engine.py
	@$(BIN)/python benchmarks/engine.py --sizes
	@$(BIN)/python benchmarks/full_pass.py

.PHONY: lock
lock: venv ## new versions into the lock files, without any registry's address
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml --no-header -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 pyproject.toml --no-header --extra fast --group dev -o requirements-dev.lock
	@! grep -nE '://|^ *--(index-url|extra-index-url|find-links)' requirements.lock requirements-dev.lock

.PHONY: clean
clean: ## what can be made again; .venv and .leadledger stay
	@rm -rf build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
