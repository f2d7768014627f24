# `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.

MODEL := models/SmolLM2-135M-Instruct.Q4_1.gguf
LAPWING := .build/release/lapwing
SOURCES := Sources Tests Benchmarks Package.swift

.DEFAULT_GOAL := help
.PHONY: help setup model build dist demo test format lint clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build model ## Answer 40 support questions with an open model and print the receipt (ARGS="--queries FILE.csv")
	@echo "demo: starting"
	@$(LAPWING) demo $(ARGS)

test: setup model ## Run every test
	@Scripts/test.sh

build: setup ## Build the release binary
	@Scripts/build.sh

dist: setup ## Build dist/lapwing, which runs where there is no Swift
	@Scripts/dist.sh

setup: ## Install what building needs
	@Scripts/setup.sh

model: setup ## Fetch the default open model into models/
	@Scripts/model.sh $(MODEL)

format: ## Format the Swift files
	@swift format --in-place --parallel --recursive $(SOURCES)

lint: ## Check that they are formatted
	@swift format lint --strict --parallel --recursive $(SOURCES)

clean: ## Remove what was built; models/ and data/ stay
	@rm -rf .build
