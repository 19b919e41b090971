# Everything a person types. `make` alone lists it.

.DEFAULT_GOAL := help
.PHONY: help demo test unit chaos bench bench-quick docs check format types catalogues generated audit lock prepare clean

BIN := .venv/bin
ARGS ?=

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: prepare ## play the whole way on real parts; ARGS=--interactive leaves it running for you
	@exec $(BIN)/msign-gateway demo $(ARGS)

test: prepare ## prepare everything and run all tests side by side; ARGS goes to pytest
	@./setup/test-tools.sh
	@exec $(BIN)/pytest -n auto $(ARGS)

unit: prepare ## run the tests that need no servers
	@exec $(BIN)/pytest -n auto tests/unit $(ARGS)

docs: prepare ## build the documents into artifacts/docs; ARGS=--serve shows them while you write
	@if [ "$(ARGS)" = --serve ]; then set -- serve; else set -- build --strict; fi; \
		NO_MKDOCS_2_WARNING=1 exec $(BIN)/mkdocs "$$@"

check: prepare ## check formatting, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

chaos: prepare ## break everything while jobs run, for many minutes; ARGS goes to the random run
	@exec $(BIN)/pytest -n auto -m hypothesis --hypothesis-profile=searching
	@exec $(BIN)/pytest -m "thorough or not thorough" tests/chaos tests/containers
	@exec $(BIN)/python -m tests.chaos.run $(ARGS)

bench: prepare ## measure how fast jobs are signed, beside others; ARGS=--page puts it into docs/performance.md
	@exec $(BIN)/python -m benchmarks $(ARGS)

bench-quick: prepare ## the same in minutes; fails if we became slower beside others by more than a third
	@exec $(BIN)/python -m benchmarks --quick --guard $(ARGS)

format: prepare ## format the code and apply safe fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

catalogues: prepare ## bring the translations' catalogues up to date with the sources
	$(BIN)/python -m services.msign.locale

audit: prepare ## ask for known weaknesses of the pinned dependencies; needs a network
	@exec $(BIN)/uv tool run pip-audit --strict --disable-pip --require-hashes -r requirements/services.txt $(ARGS)

generated: prepare ## write every document anew that is made from the code
	$(BIN)/msign-gateway schemas --out docs/messages
	$(BIN)/python setup/reference_pages.py
	$(BIN)/python setup/metrics_page.py > docs/operations/metrics.md
	$(BIN)/python setup/settings_page.py > docs/operations/configure.md

lock: prepare ## pin the dependencies anew, with hashes; the services run with the versions that are tested
	@for set in development services; do \
		group='--group dev'; [ $$set = development ] || group='--constraint requirements/development.txt'; \
		$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-emit-find-links --extra services $$group pyproject.toml -q \
			--custom-compile-command 'make lock' -o requirements/$$set.txt || exit 1; \
	done
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links deploy/docker/tools.in -q --custom-compile-command 'make lock' -o deploy/docker/tools.txt

prepare: ## make .venv with the pinned dependencies
	@./setup/environment.sh

clean: ## remove the environment and what demos and tests left
	rm -rf .venv .demo demo-output artifacts .pytest_cache .mypy_cache .ruff_cache
