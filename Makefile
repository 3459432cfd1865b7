# make run    start the sandbox and the bot, with nothing to sign up for
# make tour   play the whole story against the sandbox and show every step
# make test   lint, types, import contracts and all tests that fit into ten minutes
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
PEERS := $(VENV)/.ready-bench

.PHONY: help run tour test oracle test-all test-exhaustive bench check-wire lint lock clean

help:
	@sed -n 's/^# //p' Makefile

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Usher needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make run PYTHON=python3.12")'
	@echo "Making the environment in $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make an environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(DEV): $(READY) requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(PEERS): $(DEV) requirements-bench.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

run: $(READY)
	@$(BIN)/python -m bot sandbox --with-bot

tour: $(READY)
	@$(BIN)/python -m bot sandbox --tour

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

oracle: $(DEV)
	@$(BIN)/python -m tests.soql_oracle.oracle

test: $(DEV) lint oracle
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not exhaustive" --cov --cov-report=term
	$(BIN)/python -m coverage report --include='bot/domain/*' --fail-under=100 --skip-covered
	$(BIN)/python -m coverage report --fail-under=92 --format=total

test-all: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

test-exhaustive: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m exhaustive

bench: $(PEERS)
	@$(BIN)/python -m bench $(BENCH)

check-wire: $(DEV)
	@$(BIN)/python -m tests.check_wire

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --group bench -c requirements-dev.txt -o requirements-bench.txt

clean:
	rm -rf $(VENV) var/sandbox .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
