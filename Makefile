# Relative paths only: the folder's name may hold a space. PORT=, ACTIONS_PORT= choose ports; see `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
export RASA_TELEMETRY_ENABLED := false
export PYTHONUTF8 := 1

.PHONY: help setup alarms index train run shell telegram test apart lint format lock clean

help: ## Show this list.
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo "Ports: make run PORT=5105 ACTIONS_PORT=5155"

setup: ## Make .venv with Python 3.10 and the locked packages (done once).
	@scripts/setup.sh

alarms: setup ## Train the classifier that finds emergencies and crises (about 30 minutes; once).
	@$(PY) -m scripts.steps alarms

index: setup ## Export the encoder where needed, build the index from knowledge/articles, learn from the questions.
	@$(PY) -m scripts.steps answerability

train: setup ## Build the index, then train the model.
	@$(PY) -m scripts.steps train

run: train ## Do all of the above, then serve; prints the chat page's address.
	@$(PY) -m scripts.serve

shell: train ## Talk to the assistant in the terminal (rasa shell).
	@$(PY) -m scripts.shell

telegram: train ## Serve in Telegram too, without a public address (HEALTHQA_TELEGRAM_TOKEN=...).
	@$(PY) -m scripts.telegram

test: setup ## Run all tests. One part: make test ARGS="tests/unit -k safety".
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

apart: setup ## Check that no training text nearly repeats a question of the test half (about 2 minutes).
	@$(PY) -m scripts.steps encoder >/dev/null
	@$(PY) -m evaluation.leakage

lint: setup ## Check style, types and the dependency rule.
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command as check; check(["--no-cache"])'

format: setup ## Format the code and mend what ruff can mend.
	@$(PY) -m ruff check --fix --quiet .; $(PY) -m ruff format .

lock: setup ## Write both lock files anew; UPGRADE=1 takes newer versions.
	@scripts/lock.sh

clean: ## Remove the index, models and caches. Conversations (var/) stay, .venv too.
	@rm -rf index models results .rasa .steps .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
	@echo "Removed the index, models and caches. The environment: rm -rf .venv .tools; conversations: rm -rf var"
