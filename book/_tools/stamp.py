"""Writes the repository's address and the version that notebooks install, from `_config.yml` into every notebook and CITATION.cff.

    python book/_tools/stamp.py            stamp
    python book/_tools/stamp.py --check    name the files that differ, exit 1 if there are any

What is stamped: the Markdown cell with the id ``badge``, the code cell with the id ``set-up``, and each link to the site or to the
repository, also in code that writes prose. The notebook's metadata remember the address stamped last, so that a new one takes its place.
"""

import argparse
import copy
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("book", "solutions")
PLACEHOLDER = "your--name"  # no account can bear a name with two hyphens in a row

# As few lines as a beginner can read; whatever goes wrong is told in one sentence. It parses in every Python from 3.6 on, as kernels that
# are too old run it too. An exception that renders itself is IPython's own way to show no traceback; the cell fails all the same, so the
# cells below it are not run. SystemExit would bring a warning of IPython's. Running the cell again changes nothing.
SET_UP = """\
# Set-up: installs the course's library where it is missing, in Colab for example. It takes seconds and changes no other package.
import importlib.util
import re
import subprocess
import sys

ADDRESS = "{archive}"


class SetUpError(Exception):
    def _render_traceback_(self):  # a notebook shows the sentence, not where it was raised
        return [str(self)]


if sys.version_info < (3, 11):
    raise SetUpError(f"This kernel is Python {{sys.version.split()[0]}}, and the course needs 3.11 or newer: choose another, or use Colab.")
try:
    import mnist_lib.widgets  # the last of its folders: where an installation broke off, it is missing
except ImportError:
    if "{placeholder}" in ADDRESS:
        raise SetUpError("This copy of the course has no address yet: its maintainer writes one into _config.yml and runs `make stamp`.")
    if importlib.util.find_spec("pip") is None:
        raise SetUpError(f"Nothing is installed without pip: run `{{sys.executable}} -m ensurepip` in a terminal, then this cell again.")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"mnist-lib @ {{ADDRESS}}"]
    pip = subprocess.run(command, capture_output=True, text=True)
    if pip.returncode != 0:
        reason, *_ = re.findall("(?:ERROR:|×) (.+)", re.sub("\\x1b.*?m", "", pip.stderr)) or [" ".join(pip.stderr.split()[-30:])]
        raise SetUpError(f"mnist_lib was not installed: check the network connection, then run this cell again. pip says: {{reason}}")
    sys.modules.pop("mnist_lib", None)  # what was found of it before
    importlib.invalidate_caches()
"""


@dataclass(frozen=True)
class Address:
    """Where a repository lives: what every stamp is made of."""

    repository: str
    version: str

    @property
    def name(self) -> str:
        """OWNER/NAME."""
        return urlsplit(self.repository).path.strip("/")

    @property
    def site(self) -> str:
        """Where GitHub Pages shows the repository's site, without a slash at the end."""
        owner, name = self.name.split("/")
        host = f"{owner.lower()}.github.io"
        return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"  # a repository of that name is its owner's own site

    @property
    def archive(self) -> str:
        """What the set-up cell installs; it holds for branches and for tags."""
        return f"{self.repository}/archive/{self.version}.zip"

    @property
    def links(self) -> tuple[str, ...]:
        """What links to the site and to the repository begin with, those that name the version first."""
        blob, tree = (f"{self.repository}/{kind}/{self.version}" for kind in ("blob", "tree"))
        return self.colab("").rstrip("/"), blob, tree, self.archive, self.site, self.repository

    def colab(self, notebook: str) -> str:
        """Where Colab opens a notebook of the repository."""
        return f"https://colab.research.google.com/github/{self.name}/blob/{self.version}/{notebook}"


def configured(root: Path = ROOT) -> Address:
    """The address in `_config.yml`.

    Raises
    ------
    ValueError
        If it is not the address of a repository on GitHub.
    """
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    url, version = str(repository["url"]).rstrip("/").removesuffix(".git"), str(repository["branch"])
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.netloc != "github.com" or len(parts.path.strip("/").split("/")) != 2:
        raise ValueError(f"repository.url in _config.yml must be https://github.com/OWNER/NAME; got {url}")
    return Address(url, version)


def stamped(notebook: nbformat.NotebookNode, path: str, address: Address) -> nbformat.NotebookNode:
    """A copy of a notebook that bears an address.

    Parameters
    ----------
    notebook : NotebookNode
    path : str
        Where it lies in the repository, with forward slashes.
    address : Address
    """
    notebook = copy.deepcopy(notebook)
    last = notebook.metadata.get("course", {})
    before = Address(last.get("repository", address.repository), last.get("version", address.version))
    new = dict(zip(before.links, address.links))
    known = re.compile("|".join(f"{re.escape(old)}(?![\\w-])" for old in new))
    for cell in notebook.cells:
        if cell.get("id") == "badge":
            opened = path.replace("solutions/", "exercises/", 1)  # a solution is the source of an exercise, and bears its badge
            cell.source = f"[Open in Colab]({address.colab(opened)})"
            if path.startswith("book/"):
                cell.source += f" · [Read on the website]({address.site}/{path.removesuffix('.ipynb')}.html)"
        elif cell.get("id") == "set-up":
            cell.source = SET_UP.format(archive=address.archive, placeholder=PLACEHOLDER).rstrip()
        else:  # code too: a cell whose output is prose may hold links
            cell.source = known.sub(lambda match: new[match[0]], cell.source)
    notebook.metadata["course"] = {"repository": address.repository, "version": address.version}
    return notebook


def installing_from(address: str, source: str) -> str:
    """The source of a set-up cell, installing from another address: that of an archive or of a wheel.

    Raises
    ------
    ValueError
        If it has not one line with an address.
    """
    source, replaced = re.subn(r'^ADDRESS = "[^"]*"$', lambda _: f'ADDRESS = "{address}"', source, flags=re.MULTILINE)
    if replaced != 1:
        raise ValueError(f'a set-up cell must have one line `ADDRESS = "…"`; this one has {replaced}:\n{source}')
    return source


def cited(citation: str, address: Address) -> str:
    """The text of CITATION.cff with an address."""
    for key, value in (("repository-code", address.repository), ("url", address.site)):
        citation = re.sub(rf"^{key}: .*$", f'{key}: "{value}"', citation, flags=re.MULTILINE)
    return citation


def code_digest(notebook: nbformat.NotebookNode, path: str) -> str:
    """SHA-256 of a notebook's code, the same whatever address is stamped into it; `path` is where it lies in the repository."""
    neutral = stamped(notebook, path, Address(f"https://github.com/{PLACEHOLDER}/mnist-course", "main"))
    sources = [cell.source for cell in neutral.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def written(notebook: nbformat.NotebookNode) -> str:
    """A notebook as text, always in the same form."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def notebooks(root: Path = ROOT) -> list[Path]:
    """All notebooks that bear stamps."""
    return sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def differing(root: Path = ROOT) -> dict[Path, str]:
    """The files whose stamps are not those of `_config.yml`, each with the text it should have."""
    address = configured(root)
    texts = {}
    for path in notebooks(root):
        notebook = nbformat.read(path, as_version=4)
        text = written(stamped(notebook, path.relative_to(root).as_posix(), address))
        if text != path.read_text(encoding="utf-8"):
            texts[path] = text
    citation = root / "CITATION.cff"
    before = citation.read_text(encoding="utf-8")
    if cited(before, address) != before:
        texts[citation] = cited(before, address)
    return texts


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Write the address in _config.yml into every notebook.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook differs")
    check = parser.parse_args(arguments).check
    try:
        address, texts = configured(), differing()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in texts.items():
        print(f"{path.relative_to(ROOT)}: {'its stamps differ from _config.yml; run `make stamp`' if check else 'stamped'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    if PLACEHOLDER in address.repository:
        print(
            f"_config.yml still names the placeholder {address.repository}: write your repository into its line `url:`, then `make stamp`."
        )
    return int(check and bool(texts))


if __name__ == "__main__":
    sys.exit(main())
