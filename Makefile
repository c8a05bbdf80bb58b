# Fanout. `make` alone says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv/bin
PYTEST := $(VENV)/python -m pytest
COMPILE := $(VENV)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11

.PHONY: help run up down superset maintain test acceptance soak lint bench image contract docs site lock setup preflight

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: setup  ## one day, from landing files to exports: make run [AS_OF=2026-03-20] [FANOUT_LANDING=…] [FANOUT_HOME=…]
	@$(VENV)/python -m operations.run

up: setup  ## leave Airflow running and print its address and login
	@$(VENV)/python -m operations.up

superset: setup  ## leave a Superset with the dashboards running and print its address and login
	@$(VENV)/python -m operations.superset

down: setup  ## stop the Airflow of `make up` and the Superset of `make superset`
	@$(VENV)/python -m operations.down

maintain: setup  ## compact the lake, remove what is old, prove that the forgotten are forgotten
	@$(VENV)/python -m maintenance $(if $(AS_OF),--as-of $(AS_OF))

test: setup  ## the tests of every change, some 20 minutes on 2 cores
	@$(PYTEST) --numprocesses=2 --dist=loadfile $(ARGS)

soak: setup  ## longer still, by hand before a release: the compose file's services in the images that are built, the main job in them, the example's marts from an object store and as a team has them, Helm renders the chart, GraphFrames the whole graph, models meet the future, mutants meet the tests
	@$(PYTEST) -m soak $(ARGS)

acceptance: setup  ## the heavy and real ones: the chain, and what changed since .ci/accepted can break; ALL=1 runs all and renews it
	@$(VENV)/python -m operations.acceptance $(if $(ALL),--all) $(ARGS)

lint: setup  ## what pre-commit and CI check: ruff, mypy, import-linter, sqlfluff
	@$(VENV)/pre-commit run --all-files

bench: setup  ## the measurements of benchmarks/README.md
	@$(VENV)/python -m benchmarks $(ARGS)

image: setup  ## the container image, by docker or buildah, whichever is there
	@docker/build.sh

contract: setup  ## what follows from the declared events, tables and metrics: dbt's generated files, docs/events.md, the JSON Schemas
	@$(VENV)/python -m contract.generate

docs: setup  ## the warehouse's documentation as one page, FANOUT_HOME/docs/warehouse.html
	@$(VENV)/python -m dbt_project.docs $(if $(AS_OF),--as-of $(AS_OF))

site: setup  ## the published marts as static pages with charts, FANOUT_HOME/site/current/index.html
	@$(VENV)/python -m static_site $(if $(AS_OF),--as-of $(AS_OF))

lock: setup  ## compile requirements.lock from pyproject.toml, and those of MetricFlow and Superset, which have environments of their own
	@$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	@$(COMPILE) publication/metricflow.in -o publication/metricflow.lock
	@$(COMPILE) docker/superset/requirements.in -o docker/superset/requirements.lock

setup: preflight  ## install what is missing; nothing is done when nothing changed
	@$(PYTHON) -m operations.setup

preflight:  ## check what the set-up cannot install
	@$(PYTHON) -c 'pass' 2>/dev/null || { echo 'preflight: Python 3.11 is missing: apt install python3.11 python3.11-venv, brew install python@3.11, or pyenv install 3.11; or name it: make PYTHON=/path/to/python3.11' >&2; exit 2; }
	@$(PYTHON) -B -m operations.preflight
