# One verb a line. `make up` and `make test` set up all that they need; caches live outside the checkout.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup up down preview test proofs lint check docs bench contract lock

PYTHON := .venv/bin/python
ENV ?= staging
SOURCES := __main__.py bench catalog components delivery iam lambdas policies proofs sandbox secretsctl stores tests

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: .venv/ready ## the virtual environment, from the locked requirements
.venv/ready: requirements-dev.txt requirements-uv.txt setup.sh
	@./setup.sh

up: setup ## the stack ENV (staging) in the sandbox: servers, pulumi up, first values, a login
	@$(PYTHON) -m sandbox up --env $(ENV)

down: ## stops the sandbox and removes .sandbox/
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m sandbox down; fi

preview: setup ## pulumi preview of ENV with the policy packs, in the sandbox
	@$(PYTHON) -m sandbox preview --env $(ENV)

test: setup ## every test; installs and starts the servers that they need
	@$(PYTHON) -m sandbox install
	@$(PYTHON) -m pytest -n auto --dist loadfile --durations 12

proofs: setup ## the long proofs of rotation, on real servers: NAMES="crash logins", all without it
	@$(PYTHON) -m sandbox install
	@$(PYTHON) -m proofs $(NAMES)

lint: setup ## format, lint, types
	@$(PYTHON) -m ruff format --check $(SOURCES)
	@$(PYTHON) -m ruff check $(SOURCES)
	@$(PYTHON) -m mypy $(SOURCES)

check: lint ## lint, and the fast tests: those that start no server
	@$(PYTHON) -m pytest -q -m "not servers and not e2e" --ignore tests/contract --ignore tests/sandbox

docs: setup ## the files that are derived: from the catalogue, and the list of the contract
	@$(PYTHON) -m catalog
	@$(PYTHON) -m sandbox.contract --document

bench: setup ## measurements, each a ratio with its aim
	@$(PYTHON) -m bench.preview
	@$(PYTHON) -m bench.local_aws
	@$(PYTHON) -m bench.layers
	@$(PYTHON) -m bench.rotation

contract: setup ## a table: each behaviour of AWS on stock moto and in the sandbox
	@$(PYTHON) -m sandbox.contract

lock: setup ## recompiles the locks after a change of a *.in file
	@$(PYTHON) -m uv pip compile -q --no-header --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	@$(PYTHON) -m uv pip compile -q --no-header --generate-hashes --python-version 3.11 -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@$(PYTHON) -m uv pip compile -q --no-header --generate-hashes --python-version 3.11 -c requirements.txt sandbox/runtime/requirements.in -o sandbox/runtime/requirements.txt
