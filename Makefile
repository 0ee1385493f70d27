.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export UV_PYTHON_DOWNLOADS := never
# Compiled modules are kept: every process would otherwise spend seconds on compiling the same libraries again.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
STAMP := .venv/.installed
UV := $(or $(shell uv --version >/dev/null 2>&1 && echo uv),$(BIN)/uv)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
LOCK := --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with everything, and the command `kontor` in it

run: setup ## migrate, load the demo company when empty, serve on http://127.0.0.1:8000
	@$(BIN)/kontor run

dev: setup ## as run, and reload on every change
	@$(BIN)/kontor run --reload

test: $(if $(T),setup,static) ## everything the pipeline runs: check and all tests; T=path runs one file or test
	@$(BIN)/pytest $(or $(T),-n 3 --dist worksteal)

check: static ## whatever needs no service: lint, types, imports, schema, architecture
	@$(BIN)/pytest tests/architecture

static: setup lint types
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/kontor schema --check

prove: setup ## the long proofs: races, faults, lives, fuzz, every bench; with KONTOR_TESTDATA=folder the full replay
	@$(BIN)/kontor prove

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: setup ## let ruff repair what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: setup ## mypy and tsc, strict
	@$(BIN)/mypy
	@$(BIN)/python .ci/tsc.py

schema: setup ## write schema.graphql
	@$(BIN)/kontor schema

migrate: setup ## bring the database up to date
	@$(BIN)/kontor migrate

migration: setup ## draft a migration from the models: make migration M="what changes"
	@$(BIN)/alembic revision --autogenerate -m "$(M)"

seed: setup ## migrate, load or complete the demo company, print its sign-ins
	@$(BIN)/kontor seed

vendor: setup ## fetch the pinned browser libraries and check their sums
	@$(BIN)/kontor vendor

lock: setup ## resolve the newest versions into requirements.lock
	@$(UV) pip compile --quiet pyproject.toml $(LOCK) --upgrade --output-file requirements.lock

# uv comes from the machine, else by pip into the environment itself, where no system package is in its way.
$(STAMP): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Kontor needs Python 3.11 or newer"; exit 1; }
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) .venv 2>/dev/null || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/# via/p' requirements.lock >.venv/uv.lock
	@$(UV) --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --requirement .venv/uv.lock
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: help setup run dev test check static prove lint format types schema migrate migration seed vendor lock
