# Babelpost. Needs python3 (3.11 or newer), make, and for `make test` node with npm, and Chromium.
# Everything lands in .venv and tests/sdk/node_modules; from the system only Debian packages that are missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SDK := tests/sdk
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-test
SDK_STAMP := $(SDK)/node_modules/.installed
# a link to the browser that was found, so that it is looked for again when that is gone
CHROMIUM := $(VENV)/chromium
# tried once: the clients that only Debian has as packages; without them their tests say so and are skipped
CLIENTS := $(VENV)/.clients
CHROMIUMS := $${BABELPOST_TEST_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable
SOURCES := core dialects gateway tests examples
# errors only: what pip warns of concerns the machine, not Babelpost
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# two workers; a file's tests stay together because its fixtures are dear
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
ARGS ?=

define step
@echo "==> $(1)" >&2
endef

.PHONY: help venv run test check quick fmt lint types sdk bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(TEST_STAMP) ## install everything, for running and for testing, into .venv

run: $(STAMP) ## start a development server; pass options with ARGS="--port 9000"
	@exec $(BIN)/babelpost dev $(ARGS)

test: $(TEST_STAMP) $(SDK_STAMP) $(CLIENTS) $(CHROMIUM) ## every test: SQLite, PostgreSQL, the providers' SDKs, a browser, faults
	$(call step,tests)
	@$(PYTEST) $(ARGS)

check: lint types quick ## what to run before a commit: format, lint, types, quick tests

quick: $(TEST_STAMP) ## the tests that need no PostgreSQL, SDK or browser, a minute or two
	$(call step,quick tests)
	@$(PYTEST) -q -m "not postgres and not sdk and not node and not browser and not fault" $(ARGS)

fmt: $(TEST_STAMP) ## rewrite the sources in the house format and mend what ruff can mend
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

lint: $(TEST_STAMP) ## format and lint, without touching a file
	$(call step,ruff)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)

types: $(TEST_STAMP) ## mypy, strict
	$(call step,mypy)
	@$(BIN)/mypy

sdk: $(TEST_STAMP) $(SDK_STAMP) $(CLIENTS) ## only the tests that drive the providers' own SDKs
	$(call step,SDK tests)
	@$(PYTEST) -m "sdk or node" $(ARGS)

bench: $(STAMP) ## measure messages per second; pass options with ARGS
	@exec $(BIN)/babelpost bench $(ARGS)

clean: ## remove what make installed and what tools left; data in var/ stays
	@rm -rf $(VENV) $(SDK)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# A Debian python3 comes without ensurepip, and then venv fails half way: ask before making anything.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Babelpost needs Python 3.11 or newer, and $(PYTHON) is not." \
			"Name another with: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		command -v apt-get >/dev/null || { \
			echo "$(PYTHON) cannot make a virtual environment: its ensurepip module is missing." >&2; exit 1; }; \
		echo "==> $(PYTHON) has no ensurepip; installing the Debian package python3-venv" >&2; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq python3-venv; }
	$(call step,making $(VENV))
	@$(PYTHON) -m venv --clear $(VENV)

$(STAMP): pyproject.toml | $(BIN)/python
	$(call step,installing Babelpost into $(VENV))
	@$(PIP) install -qq --editable .
	@touch $@

$(TEST_STAMP): pyproject.toml | $(BIN)/python
	$(call step,installing Babelpost and its test tools into $(VENV); a minute or two the first time)
	@$(PIP) install -qq --editable '.[test]'
	@touch $(STAMP) $@

$(SDK_STAMP): $(SDK)/package.json $(SDK)/package-lock.json
	@command -v npm >/dev/null || { \
		echo "npm is missing: the SDK tests need node and npm (Debian: apt-get install nodejs npm)." >&2; exit 1; }
	$(call step,installing the providers' JavaScript SDKs into $(SDK)/node_modules)
	@cd $(SDK) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CLIENTS): | $(BIN)/python
	@{ command -v swaks && ruby -rpostmark -e ''; } >/dev/null 2>&1 || { \
		echo "==> installing the Debian packages swaks and ruby-postmark" >&2; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
		apt="$$sudo apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20"; \
		{ $$apt update && $$apt install -y --no-install-recommends swaks ruby-postmark; } >&2 || \
			echo "They could not be installed: the tests that drive them are skipped." >&2; }
	@touch $@

$(CHROMIUM): | $(BIN)/python
	@command -v $(CHROMIUMS) >/dev/null || { \
		command -v apt-get >/dev/null || { \
			echo "No Chromium was found: the browser tests need one." \
				"Install it, or name one with BABELPOST_TEST_CHROMIUM=/path/to/it." >&2; exit 1; }; \
		echo "==> no Chromium; installing the Debian package chromium" >&2; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && \
			$$sudo apt-get install -y -qq --no-install-recommends chromium fonts-liberation; }
	@ln -sf "$$(command -v $(CHROMIUMS) | head -n 1)" $@
