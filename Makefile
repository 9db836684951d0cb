# What a person types. `make` alone lists it. Written for GNU make 3.81, which macOS ships.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run run-clean test check mutants outage lives pictures bench large lock python environment-run environment-dev chromium gateways wrk

# The first that is new enough; `make PYTHON=/path/to/python3.12 ...` names another one.
ifndef PYTHON
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$name" && break; done)
endif
VENV := .venv/bin/python

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'

setup: environment-dev ## make .venv with all that running, testing and checking need

run: environment-run ## start the demo and print where to click; Ctrl-C stops it
	@exec $(VENV) -m service demo run

run-clean: environment-run ## forget the demo: its database, keys and ports
	@exec $(VENV) -m service demo clean

test: environment-dev chromium gateways ## run every test, on real PostgreSQL and in a real browser
	@# Only the rules' own tests are counted: counting every line of the others takes a quarter longer.
	@$(VENV) -m pytest tests/domain --cov --cov-fail-under=100
	@# One more than there are cores: some tests do nothing but wait.
	@exec $(VENV) -m pytest --ignore=tests/domain -n "$$(($$(nproc) + 1))" --maxprocesses 5 --dist worksteal

check: environment-dev ## format, lint, types, imports, migrations, catalogues
	@echo '== format: ruff' && $(VENV) -m ruff format --check .
	@echo '== lint: ruff' && $(VENV) -m ruff check .
	@echo '== types: basedpyright' && .venv/bin/basedpyright
	@echo '== imports: import-linter' && .venv/bin/lint-imports --no-logo
	@echo '== migrations: in step with the tables' && $(VENV) -m service migrate --check
	@echo '== catalogues: complete' && $(VENV) -m service catalogues check

mutants: environment-dev ## break each rule of domain/ and see who notices; ONLY="domain/contacts" MINUTES=90
	@exec $(VENV) -m tests.mutants $(ONLY)

outage: environment-dev ## kill web, worker and database in turn, for minutes; OUTAGES=10 FREEZES=10000
	@OUTAGES=$(or $(OUTAGES),5) OWNERS=$(or $(OWNERS),8) FREEZES=$(or $(FREEZES),1000) \
		$(VENV) -m pytest tests/outage

lives: environment-dev ## live many long lives by chance; LIVES=200 STEPS=60
	@LIVES=$(or $(LIVES),200) STEPS=$(or $(STEPS),60) $(VENV) -m pytest tests/life

pictures: environment-dev chromium ## take the README's pictures anew
	@PICTURES=docs/pictures $(VENV) -m pytest tests/pictures

bench: environment-dev gateways wrk ## measure; one JSON object a line; ONLY="latency worker" FREEZES=10000
	@FREEZES=$(or $(FREEZES),1000) $(VENV) -m bench $(ONLY)

large: environment-dev ## measure in a large database, some 35 GB on disk; ACCOUNTS=8000000
	@ACCOUNTS=$(or $(ACCOUNTS),8000000) $(VENV) -m bench large

lock: python ## write both lock files anew; UPGRADE=1 takes newer versions
	@sh .ci/lock.sh "$(PYTHON)" $(if $(UPGRADE),--upgrade)

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo 'Resguardo needs Python 3.11 or newer: none of python3.13, python3.12, python3.11, python3 is.' >&2; \
		echo 'Install one, or name it: make PYTHON=/path/to/python3.11 ...' >&2; \
		exit 1; \
	fi

# One environment for all targets, so two calls at once wait for each other (see the script).
environment-run environment-dev: python
	@"$(PYTHON)" .ci/environment.py $(subst environment-,,$@)

# Real nginx and Apache, unpacked and not installed.
gateways: environment-dev
	@$(VENV) -m tests.gateways.programs

chromium:
	@sh tests/browser/install_chromium.sh >/dev/null

wrk:
	@sh bench/install_wrk.sh
