# Commands for working on Voxpop; `make help` lists them. What they install goes to .venv, once, until a lock changes.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run setup test check fix bench schema lock

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
VENDOR := src/voxpop/static/vendor/assets.lock
TEST_VENDOR := tests/vendor/assets.lock
DEV := .venv/.dev-installed
# Every test: on all cores, a file's tests on the same one, the slow files first (testpaths in pyproject.toml).
CORES := -n auto --dist loadfile --no-loadscope-reorder
ALL := $(if $(ARGS),,$(CORES))
BENCHES := increment analytics events answers inbox start
# What speaks to the database in its own words; people, pages in a browser and the demo stand on the same statements.
ON_POSTGRES15 := $(addprefix tests/,db campaigns features feedback metrics surveys worker workspaces) \
	$(patsubst %,tests/tickets/test_%.py,export flow lists lists_whole rating)

# A virtual environment knows its own path: one that is missing or was moved is made anew.
ifneq ($(file < .venv/.made),$(CURDIR))
.PHONY: .venv/.made
endif

help: ## list these commands
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name does; do printf '  make %-6s %s\n' "$$name" "$$does"; done

run: .venv/.installed $(VENDOR) ## start Voxpop with demo data on an embedded database (options: ARGS="--port 9000")
	@exec .venv/bin/voxpop serve --demo $(ARGS)

setup: $(DEV) $(VENDOR) $(TEST_VENDOR) ## install what the other commands need, and nothing else
	@:

test: $(DEV) $(VENDOR) $(TEST_VENDOR) ## run every test (some: ARGS="tests/web -k docs")
	@build_tools/need chromium postgresql java maven
	@$(PY) -m pytest $(ALL) $(ARGS)

check: $(DEV) $(VENDOR) $(TEST_VENDOR) ## format, lint, types, every test, the domains' on PostgreSQL 15, and each bench in small
	@build_tools/need chromium postgresql java maven wrk
	@$(PY) -m ruff format --check --quiet || { echo 'Formatting differs: run "make fix".'; exit 1; }
	@$(PY) -m ruff check --quiet
	@$(PY) -m mypy --no-error-summary
	@$(PY) -m pytest -q $(ALL) $(ARGS)
	@build_tools/with_postgres15 $(PY) -m pytest -q $(CORES) -m 'database and not kafka' $(ON_POSTGRES15)
	@for name in $(BENCHES); do echo "== $$name --small"; $(PY) bench/$$name --small; done

fix: $(DEV) ## format, and mend what the linter can mend
	@$(PY) -m ruff format --quiet
	@$(PY) -m ruff check --fix --quiet

bench: $(DEV) $(VENDOR) ## measure increments, analytics, events, answers, the inbox and the start
	@build_tools/need wrk postgresql java maven
	@for name in $(subst inbox,'inbox 100000',$(BENCHES)); do echo "== $$name"; $(PY) bench/$$name; done

schema: .venv/.installed ## describe what the migrations make, in src/voxpop/db/schema.txt
	@$(PY) -m voxpop.db.schema

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

$(VENDOR) $(TEST_VENDOR): assets.lock build_tools/assets.py | .venv/.installed
	@$(PY) build_tools/assets.py $(@D)
