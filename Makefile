# `make demo` and `make test` need git, make and Python 3.11 or newer: all else,
# MPI included, is installed into .venv at the versions and hashes of requirements/.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test faults hosts lint bench fuzz docs lock clean distclean

PYTHON ?= $(shell python3.11 --version >/dev/null 2>&1 && echo python3.11 || echo python3)
WORKLOAD ?= unet3d
RANKS ?= 2
FUZZ_SECONDS ?= 20
FAULT_JOBS ?= 2
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url \
	--custom-compile-command 'make lock'

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.stamp ## install the locked tools and the project into .venv

demo: .venv/.stamp ## compile, run and judge a small WORKLOAD (unet3d) on RANKS (2)
	mkdir -p demo
	cd demo && ../$(BIN)/mlps +workload=$(WORKLOAD) +system=local submission=demo --write-to $(WORKLOAD).yaml
	$(BIN)/mpiexec -n $(RANKS) $(BIN)/mlps-runner demo/$(WORKLOAD).yaml
	$(BIN)/mlps verify demo/results

test: .venv/.stamp ## run the tests: side by side, then those that measure, alone
	$(BIN)/pytest -m 'not alone' --numprocesses auto --dist loadfile
	$(BIN)/pytest -m alone

hosts: .venv/.stamp ## run across emulated hosts, one cut off (Linux, root, iproute2, sshd)
	$(BIN)/python tests/hosts/hosts.py

faults: .venv/.stamp ## inject every fault for real, and print what came of each
	$(BIN)/python -m tests.faults --jobs $(FAULT_JOBS)

lint: .venv/.stamp ## check style, types and the layering of the packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.stamp ## measure, and print the table of benchmarks
	$(BIN)/python benchmarks/table.py

fuzz: .venv/.fuzz ## fuzz the readers of strangers' files, FUZZ_SECONDS (20) each
	for target in plan json yaml evidence tree; do \
		$(BIN)/python tests/fuzz/fuzz.py $$target $(FUZZ_SECONDS) fuzz || exit 1; done

docs: .venv/.stamp ## write the generated pages of docs/ anew
	$(BIN)/python -m mlps.evidence.reference > docs/evidence.md
	$(BIN)/python -m rules.listing > docs/rules.md

lock: | .venv/bin/pip ## write requirements/ anew from pyproject.toml, at the newest versions
	$(PIP_INSTALL) uv
	$(LOCK) --upgrade --group dev --output-file requirements/dev.txt pyproject.toml
	$(LOCK) --upgrade --group mpi --constraint requirements/dev.txt --output-file requirements/run.txt pyproject.toml
	$(LOCK) --upgrade --group fuzz --output-file requirements/fuzz.txt

clean: ## remove what demo, bench and the tools wrote
	rm -rf bench build demo dist fuzz
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## clean, and remove .venv
	rm -rf .venv

.venv/.stamp: requirements/dev.txt pyproject.toml | .venv/bin/pip
	$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	touch $@

.venv/.fuzz: requirements/fuzz.txt .venv/.stamp
	$(PIP_INSTALL) --require-hashes -r requirements/fuzz.txt
	touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mlps needs Python 3.11 or newer; $(PYTHON) is missing or older." \
		"Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
