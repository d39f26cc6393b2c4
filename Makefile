# make run       set up, and serve at http://localhost:8000; prepares the demo in the background
# make test      set up, and run the tests except slow and accuracy tests (minutes); with
#                T=verification/cases, only those that a change to that folder affects
# make test-all  set up, and run all tests, with all their variants and examples
# make sbom      write the software bill of materials to var/sbom.cdx.json
# make setup     prepare .venv; the other targets do this too

PYTHON ?= python3
PORT   ?= 8000
UV     := 0.13.8
BIN    := .venv/bin

PYTESTS := $(BIN)/python -m pytest -n $${ZIZHI_TEST_PROCESSES:-$$(expr $$(nproc) + 1)} --dist loadgroup --no-loadscope-reorder --durations 20

.PHONY: run test test-all setup check sbom second-reader

run: setup
	@$(BIN)/python manage.py serve --prepare --port $(PORT)

test: setup
	@touched=$$($(BIN)/python -m tests.touched $(T)) && $(PYTESTS) -m "not accuracy and not slow" $$touched $(PYTEST)

test-all: setup
	@$(PYTESTS) --hypothesis-profile thorough $(PYTEST)

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock
	@test -w . || { echo "Cannot write to this folder. Run Zizhi in a writable folder."; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or newer, or choose one with 'make PYTHON=python3.12 …'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old. Install Python 3.11 or newer, or choose one with 'make PYTHON=python3.12 …'."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; echo "$(PYTHON) cannot create a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up (once, about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@$(BIN)/uv sync --locked --quiet --inexact --compile-bytecode
	@$(BIN)/python -m config.trying_out.first_run
	@$(BIN)/python manage.py compile_messages
	@$(MAKE) --no-print-directory second-reader
	@touch $@

# The second reader is Tesseract. Without it the first reader works alone.
second-reader:
	@tesseract --list-langs 2>/dev/null | grep -q chi_sim \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { echo "Installing the second reader (Tesseract) …"; \
	     DEBIAN_FRONTEND=noninteractive apt-get install -y -qq tesseract-ocr tesseract-ocr-chi-sim >/dev/null 2>&1 \
	     || { apt-get update -qq >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq tesseract-ocr tesseract-ocr-chi-sim >/dev/null 2>&1; }; }; } \
	|| echo "The second reader (Tesseract) is not installed, so only the first is used. To install it: sudo apt-get install tesseract-ocr tesseract-ocr-chi-sim"

# The locked packages of a deployment, without development tools.
var/requirements.txt: .venv/.ready
	@mkdir -p var
	@$(BIN)/uv export --frozen --quiet --no-dev --all-extras --no-emit-package zizhi-client --no-annotate --output-file $@

# The software bill of materials (CycloneDX). It is validated before it is written.
var/sbom.cdx.json: var/requirements.txt
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --output-file $@ $<

sbom: var/sbom.cdx.json

# CI's checks besides the tests.
check: setup sbom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@ZIZHI_SITE_URL=https://zizhi.example ZIZHI_ALLOWED_HOSTS=zizhi.example ZIZHI_EMAIL_URL=smtp+tls://mail.example:587 ZIZHI_STAFF_SECOND_FACTOR=required \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	@.ci/audit
