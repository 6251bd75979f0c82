# make demo: six clips of a sample video · make test: everything is checked · make help: the rest
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SERVICES := redis-server postgresql iproute2 prometheus prometheus-alertmanager espeak-ng
PURE := viralclip/*.py,viralclip/scene_lists/*,viralclip/words/*,viralclip/captions/*,viralclip/styles/*,viralclip/reframe/*
NOT_PURE := viralclip/__main__.py
PARALLEL := -n 2 --dist worksteal
# Half of what these take is waiting for the programs they start.
WAITING := -n 4 --dist worksteal
WITHOUT_IO := tests/unit tests/lists tests/words tests/captions tests/styles tests/reframe
export COVERAGE_FILE := $(VENV)/.coverage
# A face model beside the checkout spares the tests a download.
export VIRALCLIP_YUNET_MODEL ?= $(abspath $(wildcard ../shared/models/face_detection_yunet_2023mar.onnx))

.DEFAULT_GOAL := all
.PHONY: all demo dev check test services generated chromium test-pure test-rest e2e soak bench pictures attack format lock transcripts page wheel types web-check web-checked clean help

all: check test

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/demo ## Make a sample video and render six clips of it
	$(BIN)/viralclip demo

check: $(VENV)/dev ## Format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: $(VENV)/dev services ## Check, and run every test
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target check web-check
	$(MAKE) --no-print-directory test-pure test-rest

services: ## Install the servers that tests start, where that is allowed
	@{ command -v redis-server && command -v promtool && command -v amtool && command -v espeak-ng \
	  && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVICES) >/dev/null; } \
	|| echo "Tests of many machines, of alerts and of speech are left out; they need: $(SERVICES)"

test-pure: $(VENV)/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) $(WITHOUT_IO)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='$(PURE)' --omit='$(NOT_PURE)' --fail-under=100 --skip-covered --show-missing

test-rest: $(VENV)/dev chromium
	$(BIN)/python -m pytest $(WAITING) $(addprefix --ignore=,$(WITHOUT_IO)) tests

e2e: $(VENV)/dev chromium page ## Test the page in a browser, with the real server and FFmpeg
	$(BIN)/python -m pytest tests/browser

soak: $(VENV)/dev services ## Ten minutes of overload, with workers that die, leave, freeze and have no room
	SOAK_MINUTES=$${SOAK_MINUTES:-10} $(BIN)/python -m pytest -s tests/faults/test_soak.py

# Where it may not be installed the browser tests say what is missing, and in CI they fail.
chromium:
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium \
	  || echo "chromium could not be installed" >&2; \
	fi

transcripts: $(VENV)/dev ## Record anew what the transcripts lead to
	$(BIN)/python tests/transcripts/test_transcripts.py

bench: $(VENV)/dev ## Print performance as ratios measured in one run
	$(BIN)/python -m bench

attack: $(VENV)/dev ## Attack servers on this machine's loopback, and print a table of what held
	$(BIN)/python -m bench.attack

format: $(VENV)/dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# dev-no-deps.txt is for the recording in a package whose dependencies nobody here needs.
lock: $(VENV)/dev ## Pin the newest versions that fit pyproject.toml
	$(PIP) uv
	for set in "runtime:" "demo:--extra demo" "speech:--extra speech" "fleet:--extra fleet --extra traces" "dev:--extra demo --extra fleet --extra logs --extra alerts --extra traces --extra speech --group dev"; do \
	  $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	    --no-header --no-annotate pyproject.toml $${set#*:} -o requirements/$${set%%:*}.txt; \
	done

generated: $(VENV)/dev ## Write alert rules, boards and the page of metrics from the code
	$(BIN)/python deploy/prometheus/rules.py
	$(BIN)/python -m deploy.grafana.boards
	$(BIN)/python tests/telemetry/test_metrics_page.py

pictures: $(VENV)/dev page ## Make the pictures of the docs anew: caption styles and the caption editor
	$(BIN)/python -m bench.caption_pictures

page: web/node_modules/.package-lock.json ## Build the page into the package (needs Node.js)
	cd web && npm run build

wheel: $(VENV)/dev page ## Build the package with the page inside, into dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

types: $(VENV)/dev web/node_modules/.package-lock.json ## Write the page's types from the API
	$(BIN)/viralclip types

web-check: $(VENV)/dev ## Types, tests and size of the page; without Node.js it is left out
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web-checked; \
	elif [ "$$CI" = true ]; then echo "web-check needs Node.js 20 or later" >&2; exit 1; \
	else echo "web-check left out: install Node.js 20 or later to check the page"; fi

web-checked: web/node_modules/.package-lock.json
	$(BIN)/viralclip types --check
	cd web && npm run check && npm test && npm run build

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci
	touch $@

clean: ## Remove what was made here
	rm -rf $(VENV) demo-clips .pytest_cache .ruff_cache .hypothesis

$(VENV)/%: requirements/%.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/$*.txt
	test ! -f requirements/$*-no-deps.txt || $(PIP) --require-hashes --no-deps -r requirements/$*-no-deps.txt
	$(PIP) --no-deps --editable .
	touch $@
