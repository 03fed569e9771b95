# Wayhome: `make demo` and `make test` set up everything they need.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# A process for each core and one more, since many tests wait for processes of theirs; a file's tests
# stay together, with what they set up; the long ones first.
PYTEST_FLAGS ?= -n $(shell expr $$(nproc) + 1) --dist loadfile --no-loadscope-reorder
# Compiled once: the tests start the real commands hundreds of times.
unexport PYTHONDONTWRITEBYTECODE
PIP_FLAGS := --disable-pip-version-check --no-warn-script-location

.PHONY: help demo test test-sqlite test-postgres chaos lint format bench constraints clean

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.run: pyproject.toml constraints.txt
	@echo "Setting up Python packages in $(VENV) (a minute or two the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Wayhome needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: see README.md, 'The two commands'" >&2; exit 1; }
	@$(BIN)/python -m pip install -q $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Adding the tools that tests need ..."
	@$(BIN)/python -m pip install -q $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.run  ## run the June 2014 crisis on invented travellers, then serve its pages
	$(BIN)/wayhome demo

test: lint test-sqlite test-postgres  ## everything that must pass

test-sqlite: $(VENV)/.dev
	WAYHOME_TEST_DATABASE=sqlite $(BIN)/python -m pytest $(PYTEST_FLAGS)

# Needs WAYHOME_TEST_POSTGRES_URL, or a server on loopback that lets this user create databases.
test-postgres: $(VENV)/.dev
	WAYHOME_TEST_DATABASE=postgres $(BIN)/python -m pytest -m "not unit and not once" $(PYTEST_FLAGS)

lint: $(VENV)/.dev  ## style, types, import rules, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/wayhome django makemigrations --check --dry-run

# The long form: hours. Needs root for its small disks, and faketime and PostgreSQL installed.
SEEDS ?= 5
CHAOS := WAYHOME_TEST_CHAOS=long WAYHOME_TEST_SEEDS=$(SEEDS) $(BIN)/python -m pytest -m chaos
chaos: $(VENV)/.dev  ## every fault at length, with SEEDS series of random ones
	WAYHOME_TEST_DATABASE=sqlite $(CHAOS) $(PYTEST_FLAGS)
	WAYHOME_TEST_DATABASE=postgres $(CHAOS) $(PYTEST_FLAGS)

format: $(VENV)/.dev  ## put the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.run  ## print today's speeds beside a baseline
	$(BIN)/wayhome bench audience --stays 1000000

constraints: $(VENV)/.dev  ## pin exact versions again
	$(BIN)/pip-compile -q --upgrade --extra dev --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
