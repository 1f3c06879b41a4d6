"""The code taught is the code shipped: docstrings name their chapter, the chapter shows or links the function, from its source."""

import ast
import inspect
import re

import pytest
from conftest import CHAPTERS, ROOT

import mnist_lib
from mnist_lib import STAGES, figures
from mnist_lib.compilation import default_epochs, total_steps
from mnist_lib.literate import CHAPTERS as ALL_STAGES
from mnist_lib.literate import pipeline, show_source

PUBLIC = {name: getattr(mnist_lib, name) for names in STAGES.values() for name in names}
OBJECTS = {
    **PUBLIC,
    "subplots": figures.subplots,
    "describe": figures.describe,
    "default_epochs": default_epochs,
    "total_steps": total_steps,
}
FUNCTIONS = {name: value for name, value in OBJECTS.items() if inspect.isfunction(value)}
BUILT = re.compile(r"(?:[Bb]uilt|[Cc]ounted|[Cc]omputed)\s+(?:by\s+hand\s+)?in\s+chapter\s+(\d\d-\w+)")


def sections(function):
    """A NumPy-style docstring's sections: title → lines, unindented."""
    lines = inspect.getdoc(function).splitlines()
    starts = [index for index in range(len(lines) - 1) if lines[index + 1] and set(lines[index + 1]) == {"-"}]
    return {lines[start]: lines[start + 2 : end] for start, end in zip(starts, [*starts[1:], len(lines)])}


def entries(lines):
    """Names that a section explains, those sharing a line apart."""
    heads = [line for line in lines if line and not line.startswith(" ")]
    return [name.strip(" *") for head in heads for name in head.split(" : ")[0].split(",")]


@pytest.mark.parametrize("name", [name for name, value in OBJECTS.items() if name != "DataError"])
def test_docstring_names_its_chapter(name):
    text = inspect.getdoc(OBJECTS[name])
    assert text.splitlines()[0].endswith((".", ":")), "one line of purpose"
    chapters = re.findall(r"\d\d-\w+", text)
    assert chapters, "names no chapter, such as 04-model"
    assert set(chapters) <= set(CHAPTERS.values()), "there is no such chapter in the table of stages"


@pytest.mark.parametrize("stage", STAGES)
def test_module_names_a_chapter(stage):
    module = __import__(f"mnist_lib.{stage}", fromlist=["__doc__"])
    assert CHAPTERS[stage] in module.__doc__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_explains_each_argument_and_what_is_returned(name):
    function, found = FUNCTIONS[name], sections(FUNCTIONS[name])
    signature = inspect.signature(function)
    if found or len(signature.parameters) > 2:  # a sentence is enough for what takes one thing and returns one
        if signature.parameters:
            assert entries(found["Parameters"]) == list(signature.parameters)
        assert "Returns" in found
    unannotated = [parameter.name for parameter in signature.parameters.values() if parameter.annotation is parameter.empty]
    assert unannotated in ([], ["keywords"])
    assert signature.return_annotation is not signature.empty


def raised(function):
    """Names of the exceptions in a function's own raise statements."""
    tree = ast.parse(inspect.getsource(function))
    return {node.exc.func.id for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_names_what_is_raised(name):
    if found := sections(FUNCTIONS[name]):
        assert raised(FUNCTIONS[name]) <= set(entries(found.get("Raises", [])))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_chapter_that_builds_a_function_shows_or_links_it(name, still_to_come):
    stage = FUNCTIONS[name].__module__.split(".")[-1]
    for chapter in BUILT.findall(inspect.getdoc(FUNCTIONS[name])):
        notebook = ROOT / "book" / f"{chapter}.ipynb"
        if not notebook.exists():
            still_to_come(f"book/{chapter}.ipynb, which builds {name} by hand")
            continue
        text = notebook.read_text(encoding="utf-8")
        shown = re.search(rf"show_source\((\w+\.)*{name}\b", text)
        linked = re.search(rf"#mnist_lib\.{stage}\.{name}\b", text)
        assert shown or linked, f"{notebook.name} neither calls show_source({name}) nor links #mnist_lib.{stage}.{name}"


# What chapters show


def without_docstring(tree):
    function = tree.body[0]
    function.body = function.body[isinstance(function.body[0], ast.Expr) :]
    return ast.dump(function)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_shown_source_is_what_runs(name):
    function = FUNCTIONS[name]
    shown = show_source(function).data
    code = re.fullmatch(r"```python\n(.*)\n```\n\n(.*)", shown, re.DOTALL)
    module = ast.parse(inspect.getsource(inspect.getmodule(function)))
    shipped = next(node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name)
    tree = ast.parse(code[1])
    assert ast.get_docstring(tree.body[0]) == inspect.getdoc(function).splitlines()[0] + " …"
    assert without_docstring(tree) == without_docstring(ast.Module([shipped]))
    assert f"`{function.__module__}.{name}`" in code[2]


@pytest.mark.parametrize("lit", [None, *ALL_STAGES])
def test_pipeline_shows_every_stage_and_lights_one(lit):
    shown = pipeline(lit)
    assert re.sub(r"[\[\]]", "", repr(shown)).split(" → ") == list(CHAPTERS)
    assert re.findall(r"\[(\w+)\]", repr(shown)) == ([lit] if lit else [])
    html = shown._repr_html_()
    assert re.findall(r">(\w+)</span>", html) == list(CHAPTERS)
    assert re.findall(r"font-weight: bold.*?>(\w+)</span></span>", html) == ([lit] if lit else []), "lit by more than a colour"
    assert html.startswith('<div class="course-pipeline" role="img" aria-label=')
    assert re.findall(r'data-chapter="(\S+)"', html) == list(CHAPTERS.values())
    assert "href" not in html, "a notebook does not know where the others are"
    assert (f"This chapter's stage, {lit}, is lit." in html.replace("&#x27;", "'")) == bool(lit)


def test_pipeline_refuses_what_is_no_stage():
    with pytest.raises(ValueError, match="there is no stage 'train'; the stages are setup, loading, preprocessing"):
        pipeline("train")
