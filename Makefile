# make run               the ladder up to a million ratings: table, figures and page in results/
# make run SCALE=full    all of it, 32 million ratings
# make test              the whole suite, and the kernels once more as plain Python
# make lint              what must be clean: formatting, lint, types
# make bench             half-sweeps under pytest-benchmark

PYTHON ?= python3
SCALE ?= 1m
IMPL ?= all
BIN := .venv/bin

.PHONY: run test lint bench clean

run: .venv/ready
	$(BIN)/python -m harness run --impl $(IMPL) --scale $(SCALE)

test: .venv/ready
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m kernel
	$(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-columns=min,median,iqr,rounds

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .asv
