# The course's commands. `make book` and `make test` do all set-up by themselves.
PYTHON ?= python3
VENV := .venv
SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := $(VENV)/$(SCRIPTS)
READY := $(VENV)/.ready

VARIANT ?= 0
BASE ?= main

# Library and notebooks: what must hold on every system, with every version of TensorFlow. No sandbox, no browser, no build of the site.
LIBRARY := loading preprocessing model compilation training evaluation visualization figures progress keras_edition literate \
	checks book notebooks house
LIBRARY_TESTS := $(LIBRARY:%=tests/test_%.py)
PYTEST := -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

.PHONY: help book serve exercises test test-exercises test-site-full test-live stamp questions bench bench-growth bench-trials bench-build bench-grading bench-class check check-style check-types check-spelling check-notebooks profile pins clean test-properties test-mutation coverage test-library test-oldest test-newest mnist changed links workflows wheel changes release test-colab

help:
	@echo "make book            build the site in _build/html (full edition if MNIST_NPZ names mnist.npz, else the sample)"
	@echo "make serve           show the built site on http://127.0.0.1:8000"
	@echo "make exercises       generate exercises/ from solutions/, and the gradebook in class/ (VARIANT=1, 2, … for other numbers)"
	@echo "make test            run the tests"
	@echo "make test-library    run the tests of library and notebooks alone: no sandbox, no browser; on Windows and macOS too"
	@echo "make test-oldest     the same with the oldest versions that pyproject.toml allows, in an environment of its own"
	@echo "make test-newest     the same with the newest versions there are, in an environment of its own"
	@echo "make test-properties search at random for input that breaks a property (some minutes)"
	@echo "make test-mutation   change the library in small ways and see whether a test notices, write book/measured/ (some minutes)"
	@echo "make coverage        run the tests and see which lines they reach, write book/measured/ (PARTS=\"tests/test_model.py\" prints some)"
	@echo "make test-exercises  prove the exercises over 20 seeds, write book/measured/ (half an hour; with MNIST_NPZ both editions)"
	@echo "make test-site-full  build and test the site on the full edition (needs MNIST_NPZ)"
	@echo "make test-live       components in a live JupyterLab with a kernel; 200 test digits traced with a pen (some minutes)"
	@echo "make test-colab      run every notebook with the versions of Google Colab, write book/measured/colab.json (a quarter of an hour;"
	@echo "                     PARTS=\"book/01-setup\" for some pages; with MNIST_NPZ the full edition)"
	@echo "make mnist           download MNIST through Keras and verify it: ~/.keras/datasets/mnist.npz"
	@echo "make changed         list the pages that changed since BASE=main, and why"
	@echo "make links           check the links that lead out of the site (needs the network)"
	@echo "make workflows       check what GitHub reads: workflows, issue forms, CITATION.cff (check-jsonschema, zizmor)"
	@echo "make release         make release VERSION=2026.12: commit and tag a release; REHEARSE=1 tries it and keeps nothing"
	@echo "make wheel           build the library's wheel in dist/"
	@echo "make changes         print what CHANGELOG.md says of this version"
	@echo "make stamp           write the address in _config.yml into every notebook and CITATION.cff, and take outputs out"
	@echo "make questions       write the chapters' questions for notebooks"
	@echo "make bench           measure recipes, trials and growth, write book/measured/ (needs MNIST_NPZ, takes about an hour)"
	@echo "make bench-growth    measure how training grows with images, width and batch size (part of make bench)"
	@echo "make bench-trials    measure one change to the dense recipe at a time (part of make bench)"
	@echo "make bench-build     measure what building the site takes (half an hour; with MNIST_NPZ both editions)"
	@echo "make bench-grading   measure grading: hostile, damaged and right submissions (an hour; PARTS=\"split overhead\" for some)"
	@echo "make bench-class     measure grading a class: throughput, scale, sudden ends (half an hour; PARTS=\"killed\" for some)"
	@echo "make check           look at style (ruff), types (mypy), spelling (codespell), the notebooks' form and what GitHub reads; a minute"
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
	$(BIN)/python $(PYTEST)

test-library: $(READY)
	$(BIN)/python $(PYTEST) $(LIBRARY_TESTS)

# uv resolves to the lower bounds of the library's own requirements; what the tests need beside them is as new as it can be.
test-oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)-oldest/$(SCRIPTS)/python -m uv pip install --quiet --python $(VENV)-oldest --only-binary :all: --resolution lowest-direct --requirement pyproject.toml
	$(VENV)-oldest/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check pytest pytest-xdist hypothesis nbconvert nbclient pyyaml docutils markdown-it-py
	$(VENV)-oldest/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(VENV)-oldest/$(SCRIPTS)/python $(PYTEST) $(LIBRARY_TESTS)

test-newest:
	$(PYTHON) -m venv $(VENV)-newest
	$(VENV)-newest/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check --upgrade --editable ".[book,check,grading,test]"
	$(VENV)-newest/$(SCRIPTS)/python $(PYTEST) $(LIBRARY_TESTS)

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

test-colab: $(READY)
	$(BIN)/python tests/colab/try_colab.py $(if $(PARTS),--only $(PARTS))

mnist: $(READY)
	$(BIN)/python -c "from mnist_lib import load_mnist; load_mnist('full')"

changed: $(READY)
	@$(BIN)/python book/_tools/changed_pages.py "$(BASE)"

links: $(READY)
	@$(BIN)/python book/_tools/links.py

workflows: $(READY)
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.citation-file-format --default-filetype yaml CITATION.cff
	$(BIN)/zizmor --offline --quiet --pedantic .github

# Without `build`, in which files lie that are no more.
wheel: $(READY)
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

changes: $(READY)
	@$(BIN)/python book/_tools/release.py --changes

release: $(READY)
	$(BIN)/python book/_tools/release.py $(VERSION) $(if $(REHEARSE),--rehearse)

stamp: $(READY)
	$(BIN)/python book/_tools/notebooks.py
	$(BIN)/python book/_tools/stamp.py
	$(BIN)/python book/_tools/exercises.py --anew

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

# All are run, whatever the first ones find.
check: $(READY)
	@$(MAKE) --no-print-directory --keep-going check-style check-types check-spelling check-notebooks workflows

check-style: $(READY)
	@$(BIN)/python -m ruff check --output-format concise . && $(BIN)/python -m ruff format --check . || \
		{ echo "→ $(BIN)/ruff check --fix . and $(BIN)/ruff format . repair most of it"; exit 1; }

check-types: $(READY)
	@$(BIN)/python -m mypy || { echo "→ make the annotation true, or the code; pyproject.toml has the settings, [tool.mypy]"; exit 1; }

check-spelling: $(READY)
	@$(BIN)/codespell || { echo "→ correct the word; one that is right goes into pyproject.toml, [tool.codespell], with the reason"; exit 1; }

check-notebooks: $(READY)
	@$(BIN)/python book/_tools/notebooks.py --check && $(BIN)/python book/_tools/stamp.py --check

profile: $(READY)
	$(BIN)/python book/_tools/prose.py

pins: pyproject.toml
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet --upgrade --editable ".[book,check,grading,test]"
	$(VENV)-pins/bin/python -m pip freeze --all --exclude-editable | grep -v "^pip==" > requirements.txt
	rm -r $(VENV)-pins

clean:
	rm -rf _build
