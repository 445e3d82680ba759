# The front door. Every target but help makes the environment in .venv first, from the lock.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.installed
# Half as many again as cores, six at most: most tests wait for servers most of the time.
WORKERS := $(shell n=$$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )); echo $$(( n > 6 ? 6 : n > 2 ? n : 2 )))
# A file's tests stay together and share their servers. A process that dies is not replaced: xdist 3.8
# may wait for ever then, and without it the others run to the end.
PARALLEL := --numprocesses $(WORKERS) --dist loadfile --max-worker-restart 0
# Tests start hundreds of processes, and every one would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up test check coverage prove bench build lock format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.txt requirements/install.py
	@$(PYTHON) requirements/install.py

demo: $(READY) ## Rehearse a release and judge it (FAULT=errors or FAULT=slow to see it fail)
	@$(PY) -m loadtests rehearse $(if $(FAULT),--fault $(FAULT))

up: $(READY) ## Run the embedded stack, seeded, until Ctrl-C
	@$(PY) -m app up --seed

test: check ## Run everything that CI runs
	@$(PY) -m pytest $(PARALLEL)

check: $(READY) ## Lint, types, import rules, lock and drift of generated files
	@$(PY) requirements/lock.py --check
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(PY) -m app metrics --summary
	@$(PY) -m alerts check
	@$(PY) -m dashboards check
	@$(PY) -m slo lint --retention 31d
	@.venv/bin/zizmor --offline --no-progress --quiet --persona=pedantic --strict-collection .github
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/actionlint

coverage: $(READY) ## Measure the branches of the API that its tests take; 90 % at least
	@rm -f .coverage .coverage.*
	@$(PY) -m coverage run -m pytest --quiet $(PARALLEL) tests/app
	@$(PY) -m coverage combine --quiet && $(PY) -m coverage report

prove: $(READY) ## Run the long proofs: full-size rehearsals, and faults of public libraries beside ours
	@$(PY) -m pytest -m "prove or compare"

# From what matters most; the first that breaks a limit, or cannot tell, ends it.
bench: $(READY) ## Measure what swipes, decks, telemetry, load and rules cost: about 35 minutes of a machine that does nothing else
	@$(PY) -m loadtests bench hot-path
	@$(PY) -m loadtests bench deck
	@$(PY) -m loadtests bench growth
	@$(PY) -m loadtests bench instrumentation
	@$(PY) -m loadtests bench generator
	@$(PY) -m loadtests bench slo
	@$(PY) -m pytest --quiet -m bench

build: $(READY) ## Write the generated files anew
	@$(PY) -m dashboards build
	@$(PY) -m alerts build

lock: $(READY) ## Resolve the lock anew after a change of pyproject.toml
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) requirements/lock.py

format: $(READY) ## Format the code and mend what the linter can
	@$(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format --quiet .

clean: ## Remove the environment, fetched tools and outputs
	rm -rf .venv .tools out
