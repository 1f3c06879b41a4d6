"""What students hand in, rewritten by Colab and by themselves: each kind is graded rightly, or refused with a sentence that helps."""

import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from copy import deepcopy

import nbformat
import pytest
from conftest import ROOT
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("nbgrader")

from mnist_lib.grading import intake

NAME, CHECKS = "02-loading", ("describe", "class-counts", "stratified-sample", "suspicious")


def loaded(path):
    """A notebook as plain JSON, each source in one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


RELEASED = loaded(ROOT / "exercises" / NAME / "loading.ipynb")
SOLVED = loaded(ROOT / "solutions" / NAME / "loading.ipynb")
ANSWERS = {cell["id"]: cell["source"] for cell in SOLVED["cells"] if cell["id"].startswith(("answer-", "explain-"))}
FULL = (2, 2, 3, 3)
NUMBERS = itertools.count()
WRONG = "def {}(*anything):\n    return 'wrong'"


# The version of the course


@pytest.mark.parametrize("version", ["main", "v2026.12", "release/2026.12.1+main"])
def test_the_version_that_a_notebook_was_stamped_with_is_told(version):
    notebook = json.loads(json.dumps(RELEASED))
    notebook["metadata"]["course"] = {"repository": "https://github.com/someone/else", "version": version}
    read = intake.read(json.dumps(notebook).encode())
    assert intake.course_version(read) == version
    assert read.metadata == {"course": {"version": version}}


@pytest.mark.parametrize("metadata", [None, [], {}, {"course": "v1"}, {"course": {"version": 1}}, {"course": {"version": "<b>v1"}}])
def test_what_is_no_version_is_none(metadata):
    notebook = json.loads(json.dumps(RELEASED)) | {"metadata": metadata}
    assert intake.course_version(notebook) is None
    assert intake.read(json.dumps(notebook).encode()).metadata == {}


# How the notebooks are made


def exercise():
    """The released exercise with all answers in it, as a student saves it: released metadata, outputs, a few words of explanation."""
    notebook = deepcopy(RELEASED)
    for cell in notebook["cells"]:
        cell["source"] = ANSWERS.get(cell["id"], cell["source"])
    return notebook


def at(notebook, name):
    """The place of a cell."""
    return next(place for place, cell in enumerate(notebook["cells"]) if cell.get("id") == name)


def the(notebook, name):
    return notebook["cells"][at(notebook, name)]


def code(source, **metadata):
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
        "id": f"own-{next(NUMBERS)}",
    }


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source, "id": f"own-{next(NUMBERS)}"}


def bare(notebook):
    """All metadata and ids gone."""
    cells = [{**cell, "metadata": {}} for cell in notebook["cells"]]
    for cell in cells:
        cell.pop("id", None)
    return {**notebook, "cells": cells, "metadata": {}, "nbformat_minor": 0}


def colab(notebook):
    """What Colab makes of a notebook when it saves it."""
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"] |= {"id": f"Ab3_{number:04d}xYz-"}
        if cell["cell_type"] == "code":
            user = {"displayName": "A Student", "userId": "01234567890123456789"}
            cell["metadata"] |= {
                "colab": {"base_uri": "https://localhost:8080/", "height": 35},
                "outputId": "0a1b2c3d-1111-2222-3333-444455556666",
                "executionInfo": {"status": "ok", "timestamp": 1760000000000, "user_tz": -120, "elapsed": 12, "user": user},
            }
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["Collecting mnist-lib\n", "\u001b[2K done\n"]}]
            cell["execution_count"] = number
    notebook["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True, "gpuType": "T4"},
        "accelerator": "GPU",
        "kernelspec": {"name": "python3-colab", "display_name": "Python 3 (Colab)"},
        "language_info": {"name": "python"},
    }
    notebook["nbformat_minor"] = 0
    return notebook


def saved(notebook, encoding="utf-8"):
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode(encoding)


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


# The table: kind → what it deserves. A kind is a function that gives the bytes; its points are those of the four checks.

KINDS, REFUSED = {}, {}
PACKED = set()  # those that nbgrader cannot open: `read` does, and its notebook is handed to nbgrader


def kind(*points, packed=False):
    def enter(make):
        KINDS[make.__name__] = (make, points or FULL)
        if packed:
            PACKED.add(make.__name__)
        return make

    return enter


def refused(words):
    def enter(make):
        REFUSED[make.__name__] = (make, words)
        return make

    return enter


@kind()
def as_released():
    return saved(exercise())


@kind(0, 0, 0, 0)
def untouched():
    return saved(RELEASED)


@kind()
def rewritten_by_colab():
    return saved(colab(exercise()))


@kind()
def rewritten_by_colab_without_nbgrader():
    notebook = exercise()
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return saved(colab(notebook))


@kind()
def metadata_and_ids_gone():
    return saved(bare(exercise()))


@kind()
def ids_gone_in_a_format_that_wants_them():
    notebook = exercise()
    for cell in notebook["cells"]:
        del cell["id"]
    return saved(notebook)


@kind()
def five_megabytes_of_outputs():
    notebook = exercise()
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" + "A" * 1_000_000}}
    noise = {"output_type": "stream", "name": "stderr", "text": ["Epoch 1/5 ━━━━━━━━━━\r" * 1000] * 100}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [picture, noise]
    return saved(notebook)


@kind()
def answers_copied_with_their_metadata():
    notebook = exercise()
    for name in reversed(CHECKS):
        place = at(notebook, f"answer-{name}")
        attempt = deepcopy(notebook["cells"][place]) | {"source": WRONG.format(name.replace("-", "_")), "id": f"copy-{name}"}
        notebook["cells"].insert(place, attempt)  # a first try, left standing above the answer
    return saved(notebook)


@kind()
def answer_written_below_the_stub():
    notebook = bare(exercise())
    stubs = [cell for cell in bare(deepcopy(RELEASED))["cells"] if cell["source"].startswith("def ")]
    cells = notebook["cells"]
    for stub in stubs:
        place = next(place for place, cell in enumerate(cells) if cell["source"].startswith(stub["source"].split("\n")[0]))
        cells[place:place] = [stub]
        cells.insert(place + 2, stub)  # and once more below
    return saved(notebook)


@kind()
def tried_anew_at_the_end():
    notebook = exercise()  # the checks ran before, so the first answers count
    notebook["cells"] += [code(WRONG.format("describe")), code("describe = 3\nlabels = describe")]
    return saved(notebook)


@kind()
def answers_split():
    notebook = exercise()
    answer = the(notebook, "answer-describe")
    answer["source"] = "def as_text(kind):\n    return kind.name"
    later = code("def describe(images):\n    return (*images.shape, as_text(images.dtype))")
    notebook["cells"].insert(at(notebook, "answer-describe") + 1, later)
    the(notebook, "answer-class-counts")["source"] = "def class_counts(labels):\n    return counted(labels)"
    helper = code("def counted(labels):\n    return [int((labels == digit).sum()) for digit in range(10)]")
    notebook["cells"].insert(at(notebook, "answer-class-counts") + 1, helper)
    return saved(bare(notebook))


@kind(2, 0, 3, 3)
def one_answer_deleted():
    notebook = exercise()
    del notebook["cells"][at(notebook, "answer-class-counts")]
    return saved(notebook)


@kind()
def checks_and_texts_deleted():
    notebook = bare(exercise())
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell["source"].startswith(("# 2 p", "# 3 p"))
    ]
    return saved(notebook)


@kind()
def reordered():
    notebook = exercise()
    helper = code("import collections\n\ndef ten(counted):\n    return [counted.get(digit, 0) for digit in range(10)]")
    the(notebook, "answer-class-counts")["source"] = "def class_counts(labels):\n    return ten(collections.Counter(labels.tolist()))"
    notebook["cells"].insert(at(notebook, "answer-class-counts"), helper)
    cells = bare(notebook)["cells"]
    half = at(notebook, "task-stratified-sample")
    return saved({**bare(notebook), "cells": cells[half:] + cells[5:half] + cells[:5]})  # the set-up last


@kind()
def answer_turned_into_markdown():
    notebook = exercise()
    answer = the(notebook, "answer-describe")
    answer["cell_type"] = "markdown"
    del answer["outputs"], answer["execution_count"]
    answer = the(notebook, "answer-suspicious")
    answer |= {"cell_type": "raw", "metadata": {}, "id": "other"}
    del answer["outputs"], answer["execution_count"]
    return saved(notebook)


@kind()
def grade_ids_renamed():
    notebook = exercise()
    for number, cell in enumerate(notebook["cells"]):
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = f"cell-{number}"
            cell["id"] = f"cell-{number}"
    return saved(notebook)


@kind()
def flags_flipped():
    notebook = exercise()
    for cell in notebook["cells"]:
        settings = cell["metadata"].get("nbgrader", {})
        for flag in ("grade", "solution", "locked"):
            if flag in settings:
                settings[flag] = not settings[flag]
        if settings:
            settings["points"] = 1000
    return saved(notebook)


@kind(0, 0, 0, 0)
def checks_changed_and_skipped():
    notebook = deepcopy(RELEASED)
    for name in CHECKS:
        cell = the(notebook, f"check-{name}")
        cell["source"] = "print('passed')\n10.0"
        cell["metadata"]["tags"] = ["skip-execution"]
    return saved(notebook)


@kind()
def imports_added_to_the_locked_cells():
    notebook = exercise()
    the(notebook, "start")["source"] += "\nfrom collections import Counter"
    the(notebook, "answer-class-counts")["source"] = (
        "def class_counts(labels):\n    counts = Counter(labels.tolist())\n    return [counts[digit] for digit in range(10)]"
    )
    return saved(notebook)


@kind()
def format_3():
    notebook = exercise()
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append(
                {"cell_type": "code", "input": cell["source"], "outputs": [], "language": "python", "metadata": {}, "collapsed": False}
            )
        elif cell["source"].startswith("## "):
            first, _, rest = cell["source"].removeprefix("## ").partition("\n")
            cells += [{"cell_type": "heading", "level": 2, "source": first, "metadata": {}}]
            cells += [{"cell_type": "markdown", "source": rest, "metadata": {}}]
        else:
            cells.append({"cell_type": "markdown", "source": cell["source"], "metadata": {}})
    return saved({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]})


def with_letters():
    notebook = exercise()
    the(notebook, "answer-describe")["source"] += "\n    # größer als „null“ – für später"
    return json.loads(json.dumps(notebook).replace("\\u2192", "->").replace("\\u2500", "-"))


@kind(packed=True)
def cp1252():
    return saved(with_letters(), "cp1252")


@kind(packed=True)
def utf_16():
    return saved(with_letters(), "utf-16")


@kind(packed=True)
def byte_order_mark():
    return saved(with_letters(), "utf-8-sig")


@kind(packed=True)
def in_a_zip():
    mac = {"__MACOSX/._loading (1).ipynb": b"\0\5\x16\7", "notes.txt": "none"}
    return zipped(**{"homework/loading (1).ipynb": saved(colab(exercise()))}, **mac)


@kind(packed=True)
def zip_in_a_zip():
    return zipped(**{"mine.zip": zipped(**{"loading.ipynb": saved(exercise())})})


@kind()
def answers_typed_into_an_empty_notebook():
    cells = [code("import numpy as np")] + [code(ANSWERS[f"answer-{name}"]) for name in reversed(CHECKS)]
    return saved(bare({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@kind()
def all_answers_in_one_cell():
    source = "%matplotlib inline\nimport numpy as np\nten = 10\n\n" + "\n\n".join(ANSWERS[f"answer-{name}"] for name in reversed(CHECKS))
    source = source.replace("minlength=10", "minlength=ten")
    return saved(bare({"cells": [code(source)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@kind(0, 2, 3, 3)
def answer_with_a_syntax_error():
    notebook = bare(exercise())
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("def describe(images):", "def describe(images)")
    return saved(notebook)


@kind()
def nulls_and_lists_in_odd_places():
    notebook = exercise()
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["id"] = "same"
        cell["metadata"] = {}
    notebook["cells"] += [
        {"cell_type": "code", "metadata": {}, "source": [], "outputs": [], "execution_count": None, "id": "same"}
    ] * 10_000
    return saved(notebook)


@kind(packed=True)
def nothing_is_as_it_should_be():
    notebook = exercise()
    for cell in notebook["cells"]:
        cell["metadata"] = None
        cell["outputs"] = float("nan")
    notebook["cells"] += [None, 3, {}, {"cell_type": "code"}, {"cell_type": ["code"], "source": {"a": 1}, "id": []}, {"source": "x = 1"}]
    notebook["metadata"] = json.loads("[" * 300 + "]" * 300)
    return saved(notebook)


# Refused


@refused("an empty file")
def empty_file():
    return b"\xef\xbb\xbf \n"


@refused("breaks off after")
def truncated():
    data = saved(exercise())
    return data[: len(data) // 2]


@refused("cannot be read from line")
def damaged():
    return saved(exercise()).replace(b'"cells": [', b'"cells": [,', 1)


@refused("a PDF")
def pdf():
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@refused("a Python script")
def script():
    return "\n\n".join(ANSWERS.values()).encode()


@refused("a web page")
def web_page():
    return b"<!DOCTYPE html>\n<html><head><title>loading.ipynb - Colab</title></head><body>{}</body></html>"


@refused("a link to a notebook")
def drive_link():
    return b'{"url": "https://colab.research.google.com/drive/1AbC", "doc_id": "1AbC", "email": "a.student@example.org"}'


@refused("a zip that holds 2 notebooks (loading.ipynb, loading (1).ipynb)")
def zip_of_two():
    return zipped(**{"loading.ipynb": saved(exercise()), "loading (1).ipynb": saved(RELEASED)})


@refused("a zip without a notebook")
def zip_of_none():
    return zipped(**{"answer.docx": b"words", "photo.jpg": b"\xff\xd8"})


@refused("a zip that unpacks to more than 64 MB")
def zip_bomb():
    return zipped(**{"loading.ipynb": bytes(intake.LARGEST_FILE + 1)})


@refused("a zip in a zip in a zip")
def zips_without_end():
    data = saved(exercise())
    for _ in range(4):
        data = zipped(**{"inner.zip": data})
    return data


@refused("a damaged zip")
def damaged_zip():
    return zipped(**{"loading.ipynb": saved(exercise())})[:-40]


@refused("a file of 64 MB, and 64 MB are the most that is read")
def too_large():
    return b"{" + bytes(intake.LARGEST_FILE)


@refused("a zip with a password")
def zip_with_a_password():
    data = bytearray(zipped(**{"loading.ipynb": saved(exercise())}))
    data[6] |= 1  # the flag in the file's own head, and in the list at the end
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@refused("a zip of a rare kind")
def zip_of_another_compression():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("loading.ipynb", saved(exercise()))
    return buffer.getvalue()


@refused("a zip with thousands of files")
def zip_of_thousands():
    return zipped(**{f"{number}.txt": b"" for number in range(intake.MOST_FILES + 1)})


@refused("its JSON holds a number that cannot be read")
def endless_number():
    return b'{"cells": [], "nbformat": ' + b"4" * 5_000 + b"}"


@refused("a text that is no notebook")
def words():
    return b"I did it on paper, see the photograph."


@refused("a JSON file without cells")
def another_json():
    return b'{"accuracy": [0.9, 0.95]}'


@refused("belongs to another set (its checks are those of “model”); “Exercises: loading” was expected")
def another_set():
    return (ROOT / "solutions" / "04-model" / "model.ipynb").read_bytes()


@refused("holds nothing of “Exercises: loading”")
def another_course():
    cells = [text("# Week 3"), code("import pandas as pd\ndf = pd.DataFrame()"), code("def area(radius):\n    return 3.14 * radius**2")]
    return saved(bare({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@refused("holds nothing of “Exercises: loading”")
def no_cells():
    return saved({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@refused("characters of code; at most 200,000 are graded")
def table_of_answers():
    notebook = exercise()
    the(notebook, "answer-describe")["source"] = f"TABLE = {[7] * 70_000}\n" + ANSWERS["answer-describe"]
    return saved(notebook)


@refused("cells; at most 1,000 are graded")
def ten_thousand_cells():
    notebook = exercise()
    notebook["cells"] += [code(f"x = {number}") for number in range(10_000)]
    return saved(notebook)


@refused("thousands of brackets")
def nesting_bomb():
    return b'{"cells": [], "metadata": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}"


# What intake makes of them


def rebuilt(data):
    return intake.rebuild(intake.read(data), nbformat.from_dict(RELEASED))


@pytest.mark.parametrize("name", KINDS)
def test_a_rebuilt_notebook_is_the_released_one_with_answers(name):
    began = time.process_time()
    notebook = rebuilt(KINDS[name][0]())
    assert time.process_time() - began < 60  # a guard against work without end
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec == RELEASED["metadata"]["kernelspec"]
    own = {cell["id"]: cell for cell in RELEASED["cells"]}
    assert [cell.id for cell in notebook.cells if cell.id in own] == list(own)
    for cell in notebook.cells:
        if cell.id not in own:
            assert cell.cell_type == "code"
            assert cell.metadata == {}
        else:
            assert cell.metadata == own[cell.id]["metadata"]
            if not cell.id.startswith(("answer-", "explain-")):
                assert cell.source == own[cell.id]["source"]
        assert cell.get("outputs", []) == []
    again = intake.rebuild(notebook, nbformat.from_dict(RELEASED))
    assert [cell.source for cell in again.cells] == [cell.source for cell in notebook.cells], "a second intake changes nothing"


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_graded_is_refused_with_a_sentence(name):
    make, words = REFUSED[name]
    began = time.process_time()
    with pytest.raises(intake.Refusal) as refusal:
        rebuilt(make())
    assert time.process_time() - began < 60  # a guard against work without end
    sentence = str(refusal.value)
    assert words in sentence
    assert sentence.endswith((".", ".)"))
    assert len(sentence) < 400
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["as_released", "rewritten_by_colab", "metadata_and_ids_gone", "reordered", "grade_ids_renamed", "cp1252"])
def test_the_explanation_is_found(name):
    cell = next(cell for cell in rebuilt(KINDS[name][0]()).cells if cell.id == "explain-suspicious")
    assert " ".join(cell.source.split()) == " ".join(ANSWERS["explain-suspicious"].split())


def sources(notebook):
    return {cell.id: cell.source for cell in rebuilt(saved(notebook)).cells}


def test_an_explanation_may_stand_in_cells_of_its_own_or_below_the_question():
    notebook = bare(deepcopy(RELEASED))
    place = next(place for place, cell in enumerate(notebook["cells"]) if cell["source"] == "YOUR ANSWER HERE")
    notebook["cells"][place : place + 1] = [text("It may be right."), text("Look first.")]
    assert sources(notebook)["explain-suspicious"] == "It may be right.\n\nLook first."
    notebook = deepcopy(RELEASED)
    the(notebook, "task-explain")["source"] += "\n\nIt may be right."
    assert sources(notebook)["explain-suspicious"] == "It may be right."
    assert "It may be right." not in sources(notebook)["task-explain"]


def test_a_picture_pasted_into_an_explanation_does_not_count_as_code():
    notebook = exercise()
    the(notebook, "explain-suspicious")["source"] = f"See ![it](data:image/png;base64,{'A' * 300_000}): it may be right."
    assert sources(notebook)["explain-suspicious"] == "See ![it](picture-left-out): it may be right."


def test_cells_that_nearly_are_released_ones_take_no_long_time():
    notebook = bare(exercise())
    set_up = next(cell["source"] for cell in notebook["cells"] if cell["source"].startswith("# Set-up"))
    notebook["cells"] += [code(f'"""{set_up[::-1]}"""'.replace("\\", "")) for _ in range(100)]
    began = time.process_time()
    assert len(rebuilt(saved(notebook)).cells) == len(RELEASED["cells"]) + 100
    assert time.process_time() - began < 120  # a guard against work without end


def test_own_cells_stay_where_they_ran():
    notebook = exercise()
    notebook["cells"].insert(0, code("first = 1"))
    notebook["cells"].insert(at(notebook, "answer-suspicious"), code("before = 2", tags=["skip-execution"]))
    notebook["cells"].insert(at(notebook, "answer-suspicious") + 1, code("after = 3"))
    order = [(cell.id, cell.source) for cell in rebuilt(saved(notebook)).cells]
    names = [name for name, _ in order]
    places = {source: names[number - 1] for number, (_, source) in enumerate(order)}
    assert places["first = 1"] == "start"
    assert places["before = 2"] == "task-suspicious"
    assert places["after = 3"] == "answer-suspicious"


def test_what_an_answer_needs_runs_before_it_wherever_it_stood():
    notebook = bare(exercise())
    order = [cell.source for cell in rebuilt(KINDS["reordered"][0]()).cells]
    helper = next(number for number, source in enumerate(order) if source.startswith("import collections"))
    assert helper < next(number for number, source in enumerate(order) if source.startswith("def class_counts"))
    notebook["cells"].append(code("def half(x):\n    return x / 2"))
    notebook["cells"].append(code("def describe(images):\n    return half(images)"))
    notebook["cells"] = [
        cell for cell in notebook["cells"] if not cell["source"].startswith(("# 2 points", "def describe(images):\n    ###"))
    ]
    order = [cell.source for cell in rebuilt(saved(notebook)).cells]
    assert order.index("def half(x):\n    return x / 2") + 1 == order.index("def describe(images):\n    return half(images)")


@pytest.mark.parametrize(
    "answer",
    [
        "describe = lambda images: (*images.shape, images.dtype.name)",
        "%%time\ndef describe(images):\n    return (*images.shape, images.dtype.name)",
        "!ls\nfiles = !pwd\ndef describe(images):\n    return (*images.shape, images.dtype.name)",
        "import functools\ndescribe = functools.partial(print)",
        "try:\n    import torch\nexcept ImportError:\n    def describe(images):\n        return (*images.shape, images.dtype.name)",
        "@cache\n\ndef  describe (images) :\n    return None",
    ],
)
def test_an_answer_may_be_written_in_other_ways(answer):
    notebook = bare(exercise())
    for cell in notebook["cells"]:
        if cell["source"].startswith("def describe"):
            cell["source"] = answer
    assert sources(notebook)["answer-describe"] == answer


def test_two_answers_that_cannot_be_parted_are_not_undone_by_a_stub():
    both = "if True:\n    def describe(images):\n        return 1\n    def class_counts(labels):\n        return 2"
    found = sources(bare({"cells": [code(both)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert found["answer-describe"] == both
    assert "NotImplementedError" not in found["answer-class-counts"]


def test_every_set_survives_the_loss_of_its_metadata():
    for path in sorted((ROOT / "exercises").glob("*/*.ipynb")):
        released = nbformat.read(path, as_version=4)
        solved = loaded(ROOT / "solutions" / path.parent.name / path.name)
        notebook = intake.rebuild(intake.read(saved(bare(solved))), released)
        assert [cell.source for cell in notebook.cells] == [cell["source"] for cell in solved["cells"]]


def test_an_unusual_length_is_listed_wherever_it_comes_from():
    """Comments, and pieces that are too short to be long literals."""
    for bulk in ("\n".join("# " + "x" * 98 for _ in range(210)), "\n".join(f"PIECE{number} = b'{'x' * 1500}'" for number in range(14))):
        notebook = exercise()
        the(notebook, "answer-describe")["source"] += f"\n{bulk}"
        (found,) = intake.long_literals(rebuilt(saved(notebook)))
        assert found.startswith("all answers: 2")


def test_a_reset_above_the_imports_wipes_nothing():
    notebook = exercise()
    notebook["cells"].insert(
        0, {"cell_type": "code", "source": "%reset -f\nmine = 3", "metadata": {}, "outputs": [], "execution_count": None}
    )
    notebook["cells"].append({"cell_type": "code", "source": "%reset -f", "metadata": {}, "outputs": [], "execution_count": None})
    texts = [cell.source for cell in rebuilt(saved(notebook)).cells]
    assert "mine = 3" in [text.strip() for text in texts]
    assert sum("%reset" in text for text in texts) == 1, "what stands after the answers stays as it was"


def test_long_literals_are_listed():
    notebook = exercise()
    the(notebook, "answer-describe")["source"] += f"\nTABLE = {list(range(1000))}\nWORDS = b'{'x' * 2500}'\nSHORT = {list(range(100))}"
    notebook["cells"].append(code(f"np.array([\n{'  1.5,' * 500}\n])\nif broken\nTEXT = '{'y' * 3000}'"))
    found = intake.long_literals(rebuilt(saved(notebook)))
    assert [line.split(":")[0] for line in found] == ["cell answer-describe"] * 2 + ["cell extra-1"] * 2
    assert "4,890 characters" in found[0]
    assert "2,503 characters" in found[1]
    assert intake.long_literals(rebuilt(saved(exercise()))) == []


@pytest.mark.parametrize(
    "bomb", ["(" * 90_000, "-" * 90_000 + "1", "1+" * 90_000 + "1", "[" * 5_000 + "]" * 5_000, "x = '\0'", "a." * 60_000 + "b"]
)
def test_code_that_breaks_parsers_breaks_nothing(bomb):
    notebook = exercise()
    notebook["cells"].append(code(bomb))
    the(notebook, "explain-suspicious")["source"] = "\ud800 half a letter"
    result = rebuilt(saved_with_surrogates(notebook))
    assert result.cells[-1].source == bomb
    nbformat.writes(result).encode()
    intake.long_literals(result)


def saved_with_surrogates(notebook):
    return json.dumps(notebook).encode()


# Properties: what holds for all that may come, tried on what nobody thought of


def taken(data):
    """What intake makes of bytes: a notebook that can be graded, or None where it refuses them with a sentence. Nothing else may happen."""
    notebook, sentence = None, ""
    try:
        notebook = rebuilt(data)
    except intake.Refusal as refusal:
        sentence = str(refusal)
    if notebook is None:
        assert sentence.endswith((".", ".)"))
        assert len(sentence) < 400
        assert sentence.isprintable()
        return None
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()
    assert all(line.isprintable() for line in intake.long_literals(notebook))
    own = {cell["id"]: cell for cell in RELEASED["cells"]}
    assert [cell.id for cell in notebook.cells if cell.id in own] == list(own)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        if cell.id in own:
            assert (cell.cell_type, cell.metadata) == (own[cell.id]["cell_type"], own[cell.id]["metadata"])
            assert cell.id.startswith(("answer-", "explain-")) or cell.source == own[cell.id]["source"]
    return notebook


def right_answers(notebook):
    return {f"answer-{name}" for name in CHECKS} & {cell.id for cell in notebook.cells if cell.source == ANSWERS.get(cell.id)}


GOOD = [as_released(), saved(bare(exercise())), saved(exercise(), "utf-16"), in_a_zip(), format_3()]
BEGINNINGS = [b"", b"PK\x03\x04", b"PK\x05\x06", b"%PDF", b"{", b"[", b"\xff\xfe", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xef\xbb\xbf", b"<"]


@st.composite
def damaged_files(draw):
    """A good file, some of whose bytes were lost, changed, doubled or put elsewhere."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 3) | st.integers(0, len(data)))
        data[place : place + length] = draw(st.binary(max_size=6) | st.just(bytes(data[:length])))
    return bytes(data)


@given(damaged_files() | st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=80)))
def test_any_bytes_are_graded_or_refused(data):
    taken(data)


LETTERS = st.text(st.characters(codec=None), max_size=12)  # half pairs of surrogates too: JSON can hold them
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=6,
)
LINES = [
    *("", "x = 1", "    return 1", "def describe(images):", "def class_counts(labels): return 3", "describe = class_counts = lambda x: x"),
    *(
        "%%time",
        "%%bash",
        "!ls",
        "?print",
        "%reset -f",
        "if True:",
        "'''",
        "# YOUR CODE HERE",
        "@cache",
        "class describe: pass",
        "\f",
        "\\",
    ),
    *("```python", "```", "# Exercises: loading", 'check("loading.describe", describe)', "describe(", "ready('loading')", "\t\u2028pass"),
]
SOURCES = st.lists(st.sampled_from(LINES) | LETTERS, max_size=8).map("\n".join) | st.sampled_from(list(ANSWERS.values()))
NAMES = st.sampled_from([cell["id"] for cell in RELEASED["cells"]]) | LETTERS
NBGRADER = st.fixed_dictionaries({"grade_id": NAMES}) | VALUES
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | VALUES,
        "source": SOURCES | st.lists(SOURCES, max_size=3) | VALUES,
        "input": SOURCES,
        "id": NAMES | VALUES,
        "metadata": st.fixed_dictionaries({}, optional={"id": NAMES, "nbgrader": NBGRADER}) | VALUES,
        "level": VALUES,
        "outputs": VALUES,
    },
)


@given(st.dictionaries(LETTERS, VALUES, max_size=2), st.lists(CELLS | VALUES, max_size=8), st.sampled_from(["cells", "worksheets"]))
def test_any_json_is_graded_or_refused(notebook, cells, kind):
    notebook[kind] = cells if kind == "cells" else [{"cells": cells}, 3]
    taken(saved_with_surrogates(notebook))


OWN_CODE = SOURCES.filter(lambda source: not any(name.replace("-", "_") in source for name in CHECKS))


@st.composite
def rearranged(draw):
    """The solved exercise, its cells in another order, some of them twice, with other names and kinds; each answer once at least."""
    notebook = bare(exercise()) if draw(st.booleans()) else exercise()
    cells = draw(st.permutations(notebook["cells"]))
    cells += deepcopy(draw(st.lists(st.sampled_from(cells), max_size=3)))
    for cell in draw(st.lists(st.sampled_from(cells), max_size=8)):
        match draw(st.integers(0, 3)):
            case 0:
                cell["id"] = draw(st.text("abc-_", min_size=1, max_size=64))
                cell["metadata"] = {}
            case 1:
                cell["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw"]))
            case 2:
                cell["metadata"] = draw(st.dictionaries(LETTERS, VALUES, max_size=2))
            case 3:
                cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    for source in draw(st.lists(OWN_CODE, max_size=3)):
        cells.insert(draw(st.integers(0, len(cells))), code(source))
    return {**notebook, "cells": cells}


@given(rearranged())
def test_answers_are_found_wherever_they_stand_and_whatever_they_are_called(notebook):
    found = taken(saved_with_surrogates(notebook))
    assert found is not None
    assert right_answers(found) == {f"answer-{name}" for name in CHECKS}
    again = intake.rebuild(found, nbformat.from_dict(RELEASED))
    assert [cell.source for cell in again.cells] == [cell.source for cell in found.cells], "a second intake changes nothing"


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"]


@given(st.sampled_from(ENCODINGS), st.text(st.characters(codec="cp1252", exclude_categories=["Cc"])))
def test_every_encoding_gives_the_letters_back(encoding, letters):
    if encoding == "cp1252":  # there "Â®" is what "®" is in UTF-8: of such nobody can tell
        assume(letters.encode("cp1252").decode("utf-8", "ignore").isascii())
    notebook = {**bare(exercise()), "cells": [code(f"# {letters}.")]}
    assert intake.read(json.dumps(notebook, ensure_ascii=False).encode(encoding)).cells[0].source == f"# {letters}."


FILE_NAMES = st.text(min_size=1, max_size=60).map(lambda name: name.replace("\0", "0")) | st.sampled_from(
    [*("a/b/loading.ipynb", "../loading.ipynb", "C:\\loading.IPYNB", "loading.ipynb/"), *("__MACOSX/._loading.ipynb", "._a.ipynb", "a.zip")]
)
CONTENTS = st.sampled_from([*GOOD, b"", b"words", b"PK\x03\x04"]) | st.binary(max_size=20)


@given(st.dictionaries(FILE_NAMES, CONTENTS, max_size=4))
def test_any_zip_is_graded_or_refused(files):
    found = taken(zipped(**{name.encode("utf-8", "replace").decode(): content for name, content in files.items()}))
    if found is not None:
        assert len(right_answers(found)) == 4


@given(FILE_NAMES)
def test_a_zip_with_one_notebook_is_read_whatever_its_name(name):
    name = f"{name.encode('utf-8', 'replace').decode()}.ipynb"
    if not intake._is_litter(name):
        assert len(right_answers(rebuilt(zipped(**{name: as_released(), "notes.txt": b"none"})))) == 4


# nbgrader, as a teacher runs it


def nbgrader(course, *command):
    """One command in a course's folder: (exit status, what it said)."""
    finished = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return finished.returncode, finished.stdout


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """Two course folders with exercises and gradebook of their own, so that two processes can grade."""
    first, second = (tmp_path_factory.mktemp(name) / "course" for name in ("first", "second"))
    first.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", first)
    (first / "solutions").symlink_to(ROOT / "solutions")
    tool = ROOT / "book" / "_tools" / "exercises.py"
    generated = subprocess.run(
        [sys.executable, tool, "--release", first / "exercises", "--gradebook", first / "class" / "gradebook.db"],
        capture_output=True,
        text=True,
    )
    assert generated.returncode == 0, generated.stderr
    shutil.copytree(first, second, symlinks=True)
    return first, second


def hand_in(course, student, data):
    folder = course / "class" / "submitted" / student / NAME
    folder.mkdir(parents=True)
    (folder / "loading.ipynb").write_bytes(data)


def points(course):
    """Points of the four checks, by student, as the gradebook has them."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'class' / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: tuple(
                next(grade.auto_score for grade in submission.notebooks[0].grades if grade.name == f"check-{name}") for name in CHECKS
            )
            for submission in gradebook.assignment_submissions(NAME)
        }


def test_nbgrader_gives_each_kind_what_it_deserves(courses):
    for number, (name, (make, _)) in enumerate(KINDS.items()):
        data = make()
        hand_in(courses[number % 2], name, nbformat.writes(intake.read(data)).encode() if name in PACKED else data)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "nbgrader", "autograde", NAME],
            cwd=course,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for course in courses
    ]
    said = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    assert points(courses[0]) | points(courses[1]) == {name: expected for name, (_, expected) in KINDS.items()}


def test_nbgrader_leaves_no_grade_where_intake_refuses(courses):
    course = courses[0]
    for make in (another_set, another_course):
        hand_in(course, f"refused-{make.__name__}", make())
    status, said = nbgrader(course, "autograde", NAME, "--student", "refused-*")
    assert status != 0
    for make in (another_set, another_course):
        assert REFUSED[make.__name__][1] in " ".join(said.split())
        assert not (course / "class" / "autograded" / f"refused-{make.__name__}" / NAME).exists()
    assert not any(student.startswith("refused-") for student in points(course))
    shutil.rmtree(course / "exercises" / NAME)
    hand_in(course, "unlucky", as_released())
    status, said = nbgrader(course, "autograde", NAME, "--student", "unlucky")
    assert status != 0
    assert "The released exercise" in said
    assert "make exercises" in said
