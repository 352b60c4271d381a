# Every target sets up what it needs: a fresh clone wants Python 3.11 to 3.13, git and make.

# Snakemake writes the path of Python into shell commands as it is.
ifneq (,$(shell pwd | grep '[][[:space:]"'\''$$\\`&;|<>(){}*?!\#~:]'))
$(error $(shell pwd): jobs cannot be started from this path; move the clone to one of letters, digits and . _ - + only)
endif

UV := $(or $(shell command -v uv),build/uv/bin/uv)
READY := .venv/.ready
EXPORT := $(UV) export --frozen --quiet --no-hashes
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Hundreds of processes load the same modules; without this, each might have to compile them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint test-slurm release clean

demo: $(READY) # the whole study in small, on bundled data: about a minute once installed
	python workflow/forked.py --profile profiles/demo
	@echo "The report: results/demo/report.html"

test: $(READY)
	pytest -n auto --maxprocesses 8

lint: $(READY)
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	mypy
	snakemake --lint

test-slurm: $(READY) # on a SLURM cluster that it starts on this machine; says what that needs
	pytest -rs tests/slurm

release: $(READY) # of a tag such as v0.1.0: the package, and what changed, in dist
	test "$(TAG)" = "v$$(python -c 'import ffensembles; print(ffensembles.__version__)')"
	rm -rf dist && $(UV) build --quiet --out-dir dist
	awk '/^## /{on=index($$2, "$(TAG:v%=%)")==1; next} on' CHANGELOG.md >dist/notes.md && test -s dist/notes.md

clean: # the environment and the demo; the study's own results stay
	rm -rf .venv build dist results/demo

# The environment, exactly as uv.lock has it; made anew when that changes.
$(READY): uv.lock pyproject.toml | $(UV)
ifndef TORCH
	$(UV) sync --frozen --quiet --compile-bytecode
else
# `make demo TORCH=cpu`, in a fresh clone: the same versions, but torch for CPUs only, 2 GB instead of
# 6. PyPI has no such build for Linux; this one comes from torch's own index.
	$(UV) venv --quiet --allow-existing
	$(EXPORT) --no-emit-project --prune torch --prune torchvision | $(UV) pip install --quiet -r -
	$(UV) pip install --quiet --torch-backend=$(TORCH) \
		$$($(EXPORT) | grep -E '^torch(vision)?==')
	$(UV) pip install --quiet --no-deps --editable .
endif
	@touch $@

build/uv/bin/uv:
	python3 -m venv build/uv || { echo "Install Python's venv (Debian: python3-venv), or uv"; exit 1; }
	build/uv/bin/pip install --quiet uv
