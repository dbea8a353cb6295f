# `make demo` and `make test` do all of their own set-up; they need Python 3.11+ and make, nothing else.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
CLIENTS := .venv-clients

# Bytecode is written whatever the shell says: otherwise every program that a test starts compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo page browser test test-long peers clients prism lint types layers commits check lock changelog bench light extras clean

demo: $(VENV)/.run
	@$(BIN)/steelyard demo

# The sample portfolio as a page in the browser, until Ctrl-C.
page: $(VENV)/.page
	@$(BIN)/steelyard demo --serve

# The page clicked through in Debian's chromium, and pictures of it; says so where there is none.
browser: $(VENV)/.dev $(VENV)/.browser
	@npm install --no-save --no-package-lock --no-audit --no-fund --silent axe-core@4 || echo "axe-core could not be installed here"
	$(BIN)/python -m pytest -rs tests/interfaces/serve/test_browser.py

# What a newcomer runs: within four minutes on two cores.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not long"

# What takes its time: many random cases, enumerations, kills and faults; each test says why.
test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

# Compares with engines that others wrote, installed beside ours and run by their own interpreter.
peers: $(VENV)/.dev $(PEERS)/.made
	$(BIN)/python -m pytest tests/peers

# The HTTP API driven by clients that others wrote, installed beside ours.
clients: $(VENV)/.dev $(CLIENTS)/.made
	$(BIN)/python -m pytest tests/clients

# Alpaca's adapter against its official description, served by a program of its own; needs npm.
prism: $(VENV)/.dev node_modules/.made
	$(BIN)/python -m pytest tests/adapters/brokers/test_alpaca_prism.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

# Everybody's commands with nothing installed but what everybody gets, and how large that is.
light: requirements/run.txt
	rm -rf .venv-light
	$(PYTHON) -m venv .venv-light
	.venv-light/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	.venv-light/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
	.venv-light/bin/python tools/light.py

# Each extra alone beside the base, in an environment of its own; what cannot be installed here is said.
extras: $(VENV)/.made
	$(BIN)/python tools/extras.py

commits: $(VENV)/.made
	$(BIN)/python tools/commits.py

check: test lint types layers commits

bench: $(VENV)/.dev
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# Keeps every pin that still fits; `make lock UPGRADE=--upgrade` takes the newest of everything.
lock: $(VENV)/.lock
	$(BIN)/python tools/lock.py $(UPGRADE)

# The fragments in changelog.d become the section of pyproject.toml's version; DRAFT=--draft only shows it.
changelog: $(VENV)/.dev
	$(BIN)/python -m towncrier build --yes $(DRAFT)

clean:
	rm -rf $(VENV) $(PEERS) $(CLIENTS) .venv-light .venv-extras node_modules

$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then echo "error: Python 3.11 or newer was not found; install it, or run make PYTHON=/path/to/python3" >&2; exit 2; fi
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.page: $(VENV)/.run requirements/extra-serve.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/extra-serve.txt
	@touch $@

$(VENV)/.browser: $(VENV)/.made requirements/browser.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	@touch $@

$(VENV)/.lock: $(VENV)/.made requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@touch $@

$(PEERS)/.made: requirements/peers.txt
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@

$(CLIENTS)/.made: requirements/clients.txt
	$(PYTHON) -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/clients.txt
	@touch $@

node_modules/.made:
	npm install --no-save --no-package-lock --no-audit --no-fund --silent @stoplight/prism-cli@5
	@touch $@
