"""Notebooks are executed side by side before the pages are read, one after the other being how the notebook reader does it.

Much of a notebook's time is spent on one core: tracing functions, drawing. What is executed here goes into the cache, where the reader
finds it. A notebook that fails is left to the reader, which executes it once more, in a kernel started from nothing, and reports it.
"""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.errors import ConfigError
from sphinx.util import logging

from _ext.forked_kernels import forking

MOST = 4  # at a time; each takes a gigabyte and more
WISHED = "COURSE_NOTEBOOKS_AT_A_TIME"  # an environment variable: fewer where memory is short, 1 to execute one after the other
logger = logging.getLogger(__name__)


def at_a_time() -> int:
    """How many notebooks are executed side by side: as many as wished for, else one for each core that this process may use."""
    wished = os.environ.get(WISHED)
    if wished:
        if not (wished.isdecimal() and int(wished) > 0):
            raise ConfigError(f"{WISHED} must be a whole number, at least 1; got {wished}")
        return int(wished)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST)


def execute_side_by_side(app, env, docnames) -> None:
    """Execute what no cache holds yet; last those that measure time, each of which has the machine to itself."""
    config, most = app.config, at_a_time()
    if config.nb_execution_mode != "cache":
        return
    cache = get_cache(config.nb_execution_cache_path)
    files = [file for file in map(Path, map(env.doc2path, docnames)) if file.suffix == ".ipynb"]
    notebooks = {file: nbformat.read(file, as_version=4) for file in files if not _matches(file, config.nb_execution_excludepatterns)}
    missing = {file: notebook for file, notebook in notebooks.items() if not _is_cached(cache, notebook)}
    if len(missing) < 2:
        return
    measuring = {file: missing.pop(file) for file in list(missing) if _matches(file, config.course_measure_time)}
    logger.info("executing %d notebooks, %d at a time", len(missing) + len(measuring), most)
    with forking():
        for some, workers in ((missing, most), (measuring, 1)):
            for file, result in _executed(some, workers, config.nb_execution_timeout):  # the cache is a database: one thread writes
                if result is None:
                    logger.info("could not execute %s", file.name)
                    continue
                bundle = CacheBundleIn(result.nb, str(file), data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                logger.info("executed %s in %.0f s", file.name, result.time)


def _executed(notebooks, workers: int, timeout: int):
    """Pairs of file and result, in the order in which they are done; None for a notebook that failed."""
    with ThreadPoolExecutor(workers) as pool:
        running = {
            pool.submit(single_nb_execution, notebook, cwd=str(file.parent), timeout=timeout, allow_errors=False): file
            for file, notebook in sorted(notebooks.items(), key=_length, reverse=True)
        }
        for each in as_completed(running):
            failed = each.exception() or each.result().err  # a kernel that dies raises, a cell that does is told
            yield running[each], None if failed else each.result()


def _matches(file: Path, patterns) -> bool:
    return any(PurePosixPath(file.as_posix()).match(pattern) for pattern in patterns)


def _is_cached(cache, notebook) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def _length(item) -> int:
    """A guess at how long a notebook takes: the longest come first, so that none is left over at the end."""
    _, notebook = item
    return sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code")


def setup(app):
    """Execute before anything is read; `course_measure_time` in `_config.yml` lists the notebooks that need a quiet machine."""
    app.setup_extension("_ext.execution_cache")  # chooses the folder
    app.add_config_value("course_measure_time", [], "", [list])
    app.connect("env-before-read-docs", execute_side_by_side)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
