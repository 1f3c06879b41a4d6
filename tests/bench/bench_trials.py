"""What makes the dense recipe faster or slower: one change at a time. `make bench-trials` calls this, and `make bench` too.

Every trial has a fresh process; the trials take turns, round after round. Of each are kept the seconds of the whole training, tracing
included; those of its fastest epoch, which is what the steps themselves take; and the difference, which is paid once.
"""

import argparse
import datetime
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench_recipes import QUICK, ROOT, machine, peak_memory, spread, start_tensorflow

MEASURED = ROOT / "book" / "measured" / "trials.json"

# Name: what is changed, and how. Every one is the library's recipe but for this.
TRIALS = {
    "the recipe": {},
    "64-bit images": {"dtype": "float64"},
    "bytes, scaled by the network": {"dtype": "uint8"},
    "half precision (mixed_bfloat16)": {"policy": "mixed_bfloat16"},
    "batches of 32": {"batch_size": 32},
    "batches of 128": {"batch_size": 128},
    "batches of 1,024": {"batch_size": 1024},
    "constant learning rate, 0.001": {"constant": True},
    "1 step for each return to Python": {"steps_per_execution": 1},
    "235 steps for each return to Python": {"steps_per_execution": 235},
    "XLA": {"jit_compile": True},
    "no dropout": {"dropout": 0.0},
    "XLA, no dropout": {"jit_compile": True, "dropout": 0.0},
    "one thread": {"threads": 1},
    "no accuracy while training": {"metrics": []},
    "Keras' own Adam": {"keras_adam": True},
    "variables made in the first step": {"variables_at_first_step": True},
    "images copied": {"copied": True},
    "these three": {"keras_adam": True, "variables_at_first_step": True, "copied": True},
    "plain SGD, 0.1": {"sgd": True},
    "validation after each epoch": {"validation": True},
    "a callback after each step": {"steps_per_execution": 1, "callback": True},
    "tf.data by hand": {"pipeline": "tf.data"},
    "batches made by Python": {"pipeline": "python"},
}


def measure(name: str, seed: int, images: int | None) -> dict:
    """Train once, in this process."""
    trial = TRIALS[name]
    import tensorflow as tf

    if trial.get("threads"):
        tf.config.threading.set_intra_op_parallelism_threads(trial["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(trial["threads"])
    import keras

    from mnist_lib import build_model, compile_model, evaluate, load_mnist, preprocess, total_steps
    from mnist_lib.compilation import BATCH_SIZE, default_epochs
    from mnist_lib.zero_copy import shared

    (x, y), (x_test, y_test) = load_mnist()
    x, y = x[:images], y[:images]
    if trial.get("policy"):
        keras.mixed_precision.set_global_policy(trial["policy"])
    start_tensorflow()
    batch_size, epochs = trial.get("batch_size", BATCH_SIZE), default_epochs(len(x))
    model = build_model(dropout=trial.get("dropout", 0.2), seed=seed)
    test = preprocess(x_test)
    if trial.get("dtype") == "uint8":
        model = keras.Sequential([keras.layers.Input((28, 28)), keras.layers.Rescaling(1 / 255), *model.layers])
        test = x_test
    else:
        x = preprocess(x).astype(trial.get("dtype", "float32"), copy=False)
    compile_model(model, total_steps=None if trial.get("constant") else total_steps(len(x), epochs, batch_size))
    changed = {key: trial[key] for key in ("steps_per_execution", "jit_compile", "metrics") if key in trial}
    if changed or trial.keys() & {"sgd", "keras_adam", "variables_at_first_step"}:
        late = trial.get("variables_at_first_step")
        metrics = ["accuracy"] if late else [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        keywords = {"steps_per_execution": model.steps_per_execution, "metrics": metrics, **changed}
        configuration = model.optimizer.get_config()  # a new one, since that of `compile_model` has its variables already
        kind = keras.optimizers.Adam if trial.get("keras_adam") else type(model.optimizer)
        model.compile(keras.optimizers.SGD(0.1) if trial.get("sgd") else kind.from_config(configuration), model.loss, **keywords)
        if not late:
            model.optimizer.build(model.trainable_variables)

    class Epochs(keras.callbacks.Callback):
        seconds: list = []

        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.started)

    class Steps(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.last = dict(logs)

    keras.utils.set_random_seed(seed)
    callbacks = [Epochs(), *([Steps()] if trial.get("callback") else [])]
    options = {"epochs": epochs, "verbose": 0, "callbacks": callbacks}
    if trial.get("validation"):
        options["validation_data"] = (test, y_test)
    before, started = peak_memory(), time.perf_counter()
    if trial.get("pipeline"):
        model.fit(PIPELINES[trial["pipeline"]](x, y, batch_size), **options)
    else:
        model.fit(x if trial.get("copied") else shared(x), y, batch_size=batch_size, **options)
    seconds = time.perf_counter() - started
    epoch = min(Epochs.seconds)
    return {
        "seconds": round(seconds, 3),
        "epoch": round(epoch, 4),
        "once": round(seconds - epochs * epoch, 3),
        "mebibytes": None if before is None else peak_memory() - before,
        "accuracy": float((model.predict(test, batch_size=1000, verbose=0).argmax(axis=1) == y_test).mean())
        if trial.get("dtype") == "uint8"
        else evaluate(model, test, y_test).accuracy,
    }


def with_tf_data(x, y, batch_size):
    """The pipeline that TensorFlow's guides write: all images shuffled, then batched, the next batches made ahead."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def with_python(x, y, batch_size):
    """Batches cut by NumPy, one call of Python for each."""
    import keras
    import numpy as np

    generator = np.random.default_rng(0)

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.on_epoch_end()

        def __len__(self):
            return -(-len(x) // batch_size)

        def __getitem__(self, index):
            chosen = self.order[index * batch_size : (index + 1) * batch_size]
            return x[chosen], y[chosen]

        def on_epoch_end(self):
            self.order = generator.permutation(len(x))

    return Batches()


PIPELINES = {"tf.data": with_tf_data, "python": with_python}


def measure_in_fresh_process(name: str, seed: int, quick: bool) -> dict:
    environment = {**os.environ, "MNIST_EDITION": "sample" if quick else "full", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "ignore", __file__, "--run", name, "--seed", str(seed), *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def summary(runs: dict[str, list[dict]]) -> dict:
    """For each trial what was measured, and how many times the recipe's own time of the same round it took."""
    recipe = runs["the recipe"]
    return {
        name: {
            key: spread([run[key] for run in own])
            for key in ("seconds", "epoch", "once", "mebibytes", "accuracy")
            if own[0][key] is not None
        }
        | {f"{key}_ratio": spread([run[key] / base[key] for run, base in zip(own, recipe)]) for key in ("seconds", "epoch")}
        for name, own in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is tried (default 3)")
    parser.add_argument("--output", type=Path, help=f"JSON file to write (default {MEASURED.relative_to(ROOT)})")
    parser.add_argument("--quick", action="store_true", help="try the script on few images of the sample; writes elsewhere")
    parser.add_argument("--run", choices=TRIALS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measure(options.run, options.seed, QUICK if options.quick else None)))
        return
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {options.rounds}")
    runs = {name: [] for name in TRIALS}
    for seed in range(options.rounds):
        for name in random.Random(seed).sample(list(TRIALS), len(TRIALS)):
            runs[name].append(measure_in_fresh_process(name, seed, options.quick))
            found = runs[name][-1]
            print(f"round {seed}  {name:36}{found['seconds']:8.2f} s{found['epoch']:8.3f} an epoch  {found['accuracy']:.2%}", flush=True)
    result = {
        "made_by": "make bench-trials",
        "date": datetime.date.today().isoformat(),
        "edition": "sample" if options.quick else "full",
        "quick": options.quick,
        "rounds": options.rounds,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("tensorflow", "keras", "numpy")}},
        "machine": machine(),
        "trials": summary(runs),
    }
    output = options.output or (Path(tempfile.mkdtemp()) / MEASURED.name if options.quick else MEASURED)
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {output}")


if __name__ == "__main__":
    main()
