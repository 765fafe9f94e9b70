# `make demo` is all a new user needs: Python 3.11, python3-venv and make, nothing else.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
ONLY ?=
ARGS ?=
# Processes that share the tests; each file stays in one, and each has a database of its own.
JOBS ?= 2
# What `make soak` runs with long counts: random cases, seeds of the kills, processes at once.
SOAK := tests/kernel/test_money.py tests/ingest/test_charges.py \
  tests/attribution/test_allocate_properties.py tests/attribution/test_random_rules.py \
  tests/attribution/test_overlapping.py \
  tests/runtime/test_worker_kill.py tests/runtime/test_arrivals_killed.py \
  tests/ingest/test_spark.py tests/runtime/test_demo_alerts.py tests/surfaces \
  tests/api/test_openapi.py tests/web/test_sweep.py

# Whatever the shell says, modules are compiled once: every start would take twice its CPU time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up test samples bi soak lint bench screenshots lock clean

demo: $(VENV)/.runtime
	$(BIN)/python manage.py up --demo --port $(PORT)

up: $(VENV)/.runtime
	$(BIN)/python manage.py up --port $(PORT)

test: $(VENV)/.tests
	$(BIN)/python -m pytest -q -m "not samples and not bi" -n $(JOBS) --dist loadfile $(ARGS)

samples: $(VENV)/.tests
	$(BIN)/python -m pytest -q -m samples $(ARGS)

# Apache Superset in an environment of its own, reading reporting_v1.
bi: $(VENV)/.tests .venv-superset/.superset
	$(BIN)/python -m pytest -q -m bi tests/bi $(ARGS)

soak: $(VENV)/.tests
	AICOST_PROPERTY_CASES=1000 AICOST_KILL_SEEDS=5 AICOST_OVERLAP_RUNS=200 AICOST_SPARK_LINES=1000000 \
	  AICOST_DEMO_DAYS=365 AICOST_SURFACE_CASES=300 AICOST_API_REQUESTS=10000 \
	  AICOST_WHOLE_SWEEP=1 \
	  $(BIN)/python -m pytest -q --hypothesis-profile=soak $(SOAK) $(ARGS)

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	AICOST_HOME=$$(mktemp -d) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run

bench: $(VENV)/.tests
	$(BIN)/python manage.py bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

# Pictures of every page of the ledger in AICOST_HOME: run `make demo` once before.
screenshots: $(VENV)/.tests
	$(BIN)/python manage.py screenshots $(ARGS)

# Writes the pinned versions anew from the .in files.
lock: $(VENV)/.uv
	$(BIN)/uv pip compile -q --upgrade --no-emit-index-url --no-emit-find-links \
	  requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --no-emit-index-url --no-emit-find-links \
	  requirements-test.in -o requirements-test.txt
	$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links requirements-superset.in -o requirements-superset.txt

clean:
	rm -rf $(VENV) .venv-superset

# Each stamp holds: the virtual environment is what the lock says. uv's version is the lock's too.
$(VENV)/.uv: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.txt
	$(BIN)/uv pip sync -q --python $(BIN)/python requirements.txt
	rm -f $(VENV)/.tests
	touch $@

$(VENV)/.tests: $(VENV)/.runtime requirements-test.txt
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-test.txt
	touch $@

.venv-superset/.superset: $(VENV)/.uv requirements-superset.txt
	test -x .venv-superset/bin/python || $(PYTHON) -m venv .venv-superset
	$(BIN)/uv pip sync -q --python .venv-superset/bin/python requirements-superset.txt
	touch $@
