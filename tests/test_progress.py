"""How training reports, read where it is read: in a notebook, on a terminal, in a log file."""

import sys
from types import SimpleNamespace

import pytest

from mnist_lib import progress
from mnist_lib.progress import Progress

EPOCHS = [
    {"loss": 0.5, "accuracy": 0.81, "val_loss": 0.25, "val_accuracy": 0.925},
    {"loss": 0.125, "accuracy": 0.96, "val_loss": 0.2, "val_accuracy": 0.94},
]


def run(kind, epochs=EPOCHS, batches=3):
    """What Keras calls during a training of two epochs."""
    report = Progress(kind)
    report.set_params({"epochs": len(epochs), "steps": batches})
    report.on_train_begin()
    for number, logs in enumerate(epochs):
        report.on_epoch_begin(number)
        for batch in range(batches):
            report.on_train_batch_end(batch, logs)
        report.on_epoch_end(number, logs)
    return report


@pytest.fixture
def slow(monkeypatch):
    """As if every batch took long enough to be reported."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_UPDATES", -1)


def test_log_has_a_header_and_a_line_for_each_epoch(capsys, slow):
    run("log")
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["epoch", "loss", "accuracy", "validation", "accuracy", "seconds"]
    assert first.split()[:-1] == ["1", "0.5000", "0.8100", "0.2500", "0.9250"]
    assert second.split()[:-1] == ["2", "0.1250", "0.9600", "0.2000", "0.9400"]
    assert len(header) == len(first) == len(second)
    assert all(character.isprintable() for character in header + first + second)


def test_without_validation_there_are_no_columns_for_it(capsys):
    run("log", [{"loss": 0.5, "accuracy": 0.81}])
    assert capsys.readouterr().out.splitlines()[0].split() == ["epoch", "loss", "accuracy", "seconds"]


def test_terminal_rewrites_its_last_line(capsys, slow):
    run("terminal")
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4, "a header, two epochs and nothing after the last newline"
    assert "\r\x1b[Kepoch 2 of 2 (67%): loss 0.1250" in lines[2]
    assert lines[2].split("\r\x1b[K")[-1].split()[0] == "2", "the finished line stays"


def test_notebook_keeps_one_output_up_to_date(monkeypatch, slow, capsys):
    shown = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle["text/plain"]))

    def display(bundle, raw, display_id):
        shown.append(bundle["text/plain"])
        return handle

    monkeypatch.setattr("IPython.display.display", display)
    run("notebook")
    assert "epoch 1 of 2 (33%): loss 0.5000" in shown[0]
    assert len(shown[-1].splitlines()) == 3
    assert capsys.readouterr().out == ""


def test_none_is_silent(capsys, slow):
    run("none")
    assert capsys.readouterr().out == ""


def test_fast_epochs_are_not_reported_batch_by_batch(capsys):
    run("terminal")
    assert "loss 0" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["loud", None, True, 1])
def test_refuses_other_kinds(kind):
    with pytest.raises(ValueError, match=f"progress must be one of auto, notebook, terminal, log, none; got {kind!r}"):
        Progress(kind)


@pytest.mark.parametrize(
    ("shell", "terminal", "kind"),
    [(None, True, "terminal"), (None, False, "log"), (SimpleNamespace(kernel=1), False, "notebook"), (SimpleNamespace(), True, "terminal")],
)
def test_auto_finds_out_where_it_is_read(monkeypatch, shell, terminal, kind):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert Progress().kind == kind


def test_it_reports_a_real_training(few, capsys):
    from mnist_lib import build_model, compile_model, train

    history = train(compile_model(build_model(4)), *few, epochs=2, progress="log", validation_data=few).history
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for epoch, line in enumerate(lines[1:]):
        expected = [history[name][epoch] for name in ("loss", "accuracy", "val_loss", "val_accuracy")]
        assert [float(text) for text in line.split()[1:5]] == pytest.approx(expected, abs=5e-5)
