# `make run` and `make test` do all of their own set-up. PYTHON may name another interpreter, 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH :=

.PHONY: run test test-slow lint setup lock clean

run: $(READY)
	remint run

# Two processes; a file of tests stays in one. In the order of the files, as the slow ones come first.
test: $(READY)
	pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slow: $(READY)
	pytest -m slow

lint: $(READY)
	ruff format --check .
	ruff check .
	mypy
	lint-imports

setup: $(READY)

# Made anew when the lock or the declared dependencies change; else this costs nothing.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, not " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Resolve the declared ranges afresh and write down what was found.
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]' torch==2.13.0
	$(VENV)-lock/bin/python -m pip freeze --exclude remint | grep -v ' @ ' | sed 's/+cpu$$//' > constraints.txt
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build
