# The course's commands. `make book` and `make test` do all set-up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

VARIANT ?= 0

.PHONY: help book serve exercises test test-properties test-mutation coverage test-exercises test-site-full test-live stamp questions bench bench-growth bench-trials bench-build bench-grading bench-class check profile pins clean

help:
	@echo "make book            build the site in _build/html (full edition if MNIST_NPZ names mnist.npz, else the sample)"
	@echo "make serve           show the built site on http://127.0.0.1:8000"
	@echo "make exercises       generate exercises/ from solutions/, and the gradebook in class/ (VARIANT=1, 2, … for other numbers)"
	@echo "make test            run the tests"
	@echo "make test-properties search at random for input that breaks a property (some minutes)"
	@echo "make test-mutation   change the library in small ways and see whether a test notices, write book/measured/ (some minutes)"
	@echo "make coverage        run the tests and see which lines they reach, write book/measured/ (PARTS=\"tests/test_model.py\" prints some)"
	@echo "make test-exercises  prove the exercises over 20 seeds, write book/measured/ (half an hour; with MNIST_NPZ both editions)"
	@echo "make test-site-full  build and test the site on the full edition (needs MNIST_NPZ)"
	@echo "make test-live       components in a live JupyterLab with a kernel; 200 test digits traced with a pen (some minutes)"
	@echo "make stamp           write the address in _config.yml into every notebook"
	@echo "make questions       write the chapters' questions for notebooks"
	@echo "make bench           measure recipes, trials and growth, write book/measured/ (needs MNIST_NPZ, takes about an hour)"
	@echo "make bench-growth    measure how training grows with images, width and batch size (part of make bench)"
	@echo "make bench-trials    measure one change to the dense recipe at a time (part of make bench)"
	@echo "make bench-build     measure what building the site takes (half an hour; with MNIST_NPZ both editions)"
	@echo "make bench-grading   measure grading: hostile, damaged and right submissions (an hour; PARTS=\"split overhead\" for some)"
	@echo "make bench-class     measure grading a class: throughput, scale, sudden ends (half an hour; PARTS=\"killed\" for some)"
	@echo "make check           look for style errors (ruff)"
	@echo "make profile         print the figures of each chapter's prose and code"
	@echo "make pins            resolve the newest versions into requirements.txt"
	@echo "make clean           remove what was built"

# The environment: exactly the versions in requirements.txt, and the library itself, in place.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $$($(PYTHON) --version) was found. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY)
	$(BIN)/python book/_tools/build.py

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

exercises: $(READY)
	$(BIN)/python book/_tools/exercises.py --variant $(VARIANT)

# A file's tests stay together, since they share what is costly to make.
test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

# What a search finds is kept in _build/hypothesis and tried first the next time.
test-properties: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --hypothesis-profile search -m hypothesis $(shell grep -l "^from hypothesis import" tests/test_*.py)

test-mutation: $(READY)
	$(BIN)/python tests/bench/bench_mutation.py

coverage: $(READY)
	$(BIN)/python tests/bench/bench_coverage.py $(PARTS)

test-exercises: $(READY)
	$(BIN)/python tests/bench/bench_exercises.py

test-site-full: $(READY)
	SITE_EDITION=full $(BIN)/python -m pytest tests/test_site.py

test-live: $(READY)
	TRACED_DIGITS=200 $(BIN)/python -m pytest tests/live/live_jupyterlab.py tests/test_widgets_pad.py

stamp: $(READY)
	$(BIN)/python book/_tools/stamp.py

questions: $(READY)
	$(BIN)/python book/_tools/questions.py

bench: $(READY)
	$(BIN)/python tests/bench/bench_recipes.py
	$(BIN)/python tests/bench/bench_trials.py
	$(BIN)/python tests/bench/bench_growth.py

bench-growth: $(READY)
	$(BIN)/python tests/bench/bench_growth.py

bench-trials: $(READY)
	$(BIN)/python tests/bench/bench_trials.py

bench-build: $(READY)
	$(BIN)/python tests/bench/bench_build.py

bench-grading: $(READY)
	$(BIN)/python tests/bench/bench_grading.py $(if $(PARTS),--only $(PARTS))

bench-class: $(READY)
	$(BIN)/python tests/bench/bench_class.py $(if $(PARTS),--only $(PARTS))

check: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

profile: $(READY)
	$(BIN)/python book/_tools/prose.py

pins: pyproject.toml
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet --upgrade --editable ".[book,check,grading,test]"
	$(VENV)-pins/bin/python -m pip freeze --all --exclude-editable | grep -v "^pip==" > requirements.txt
	rm -r $(VENV)-pins

clean:
	rm -rf _build
