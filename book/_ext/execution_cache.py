"""An execution cache that is right.

The stock cache looks at a notebook's code cells only. What a cell prints also depends on the library, the installed packages, Python and
the edition of MNIST: these make a *fingerprint*, and each fingerprint has a cache folder of its own. So a change in any of them executes
the chapters again, a change in prose does not, and going back to what was built before (another edition, say) finds its results there.
"""

import hashlib
import os
import platform
import re
import shutil
from importlib import metadata
from pathlib import Path

UNUSED = frozenset({"checks", "grading"})  # parts of the library that no chapter uses
KEPT = 6  # folders; more would only fill the disk


def fingerprint(root: Path, edition: str) -> str:
    """A short name for everything that outputs depend on beside the notebook's own cells."""
    digest = hashlib.sha256()
    for part in (edition, platform.python_version(), content_of(root, "mnist_lib", apart=UNUSED), *_packages(root)):
        digest.update(f"{part}\0".encode())
    return f"{edition}-{digest.hexdigest()[:16]}"


def content_of(root: Path, *folders: str, apart: frozenset[str] = frozenset()) -> str:
    """A digest of names and contents of all files in some folders: Python, styles, scripts, data. Folders named in `apart` do not count."""
    apart = apart | {"__pycache__"}
    files = sorted(path for folder in folders for path in (root / folder).rglob("*") if path.is_file() and not apart & set(path.parts))
    listed = (f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


def _packages(root: Path) -> list[str]:
    """The pinned packages with the versions pinned and installed; all that are installed where nothing is pinned."""
    installed: dict[str, str] = {}
    for each in metadata.distributions():
        if each.metadata["Name"]:  # found twice, the first counts, as it does for `import`: setuptools adds old copies to the path's end
            installed.setdefault(_normal(each.metadata["Name"]), each.version)
    pins = sorted(line for file in root.glob("requirements*.txt") for line in _requirements(file))
    if not pins:
        return sorted(f"{name} {version}" for name, version in installed.items())
    return [f"{pin} installed {installed.get(_normal(re.split('[^A-Za-z0-9._-]', pin)[0]), 'no')}" for pin in pins]


def _requirements(file: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def choose_folder(app, config) -> None:
    """Point the notebook reader to this fingerprint's folder; Sphinx reads all pages again when the fingerprint is another one."""
    name = fingerprint(Path(app.srcdir), config.course_edition)
    parent = Path(os.environ.get("COURSE_EXECUTION_CACHE") or config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    folder = parent.resolve() / name
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)  # used now: the last to be forgotten
    forget_old(folder.parent)
    config.nb_execution_cache_path = str(folder)
    config.course_fingerprint = name
    config.course_extensions = content_of(Path(app.srcdir), "book/_ext", "book/_tools")


def forget_old(parent: Path) -> None:
    """Keep the folders used last."""
    folders = sorted((path for path in parent.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        shutil.rmtree(folder)


def read_again_after_warnings(app, exception) -> None:
    """Forget the pages of a build with warnings: the next build must not pass because it skips the pages that caused them."""
    if exception or app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app):
    """Register the fingerprint, and the code of our extensions, as values on which every page depends."""
    app.setup_extension("_ext.kernels")
    app.add_config_value("course_fingerprint", "", "env", [str])
    app.add_config_value("course_extensions", "", "env", [str])
    app.connect("config-inited", choose_folder)
    app.connect("build-finished", read_again_after_warnings, priority=999)  # after those that still warn then
    return {"parallel_read_safe": False, "parallel_write_safe": True}
