# Deep Learning, Derived. `make help` lists the targets. Needs Python 3.11 or newer and GNU make; nothing else.
VENV ?= .venv
PORT ?= 8000
PY = "$(VENV)/bin/python"
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help environment book editions pdf epub slides full records serve test test-grading test-hub bench variants lint normalise outputs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

environment: ## .venv with the exact packages of requirements.lock
	@command -v $(or $(PYTHON),python3) >/dev/null || { echo "There is no $(or $(PYTHON),python3) here; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@$(or $(PYTHON),python3) scripts/environment.py "$(VENV)" --torch "$(TORCH)" $(if $(PYTHON),--named)

book: environment ## the whole book as HTML, into _build/html
	@$(PY) scripts/build.py

editions: environment ## PDF, ePub and slides of the pages, after `make book`, beside them
	@$(PY) scripts/editions.py

pdf: environment ## the PDFs only
	@$(PY) scripts/editions.py pdf

epub: environment ## the ePubs only
	@$(PY) scripts/editions.py epub

slides: environment ## the slides of the chapters only
	@$(PY) scripts/editions.py slides

full: environment ## all records and the book with the original data and long training (COURSE_DATA names the data folder)
	@$(PY) scripts/records.py
	@$(PY) scripts/build.py --profile full --jobs 1

records: environment ## the committed results of long runs anew: make records CHAPTER=14
	@$(PY) scripts/records.py $(CHAPTER)

serve: book ## the book on http://localhost:8000 (another port: make serve PORT=9000)
	@echo "Serving on http://localhost:$(PORT), stop with Ctrl-C"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test: environment ## everything that CI checks; needs Chromium
	@$(PY) scripts/test.py

test-grading: environment ## all tests of the grading, the slow ones too, and every exercise on 200 draws
	@$(PY) -m pytest tests/grading tests/exercises/test_fair.py

test-hub: environment ## a JupyterHub with three students: pull, run, correct, collect, grade; as root
	@$(PY) -m pytest -m hub -rs tests/hub

bench: environment ## what chapters, grader, data and pages cost; another part: make bench WHAT=grader
	@$(PY) scripts/bench.py $(WHAT)

variants: environment ## chapters with other seeds, processor, threads, a GPU; over an hour (a few: CHAPTER="02 14")
	@$(PY) scripts/variants.py $(CHAPTER)

lint: environment ## code style, spelling, form of the notebooks
	@$(PY) scripts/lint.py

normalise: environment ## bring the notebooks into the form in which they are committed
	@$(PY) scripts/normalise.py

outputs: book ## put the outputs that the tests compare into the notebooks
	@$(PY) scripts/normalise.py --outputs

lock: environment ## write requirements.lock anew, with the newest versions
	@$(PY) scripts/lock.py --newest

clean: ## remove what was built; the environment stays (rm -r .venv removes that, too)
	@rm -rf _build .pytest_cache .ruff_cache .jupyter_cache book/_build grades
