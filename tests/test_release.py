"""`make release`: what it refuses, what it makes, and that nothing is left of one that failed; in a small repository of its own."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import release
import stamp

CHANGES = """# Changes

## [Unreleased]

## [2026.12] - 2026-12-01

- More digits.

## [2026.9] - 2026-09-01

- Digits.
"""
CITATION = 'cff-version: 1.2.0\nversion: "0.1.0"\nrepository-code: "x"\nurl: "x"\n'


def git(root, *arguments):
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def written(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one notebook, committed; the steps that take long are noted instead."""
    root = tmp_path / "course"
    written(root, "_config.yml", "repository:\n  url: https://github.com/someone/course\n  branch: main\n")
    written(root, "mnist_lib/__init__.py", '"""The library."""\n\n__version__ = "2026.9"\n')
    written(root, "CHANGELOG.md", CHANGES)
    written(root, "CITATION.cff", CITATION)
    cells = [nbformat.v4.new_markdown_cell("", id="badge"), nbformat.v4.new_code_cell("", id="set-up")]
    written(root, "book/a.ipynb", stamp.written(nbformat.v4.new_notebook(cells=cells)))
    for path, text in stamp.differing(root).items():
        path.write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(root))
    for name, value in (("user.name", "a test"), ("user.email", "test@example.org"), ("commit.gpgsign", "false"), ("tag.gpgsign", "false")):
        git(root, "config", name, value)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "A course")
    done = []
    monkeypatch.setattr(release, "write_exercises", lambda tree: done.append("exercises"))
    monkeypatch.setattr(release, "try_set_up", lambda tree, wheel, version: done.append(wheel.name))

    def build_wheel(tree, folder):
        wheel = folder / f"mnist_lib-{release.library_version(tree)}-py3-none-any.whl"
        wheel.write_bytes(b"wheel")
        return wheel

    monkeypatch.setattr(release, "build_wheel", build_wheel)
    return root, done


def state(root):
    """All that a release could change."""
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    return files, git(root, "for-each-ref"), git(root, "status", "--porcelain"), git(root, "worktree", "list", "--porcelain")


def at(root, revision, name):
    return git(root, "show", f"{revision}:{name}")


def test_a_release_is_two_commits_and_a_tag_between(course):
    root, done = course
    start = git(root, "rev-parse", "HEAD")
    said = release.release(root, "2026.12")
    assert said.endswith("Now:\n  git push origin main\n  git push origin v2026.12")
    assert git(root, "rev-list", "--reverse", f"{start}..main").splitlines() == [
        git(root, "rev-parse", "v2026.12^{}"),
        git(root, "rev-parse", "HEAD"),
    ]
    assert git(root, "cat-file", "-t", "v2026.12") == "tag", "annotated"
    assert "- More digits." in git(root, "tag", "--list", "--format=%(contents)", "v2026.12")
    assert "- Digits." not in git(root, "tag", "--list", "--format=%(contents)", "v2026.12")
    assert '__version__ = "2026.12"\n' in at(root, "v2026.12", "mnist_lib/__init__.py") + "\n"
    assert "https://github.com/someone/course/archive/v2026.12.zip" in at(root, "v2026.12", "book/a.ipynb")
    assert yaml.safe_load(at(root, "v2026.12", "_config.yml"))["repository"]["branch"] == "v2026.12"
    cited = yaml.safe_load(at(root, "v2026.12", "CITATION.cff"))
    assert (cited["version"], cited["date-released"]) == ("2026.12", "2026-12-01")
    assert release.library_version(root) == "2026.12+main"
    assert "https://github.com/someone/course/archive/main.zip" in (root / "book" / "a.ipynb").read_text(encoding="utf-8")
    assert yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"] == "main"
    assert yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))["version"] == "2026.12", "what was released last is cited"
    assert git(root, "status", "--porcelain", "--untracked-files=no") == ""
    assert (root / "dist" / "mnist_lib-2026.12-py3-none-any.whl").exists()
    assert done == ["exercises", "mnist_lib-2026.12-py3-none-any.whl", "exercises"]


def test_one_release_follows_another(course):
    root, _ = course
    release.release(root, "2026.12")
    written(root, "CHANGELOG.md", CHANGES.replace("## [2026.12]", "## [2026.12.1] - 2026-12-09\n\n- Mended.\n\n## [2026.12]"))
    written(root, ".gitignore", "dist/\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Mended")
    release.release(root, "2026.12.1")
    cited = yaml.safe_load(at(root, "v2026.12.1", "CITATION.cff"))
    assert (cited["version"], cited["date-released"]) == ("2026.12.1", "2026-12-09")
    assert git(root, "tag", "--list").splitlines() == ["v2026.12", "v2026.12.1"]


def test_a_rehearsal_does_all_and_keeps_nothing(course):
    root, done = course
    before = state(root)
    assert release.release(root, "2026.12", rehearse=True).startswith("Rehearsed v2026.12: 4 files changed")
    assert state(root) == before
    assert done == ["exercises", "mnist_lib-2026.12-py3-none-any.whl", "exercises"]


def placeholder(root):
    written(root, "_config.yml", "repository:\n  url: https://github.com/your--name/course\n  branch: main\n")
    git(root, "commit", "--quiet", "--all", "--message", "No address")


REFUSED = {
    "a dirty tree": (lambda root: written(root, "new.txt", "new"), "2026.12", "commit or put away what was changed first:\n?? new.txt"),
    "a very dirty tree": (
        lambda root: [written(root, f"new{number}.txt", "new") for number in range(7)],
        "2026.12",
        "new4.txt\nand 2 more",
    ),
    "a wrong branch": (
        lambda root: git(root, "switch", "--quiet", "--create", "other"),
        "2026.12",
        "this is the branch other; a release is made",
    ),
    "no branch": (lambda root: git(root, "switch", "--quiet", "--detach"), "2026.12", r"this is the branch \(none\)"),
    "a tag that exists": (lambda root: git(root, "tag", "v2026.12"), "2026.12", "the tag v2026.12 exists already"),
    "the same version": (lambda root: None, "2026.9", "2026.9 is not newer than 2026.9"),
    "an older version": (lambda root: None, "2026.8", "2026.8 is not newer than 2026.9"),
    "no version": (lambda root: None, "december", "'december' is no version"),
    "a tag's name": (lambda root: None, "v2026.12", "write the version as 2026.12"),
    "another spelling": (lambda root: None, "2026.01", "write the version as 2026.1"),
    "a version that only main has": (lambda root: None, "2026.12+main", "write the version as 2026.12"),
    "no changes": (lambda root: None, "2027.1", "CHANGELOG.md says nothing of 2027.1"),
    "the placeholder": (placeholder, "2026.12", "still names the placeholder https://github.com/your--name/course"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_stands_against_a_release_is_said_and_nothing_is_done(course, case):
    root, done = course
    prepare, version, says = REFUSED[case]
    prepare(root)
    before = state(root)
    with pytest.raises(release.Refusal, match=says.replace("?? ", r"\?\? ")):
        release.release(root, version)
    assert state(root) == before
    assert done == []


def test_all_that_stands_against_it_is_said_at_once(course):
    root, _ = course
    placeholder(root)
    written(root, "new.txt", "new")
    assert len(release.faults(root, "2026.8")) == 4


def test_a_rehearsal_lets_the_placeholder_stand_and_nothing_else(course):
    root, _ = course
    placeholder(root)
    assert release.release(root, "2026.12", rehearse=True).startswith("Rehearsed")
    with pytest.raises(release.Refusal, match="not newer"):
        release.release(root, "2026.9", rehearse=True)


@pytest.mark.parametrize("text", ["## [2026.12]\n\n- x\n", "## [2026.12] - soon\n\n- x\n"])
def test_changes_without_a_date_are_refused(tmp_path, text):
    written(tmp_path, "CHANGELOG.md", text)
    with pytest.raises(release.Refusal, match="gives 2026.12 no date"):
        release.changes(tmp_path, "2026.12")


def test_an_empty_section_says_nothing(tmp_path):
    written(tmp_path, "CHANGELOG.md", "## [2026.12] - 2026-12-01\n\n## [2026.9] - 2026-09-01\n\n- x\n")
    with pytest.raises(release.Refusal, match="says nothing of 2026.12"):
        release.changes(tmp_path, "2026.12")


@pytest.mark.parametrize("step", ["write_exercises", "build_wheel", "try_set_up"])
def test_a_step_that_fails_leaves_everything_as_it_was(course, monkeypatch, step):
    root, _ = course
    before = state(root)

    def fail(*anything):
        raise release.Refusal("it failed")

    monkeypatch.setattr(release, step, fail)
    with pytest.raises(release.Refusal, match="it failed"):
        release.release(root, "2026.12")
    assert state(root) == before


def test_a_branch_that_cannot_move_leaves_no_tag(course, monkeypatch):
    root, _ = course

    def and_someone_commits(tree, wheel, version):
        git(root, "commit", "--quiet", "--allow-empty", "--message", "In between")

    monkeypatch.setattr(release, "try_set_up", and_someone_commits)
    with pytest.raises(release.Refusal, match="merge"):
        release.release(root, "2026.12")
    assert git(root, "tag", "--list") == ""
    assert git(root, "log", "-1", "--format=%s") == "In between"


# The set-up cell against a wheel


def test_the_set_up_cell_s_code_installs_from_elsewhere():
    notebook = nbformat.read(ROOT / "book" / "02-loading.ipynb", as_version=4)
    code = release.set_up_code(notebook, "file:///somewhere/mnist_lib.whl")
    archive = stamp.configured(ROOT).archive
    assert archive not in code
    assert code.replace("file:///somewhere/mnist_lib.whl", archive) == next(cell.source for cell in notebook.cells if cell.id == "set-up")
    notebook.metadata["course"]["version"] = "v0"
    with pytest.raises(ValueError, match="no set-up cell that installs .*/archive/v0.zip"):
        release.set_up_code(notebook, "x")


@pytest.mark.parametrize(("said", "code"), [("2026.8 $PWD/mnist_lib", 0), ("2026.9 /elsewhere/mnist_lib", 0), ("2026.9 $PWD/mnist_lib", 1)])
def test_another_library_than_the_wheel_s_is_refused(course, monkeypatch, said, code):
    root, _ = course
    monkeypatch.undo()

    def python(folder):
        """Says what a Python would in which the set-up cell was run."""
        path = Path(folder, "python")
        path.write_text(f'#!/bin/sh\necho "{said}"\nexit {code}\n', encoding="utf-8")
        path.chmod(0o700)
        return path

    monkeypatch.setattr(release, "fresh_python", python)
    with pytest.raises(release.Refusal, match=rf"does not install this wheel:\n{said.split()[0]}"):
        release.try_set_up(root, root / "no-such.whl", "2026.9")
    said, code = "2026.9 $PWD/mnist_lib", 0
    release.try_set_up(root, root / "some.whl", "2026.9")


def test_an_address_is_stamped_into_the_citation():
    address = stamp.Address("https://github.com/someone/course", "v1")
    assert stamp.cited(CITATION, address) == (
        'cff-version: 1.2.0\nversion: "0.1.0"\nrepository-code: "https://github.com/someone/course"\n'
        'url: "https://someone.github.io/course"\n'
    )


def test_the_version_is_cited_and_its_changes_are_told():
    version = release.library_version(ROOT)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == version.removesuffix(release.ONWARD)
    if "date-released" in cited:
        assert str(release.changes(ROOT, cited["version"])[1]) == cited["date-released"]
