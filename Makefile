# make run               the ladder up to a million ratings: table, figures and page in results/
# make run SCALE=full    all of it, 32 million ratings
# make peers             the same beside cmfrec, Spark, LIBMF and Surprise, in an environment of its own, and their tests
# make run OPTIONS="--rounds 12"   any option of `python -m harness run`; so for `make peers`
# make test              the whole suite, and the kernels once more as plain Python
# make attack            files nobody should write and kills at any moment, for up to ten minutes
# make browser           Playwright, for the tests of the page in a real browser: a chromium must be on the path
# make cluster           Dask, for the implementations `dask` and `dask-f32` and their tests
# make docs              what the committed runs say, put into README and docs
# make report.pdf        the technical report as build/report.pdf
# make tour              the notebook that climbs the ladder, executed, as build/tour.html
# make lint              what must be clean: formatting, lint, types
# make bench             what takes how long, from half-sweeps to the reader, beside the run before (pytest-benchmark)
# make bench-quick       each of these briefly: do they still run?
# make asv               every asv benchmark once, on the wheel that asv builds of the commit

PYTHON ?= python3
SCALE ?= 1m
IMPL ?= all
OPTIONS ?=
BIN := .venv/bin
BENCHMARKS = tests/benchmarks/test_time_*.py

BENCH = $(BIN)/python -m pytest $(BENCHMARKS) --benchmark-enable \
	--benchmark-name=short --benchmark-time-unit=ms --benchmark-columns=min,median,iqr,rounds

# Test files side by side, as many as there are cores, in the order of tests/conftest.py.
SIDE_BY_SIDE = --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: run peers browser cluster docs report.pdf tour test attack lint bench bench-quick asv clean

run: .venv/ready
	$(BIN)/python -m harness run --impl $(IMPL) --scale $(SCALE) --latent $(OPTIONS)

peers: .venv-peers/ready
	.venv-peers/bin/python -m pytest tests/implementations/test_peers.py
	.venv-peers/bin/python -m harness run --impl numba-tiled-f32,numba-parallel,peers --scale $(SCALE) --rank 32 $(OPTIONS)

test: .venv/ready
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m kernel $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

attack: .venv/ready
	cd tests/attack && timeout 600 $(CURDIR)/$(BIN)/python -m pytest -q -s -p no:cacheprovider attack_files.py attack_kills.py

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/ready
	$(BENCH) --benchmark-max-time=0.6 --benchmark-autosave
	@$(BIN)/python tests/benchmarks/compare_runs.py .benchmarks

bench-quick: .venv/ready
	$(BENCH) --benchmark-min-rounds=1 --benchmark-max-time=0.001

asv: .venv/ready
	$(BIN)/asv machine --yes
	$(BIN)/asv check
	$(BIN)/asv run --quick --dry-run --show-stderr

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

.venv-peers/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,peers]"
	touch $@

browser: .venv/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[browser]"

docs: .venv/ready
	$(BIN)/python -m scripts.docs

report.pdf: browser
	$(BIN)/python -m scripts.report_pdf --out build/report.pdf

cluster: .venv/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dask]"

tour: .venv/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[tour]"
	$(BIN)/python -m scripts.tour --out build/tour.html

clean:
	rm -rf .venv .venv-peers build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .asv
