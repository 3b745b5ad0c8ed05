# make lab    sets everything up and opens JupyterLab at chapter 00
# make demo   trains a GAN on handwritten digits for a minute and writes demo.png
# make test   runs every test
# PYTHON=...  chooses the Python, 3.10 to 3.13
.PHONY: lab demo test test-colab notebooks check-notebooks student slides lock benchmark benchmark-lab benchmark-live clean setup

VENV ?= .venv
BIN := $(VENV)/bin
# The environment's own Python, else the first suitable one. Where there is none, tools/setup.py says why.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for p in $(BIN)/python python3.11 python3.12 python3.13 python3.10 python3; do \
	$$p -c 'import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && exit; done; echo python3)
endif
# On this machine only, with Jupyter's token; no question about news (tools/jupyter). Jupyter refuses root unless told.
JUPYTER_LAB = env JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
	$(BIN)/python -m jupyter lab --ServerApp.ip=127.0.0.1 \
	--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

lab: setup
	$(JUPYTER_LAB) $(LAB)

demo: setup
	@$(BIN)/python -m gan_helpers demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# The same tests where a Colab user is: Python 3.13 and Colab's versions (tools/colab-versions.txt).
test-colab:
	@bash tools/test_colab.sh $(ARGS)

# Run every chapter in a fresh kernel, two at once, and store its outputs, normalised.
notebooks: setup
	$(BIN)/python tools/notebooks.py $(ARGS) $(CHAPTERS)

# Which rule does a chapter break, in which cell? `make test` asks the same, and compares the outputs.
check-notebooks: setup
	$(BIN)/python tools/check_notebooks.py $(CHAPTERS)

# Copies without answers, for a class, in build/student. OUT=... chooses another folder, CHAPTERS=... the chapters.
student: setup
	$(BIN)/python tools/student.py $(if $(OUT),--out "$(OUT)") $(CHAPTERS)

# Slides for a projector without a network, in build/slides: of CHAPTER=08, or of all chapters.
slides: setup
	$(BIN)/python tools/slides.py $(if $(OUT),--out "$(OUT)") $(CHAPTER)

# GAN.fit beside a bare loop of the same networks.
benchmark: setup
	$(BIN)/python benchmarks/training_throughput.py $(ARGS)

# The 2-D lab beside other ways to train the same GAN; what more seeds cost; how long a learner waits.
benchmark-lab: setup
	$(BIN)/python benchmarks/lab_speed.py $(ARGS)

# What moving a slider costs, beside the `interact` idiom: in the kernel, and in Chromium if it is there.
benchmark-live: setup
	$(BIN)/python benchmarks/live_update.py $(ARGS)

# One lock for every Python and system that is served (pyproject.toml, [tool.uv]). LOCK=--upgrade takes the newest.
lock:
	$(PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet uv==0.13.9
	build/lock/bin/uv pip compile --quiet $(LOCK) --output-file requirements.txt pyproject.toml

clean:
	rm -rf .venv .venv.lock .venv-colab build *.egg-info .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

setup:
	@$(PYTHON) -c '' 2>/dev/null || { echo "Can't run $(PYTHON): install Python 3.10, 3.11, 3.12 or 3.13, or name" \
		"one as in \`make lab PYTHON=/path/to/python3.12\`." >&2; exit 1; }
	@$(PYTHON) tools/setup.py $(VENV)
