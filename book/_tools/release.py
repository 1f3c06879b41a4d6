"""Makes a release: sets the version, stamps the notebooks with the tag, tries the wheel, commits and tags. Nothing is pushed.

    python book/_tools/release.py 2026.12              make it
    python book/_tools/release.py 2026.12 --rehearse   do all of it, and keep nothing
    python book/_tools/release.py --changes            print what CHANGELOG.md says of the version that stands in the library

A version is YEAR.MONTH, and YEAR.MONTH.1 for a second one in a month; its tag is ``vYEAR.MONTH``. Two commits are made. In the first, which
the tag names, notebooks install that tag and link to it, so that nothing moves under a class. The second puts the notebooks of the main
branch back, whose badges open the newest text; its library's version ends in ``+main``, so that no grade by it passes for the release's.

All work is done in a working tree of its own (`git worktree`); the branch and the tag move at the end, or not at all.
"""

import argparse
import contextlib
import datetime
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import stamp
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[2]
ONWARD = "+main"  # what the main branch's version ends in after a release
NAMED = 5  # changed files


class Refusal(RuntimeError):
    """Why there is no release; the message says what to do."""


# What there is


def git(root: Path, *arguments: str) -> str:
    """What a git command prints.

    Raises
    ------
    Refusal
        If it fails.
    """
    ran = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if ran.returncode:
        raise Refusal(f"`git {' '.join(arguments)}` failed: {ran.stderr.strip() or ran.stdout.strip()}")
    return ran.stdout.rstrip()


def library_version(root: Path) -> str:
    """``mnist_lib.__version__``, without importing it."""
    return re.search(r'^__version__ = "(.+)"$', (root / "mnist_lib" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)[1]


def changes(root: Path, version: str) -> tuple[str, datetime.date]:
    """What CHANGELOG.md says of a version, and that version's date.

    Raises
    ------
    Refusal
        If it says nothing.
    """
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## \[{re.escape(version)}\](?P<rest>.*)\n(?P<body>(?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if not found or not found["body"].strip():
        raise Refusal(f"CHANGELOG.md says nothing of {version}: write what changed below a line `## [{version}] - YEAR-MONTH-DAY`.")
    try:
        return found["body"].strip(), datetime.date.fromisoformat(found["rest"].strip(" -"))
    except ValueError:
        raise Refusal(f"CHANGELOG.md gives {version} no date: expected is `## [{version}] - YEAR-MONTH-DAY`.") from None


def fault_of(version: str, present: str) -> str | None:
    """What is wrong with a new version, or None."""
    try:
        wanted = Version(version)
    except InvalidVersion:
        return f"{version!r} is no version as Python's packages have them (PEP 440): expected is one such as 2026.12 or 2026.12.1."
    if str(wanted) != version or wanted.local:
        return f"write the version as {wanted.public}: so it stands in the names of wheels, and {version} does not."
    if wanted <= Version(present):
        return f"{version} is not newer than {present}, which mnist_lib/__init__.py holds."
    return None


def faults(root: Path, version: str, *, rehearse: bool = False) -> list[str]:
    """All that stands against a release, each with what to do.

    Parameters
    ----------
    root : Path
    version : str
    rehearse : bool
        Lets the placeholder address pass.

    Returns
    -------
    list of str
    """
    address = stamp.configured(root)
    found = [fault] if (fault := fault_of(version, library_version(root))) else []
    branch = git(root, "branch", "--show-current")
    if branch != address.version:
        found.append(f"this is the branch {branch or '(none)'}; a release is made from {address.version}, which _config.yml names.")
    if changed := git(root, "status", "--porcelain").splitlines():
        more = [f"and {len(changed) - NAMED} more"] if len(changed) > NAMED else []
        found.append("commit or put away what was changed first:\n" + "\n".join([*changed[:NAMED], *more]))
    if git(root, "tag", "--list", f"v{version}"):
        found.append(f"the tag v{version} exists already; a tag that was pushed never moves: choose the next version.")
    try:
        changes(root, version)
    except Refusal as refusal:
        found.append(str(refusal))
    if stamp.PLACEHOLDER in address.repository and not rehearse:
        found.append(f"_config.yml still names the placeholder {address.repository}: write your repository there, `make stamp`, commit.")
    return found


# What is done


def write_version(root: Path, version: str, date: datetime.date | None = None) -> None:
    """Set the library's version, and that of the citation if a date is given."""
    _replace(root / "mnist_lib" / "__init__.py", r'^__version__ = ".+"$', f'__version__ = "{version}"')
    citation = root / "CITATION.cff"
    if date:
        text = re.sub(r"^date-released: .*\n", "", citation.read_text(encoding="utf-8"), flags=re.MULTILINE)
        citation.write_text(text, encoding="utf-8")
        _replace(citation, r"^version: .*$", f'version: "{version}"\ndate-released: "{date}"')


def write_stamps(root: Path, version: str) -> None:
    """Let all notebooks install and link to a tag or a branch."""
    _replace(root / "_config.yml", r"^  branch: .*$", f"  branch: {version}")
    for path, text in stamp.differing(root).items():
        path.write_text(text, encoding="utf-8")
    write_exercises(root)


def _replace(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, lambda found: new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise Refusal(f"{path.name} was expected to hold one line that fits {pattern}; {count} do.")
    path.write_text(text, encoding="utf-8")


def _run(command: list, root: Path, why: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(root)}  # that tree's library, not the one that is installed
    ran = subprocess.run([str(part) for part in command], cwd=root, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise Refusal(f"{why}:\n{ran.stdout[-2_000:]}\n{ran.stderr[-2_000:]}")


def write_exercises(root: Path) -> None:
    """Generate the exercises from the stamped solutions, in the variant that they have."""
    _run([sys.executable, root / "book" / "_tools" / "exercises.py", "--anew"], root, "the exercises could not be generated")


def build_wheel(root: Path, folder: Path) -> Path:
    """The library's wheel."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, root]
    _run(command, root, "the wheel could not be built")
    (wheel,) = folder.glob("*.whl")
    return wheel


def set_up_code(notebook: nbformat.NotebookNode, address: str) -> str:
    """The code of a notebook's set-up cell, installing from elsewhere.

    Parameters
    ----------
    notebook : NotebookNode
        Stamped.
    address : str
        Of an archive or a wheel.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it has no set-up cell, or that installs something else than the notebook's stamp says.
    """
    stamped = stamp.Address(**notebook.metadata["course"]).archive
    source = next((cell.source for cell in notebook.cells if cell.get("id") == "set-up"), "")
    if stamped not in source:
        raise ValueError(f"the notebook has no set-up cell that installs {stamped}; got {source[:200]!r}")
    return stamp.installing_from(address, source)


def fresh_python(folder: str) -> Path:
    """A Python with pip and nothing else, in a folder."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return next(path for path in Path(folder).glob("*/python*") if path.stem == "python")


def try_set_up(root: Path, wheel: Path, version: str) -> None:
    """Let the notebooks' set-up cell install the wheel into a fresh environment, all requirements with it.

    Raises
    ------
    Refusal
        If what can be imported then is not this version.
    """
    notebooks = [nbformat.read(path, as_version=4) for path in stamp.notebooks(root)]
    codes = {set_up_code(each, wheel.as_uri()) for each in notebooks if any(cell.get("id") == "set-up" for cell in each.cells)}
    with tempfile.TemporaryDirectory() as folder:
        python = fresh_python(folder)
        check = "\nimport mnist_lib\nprint(mnist_lib.__version__, mnist_lib.__file__)\nfrom mnist_lib import *\n"
        for code in codes:
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            ran = subprocess.run([str(python), "-c", code + check], cwd=folder, env=environment, capture_output=True, text=True)
            if ran.returncode or not ran.stdout.startswith(f"{version} {folder}"):
                raise Refusal(f"the notebooks' set-up cell does not install this wheel:\n{ran.stdout}\n{ran.stderr[-2_000:]}")


@contextlib.contextmanager
def own_tree(root: Path) -> Iterator[Path]:
    """A working tree of its own with what was committed last."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "course").resolve()
        git(root, "worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
        try:
            yield tree
        finally:
            git(root, "worktree", "remove", "--force", str(tree))


def commit(tree: Path, message: str) -> str:
    """Commit all that is changed; the commit's name. Hooks are left out: they would need an environment in that tree."""
    git(tree, "commit", "--quiet", "--all", "--no-verify", "--message", message)
    return git(tree, "rev-parse", "HEAD")


def release(root: Path, version: str, *, rehearse: bool = False) -> str:
    """Make a release, or rehearse one.

    Parameters
    ----------
    root : Path
        A checkout of the main branch with nothing uncommitted.
    version : str
    rehearse : bool
        Do everything and keep nothing.

    Returns
    -------
    str
        What was done, and what to do next.

    Raises
    ------
    Refusal
        If something stands against it or fails; then everything is as it was.
    """
    if found := faults(root, version, rehearse=rehearse):
        raise Refusal("\n".join(found))
    said, date = changes(root, version)
    branch, tag = stamp.configured(root).version, f"v{version}"
    with own_tree(root) as tree, tempfile.TemporaryDirectory() as folder:
        write_version(tree, version, date)
        write_stamps(tree, tag)
        wheel = build_wheel(tree, Path(folder))
        try_set_up(tree, wheel, version)
        released = commit(tree, f"Release {version}")
        write_version(tree, version + ONWARD)
        write_stamps(tree, branch)
        onward = commit(tree, f"The notebooks of {branch} again, after the release {version}")
        changed = git(tree, "diff", "--shortstat", f"{released}~1", released).strip()
        if rehearse:
            return f"Rehearsed {tag}: {changed}; {wheel.name} is installed by the set-up cell. Nothing was kept."
        git(root, "tag", "--annotate", tag, released, "--message", f"{version}\n\n{said}")
        try:
            git(root, "merge", "--quiet", "--ff-only", onward)
        except Refusal:
            git(root, "tag", "--delete", tag)
            raise
        (root / "dist").mkdir(exist_ok=True)
        (root / "dist" / wheel.name).write_bytes(wheel.read_bytes())
    return f"{tag}: {changed}; dist/{wheel.name} is installed by the set-up cell. Now:\n  git push origin {branch}\n  git push origin {tag}"


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Make a release; nothing is pushed.")
    parser.add_argument("version", nargs="?", help="such as 2026.12")
    parser.add_argument("--rehearse", action="store_true", help="do everything and keep nothing; the placeholder address may stand")
    parser.add_argument("--changes", action="store_true", help="print what CHANGELOG.md says of the library's version")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.changes:
            print(changes(ROOT, library_version(ROOT).removesuffix(ONWARD))[0])
        elif chosen.version:
            print(release(ROOT, chosen.version, rehearse=chosen.rehearse))
        else:
            raise Refusal("name the version: make release VERSION=2026.12")
    except Refusal as refusal:
        print(f"No release. {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
