# make run and make test are all there is to know. Both set up what they need, in .venv,
# with whatever package index pip is configured for. Variables: see .env.example.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
WITH_POSTGRESQL := $(BIN)/python -m tools.postgresql

.DEFAULT_GOAL := help
.PHONY: help run test check format translations clean

help:
	@echo "make run           start the console; a demo unless PUBLIC_URL is set"
	@echo "make test          all tests, on PostgreSQL and on SQLite"
	@echo "make check         style, types, layers, migrations, templates, translations"
	@echo "make format        put the code into shape"
	@echo "make translations  take new texts into locale/ and compile it"

run: .venv/run.stamp
	@exec $(BIN)/python manage.py run --stop-with-parent

# The part that touches the database runs on PostgreSQL first; then everything runs, on
# SQLite, and pytest's summary of that is the last thing to see. A module at a time: its
# tests share a browser, or processes. Three side by side on two cores, as much is waiting.
test: .venv/dev.stamp
	@$(BIN)/python -m tools.system_packages
	$(WITH_POSTGRESQL) $(BIN)/python -m pytest -q -n 2 -m "database and not browser and not processes"
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/dev.stamp
	$(BIN)/python -m tools.checks

format: .venv/dev.stamp
	$(BIN)/python -m ruff check --fix-only --quiet .
	$(BIN)/python -m ruff format .

translations: .venv/dev.stamp
	$(BIN)/python -m tools.translations update
	$(BIN)/python -m tools.translations compile

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# A stamp is younger than everything it rests on, so that a second run starts at once.
.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: PYTHON=python3.11 make"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python can't make environments yet: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements.txt
	@echo "Installing requirements.txt into .venv …"
	@$(PIP) install --quiet --requirement requirements.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@echo "Installing requirements-dev.txt into .venv …"
	@$(PIP) install --quiet --requirement requirements-dev.txt
	@touch $@
