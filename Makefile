# `make demo` and `make test` need Python 3.10 to 3.13, make and a package registry; the rest they get themselves.
# The first run sets up .venv from requirements.lock (minutes); later runs start at once.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test lint dashboard bench lock models clean

# No usage reports from what we build on, and no frozen terminal when it asks for an e-mail address
export STREAMLIT_BROWSER_GATHER_USAGE_STATS := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter in range that can make a virtual environment; PYTHON=... names another
FIND_PYTHON = \
	inrange=; py=; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3.10 python3 python; do \
	    "$$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	    inrange=$$candidate; \
	    if "$$candidate" -c 'import venv, ensurepip' 2>/dev/null; then py=$$candidate; break; fi; \
	done; \
	if [ -z "$$inrange" ]; then \
	    echo "No Python 3.10 to 3.13 was found here. Install one, or name it: make test PYTHON=/path/to/python3.12" >&2; exit 1; \
	elif [ -z "$$py" ]; then \
	    echo "$$inrange has no venv module. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
	fi

help: ## these lines
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(READY) models ## the sample class, then two real people
	@$(BIN)/groupcoach demo

test: $(READY) models lint ## lint, types, tests
	@$(BIN)/python -m pytest -q

lint: $(READY) ## lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dashboard: $(READY) ## look at the demo's runs in a browser
	@$(BIN)/groupcoach dashboard

bench: $(READY) models ## frames a second and stage times on this machine
	@$(BIN)/groupcoach bench

models: $(READY)
	@$(BIN)/groupcoach models pull

# Sets up again when the lock or the project's dependencies change. pip's own lines go to a log, a count is shown.
$(READY): requirements.lock pyproject.toml
	@set -e; $(FIND_PYTHON); \
	if ! $(BIN)/python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$py"; "$$py" -m venv --clear $(VENV); \
	fi; \
	log=$(VENV)/install.log; : > $$log; \
	echo "Installing what requirements.lock names (once; minutes, about 7 GB of disk)"; \
	( waited=0; while sleep 15 > /dev/null 2>&1 && kill -0 $$$$ 2>/dev/null; do \
	    waited=$$((waited + 15)); \
	    if grep -q '^Installing collected' $$log; then echo "  $$waited s: unpacking"; \
	    else echo "  $$waited s: $$(grep -c '^Collecting' $$log) packages fetched"; fi; \
	done ) & ticker=$$!; trap 'kill $$ticker 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	$(BIN)/python -m pip install --progress-bar off --require-hashes -r requirements.lock >> $$log 2>&1 || { \
	    tail -n 15 $$log >&2; \
	    echo "The installation failed; all of pip's lines are in $$log. Run make again: what was fetched is kept." >&2; exit 1; \
	}; \
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e . >> $$log 2>&1 \
	    || { tail -n 15 $$log >&2; exit 1; }; \
	touch $(READY); echo "$(VENV) is ready"

lock: ## write requirements.lock again from pyproject.toml
	@set -e; $(FIND_PYTHON); tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	"$$py" -m venv "$$tmp/venv"; "$$tmp/venv/bin/python" -m pip install -q uv; \
	"$$tmp/venv/bin/uv" pip compile pyproject.toml --quiet --group dev --universal --python-version 3.10 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements.lock

clean: ## remove .venv and what tools left; recorded runs and fetched models stay
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis groupcoach.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
