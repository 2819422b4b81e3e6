# One command a chore; plain `make` lists them.
#
#   PYTHON=python3.12 make test     use this interpreter (3.11 or later) for the environment
#   VENV=.venv-312 make test        keep another environment beside the first

PYTHON ?=
VENV ?= .venv
JOBS ?= 2
PYTHONS ?= python3.11 python3.12 python3.13

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-slow test-all pytest check-code format check-policies schema \
        docs-test bench wheel-test spark-test matrix hooks clean

help: ## list the chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- the environment -------------------------------------------------------------------------

# The first interpreter of the list that runs, is 3.11 or later, and can make an environment.
# A name on the PATH is not enough: version managers leave commands there that only print an error.
define FIND_PYTHON
for python in "$(PYTHON)" python3 python3.12 python3.13 python3.11 python; do \
  [ -n "$$python" ] || continue; \
  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
  then echo "$$python"; exit 0; fi; \
  if [ "$$python" = "$(PYTHON)" ]; then \
    echo "expected PYTHON to be Python 3.11 or later with venv, but got $$python" >&2; exit 1; fi; \
done; \
echo "no Python 3.11 or later with venv was found: install one" \
  "(Debian and Ubuntu: apt install python3 python3-venv)," \
  "or name it: PYTHON=/path/to/python make ..." >&2; \
exit 1
endef

setup: $(STAMP) ## create the environment and install the project with its development tools

$(STAMP): pyproject.toml
	@python=$$($(FIND_PYTHON)) && \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
	  echo "creating $(VENV) with $$("$$python" --version)" && "$$python" -m venv --clear $(VENV); fi
	@echo "installing salesctrl and its development tools into $(VENV) (some minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
	@touch $@

# --- seeing it work ----------------------------------------------------------------------------

demo: $(STAMP) ## decide the generated example tables and explain one decision in full
	@$(BIN)/python examples/demo.py

# --- the gates -----------------------------------------------------------------------------------

test: check-code ## the gate of every change: style, types, import contracts, and all but the slow tests
	@$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not exhaustive"

test-all: test test-slow ## everything: `make test`, then the slow and exhaustive tests

# pytest ends with 5 where no test carries a mark; that is no failure.
test-slow: $(STAMP) ## the slow and exhaustive tests alone
	@$(BIN)/python -m pytest -n $(JOBS) -m "slow or exhaustive" || [ $$? -eq 5 ]

check-code: $(STAMP) ## style, types and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(STAMP) ## put the code in the house style
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

check-policies: $(STAMP) ## check the shipped policies and run their examples
	@$(BIN)/salesctrl check policies
	@$(BIN)/salesctrl test policies

schema: $(STAMP) ## write the JSON Schemas of the policy documents again
	@$(BIN)/salesctrl schema --out src/salesctrl/schemas

docs-test: $(STAMP) ## run every block of YAML and Python in the documentation
	@$(BIN)/python -m pytest tests/test_docs.py

bench: $(STAMP) ## measure speed and exactness against other engines; rewrites docs/performance.md
	@$(BIN)/python bench/run.py $(ARGS)

# The wheel alone, in a new environment, away from the checkout: what a user gets.
wheel-test: $(STAMP) ## build the wheel, install it alone, check and run the policies it carries
	@set -eu; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	$(BIN)/python -m pip wheel -qq --disable-pip-version-check --no-deps --wheel-dir "$$dir" .; \
	$(BIN)/python -m venv "$$dir/venv"; \
	"$$dir/venv/bin/python" -m pip install -qq --disable-pip-version-check "$$dir"/salesctrl-*.whl; \
	cd "$$dir"; \
	venv/bin/python -c 'import pathlib, sys, salesctrl; \
	  where = pathlib.Path(salesctrl.__file__).resolve(); \
	  sys.exit(None if where.is_relative_to(pathlib.Path(sys.prefix).resolve()) \
	    else f"expected the installed package, but got {where}")'; \
	venv/bin/salesctrl check; \
	venv/bin/salesctrl test; \
	venv/bin/salesctrl list; \
	echo "the wheel works on its own: $$(basename "$$dir"/salesctrl-*.whl)"

# PySpark is some 450 MB and needs Java, so it is not among the development tools.
spark-test: $(STAMP) ## install the extra `spark` and test tables of Spark on two local workers (needs Java 17)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[spark]'
	@$(BIN)/python -m pytest -n 0 -m "slow or not slow" tests/integrations

matrix: ## run the tests under each of Python 3.11, 3.12 and 3.13 that is installed
	@ran=; for python in $(PYTHONS); do \
	  if "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "== $$("$$python" --version)"; \
	    $(MAKE) --no-print-directory test PYTHON="$$python" VENV=".venv-$$(basename "$$python")" || exit 1; \
	    ran="$$ran $$python"; \
	  else echo "== $$python is not installed: left out"; fi; \
	done; \
	[ -n "$$ran" ] || { echo "none of $(PYTHONS) is installed" >&2; exit 1; }; \
	echo "passed under:$$ran"

# --- housekeeping -----------------------------------------------------------------------------------

hooks: $(STAMP) ## install the pre-commit hooks
	@$(BIN)/pre-commit install

clean: ## remove environments, caches and build results
	@rm -rf .venv .venv-* bench/.envs bench/out build dist site htmlcov .coverage .coverage.* \
	  .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
