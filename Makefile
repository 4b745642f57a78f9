# `make` lints, checks types and tests; `make demo` shows what taximeter does; `make bench` measures its targets.
# Each sets the environment up first, unless it is current.

PYTHON ?= python3
BIN := .venv/bin
TRACKERS := $(wildcard trackers/*)
CURRENT := .venv/.current

.PHONY: check demo test bench lint types matrix facts lock clean

check: lint types test

demo: $(CURRENT)
	$(BIN)/taximeter compare --name demo --data sample

test: $(CURRENT)
	$(BIN)/python -m pytest -n auto --dist loadgroup

bench: $(CURRENT)
	$(BIN)/python -m benchmarks

lint: $(CURRENT)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(CURRENT)
	$(BIN)/mypy

matrix: $(CURRENT)
	$(BIN)/python -m taximeter.matrix README.md

facts: $(CURRENT)
	$(BIN)/python -m taximeter.verdicts.document docs/facts.md

lock: $(CURRENT)
	$(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header --no-annotate \
		--no-emit-package taximeter --group dev pyproject.toml $(TRACKERS:=/pyproject.toml) -o requirements.lock

$(CURRENT): requirements.lock pyproject.toml $(TRACKERS:=/pyproject.toml)
	@echo "Setting up .venv from requirements.lock; this takes a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation \
		$(addprefix -e ./,. $(TRACKERS))
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
