# Commands for working on Voxpop; `make help` lists them. What they install goes to .venv, once, until a lock changes.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run setup test check check-postgres15 fix bench schema clients pictures lock

# The tests start Python hundreds of times, and without bytecode each start would compile the product.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
VENDOR := src/voxpop/static/vendor/assets.lock
TEST_VENDOR := tests/vendor/assets.lock
BUILD_VENDOR := build_tools/vendor/assets.lock
WIDGET := src/voxpop/static/widget/sources.sha256
ASSETS := $(VENDOR) $(WIDGET)
DEV := .venv/.dev-installed
# Every test, with a worker more than cores, because some tests wait. An idle worker takes over tests of another one.
# The slow tests come first: see tests/support/order.py.
CORES := -n $(shell expr $$(nproc) + 1) --dist worksteal --durations 20
ALL := $(if $(ARGS),,$(CORES))
BENCHES := increment widget answers events pages analytics inbox dashboard streams start
# The tests whose result depends on the database server: statements, schema, lists, search, metrics and counts in SQL.
ON_POSTGRES15 := $(patsubst %,tests/%.py,dashboards/test_series_list \
	dashboards/test_feedback db/test_migrate db/test_pool db/test_queries db/test_schema features/test_analytics \
	features/test_paging metrics/test_daily metrics/test_filter metrics/test_service surveys/test_service \
	tickets/test_export tickets/test_lists tickets/test_lists_exhaustive tickets/test_search worker/test_recount)
# All tests of the domains, for a change of many statements.
ALL_ON_POSTGRES15 := $(addprefix tests/,campaigns dashboards db features feedback metrics surveys tickets worker workspaces)
DATABASE := -m 'database and not kafka'

# A virtual environment knows its own path: one that is missing or was moved is created again.
ifneq ($(file < .venv/.made),$(CURDIR))
.PHONY: .venv/.made
endif

help: ## list these commands
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name does; do printf '  make %-16s %s\n' "$$name" "$$does"; done

run: .venv/.installed $(ASSETS) ## start Voxpop with demo data on an embedded database (options: ARGS="--port 9000")
	@exec .venv/bin/voxpop serve --demo $(ARGS)

setup: $(DEV) $(ASSETS) $(TEST_VENDOR) ## install what the other commands need, and nothing else
	@:

test: $(DEV) $(ASSETS) $(TEST_VENDOR) ## run every test (some: ARGS="tests/web -k docs")
	@build_tools/need chromium postgresql java maven ruby
	@$(PY) -m pytest $(ALL) $(ARGS)

check: $(DEV) $(ASSETS) $(TEST_VENDOR) ## format, lint, types, every test, the domains' on PostgreSQL 15, and each bench in small
	@build_tools/need chromium postgresql java maven ruby wrk
	@$(PY) -m ruff format --check --quiet || { echo 'Formatting differs: run "make fix".'; exit 1; }
	@$(PY) -m ruff check --quiet
	@$(PY) -m mypy --no-error-summary
	@$(PY) -m pytest -q $(ALL) $(ARGS)
	@build_tools/with_postgres15 $(PY) -m pytest -q $(CORES) $(DATABASE) $(ON_POSTGRES15)
	@for name in $(BENCHES); do echo "== $$name --small"; $(PY) bench/$$name --small; done

check-postgres15: $(DEV) $(ASSETS) ## run all tests of the domains on PostgreSQL 15
	@build_tools/need postgresql
	@build_tools/with_postgres15 $(PY) -m pytest -q $(CORES) $(DATABASE) $(ALL_ON_POSTGRES15)

fix: $(DEV) ## format, and repair what the linter can repair
	@$(PY) -m ruff format --quiet
	@$(PY) -m ruff check --fix --quiet

bench: $(DEV) $(ASSETS) ## measure the hot operations, pages and the start; write bench/RESULTS.md
	@build_tools/need chromium wrk postgresql java maven
	@$(PY) bench/results $(BENCHES)

schema: .venv/.installed ## describe what the migrations make, in src/voxpop/db/schema.txt
	@$(PY) -m voxpop.db.schema

clients: $(DEV) $(ASSETS) ## write the calls and types of both clients, from the OpenAPI document
	@$(PY) build_tools/clients

pictures: $(DEV) $(ASSETS) ## take the two pictures of README, in docs/pictures/
	@build_tools/need chromium
	@$(PY) build_tools/pictures.py

lock: ## lock what pyproject.toml asks for, and try the locks (upgrade: ARGS="--upgrade-package httpx")
	@build_tools/need python
	@build_tools/lock $(ARGS)

.venv/.made:
	@build_tools/need python curl
	@echo 'Setting up .venv (once; about a minute)'
	@$(PYTHON) -m venv --clear .venv
	@printf %s '$(CURDIR)' >$@

.venv/.installed: .venv/.made requirements.lock pyproject.toml hatch_build.py
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): .venv/.installed requirements-dev.lock
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(VENDOR) $(TEST_VENDOR) $(BUILD_VENDOR): assets.lock build_tools/assets.py | .venv/.installed
	@$(PY) build_tools/assets.py $(@D)

$(WIDGET): $(wildcard widget/src/*) build_tools/widget.py $(BUILD_VENDOR) | .venv/.installed
	@$(PY) build_tools/widget.py
