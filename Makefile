# `make demo` runs the main job, `make test` passes the tests: each sets up what it needs on a machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build
DB := $(BUILD)/demo.sqlite
PORT ?= 8000

.PHONY: demo demo-load docs test lint types layers check official clients profiles definitions bench laws fuzz clean

# Runtime and test environment are one: the second `make` only adds what is missing.
$(BIN)/.runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(BIN)/.test: $(BIN)/.runtime pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

demo-load: $(BIN)/.runtime
	@mkdir -p $(BUILD)
	$(BIN)/fhir-vitiligo examples case-report > $(BUILD)/case-report.yaml
	$(BIN)/fhir-vitiligo to-fhir $(BUILD)/case-report.yaml -o $(BUILD)/case-report.json
	$(BIN)/fhir-vitiligo validate $(BUILD)/case-report.json
	$(BIN)/fhir-vitiligo load --db $(DB) $(BUILD)/case-report.json

demo: demo-load
	$(BIN)/fhir-vitiligo serve --db $(DB) --port $(PORT)

test: $(BIN)/.test
	$(BIN)/python -m pytest -n auto -m 'not official and not clients' $(ARGS)

lint: $(BIN)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/.test
	$(BIN)/mypy

layers: $(BIN)/.test
	$(BIN)/lint-imports

check: lint types layers

# HL7's own validation engine over everything we emit: needs Java 17, Maven, Node.js (to fetch packages) once online.
official: $(BIN)/.test
	$(BIN)/python -m pytest -m official $(ARGS)

# Real clients, Python and Node.js ones, against a running server.
$(BIN)/.clients: $(BIN)/.test pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,clients]'
	@touch $@

clients: $(BIN)/.clients
	$(BIN)/python -m pytest -m clients tests/clients tests/fuzz_server $(ARGS)

# Hypothesis, and atheris where it can be installed: it has no wheel for every machine, and says so as a skip.
$(BIN)/.fuzz: $(BIN)/.test pyproject.toml
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,fuzz]' && touch $@

fuzz: $(BIN)/.fuzz
	FUZZ_EXAMPLES=2000 FUZZ_SECONDS=60 $(BIN)/python -m pytest tests/fuzz $(ARGS)

docs: $(BIN)/.test
	$(BIN)/python tools/build_docs.py

profiles: $(BIN)/.test
	tools/build_profiles.sh
	$(BIN)/python tools/build_examples.py
	$(BIN)/python tools/build_docs.py

definitions: $(BIN)/.test
	$(BIN)/python tools/build_definitions.py

bench: $(BIN)/.test
	$(BIN)/python -m bench.mapping

laws: $(BIN)/.test
	$(BIN)/python -m tests.properties.long_run --cases 1000000 --processes 2

clean:
	rm -rf $(BUILD) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
