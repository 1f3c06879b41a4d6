"""Lists the pages of the site that differ from another revision, and why, as Markdown: what a reviewer looks at first.

    python book/_tools/changed_pages.py [BASE]

Compared is the working tree with the commit at which it left BASE. Sources are compared, not built sites: two builds of one source differ
in every time that was measured, and a second build costs as long as the first. So that a change of the library is not missed, a page counts
as changed too if it runs, or shows the source of, a module that changed or that leans on one, or shows a result that was measured anew.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
# What every page is made of.
EVERYWHERE = ("_config.yml", "requirements.txt", "book/_ext/", "book/static/", "book/_tools/build.py")
FILES_NAMED = 3  # of one folder; more are told as the folder


class Sources:
    """The sources of the site in one working tree.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules = {_module(path.relative_to(root)): path for path in sorted((root / "mnist_lib").rglob("*.py"))}
        self._leans: dict[str, set[str]] = {}
        tree = ast.parse(self.modules["mnist_lib"].read_text(encoding="utf-8"))
        held = (node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STAGES")
        self.stages = {f"mnist_lib.{stage}": names for stage, names in ast.literal_eval(next(held)).items()}

    def pages(self) -> dict[str, Path]:
        """The pages in reading order: name without ending → file."""
        text = (self.root / "_toc.yml").read_text(encoding="utf-8")
        files = (self.root / f"{name}{ending}" for name in pages_of(text) for ending in (".ipynb", ".md"))
        return {path.relative_to(self.root).with_suffix("").as_posix(): path for path in files if path.is_file()}

    def leans_on(self, module: str) -> set[str]:
        """A module and all of the library that it imports, and what those import."""
        if module not in self._leans:
            self._leans[module] = {module}  # at once: modules may import each other
            for name in list(self._imported(ast.parse(self.modules[module].read_text(encoding="utf-8")), module)):
                self._leans[module] |= self.leans_on(name)
        return self._leans[module]

    def _imported(self, tree: ast.AST, here: str = "") -> Iterator[str]:
        """Modules of the library that some code imports."""
        package = here if here and self.modules[here].name == "__init__.py" else here.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.modules)
            elif isinstance(node, ast.ImportFrom):
                above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
                base = ".".join(filter(None, (above, node.module)))
                for name in (alias.name for alias in node.names):
                    if f"{base}.{name}" in self.modules:
                        yield f"{base}.{name}"
                    elif base == "mnist_lib":  # it gives out what its stages hold, and holds nothing itself
                        yield from (stage for stage, names in self.stages.items() if name == "*" or name in names)
                    elif base in self.modules:
                        yield base

    def used_by(self, page: Path) -> set[str]:
        """Files beside its own that a page's content depends on, and folders, with a slash at the end."""
        if page.suffix == ".ipynb":
            cells = nbformat.read(page, as_version=4).cells
            code = [cell.source for cell in cells if cell.cell_type == "code"] if page.is_relative_to(self.root / "book") else []
            used = set()
            for source in code:  # solutions are not executed on the site
                tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE))
                for name in self._imported(tree):
                    used |= self.leans_on(name)
            return self._files(used)
        text = page.read_text(encoding="utf-8")
        used, files = set(), set()
        for name in re.findall(r"^\.\. auto\w+:: (mnist_lib\.\w+)", text, re.MULTILINE):
            used |= {name} & set(self.modules)
        for directive in re.findall(r"^```\{([\w-]+)\}", text, re.MULTILINE):
            for extension in (self.root / "book" / "_ext").glob("*.py"):
                source = extension.read_text(encoding="utf-8")
                if re.search(rf'"{directive}"|"{directive.removeprefix("measured-")}"', source) and "add_directive" in source:
                    files |= {f"book/measured/{name}" for name in re.findall(r'"(\w+\.json)"', source)}
                    for name in self._imported(ast.parse(source)):
                        used |= self.leans_on(name)
        return self._files(used) | files

    def _files(self, modules: Iterable[str]) -> set[str]:
        """The files of some modules; a package stands for all in its folder, and the library's own style for all that is in it."""
        files = set()
        for name in modules:
            path = self.modules[name].relative_to(self.root).as_posix()
            files |= {path.replace("__init__.py", "*"), "mnist_lib/*.mplstyle"}
        return files


def _shorter(why: list[str]) -> list[str]:
    """Reasons with a folder in the place of many files in it."""
    folders = Counter(str(PurePosixPath(each).parent) for each in why if "/" in each)
    shorter = [each if folders[str(PurePosixPath(each).parent)] <= FILES_NAMED else f"{PurePosixPath(each).parent}/" for each in why]
    return [f"`{each}`" if "/" in each else each for each in dict.fromkeys(shorter)]


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def pages_of(toc: str) -> list[str]:
    """The pages that a table of contents lists, in reading order, without endings."""

    def files(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (part[key] for key in ("root", "file") if key in part)
            for value in part.values():
                yield from files(value)
        elif isinstance(part, list):
            for one in part:
                yield from files(one)

    return list(files(yaml.safe_load(toc)))


def only_metadata(before: str, after: str) -> bool:
    """Whether two texts of a notebook differ in nothing that a page shows."""
    try:
        shown = [[(cell["cell_type"], cell["source"]) for cell in json.loads(text)["cells"]] for text in (before, after)]
    except (ValueError, KeyError, TypeError):
        return False
    return shown[0] == shown[1]


def report(root: Path, base: str) -> str:
    """The pages that differ from where the working tree left `base`, as Markdown.

    Parameters
    ----------
    root : Path
        A git checkout.
    base : str
        A revision.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such revision.
    """
    ran = subprocess.run(["git", "merge-base", base, "HEAD"], cwd=root, capture_output=True, text=True)
    if ran.returncode:
        why = ran.stderr.strip() or "it has no commit in common with this one"
        raise ValueError(f"{base!r} cannot be compared with: {why}. Expected is a branch, a tag or a commit; `git fetch` may be missing.")
    start = ran.stdout.strip()

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, encoding="utf-8").stdout

    changed = set(filter(None, git("diff", "--name-only", "--no-renames", "-z", start).split("\0")))
    changed |= set(filter(None, git("ls-files", "--others", "--exclude-standard", "-z").split("\0")))
    sources = Sources(root)
    pages, before = sources.pages(), set(pages_of(git("show", f"{start}:_toc.yml")))
    rows = []
    for name, path in pages.items():
        file, why = path.relative_to(root).as_posix(), []
        if name not in before:
            why.append("new")
        elif file in changed and not only_metadata(git("show", f"{start}:{file}"), path.read_text(encoding="utf-8")):
            why.append("edited")
        used = sources.used_by(path)
        why += sorted(each for each in changed if each in used or any("*" in one and PurePosixPath(each).match(one) for one in used))
        if why:
            rows.append((name, why))
    rows += [(name, ["removed"]) for name in sorted(before - set(pages))]
    everywhere = sorted(each for each in changed if each.startswith(EVERYWHERE))
    said = [f"## Pages that differ from {start[:10]}", ""]
    if rows:
        said += ["| page | because of |", "|---|---|"]
        said += [f"| `{name}` | {', '.join(_shorter(why))} |" for name, why in rows]
    else:
        said += ["No page's own source differs, nor what a page runs or shows."]
    if everywhere:
        said += ["", f"Every page may look different: {', '.join(f'`{each}`' for each in everywhere)}."]
    return "\n".join(said)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="List the pages that differ from another revision, and why.")
    parser.add_argument("base", nargs="?", default="main", help="a branch, a tag or a commit (main)")
    try:
        print(report(ROOT, parser.parse_args(arguments).base))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
