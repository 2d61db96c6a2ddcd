# Two commands do everything on a machine with Python 3.11+, git and make: `make demo` and `make test`.
PYTHON ?= python3
# A Python with a version in its name has an environment of its own: make quick PYTHON=python3.13
VENV := .venv$(addprefix -,$(filter-out python python3,$(notdir $(PYTHON))))
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
PYTEST := $(BIN)/python -m pytest
NODE_MODULES := tests/integration/node_modules/.package-lock.json
# What is compiled and rewritten once is used again, by a thousand processes and the next run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo quick test lint types unit covered real pythons fix schema docs copies codearts lock bench contest soak fuzz mutants integration clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime  ## see the gate wait for a scan, judge it and report, with nothing to configure
	$(BIN)/hssgate demo

quick: $(VENV)/dev  ## half a minute: the tests that need no process and no socket, of long tables a part
	$(PYTEST) --quick --numprocesses auto

test: lint covered  ## lint, types and all tests: what must pass before a commit
	@$(MAKE) --no-print-directory --jobs=2 types real

lint: $(VENV)/dev  ## style, formatting and the layers of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/dev  ## mypy, strict
	$(BIN)/mypy

unit: covered real  ## all tests

covered: $(VENV)/dev  ## tests without processes and sockets, with branch coverage of the decision path
	$(BIN)/coverage erase
	COVERAGE_PROCESS_START=$(CURDIR)/pyproject.toml $(PYTEST) -m "not integration and not real" --numprocesses auto
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Each worker collects the files it is given, and no others. Half of the time these tests wait, so that each processor
# has two workers.
real: $(VENV)/dev  ## tests with processes and sockets
	$(PYTEST) -m real --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) * 2)) --maxschedchunk 1 $(shell grep -rl --include='test_*.py' 'mark\.real' tests)

pythons:  ## make quick under every other Python from 3.11 on that is on this machine
	@own=$$($(PYTHON) -c 'import sys; print(sys.version_info.minor)'); \
	for minor in 11 12 13 14 15; do \
	  for python in python3.$$minor ~/.pyenv/versions/3.$$minor.*/bin/python3.$$minor; do \
	    [ $$minor != $$own ] && "$$python" -c '' 2>/dev/null || continue; \
	    $(MAKE) --no-print-directory quick PYTHON="$$python" || exit; \
	    break; \
	  done; \
	done

fix: $(VENV)/dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/runtime  ## write schemas/policy.schema.json anew from the model
	$(BIN)/hssgate policy schema > schemas/policy.schema.json

docs: $(VENV)/runtime  ## write the generated parts of docs/ anew: commands and options, stages of the wait, the picture of a block
	$(BIN)/python -m docs.generated
	$(BIN)/python -m docs.picture

copies:  ## copy what action/ shares with the GitLab template and the examples into them
	$(PYTHON) action/copies.py

codearts:  ## pack the extension for CodeArts Pipeline: dist/hssgate-codearts-VERSION.zip
	$(PYTHON) examples/codearts/extension.py

bench: $(VENV)/dev  ## the figures of benchmarks/README.md, as ratios
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.long_list
	$(BIN)/python -m benchmarks.many_images
	$(BIN)/python -m benchmarks.round_trips
	$(BIN)/python -m benchmarks.install
	$(BIN)/python benchmarks/findings.py
	$(BIN)/python -m benchmarks.exceptions
	$(BIN)/python -m benchmarks.scores
	$(BIN)/python -m benchmarks.delay
	$(BIN)/python -m benchmarks.pace
	$(BIN)/python -m benchmarks.fleet
	$(BIN)/python -m benchmarks.memory

soak: $(VENV)/dev  ## 10,000 random schedules of faults, each held to the law: make soak SOAK="--schedules 100 --seed 7"
	$(BIN)/python -m benchmarks.soak $(SOAK)

contest: $(VENV)/dev  ## what other gates do in hard situations, beside what this one does now
	$(BIN)/python benchmarks/contest.py

mutants: $(VENV)/mutants  ## faults put into the code on purpose, which no test finds: make mutants MUTANTS="hssgate.verdict*"
	$(BIN)/python -m benchmarks.mutants $(MUTANTS)

lock: $(VENV)/dev  ## write requirements/*.txt and the lock of tests/integration anew (needs uv and npm): make lock UPGRADE=--upgrade
	mkdir -p .cache
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) --group build -c requirements/runtime.txt -o requirements/build.txt
	$(LOCK) pyproject.toml --group build --group dev -c requirements/runtime.txt -c requirements/build.txt \
	  -o requirements/dev.txt
	$(LOCK) --group integration -c requirements/dev.txt -o requirements/integration.txt
	$(LOCK) --group mutants -c requirements/dev.txt -o requirements/mutants.txt
	$(LOCK) --group release -c requirements/dev.txt -o requirements/release.txt
	$(LOCK) --group fuzz -c requirements/dev.txt -o requirements/fuzz.txt
	$(LOCK) --format pylock.toml pyproject.toml --group build -c requirements/runtime.txt -c requirements/build.txt \
	  -o .cache/pylock.toml
	$(BIN)/python -m tests.support.locked_files .cache/pylock.toml > requirements/files.sha256
	npm --prefix tests/integration install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts \
	  --no-audit --no-fund --silent
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

fuzz: $(VENV)/fuzz  ## a minute of fuzzing for each reader of text from outside: make fuzz FUZZ="--seconds 600 rows"
	$(BIN)/python -m tests.support.fuzz $(FUZZ)

# A file has a worker to itself, for its tests share what was set up; tests/integration/conftest.py has the order. A
# third of the time these tests wait, so that two processors have three workers.
integration: $(VENV)/integration  ## checks that need node, a browser or a Debian package
	$(PYTEST) -m integration --numprocesses $$((($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2)) --dist loadfile --no-loadscope-reorder tests/integration

clean:  ## remove what make made
	rm -rf .venv .venv-* .cache .mutants tests/integration/node_modules .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis hssgate-demo

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "hssgate needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/runtime
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/fuzz: requirements/fuzz.txt $(VENV)/dev
	$(PIP) install --require-hashes -r requirements/fuzz.txt
	@touch $@

# Debian packages are not installed here, for that needs root: chromium, rsync, fonts-noto-cjk, a Java runtime, npm,
# iproute2, docker-registry, skopeo, buildah, umoci, debootstrap.
$(VENV)/integration: $(VENV)/consumers $(NODE_MODULES)
	@touch $@

$(VENV)/consumers: requirements/integration.txt $(VENV)/dev
	$(PIP) install --require-hashes -r requirements/integration.txt
	@touch $@

$(NODE_MODULES): tests/integration/package-lock.json
	npm --prefix tests/integration ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(VENV)/mutants: requirements/mutants.txt $(VENV)/dev
	$(PIP) install --require-hashes -r requirements/mutants.txt
	@touch $@
