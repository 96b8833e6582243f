# Everything runs in .venv, made here from any Python >= 3.11 (choose one: make PYTHON=python3.13 ...).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
SHELL := /bin/bash
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet
CYTHON_SOURCES := $(shell find tracetensor -name '*.pyx' -o -name '*.pxd' -o -name '*.h')
CYTHON_LINTED := $(filter %.pyx %.pxd,$(CYTHON_SOURCES))

WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n < 8 ? n : 8)))
PYTEST_ARGS ?=
HYPOTHESIS_PROFILE ?=
MINUTES ?= 10
FUZZ_ARGS ?=
BENCH_ARGS ?=

.PHONY: help
help:
	@echo 'make demo    show what the library does'
	@echo 'make test    run the tests (PYTEST_ARGS="-k grad -x", WORKERS=4)'
	@echo 'make lint    run every static check'
	@echo 'make format  format the Python sources, apply safe fixes'
	@echo 'make bench   measure speed (BENCH_ARGS=...)'
	@echo 'make fuzz    test random programs against NumPy (MINUTES=10)'
	@echo 'make thorough  compare calls of NumPy over all dtypes and layouts (an hour)'
	@echo 'make test-tiers     the tests of whole programs, all loops as machine code, then none'
	@echo 'make test-sanitize  the tests of machine code, compiled with the checks of sanitizers'
	@echo 'make build   rebuild the Cython modules whose sources changed'
	@echo 'make clean   remove builds and caches; .venv stays'

.PHONY: demo
demo: .venv/.stamp-demo build
	@$(PY) -m tracetensor demo

.PHONY: test
test: .venv/.stamp-dev build
	$(PY) -m pytest -q -n $(WORKERS) $(if $(HYPOTHESIS_PROFILE),--hypothesis-profile=$(HYPOTHESIS_PROFILE)) $(PYTEST_ARGS)

# Every check runs, so that one round shows all there is to mend.
.PHONY: lint
lint: .venv/.stamp-dev build
	@failed=; PATH="$$PWD/.venv/bin:$$PATH"; \
	check() { echo "$$*" && "$$@" || failed+=" $$(basename "$$1")"; }; \
	check .venv/bin/ruff check; \
	check .venv/bin/ruff format --check; \
	check .venv/bin/mypy; \
	check .venv/bin/lint-imports --no-logo; \
	$(if $(CYTHON_LINTED),check .venv/bin/cython-lint $(CYTHON_LINTED);) \
	check .venv/bin/codespell; \
	check $(PY) -m tools.ratchets; \
	if [ -n "$$failed" ]; then echo "make lint: failed:$$failed" >&2; exit 1; fi

.PHONY: format
format: .venv/.stamp-dev
	$(PY) -m ruff check --fix-only --quiet
	$(PY) -m ruff format

.PHONY: bench
bench: .venv/.stamp-bench build
	$(PY) benchmarks/overhead.py $(BENCH_ARGS)
	$(PY) benchmarks/elementwise.py $(BENCH_ARGS)
	$(PY) benchmarks/programs.py $(BENCH_ARGS)
	$(PY) benchmarks/memory.py $(BENCH_ARGS)
	$(PY) benchmarks/gradients.py $(BENCH_ARGS)

.PHONY: fuzz
fuzz: .venv/.stamp-dev build
	MINUTES=$(MINUTES) $(PY) -m tests.fuzz $(FUZZ_ARGS)

.PHONY: thorough
thorough: .venv/.stamp-dev build
	$(PY) -m pytest -q -n $(WORKERS) --thorough tests/test_numpy_api.py

TIER_TESTS := $(addprefix tests/,test_programs.py test_versions.py test_errors.py test_differences.py) $(wildcard tests/test_tracer_*.py)

.PHONY: test-tiers
test-tiers: .venv/.stamp-dev build
	for tier in native interpreted; do TRACETENSOR_TIER=$$tier $(PY) -m pytest -q -n $(WORKERS) $(TIER_TESTS) $(PYTEST_ARGS) || exit; done

SANITIZED_TESTS := $(addprefix tests/,test_native.py test_native_arrays.py test_native_lists.py test_native_indexing.py \
	test_attempt_writes.py test_fused.py test_programs.py)

# One process: what a sanitizer prints before it ends a worker would be lost.
.PHONY: test-sanitize
test-sanitize: .venv/.stamp-dev build
	CC="$$PWD/tools/sanitized_cc" TRACETENSOR_TIER=native LD_PRELOAD="$$(cc -print-file-name=libasan.so)" \
	ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc $(PY) -m pytest -q -n 0 -s $(SANITIZED_TESTS) $(PYTEST_ARGS)

.PHONY: build
build: .venv/.stamp-build

.PHONY: clean
clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find tracetensor -name '*.so' -delete
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -f .venv/.stamp-*

# What building needs goes into .venv itself, so that rebuilding in place needs no network and no second environment.
.venv/.stamp-base: pyproject.toml setup.py tools/make_venv
	@tools/make_venv
	@echo 'Installing what building needs'
	@$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $@.txt
	@$(PIP) -r $@.txt
	@touch $@

# .venv/.stamp-dev, .venv/.stamp-demo, ...: the package, editable, with that extra.
.venv/.stamp-%: .venv/.stamp-base
	@echo 'Installing tracetensor[$*]: a minute or so the first time'
	@$(PIP) --no-build-isolation --editable '.[$*]'
	@touch $@

.venv/.stamp-build: .venv/.stamp-base $(CYTHON_SOURCES)
	@$(if $(CYTHON_SOURCES),$(PY) setup.py --quiet build_ext --inplace)
	@touch $@
