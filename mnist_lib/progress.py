"""How training reports: one line for each epoch, in the form that suits where it is read."""

import sys
import time
from typing import Any

import keras

COLUMNS = (
    ("epoch", 5, "d"),
    ("loss", 8, ".4f"),
    ("accuracy", 10, ".4f"),
    ("val_loss", 12, ".4f"),
    ("val_accuracy", 10, ".4f"),
    ("seconds", 9, ".1f"),
)
HEADERS = {"val_loss": "validation", "val_accuracy": "accuracy"}
SECONDS_BETWEEN_UPDATES = 0.5
Logs = dict[str, float] | None  # what Keras has measured
KINDS = ("auto", "notebook", "terminal", "log", "none")


class Progress(keras.callbacks.Callback):
    """Reports loss, accuracy and time of each epoch.

    Parameters
    ----------
    kind : {"auto", "notebook", "terminal", "log", "none"}
        ``notebook`` keeps one output up to date, ``terminal`` rewrites its last line while an epoch runs, ``log`` writes finished
        lines only, without control characters. ``auto`` chooses among them by where it runs.
    """

    def __init__(self, kind: str = "auto") -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"progress must be one of {', '.join(KINDS)}; got {kind!r}")
        self.kind = _place() if kind == "auto" else kind

    def on_train_begin(self, logs: Logs = None) -> None:
        """Keras' call before the first epoch."""
        self.lines: list[str] = []
        self.output: Any = None  # IPython's handle of the output that is kept up to date

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Keras' call before each epoch, counted from 0."""
        self.epoch, self.started, self.updated = epoch, time.perf_counter(), time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Keras' call after each step, counted from 0: says how far the epoch is, twice a second at most."""
        now = time.perf_counter()
        if logs and self.kind in ("notebook", "terminal") and now - self.updated > SECONDS_BETWEEN_UPDATES:
            self.updated = now
            part = f" ({(batch + 1) / self.params['steps']:.0%})" if self.params.get("steps") else ""
            self._show(f"epoch {self.epoch + 1} of {self.params['epochs']}{part}: loss {logs['loss']:.4f}", final=False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Keras' call after each epoch, counted from 0: writes its line."""
        values = {**(logs or {}), "epoch": epoch + 1, "seconds": time.perf_counter() - self.started}
        columns = [column for column in COLUMNS if column[0] in values]
        if not self.lines:
            self._show("".join(f"{HEADERS.get(name, name):>{width}}" for name, width, _ in columns))
        self._show("".join(f"{values[name]:>{width}{form}}" for name, width, form in columns))

    def _show(self, line: str, final: bool = True) -> None:
        if self.kind == "notebook":
            self._show_in_notebook("\n".join([*self.lines, line]))
        elif self.kind == "terminal":
            sys.stdout.write(f"\r\x1b[K{line}" + ("\n" if final else ""))
            sys.stdout.flush()
        elif self.kind == "log" and final:
            print(line, flush=True)
        if final:
            self.lines.append(line)

    def _show_in_notebook(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text}
        if self.output is None:
            self.output = display(bundle, raw=True, display_id=True)
        else:
            self.output.update(bundle, raw=True)


def _place() -> str:
    """Where the output is read: in a notebook, on a terminal, or later, in a file."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if hasattr(shell, "kernel"):
        return "notebook"
    return "terminal" if sys.stdout.isatty() else "log"
