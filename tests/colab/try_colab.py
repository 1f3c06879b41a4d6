"""Tries the course with the versions of Google Colab, as a student meets it there. `make test-colab` calls this.

It makes an environment of the packages in `constraints.txt`, those of Colab's that matter, at Colab's versions, without the course. In it
the set-up cell, as it stands in the notebooks, installs the library from an archive of this checkout, packed as GitHub packs one. That may
change no other package. Then every chapter and every worked solution is run, each copied alone into an empty folder, with nothing of the
repository within reach. Whatever breaks is named with its notebook and cell, and the exit status is 1.

In a runtime that is Colab's own, `--python` takes its interpreter as it is, and its own packages are the list that may not change.

What differs from Colab: its front end, its patches of IPython, and the packages beside those that the course and a kernel need.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "book" / "_tools"), str(ROOT / "tests" / "bench")]

import stamp  # noqa: E402
from _ext.stderr_lines import without_known_lines  # noqa: E402
from bench_recipes import machine  # noqa: E402

CONSTRAINTS = Path(__file__).with_name("constraints.txt")
WHOLE_LIST = ROOT.parent / "shared" / "colab" / "pip-freeze.txt"  # all that Colab ships, where a copy lies beside the checkout
MEASURED = ROOT / "book" / "measured" / "colab.json"
ENVIRONMENT = ROOT / ".venv-colab"
PYTHONS = ("3.13", "3.12", "3.11")  # Colab's first
LIBRARY = "mnist-lib"
TIMEOUT = 900  # seconds for one cell, as when the site is built
REPORTED = ("tensorflow", "keras", "numpy", "matplotlib", "scikit-learn", "ipython", "ipykernel", "ipywidgets", "anywidget", "pip")
KERNEL, KERNEL_WITH_DATA = "colab", "colab-with-data"
# What the site's build does for a page that uses no library: Keras' own loader returns the edition of this run, and nothing downloads.
STARTUP = "from mnist_lib import keras_edition\n\nkeras_edition.install()\ndel keras_edition\n"


class Broken(Exception):
    """Something would not work in Colab; the message says what and where."""


# Versions


def pinned(text: str) -> dict[str, str]:
    """The versions in a list of lines NAME==VERSION, by canonical name; comments and other lines are left out."""
    lines = [line.split("#")[0].strip().partition("==") for line in text.splitlines()]
    return {canonicalize_name(name): version for name, equals, version in lines if equals}


def state_of(text: str) -> str:
    """The month that the first line of the constraints names."""
    first = text.partition("\n")[0]
    found = re.search(r"state of (\w+ \d{4})", first)
    if found is None:
        raise Broken(f"the first line of {CONSTRAINTS.name} must name its month as `state of August 2026`; got {first!r}")
    return found[1]


def disagreements(ours: dict[str, str], whole: dict[str, str]) -> list[str]:
    """Where our short list is not what Colab ships, one line each."""
    differing = [(name, version) for name, version in ours.items() if whole.get(name) != version]
    return [f"{name} is {version} in {CONSTRAINTS.name} and {whole.get(name, 'nowhere')} in Colab's list" for name, version in differing]


def unmet(requirements: list[str], whole: dict[str, str]) -> list[str]:
    """The base requirements of a package that a list of packages does not meet, one line each."""
    missed = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = whole.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            missed.append(f"{LIBRARY} needs {requirement}, and Colab has {version or 'no ' + requirement.name}")
    return missed


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """How two lists of packages differ, the library apart, one line each."""
    names = sorted(({*before} | {*after}) - {LIBRARY})
    return [f"{name}: {before.get(name, 'absent')} → {after.get(name, 'absent')}" for name in names if before.get(name) != after.get(name)]


def renewed(text: str, whole: dict[str, str], state: str) -> str:
    """The constraints with the versions of another month; what Colab ships no more is named."""
    gone = sorted(pinned(text).keys() - whole.keys())
    if gone:
        raise Broken(
            f"Colab's list has no {', '.join(gone)} any more: decide what that means, then take the lines out of {CONSTRAINTS.name}"
        )
    text = text.replace(f"state of {state_of(text)}", f"state of {state}", 1)
    return re.sub(r"^([\w.-]+)==\S+", lambda match: f"{match[1]}=={whole[canonicalize_name(match[1])]}", text, flags=re.MULTILINE)


# The environment


def run(python: Path, *arguments: str, cwd: Path | None = None) -> str:
    """What a Python prints."""
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        raise Broken(f"{' '.join([str(python), *arguments])} failed:\n{done.stderr.strip()}")
    return done.stdout


def packages(python: Path) -> dict[str, str]:
    """What is installed for a Python, by canonical name."""
    listed = json.loads(run(python, "-m", "pip", "--disable-pip-version-check", "list", "--format=json"))
    return {canonicalize_name(each["name"]): each["version"] for each in listed}


def version_of(python: Path) -> str:
    return run(python, "-c", "import platform; print(platform.python_version())").strip()


def find_python() -> Path:
    """The Python on this machine that is nearest to Colab's: on the path, else among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in PYTHONS:
        on_path = shutil.which(f"python{version}")
        for python in [*([Path(on_path)] if on_path else []), *sorted(pyenv.glob(f"{version}.*/bin/python{version}"))]:
            try:
                version_of(python)  # one of pyenv's stand-ins may start nothing
            except (Broken, OSError):
                continue
            return python
    raise Broken(f"Python {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]} is needed, and none was found")


def make_environment(folder: Path) -> Path:
    """A Python that has Colab's versions and nothing of the course; one that an earlier run made is used again if it is still that."""
    python, note = folder / "bin" / "python", folder / "made-of.json"
    base = find_python()
    wanted = {"constraints": CONSTRAINTS.read_text(encoding="utf-8"), "python": version_of(base)}
    if note.exists():
        made = json.loads(note.read_text(encoding="utf-8"))
        subprocess.run([str(python), "-m", "pip", "uninstall", "--quiet", "--yes", LIBRARY], capture_output=True)
        if {key: made[key] for key in wanted} == wanted and packages(python) == made["packages"]:
            return python
    print(f"Making {folder.name} with Python {wanted['python']} and {len(pinned(wanted['constraints']))} of Colab's packages.", flush=True)
    run(base, "-m", "venv", "--clear", str(folder))
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(CONSTRAINTS))
    note.write_text(json.dumps({**wanted, "packages": packages(python)}), encoding="utf-8")
    return python


def prepare_kernels(python: Path, scratch: Path, edition: str) -> None:
    """Let kernels of this process start in `python`, find the digits of an edition, and find nothing of this machine beside them."""
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MPLBACKEND"):
        os.environ.pop(name, None)
    if edition == "full":
        os.environ["MNIST_NPZ"] = str(Path(os.environ["MNIST_NPZ"]).resolve())
    os.environ |= {"MNIST_EDITION": edition, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONNOUSERSITE": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_PATH", "KERAS_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = str(scratch / name.lower())
        (scratch / name.lower()).mkdir()
    for kernel, startup in ((KERNEL, ""), (KERNEL_WITH_DATA, STARTUP)):
        profile, folder = scratch / f"ipython-{kernel}", scratch / "jupyter_path" / "kernels" / kernel
        (profile / "profile_default" / "startup").mkdir(parents=True)
        (profile / "profile_default" / "startup" / "00-edition.py").write_text(startup, encoding="utf-8")
        folder.mkdir(parents=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": kernel, "language": "python", "env": {"IPYTHONDIR": str(profile)}}
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


# Notebooks


def pages(root: Path = ROOT) -> dict[str, Path]:
    """What is run: every notebook of the book, and every worked solution; by its name on the site."""
    found = [*sorted((root / "book").glob("*.ipynb")), *sorted((root / "solutions").glob("*/*.ipynb"))]
    return {path.relative_to(root).with_suffix("").as_posix(): path for path in found}


def with_address(source: str, address: str | None) -> str:
    """A set-up cell that installs from somewhere else; with None from where it says."""
    if address is None:
        return source
    try:
        return stamp.installing_from(address, source)
    except ValueError as error:
        raise Broken(str(error)) from None


def archive(target: Path, root: Path = ROOT) -> str:
    """Pack the files under version control, as they lie here, as GitHub does: in one folder. Returns the archive's address."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Broken(f"the library is packed from a git checkout, and git could not list its files ({error})") from error
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name in filter(None, listed.split("\0")):
            if (root / name).is_file():
                file.write(root / name, f"mnist-course-main/{name}")
    return target.as_uri()


def plain(text: str) -> str:
    """Without a terminal's colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def execute(name: str, notebook: nbformat.NotebookNode, folder: Path, kernel: str = KERNEL) -> list[float]:
    """Run a notebook's cells in an empty folder; returns the moment at which each code cell began, and that at which all was done.

    Raises
    ------
    Broken
        If a cell fails, takes too long, or kills its kernel: which one, and what it said.
    """
    begun, at = [], []

    def began(cell, cell_index):
        if cell.cell_type == "code":
            at.append(cell.id)
            begun.append(time.perf_counter())

    client = NotebookClient(
        notebook, kernel_name=kernel, timeout=TIMEOUT, resources={"metadata": {"path": str(folder)}}, on_cell_start=began
    )
    try:
        client.execute()
    except CellExecutionError as error:
        last = "\n".join(plain(error.traceback).strip().splitlines()[-12:])
        raise Broken(f"{name}, cell {at[-1]}: {error.ename}: {plain(error.evalue)}\n{last}") from error
    except Exception as error:  # a kernel that died or did not start, a cell that took too long
        raise Broken(f"{name}, cell {at[-1] if at else 'none yet'}: {type(error).__name__}: {plain(str(error))}") from error
    return [*begun, time.perf_counter()]


def try_set_up(source: str, python: Path, folder: Path, whole: dict[str, str] | None) -> float:
    """Run the set-up cell twice; returns how many seconds the first time took.

    Raises
    ------
    Broken
        If it installs or changes anything but the library, says anything, or if Colab's list does not meet the library's requirements.
    """
    before = packages(python)
    if LIBRARY in before:
        raise Broken(f"{LIBRARY} {before[LIBRARY]} is installed for {python} already: there is nothing to try")
    notebook = new_notebook(cells=[new_code_cell(source, id="set-up"), new_code_cell(source, id="set-up-again")])
    first, second, _ = execute("the set-up", notebook, folder)
    said = [(cell.id, output) for cell in notebook.cells for output in cell.outputs]
    after = packages(python)
    problems = [f"the cell {cell} says something: {output}" for cell, output in said] + changes(before, after)
    if LIBRARY not in after:
        problems.append(f"{LIBRARY} is not installed")
        raise Broken("the set-up cell:\n" + "\n".join(problems))
    facts = "import importlib.metadata as m, json, mnist_lib; print(json.dumps([mnist_lib.__file__, m.requires('mnist-lib')]))"
    where, requirements = json.loads(run(python, "-c", facts, cwd=folder))
    if Path(where).is_relative_to(ROOT / "mnist_lib"):
        problems.append(f"{LIBRARY} is not what was installed but {where}")
    problems += unmet(requirements, before if whole is None else whole)
    if problems:
        raise Broken("the set-up cell changes more than it may:\n" + "\n".join(problems))
    return second - first


def remarks(notebook: nbformat.NotebookNode) -> list[str]:
    """What cells say on stderr, warnings for example, but for what TensorFlow logs when it starts and what is shown on purpose."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "shows-stderr" not in cell.metadata.get("tags", [])]
    streams = [(cell.id, output.text) for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    return [f"cell {cell} on stderr: {said}" for cell, text in streams if (said := without_known_lines(plain(text)).strip())]


def try_pages(chosen: dict[str, Path], address: str | None, scratch: Path) -> tuple[dict[str, dict], list[str]]:
    """Run pages, each alone in an empty folder; returns what is worth knowing of those that ran, and why the others did not."""
    found, broken = {}, []
    for name, path in chosen.items():
        notebook = nbformat.read(path, as_version=4)
        digest = stamp.code_digest(notebook, path.relative_to(ROOT).as_posix())
        cells = [cell for cell in notebook.cells if cell.id == "set-up"]
        for cell in cells:
            cell.source = with_address(cell.source, address)
        folder = Path(tempfile.mkdtemp(dir=scratch))
        nbformat.write(notebook, folder / path.name)
        started = time.perf_counter()
        try:
            ended = execute(name, notebook, folder, KERNEL if cells else KERNEL_WITH_DATA)[-1]
        except Broken as error:
            broken.append(str(error))
            print(f"{'broken':>7}    {error}", flush=True)
            continue
        found[name] = {"seconds": round(ended - started, 1), "code": digest}
        print(f"{found[name]['seconds']:7.1f} s  {name}", *remarks(notebook), sep="\n           ", flush=True)
    return found, broken


def try_all(options: argparse.Namespace, chosen: dict[str, Path], scratch: Path) -> dict:
    """Everything, in order; returns the result.

    Raises
    ------
    Broken
        If anything breaks; pages that come after one that breaks are tried all the same.
    """
    text = CONSTRAINTS.read_text(encoding="utf-8")
    whole, file = None, os.environ.get("MNIST_NPZ")
    edition = "full" if file else "sample"
    if file and not Path(file).is_file():
        raise Broken(f"MNIST_NPZ names a file that does not exist: {file}")
    if options.python:
        python = Path(shutil.which(options.python) or options.python).absolute()
        for line in disagreements(pinned(text), packages(python)):
            print(f"moved on: {line}", flush=True)
    else:
        if options.list.exists():
            whole = pinned(options.list.read_text(encoding="utf-8"))
            if differing := disagreements(pinned(text), whole):
                raise Broken("\n".join([*differing, "take Colab's versions over with --renew"]))
        else:
            print(f"Colab's whole list is not at hand ({options.list}): the short one alone is compared.", flush=True)
        python = make_environment(ENVIRONMENT)
    prepare_kernels(python, scratch, edition)
    address = archive(scratch / "main.zip") if options.address == "checkout" else None
    sources = {cell.source for path in pages().values() for cell in nbformat.read(path, as_version=4).cells if cell.id == "set-up"}
    if len(sources) != 1:
        raise Broken(f"all notebooks must have the same set-up cell, and there are {len(sources)}; run `make stamp`")
    folder = Path(tempfile.mkdtemp(dir=scratch))
    seconds = try_set_up(with_address(sources.pop(), address), python, folder, whole)
    print(f"{seconds:7.1f} s  the set-up cell, which changes no other package", flush=True)
    found, broken = try_pages(chosen, address, scratch)
    if broken:
        raise Broken("\n\n".join(broken))
    installed = packages(python)
    return {
        "made_by": "make test-colab",
        "date": datetime.date.today().isoformat(),
        "colab": state_of(text),
        "whole_list_compared": whole is not None,
        "edition": edition,
        "versions": {"python": version_of(python), **{name: installed[name] for name in REPORTED}, LIBRARY: installed[LIBRARY]},
        "machine": machine(),
        "install_seconds": round(seconds, 1),
        "pages": found,
    }


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="PAGE", help="some pages, such as book/01-setup; nothing is written then")
    parser.add_argument("--python", help="an interpreter to be used as it is, Colab's own for example; nothing is written then")
    parser.add_argument("--address", choices=("checkout", "stamped"), default="checkout", help="what the set-up cell installs")
    parser.add_argument("--list", type=Path, default=WHOLE_LIST, help="all packages that Colab ships, as `pip freeze` prints them")
    parser.add_argument("--renew", metavar="MONTH", help="write the versions of --list, of that month, into the constraints; try nothing")
    parser.add_argument("--report", type=Path, help="file to write with what broke")
    options = parser.parse_args(arguments)
    chosen = pages()
    if unknown := [name for name in options.only or [] if name not in chosen]:
        parser.error(f"no such page: {', '.join(unknown)}; there are {', '.join(chosen)}")
    try:
        if options.renew:
            whole = pinned(options.list.read_text(encoding="utf-8"))
            CONSTRAINTS.write_text(renewed(CONSTRAINTS.read_text(encoding="utf-8"), whole, options.renew), encoding="utf-8")
            return 0
        with tempfile.TemporaryDirectory(prefix="course-colab-") as scratch:
            result = try_all(options, {name: chosen[name] for name in options.only or chosen}, Path(scratch))
    except Broken as error:
        if options.report:
            options.report.write_text(f"{error}\n", encoding="utf-8")
        print(f"\nThis breaks with Colab's versions:\n{error}", file=sys.stderr)
        return 1
    total = sum(page["seconds"] for page in result["pages"].values())
    print(f"{total:7.1f} s  {len(result['pages'])} pages, on the {result['edition']} edition")
    if options.only or options.python or options.address == "stamped":
        print("Nothing is written: it was not the whole run that `make test-colab` is.")
    else:
        MEASURED.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(f"Written to {MEASURED.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
