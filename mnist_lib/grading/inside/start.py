"""The first program in the sandbox: it takes on the limits, becomes nobody, and then the kernel.

python start.py limits '{"memory": …, "processes": …, "file": …, "user": …}' CONNECTION_FILE
python start.py kernel CONNECTION_FILE
"""

import json
import os
import sys
from typing import Any


def take_limits(limits: dict[str, Any]) -> None:
    """Limits that cannot be raised again, and an unprivileged user where this is root."""
    import resource

    for name, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (amount, amount))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # if memory runs out all the same, this ends before anyone's own work
    if limits["user"] is not None:
        os.setgroups([])
        os.setgid(limits["user"])
        os.setuid(limits["user"])


def become_kernel(connection: str) -> None:
    """A Jupyter kernel, until it is told to end."""
    from ipykernel import kernelapp
    from ipykernel.zmqshell import ZMQInteractiveShell

    from mnist_lib import keras_edition

    keras_edition.install()
    # A forgotten exit() would end the kernel a moment later, and with it other answers.
    ZMQInteractiveShell.ask_exit = lambda shell: None  # type: ignore[method-assign]  # it is replaced on purpose
    sys.path[0] = ""  # a notebook imports from its own folder, not from this program's
    kernelapp.launch_new_instance(argv=["-f", connection, "--HistoryManager.hist_file=:memory:"])


if __name__ == "__main__":
    if sys.argv[1] == "limits":
        take_limits(json.loads(sys.argv[2]))
        os.execv(sys.executable, [sys.executable, __file__, "kernel", sys.argv[3]])  # a fresh process image, which may look at itself
    else:
        become_kernel(sys.argv[2])
