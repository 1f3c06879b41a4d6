"""How fast and how good the course's recipes are, beside what a reader would use instead. `make bench` calls this.

Every run has a fresh process, so that none finds threads, memory or traced functions that another left behind. The recipes take turns,
seed by seed and each time in another order, so that a machine that slows down slows all of them. The clock runs while `fit` or `train`
does, tracing the graph included, as whoever waits for it does; after each epoch it stands still while the test images are read. Loading,
preprocessing, building and that reading are not timed, nor is TensorFlow's own start, which every program pays once: a small model of
another shape takes steps, one by one and two at a time, before the clock runs.

A recipe that the test images show to have reached the highest target is stopped; one whose learning rate follows a schedule goes to its
end, where the schedule pays off. Looking at test images to stop decides how long a measurement takes, and nothing that is reported as a
model's score but for the networks of others, whom it favours.
"""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "book" / "measured" / "recipes.json"
QUICK = 2_000  # training images of a run that only tries this script
BUSY = 0.7  # processes waiting for a core; above it, times say little
TARGETS = (0.977, 0.98, 0.99)
PASSES = 30  # at most, of those that have no number of their own


class ReachedTheEnd(Exception):
    """The highest target is reached: there is nothing more to measure."""


class Clock:
    """Seconds of training alone, and what the model can after each epoch.

    Parameters
    ----------
    labels : ndarray of integers, shape (n,)
        Of the test images.
    stops : bool
        Whether the run ends once the highest target is reached.
    """

    def __init__(self, labels, stops: bool):
        self.labels, self.stops = labels, stops
        self.seconds, self.started, self.curve = 0.0, None, []

    def start(self) -> None:
        self.started = time.perf_counter()

    def epoch_ended(self, predicted: Callable) -> None:
        """Stop; `predicted` reads the test images; go on."""
        self.seconds += time.perf_counter() - self.started
        accuracy = float((predicted() == self.labels).mean())
        self.curve.append([round(self.seconds, 3), accuracy])
        if self.stops and accuracy >= max(TARGETS):
            raise ReachedTheEnd
        self.started = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self.started


def in_keras(clock, model, x_test):
    """A callback that hands a Keras model's epochs to the clock."""
    import keras

    class EpochsEnd(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            clock.epoch_ended(lambda: model.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1))

    return EpochsEnd()


# What the course teaches


def course_recipe(build, data, seed, epochs=None, rate=None, **settings):
    """The library's functions, from one end to the other."""
    from mnist_lib import compile_model, preprocess, total_steps, train

    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = preprocess(x_train), preprocess(x_test)
    model = compile_model(build(seed=seed, **settings), rate, total_steps(len(x_train), epochs))
    clock = Clock(y_test, stops=False)
    callback = in_keras(clock, model, x_test)

    def fit():
        train(model, x_train, y_train, epochs=epochs, seed=seed, callbacks=callback, progress="none")

    return clock, fit


def dense(data, seed):
    """The library's defaults."""
    from mnist_lib import build_model

    return course_recipe(build_model, data, seed)


def dense_short(data, seed):
    """Half as many epochs with twice as many hidden units; so few need no dropout. Chosen on training images that were set apart."""
    from mnist_lib import build_model

    return course_recipe(build_model, data, seed, epochs=2, rate=0.015, hidden_units=256, dropout=0.0)


def convolutional(data, seed):
    """The library's defaults."""
    from mnist_lib import build_convolutional_model

    return course_recipe(build_convolutional_model, data, seed)


def convolutional_short(data, seed):
    """Two epochs in place of four."""
    from mnist_lib import build_convolutional_model

    return course_recipe(build_convolutional_model, data, seed, epochs=2)


# What others teach, as they publish it but for progress bars


def quickstart(data, seed):
    """https://www.tensorflow.org/tutorials/quickstart/beginner, cell by cell."""
    import keras

    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = x_train / 255.0, x_test / 255.0
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    clock = Clock(y_test, stops=False)
    callback = in_keras(clock, model, x_test)
    return clock, lambda: model.fit(x_train, y_train, epochs=5, verbose=0, callbacks=[callback])


def keras_example(data, seed):
    """https://keras.io/examples/vision/mnist_convnet: two convolutions, at most 15 epochs, a tenth of the images for validation."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = (np.expand_dims(images.astype("float32") / 255, -1) for images in (x_train, x_test))
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(32, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Conv2D(64, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    labels = keras.utils.to_categorical(y_train, 10)
    clock = Clock(y_test, stops=True)
    callback = in_keras(clock, model, x_test)
    return clock, lambda: model.fit(x_train, labels, batch_size=128, epochs=15, validation_split=0.1, verbose=0, callbacks=[callback])


def scikit_learn(data, seed):
    """`MLPClassifier` as it comes: one hidden layer of 100, Adam, batches of 200. It stops by itself once the loss no longer falls."""
    from sklearn.neural_network import MLPClassifier

    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = (images.reshape(len(images), -1) / 255.0 for images in (x_train, x_test))
    model = MLPClassifier(random_state=seed)
    clock = Clock(y_test, stops=True)

    def fit():
        best, since = float("inf"), 0
        for _ in range(PASSES):  # `partial_fit` is one pass; between two of them the clock can stand still
            model.partial_fit(x_train, y_train, classes=range(10))
            clock.epoch_ended(lambda: model.predict(x_test))
            best, since = (model.loss_, 0) if model.loss_ < best - model.tol else (best, since + 1)
            if since > model.n_iter_no_change:
                break

    return clock, fit


def pytorch(data, seed):
    """https://github.com/pytorch/examples/tree/main/mnist: two convolutions, Adadelta, at most 14 epochs."""
    import numpy as np
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(seed)
    (x_train, y_train), (x_test, y_test) = data

    def tensors(images):
        return torch.from_numpy(((images[:, np.newaxis] / np.float32(255)) - np.float32(0.1307)) / np.float32(0.3081))

    x_train, x_test, labels = tensors(x_train), tensors(x_test), torch.from_numpy(y_train.astype("int64"))
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
        *(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10), nn.LogSoftmax(1)),
    )
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    batches = DataLoader(TensorDataset(x_train, labels), batch_size=64, shuffle=True)
    clock = Clock(y_test, stops=True)

    def predicted():
        model.eval()
        with torch.no_grad():
            return np.concatenate([model(part).argmax(1).numpy() for part in x_test.split(1000)])

    def fit():
        for _ in range(14):
            model.train()
            for x, y in batches:
                optimizer.zero_grad()
                nn.functional.nll_loss(model(x), y).backward()
                optimizer.step()
            clock.epoch_ended(predicted)
            schedule.step()

    return clock, fit


# What no recipe can do without


def products(data, seed):
    """The matrix products of the dense recipe's steps, and nothing else: two forwards, three backwards, all steps in one call."""
    import tensorflow as tf

    from mnist_lib import total_steps
    from mnist_lib.compilation import BATCH_SIZE

    random = tf.random.Generator.from_seed(seed)
    x, hidden_weights, weights, slopes = (random.normal(shape) for shape in ((BATCH_SIZE, 784), (784, 128), (128, 10), (BATCH_SIZE, 10)))

    @tf.function
    def take(steps):
        first, last = hidden_weights, weights
        for _ in tf.range(steps):
            hidden = x @ first
            logits = hidden @ last
            hidden_slopes = tf.matmul(slopes + 0 * logits, last, transpose_b=True)
            # What a step makes goes into the next one, or TensorFlow would compute the products once.
            first, last = (
                1e-3 * tf.matmul(x, hidden_slopes, transpose_a=True),
                1e-3 * tf.matmul(hidden, slopes, transpose_a=True),
            )
        return first, last

    take(tf.constant(2))
    steps = tf.constant(total_steps(len(data[0][0])))
    return Clock(data[1][1], stops=False), lambda: take(steps)


OURS = (dense, dense_short, convolutional, convolutional_short)
OTHERS = (quickstart, keras_example, scikit_learn, pytorch)
RECIPES = {recipe.__name__: recipe for recipe in (*OTHERS, *OURS, products)}
NEEDS = {"pytorch": "torch"}  # no package of the course's own


def measure(recipe, seed, images):
    """Train once, in this process; returns seconds, the curve, memory and edition."""
    from mnist_lib import edition_in_use, load_mnist

    (x_train, y_train), test = load_mnist()
    if recipe not in ("scikit_learn", "pytorch"):
        start_tensorflow()
    clock, fit = RECIPES[recipe](((x_train[:images], y_train[:images]), test), seed)
    before = peak_memory()
    clock.start()
    try:
        fit()
        clock.stop()
    except ReachedTheEnd:
        pass
    return {
        "seconds": round(clock.seconds, 3),
        "curve": clock.curve,
        "accuracy": clock.curve[-1][1] if clock.curve else None,
        "peak_mebibytes": peak_memory(),
        "mebibytes_before": before,
        "edition": edition_in_use(),
    }


def peak_memory():
    """The most that this process has held, in MiB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


def start_tensorflow():
    """What TensorFlow does once in a process, at its first training steps and its first predictions."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    for steps_per_execution in (1, 2):
        model.compile(optimizer="adam", loss="mse", steps_per_execution=steps_per_execution)
        model.fit(np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32"), batch_size=2, verbose=0)
    model.predict(np.zeros((4, 3), "float32"), verbose=0)


def measure_in_fresh_process(recipe, seed, quick):
    environment = {**os.environ, "MNIST_EDITION": "sample" if quick else "full", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "ignore", __file__, "--run", recipe, "--first-seed", str(seed), *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{recipe} with seed {seed} failed:\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def reached(curve, target):
    """Seconds until a model's epochs ended with this accuracy for the first time; None if they never did."""
    return next((seconds for seconds, accuracy in curve if accuracy >= target), None)


def spread(values):
    """Values of the seeds, seed by seed and together."""
    return {
        "median": statistics.median(values),
        "mean": statistics.mean(values),
        "standard_deviation": statistics.stdev(values) if len(values) > 1 else None,
        "min": min(values),
        "max": max(values),
        "per_seed": values,
    }


def summary(runs):
    """For each recipe what was measured, seed by seed and together."""
    return {recipe: summary_of(measured, runs["quickstart"], runs["products"]) for recipe, measured in runs.items()}


def summary_of(measured, quickstart, products):
    seconds = [run["seconds"] for run in measured]
    found = {
        "seconds": spread(seconds),
        "times_as_fast_as_quickstart": spread([other["seconds"] / own for other, own in zip(quickstart, seconds)]),
        "times_the_products": spread([own / bare["seconds"] for own, bare in zip(seconds, products)]),
    }
    if measured[0]["curve"]:
        found["accuracy"] = spread([run["accuracy"] for run in measured])
        found["curves"] = [run["curve"] for run in measured]
        times = {str(target): [reached(run["curve"], target) for run in measured] for target in TARGETS}
        found["seconds_to"] = {target: {"reached": sum(each is not None for each in own), "per_seed": own} for target, own in times.items()}
    for name in ("peak_mebibytes", "mebibytes_before"):
        if measured[0][name] is not None:
            found[name] = spread([run[name] for run in measured])
    return found


def machine():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processor = platform.processor() or platform.machine()
    if (described := Path("/proc/cpuinfo")).exists():
        names = [line.split(":", 1)[1].strip() for line in described.read_text().splitlines() if line.startswith("model name")]
        processor = names[0] if names else processor
    return {"cores": cores, "processor": processor, "system": platform.system()}


def said_of(times):
    """The median of times, or how many seeds have one."""
    known = [seconds for seconds in times if seconds is not None]
    return f"{statistics.median(known):.1f}" if len(known) == len(times) else f"{len(known)} of {len(times)}"


def table(result):
    lines = [f"{'':20}{'seconds':>9}{'times as fast':>22}{'accuracy':>11}{'± (seeds)':>11}{'to 97.7':>9}{'98.0':>8}{'99.0':>8}{'MiB':>7}"]
    for recipe, measured in result["recipes"].items():
        ratio = measured["times_as_fast_as_quickstart"]
        line = f"{recipe:20}{measured['seconds']['median']:>9.1f}{ratio['median']:>8.1f} ({ratio['min']:.1f} to {ratio['max']:.1f})"
        line = f"{line:51}"
        if "accuracy" in measured:
            deviation = measured["accuracy"]["standard_deviation"]
            line += f"{measured['accuracy']['mean']:>11.2%}{'' if deviation is None else f'{deviation:.2%}':>11}"
            for each in measured["seconds_to"].values():
                line += f"{said_of(each['per_seed']):>9}"
        lines.append(f"{line}{measured.get('peak_mebibytes', {}).get('median', ''):>7}")
    lines.append(f"Medians of seconds and ratios, means of accuracies, over the seeds {', '.join(map(str, result['seeds']))}.")
    lines.append(f"{result['edition']} edition, {result['machine']['cores']} cores of {result['machine']['processor']}, {result['date']}.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--output", type=Path, help=f"JSON file to write (default {MEASURED.relative_to(ROOT)})")
    parser.add_argument("--quick", action="store_true", help="try the script on few images of the sample; writes elsewhere")
    parser.add_argument("--run", choices=RECIPES, help=argparse.SUPPRESS)  # one run, in the process that is to be fresh
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measure(options.run, options.first_seed, QUICK if options.quick else None)))
        return
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1; got {options.seeds}")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY:
        print(f"This machine is busy (load {os.getloadavg()[0]:.1f}): its times will say little.", flush=True)

    missing = [recipe for recipe, package in NEEDS.items() if importlib.util.find_spec(package) is None]
    for recipe in missing:
        print(f"{recipe} is left out: it needs the package {NEEDS[recipe]}, which is not installed.", flush=True)
    chosen = [recipe for recipe in RECIPES if recipe not in missing]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = {recipe: [] for recipe in chosen}
    for turn, seed in enumerate(seeds):
        first = turn % len(chosen)
        for recipe in [*chosen[first:], *chosen[:first]]:
            run = measure_in_fresh_process(recipe, seed, options.quick)
            runs[recipe].append(run)
            accuracy = "" if run["accuracy"] is None else f"{run['accuracy']:.2%}"
            print(f"seed {seed}  {recipe:20}{run['seconds']:8.2f} s  {accuracy}", flush=True)

    result = {
        "made_by": "make bench",
        "date": datetime.date.today().isoformat(),
        "edition": runs["quickstart"][0]["edition"],
        "quick": options.quick,
        "seeds": list(seeds),
        "targets": list(TARGETS),
        "timed": "fit or train alone, tracing included, TensorFlow's start not; every run in a fresh process, recipes taking turns",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages(missing)}},
        "machine": machine(),
        "recipes": summary(runs),
    }
    output = options.output or (Path(tempfile.mkdtemp()) / MEASURED.name if options.quick else MEASURED)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\n{table(result)}\nWritten to {output}")


def packages(missing):
    """Those whose versions matter."""
    return ["tensorflow", "keras", "numpy", "scikit-learn", *(package for recipe, package in NEEDS.items() if recipe not in missing)]


if __name__ == "__main__":
    main()
