# One word per habit. `make` alone lists them.
#
# Everything lives in .venv, which the first target makes. A stamp file in it remembers what was
# installed, so a second run starts at once; changing a requirement file or pyproject.toml renews it.

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet
SOURCES := src tests $(wildcard benchmarks docs examples)

# The first Python that is new enough and can make environments. Found by running it: a name on
# the path may be a shim for a version that is not installed. Deferred (=), so only asked when used.
CAN_MAKE_VENV := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	if $$name -c '$(CAN_MAKE_VENV)' >/dev/null 2>&1; then echo $$name; break; fi; done)

# Data that cannot be shipped stands beside a developer's checkout; tests that need it say so.
ifneq ($(wildcard ../shared/data),)
export CHAINRULE_DATA ?= $(CURDIR)/../shared/data
endif

.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench rivals docs format golden pins clean

help:  ## list these habits
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/demo.stamp  ## train on real handwriting (installs 600 MB, a minute); results go to demo/
	$(RUN) -m chainrule train digits --out demo

test: $(VENV)/test.stamp  ## the whole test suite (installs 1.8 GB in all; runs for 10 to 25 minutes)
	$(RUN) -m pytest -n auto --dist worksteal

check: lint  ## all a commit needs: format, lint, types, layers, docstrings, fast tests
	$(RUN) -m pytest -q -n auto --dist worksteal -m "not slow"

lint: $(VENV)/dev.stamp  ## check without the tests
	$(RUN) -m ruff format --check $(SOURCES)
	$(RUN) -m ruff check $(SOURCES)
	$(RUN) -m pyright
	$(VENV)/bin/lint-imports --no-logo --no-cache
	find src -name '*.py' -exec $(RUN) -m numpydoc lint {} +

format: $(VENV)/dev.stamp  ## format the code and apply ruff's fixes
	$(RUN) -m ruff check --fix $(SOURCES)
	$(RUN) -m ruff format $(SOURCES)

golden: $(VENV)/test.stamp  ## renew the golden files of printed graphs and loops; review the diff
	CHAINRULE_UPDATE_GOLDEN=1 $(RUN) -m pytest -q tests/graph/test_printing.py tests/compiler/test_golden.py tests/test_numpy_coverage.py tests/arguments/test_foreign_names.py tests/test_readme.py
	git diff --stat tests/golden docs examples

bench: $(VENV)/demo.stamp  ## speed against the rivals that are installed, side by side
	$(RUN) -m benchmarks

rivals: $(VENV)/bench.stamp  ## install the rivals that `make bench` compares with

docs: $(VENV)/demo.stamp  ## run docs/tour.py, the whole idea as a program
	$(RUN) docs/tour.py

pins: $(VENV)/ready.stamp  ## renew requirements/*.txt from what pyproject.toml allows today
	sh requirements/renew.sh $(RUN)

clean:  ## remove what the other habits made, except .venv
	rm -rf build dist demo .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests $(wildcard benchmarks docs examples) -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/ready.stamp:
	@if ! $(RUN) -m pip --version >/dev/null 2>&1; then \
		if [ -z "$(PYTHON)" ]; then \
			echo "make: no Python 3.11 or newer with the modules venv and ensurepip was found." >&2; \
			echo "On Debian and Ubuntu: sudo apt install python3-venv; elsewhere install Python," \
				"or name one: make PYTHON=/path/to/python ..." >&2; exit 1; \
		fi; \
		echo "making $(VENV) with $(PYTHON)"; \
		"$(PYTHON)" -m venv --clear $(VENV); \
	fi
	@touch $@

# What an installation takes, measured on two cores; most of the time is the download.
SIZE_demo := 600 MB on the disk, about a minute
SIZE_test := 1.8 GB on the disk with those of the demonstration, about three minutes
SIZE_dev := 2.2 GB on the disk, about four minutes
SIZE_bench := several GB on the disk, for PyTorch and JAX

# The requirement files include one another: bench and test start with demo, dev with test.
$(VENV)/test.stamp $(VENV)/bench.stamp: requirements/demo.txt
$(VENV)/dev.stamp: requirements/demo.txt requirements/test.txt
$(VENV)/%.stamp: requirements/%.txt pyproject.toml $(VENV)/ready.stamp
	@echo "installing $< into $(VENV): $(SIZE_$*)"
	@$(PIP) -r $<
	@$(PIP) --no-deps --no-build-isolation --editable .
	@echo "$(VENV) has $$(du -sm $(VENV) | cut -f1) MB now; to remove it: rm -r $(VENV)"
	@touch $@
