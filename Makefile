# make lab    sets everything up and opens JupyterLab at chapter 00
# make demo   trains a GAN on handwritten digits for a minute and writes demo.png
# make test   runs every test
# PYTHON=...  chooses the Python, 3.10 to 3.13
.PHONY: lab demo test test-colab notebooks lock benchmark clean

# The first suitable one; PYTHON= on the command line wins. tools/setup.py explains when none is.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.10 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
SETUP = @$(PYTHON) tools/setup.py $(VENV)

lab:
	$(SETUP)
	$(BIN)/python -m jupyter lab --ServerApp.ip=127.0.0.1 --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(LAB)

demo:
	$(SETUP)
	@$(BIN)/python -m gan_helpers demo

test:
	$(SETUP)
	$(BIN)/python -m pytest $(ARGS)

# The same tests where a Colab user is: Python 3.13 and Colab's versions (tools/colab-versions.txt).
test-colab:
	@bash tools/test_colab.sh $(ARGS)

# Run every chapter in a fresh kernel and store its outputs, normalised.
notebooks:
	$(SETUP)
	$(BIN)/python tools/notebooks.py $(CHAPTERS)

# On Python 3.10, the oldest that is served: what supports it supports the others too.
lock:
	@python3.10 --version >/dev/null 2>&1 || { echo "make lock needs python3.10 on the PATH, so that the lock serves 3.10 to 3.13."; exit 1; }
	python3.10 -m venv build/lock && build/lock/bin/pip install --quiet "pip-tools>=7.4"
	CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile $(LOCK) --extra lab --extra test \
		--output-file requirements.txt pyproject.toml tools/lock.in

benchmark:
	$(SETUP)
	$(BIN)/python benchmarks/training_throughput.py

clean:
	rm -rf .venv .venv-colab build
