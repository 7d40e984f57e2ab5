# chartsift: `make run` shows it, `make test` checks it, `make help` lists the rest.
# Needs Python 3.11 (or 3.12), make and a C compiler (a few dependencies come as source).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run serve load accuracy accuracy-halves test lint types imports browser postgresql java test-312 test-main bench bench-memory venv venv-dev lock clean

# The Python that everything runs on: PYTHON=... on the command line overrides.
PYTHON := $(shell command -v python3.11 || command -v python3.12 || command -v python3)
# Python 3.12 besides, when there is one: on the path, or in pyenv without being its default.
PYTHON312 := $(shell for p in python3.12 "$$(pyenv prefix $$(pyenv latest 3.12 2>/dev/null) 2>/dev/null)/bin/python3.12"; \
	do "$$p" -c '' 2>/dev/null && { echo "$$p"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PORTIONS := nlp models api annotations
# One worker a core, two at most: each holds a pipeline of its own.
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 1); echo $$((n > 2 ? 2 : n)))
# Where annotated charts are measured: a sibling folder if there is one, else the bundled charts.
CHARTS := $(firstword $(wildcard ../shared/charts/dev) annotations/charts)

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

run: venv ## install, screen the bundled sample charts, show the result
	$(BIN)/chartsift screen --sample --out out/sample --restart

serve: venv ## the reviewer's room with the sample charts, on this machine only
	$(BIN)/chartsift serve --demo

load: venv ## 50 readers deciding while 500 notes are uploaded, server and worker killed in the middle (minutes)
	$(BIN)/python tests/load/review_load.py $(LOAD)

accuracy: venv ## measure on annotated charts (CHARTS=folder)
	$(BIN)/chartsift annotations score $(CHARTS)

accuracy-halves: venv ## the same for every other chart by name: first, third, … then second, fourth, …
	$(BIN)/chartsift annotations score $$(ls $(CHARTS)/*.json | awk 'NR % 2 == 1')
	$(BIN)/chartsift annotations score $$(ls $(CHARTS)/*.json | awk 'NR % 2 == 0')

test: lint types imports test-312 browser postgresql java test-main ## every gate: lint, types, import rules, all tests, the wheel

lint: venv-dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy does not follow setuptools' finder, so it is shown the folders under their installed names.
types: venv-dev ## mypy, strict
	mkdir -p build/typed/chartsift
	for portion in $(PORTIONS); do ln -sfn ../../../$$portion build/typed/chartsift/$$portion; done
	$(BIN)/mypy $(addprefix -p chartsift.,$(PORTIONS))

imports: venv-dev ## which package may import which
	$(BIN)/lint-imports --no-cache

# Browser tests drive Debian's Chromium. Where it cannot be had they are skipped, each by name.
browser:
	@mkdir -p build
	@if command -v chromium >/dev/null; then chromium --version; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium; } \
			>build/chromium.log 2>&1 || echo "no Chromium: browser tests will be skipped"; \
	else echo "no Chromium: browser tests will be skipped"; fi

# The database tests start a PostgreSQL server of their own. Where none can be had its half is skipped by name.
postgresql:
	@mkdir -p build
	@server() { command -v postgres || ls /usr/lib/postgresql/*/bin/postgres; }; \
	if server >/dev/null 2>&1; then "$$(server 2>/dev/null | tail -n 1)" --version; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends postgresql; } \
			>build/postgresql.log 2>&1 || echo "no PostgreSQL: its database tests will be skipped"; \
	else echo "no PostgreSQL: its database tests will be skipped"; fi

test-312: ## the core tests on Python 3.12, when it is there
	@if [ -z "$(PYTHON312)" ]; then echo "skipped: tests on Python 3.12 (no python3.12 here)"; \
	else .ci/venv .venv312 "$(PYTHON312)" dev && \
		.venv312/bin/python -m pytest -q -n $(WORKERS) -m "not browser and not accuracy and not slow" \
			tests/test_imports.py tests/test_log.py tests/nlp; fi

# Tests of Spark start a real cluster, which is Java.
java:
	@.ci/java

test-main: venv-dev browser postgresql java
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# For instance: make bench REPEATS=1 NOTES=200 (short), make bench BENCH=--check (fails when a ratio does not hold).
REPEATS := 3
NOTES := 1000
BENCH :=
bench: venv ## compare speed with stock medspaCy and EDS-NLP, and write the table into docs/benchmark.md
	.ci/bench-venv .venv-bench "$(PYTHON)"
	$(BIN)/python tests/bench/bench.py --repeats $(REPEATS) --notes $(NOTES) --edsnlp .venv-bench/bin/python \
		--docs docs/benchmark.md $(BENCH)

# Further options in MEMORY, for instance MEMORY="--notes 1000 10000" or MEMORY=--candidates.
MEMORY :=
bench-memory: venv ## memory of a run over a thousand to a hundred thousand notes; writes its table there as well
	$(BIN)/python tests/bench/memory.py --docs docs/benchmark.md $(MEMORY)

venv:
	@.ci/venv $(VENV) "$(PYTHON)"

venv-dev:
	@.ci/venv $(VENV) "$(PYTHON)" dev

lock: ## resolve the dependencies anew and write requirements/*.lock
	.ci/lock python3.11
	@if [ -n "$(PYTHON312)" ]; then .ci/lock "$(PYTHON312)"; else echo "left as they are: locks of Python 3.12 (no python3.12 here)"; fi

clean: ## remove everything that a target made
	rm -rf .venv .venv312 .venv-bench build dist out *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
