# Every target sets up what it needs: a fresh clone wants Python 3.11 to 3.13, git and make.

# Snakemake writes the path of Python into shell commands as it is.
ifneq (,$(shell pwd | grep '[][[:space:]"'\''$$\\`&;|<>(){}*?!\#~:]'))
$(error $(shell pwd): jobs cannot be started from this path; move the clone to one of letters, digits and . _ - + only)
endif

UV := $(or $(shell command -v uv),build/uv/bin/uv)
READY := .venv/.ready
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test lint test-slurm clean

demo: $(READY) # the whole study in small, on bundled data: 80 seconds once installed
	snakemake --profile profiles/demo
	@echo "The report: results/demo/report.html"

test: $(READY)
	OMP_NUM_THREADS=1 pytest -n auto --maxprocesses 8

lint: $(READY)
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	mypy
	snakemake --lint

test-slurm: $(READY) # on a SLURM cluster that it starts on this machine; says what that needs
	pytest -rs tests/slurm

clean: # the environment and the demo; the study's own results stay
	rm -rf .venv build results/demo

# The environment, exactly as uv.lock has it; made anew when that changes.
$(READY): uv.lock pyproject.toml | $(UV)
	$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

build/uv/bin/uv:
	python3 -m venv build/uv || { echo "Install Python's venv (Debian: python3-venv), or uv"; exit 1; }
	build/uv/bin/pip install --quiet uv
