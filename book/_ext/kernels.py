"""What the notebooks' kernels find when they start: the edition of MNIST, the library in this working tree, and a quiet TensorFlow.

Set before any kernel starts, so that a plain ``jupyter-book build .`` behaves as ``make book`` does and nothing downloads.
"""

import os
import sys
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

# Runs in each kernel before its first cell; a notebook that knows nothing of the library then gets the same digits.
STARTUP = "from mnist_lib import keras_edition\n\nkeras_edition.install()\ndel keras_edition\n"


class EditionError(ValueError):
    """The environment asks for an edition that cannot be had."""


def choose_edition(environment: MutableMapping[str, str]) -> str:
    """The edition that the build shows: what MNIST_EDITION names, else `full` if MNIST_NPZ names a file, else `sample`."""
    edition = environment.get("MNIST_EDITION", "auto") or "auto"
    file = environment.get("MNIST_NPZ")
    if file and not Path(file).is_file():
        raise EditionError(f"MNIST_NPZ names a file that does not exist: {file}")
    if edition != "auto":
        return edition
    return "full" if file else "sample"


def prepare_kernels(environment: MutableMapping[str, str], root: Path, profile: Path) -> None:
    """Write into `environment` what kernels inherit: edition, library, and an IPython profile of their own in the folder `profile`."""
    environment["MNIST_EDITION"] = choose_edition(environment)
    if environment.get("MNIST_NPZ"):
        environment["MNIST_NPZ"] = str(Path(environment["MNIST_NPZ"]).resolve())  # kernels start in the notebook's folder
    paths = [str(root), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors stay visible
    # Several kernels run at once, and each would take all of a GPU's memory.
    environment.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    environment.pop("MPLBACKEND", None)  # another one than the notebooks' own would show no picture
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's remark on frozen modules
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel, not one of the same name in the home folder
    startup = profile / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    if (root / "mnist_lib" / "keras_edition.py").exists():
        (startup / "00-edition.py").write_text(STARTUP, encoding="utf-8")
    environment["IPYTHONDIR"] = str(profile)


def setup(app):
    """Prepare this process, from which kernels inherit."""
    root = Path(app.srcdir)
    folder = tempfile.TemporaryDirectory(prefix="course-ipython-")
    prepare_kernels(os.environ, root, Path(folder.name))
    app.connect("build-finished", lambda app, exception: folder.cleanup())
    if str(root) not in sys.path:  # autodoc imports the library too
        sys.path.insert(0, str(root))
    app.add_config_value("course_edition", os.environ["MNIST_EDITION"], "env", [str])
    return {"parallel_read_safe": False, "parallel_write_safe": True}
