"""Tables on speed for the page *What was measured*: recipes beside others', one change at a time, and the build of this site.

The figures come from `book/measured/`, which `make bench`, `make bench-trials` and `make bench-build` write.
"""

import statistics

from .measured import FOLDER, Measured, table

NAMES = {
    "quickstart": "TensorFlow's [beginner quickstart](https://www.tensorflow.org/tutorials/quickstart/beginner)",
    "keras_example": "Keras' [convolutional example](https://keras.io/examples/vision/mnist_convnet/)",
    "scikit_learn": "scikit-learn's [`MLPClassifier`](https://scikit-learn.org/stable/modules/generated/sklearn.neural_network.MLPClassifier.html)",
    "pytorch": "PyTorch's [basic example](https://github.com/pytorch/examples/tree/main/mnist)",
    "dense": "this course's dense recipe",
    "dense_short": "the same in 2 epochs with 256 hidden units, no dropout, a peak rate of 0.015",
    "convolutional": "this course's convolutional recipe",
    "convolutional_short": "the same in 2 epochs",
    "products": "the dense recipe's matrix products, nothing else",
}


def ratio(spread: dict, digits: int = 1) -> str:
    """A median with its range, which no line break divides."""
    median, low, high = (f"{spread[name]:.{digits}f}" for name in ("median", "min", "max"))
    return f"{median} ({low}\N{WORD JOINER}–\N{WORD JOINER}{high})"


def where(found: dict) -> str:
    """Machine, versions and date, in a sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return f"Measured on {found['date']} on {found['machine']['cores']} cores ({found['machine']['processor']}), with {versions}."


def whole(seconds: list[float]) -> list[str]:
    """Cells of whole seconds."""
    return [f"{each:.0f}" for each in seconds]


def time_to(times: dict) -> str:
    """Median seconds to a target, or for how many seeds it was reached."""
    known = [seconds for seconds in times["per_seed"] if seconds is not None]
    if not known:
        return "–"
    missing = len(times["per_seed"]) - len(known)
    return f"{statistics.median(known):.1f}" + (f" ({len(known)} of {len(known) + missing} seeds)" if missing else "")


class Recipes(Measured):
    """Every recipe: accuracy, seconds, seconds to each target, memory."""

    file, command = FOLDER / "recipes.json", "make bench"

    def picture(self, found: dict) -> str:
        return f"<div>{draw(found).to_html()}</div>"

    def text(self, found: dict) -> str:
        targets = found["targets"]
        rows = []
        for name, row in found["recipes"].items():
            if "accuracy" in row:
                accuracy = f"{100 * row['accuracy']['mean']:.2f} ± {100 * (row['accuracy']['standard_deviation'] or 0):.2f}"
                times = [time_to(row["seconds_to"][str(target)]) for target in targets]
                memory = f"{row['peak_mebibytes']['median']:,.0f}" if "peak_mebibytes" in row else "not known"
                rows.append([NAMES[name], accuracy, ratio(row["seconds"]), *times, memory])
        head = ["recipe", "accuracy, %", "seconds", *(f"to {100 * target:.1f}%" for target in targets), "peak memory, MiB"]
        said = (
            f"{len(found['seeds'])} seeds; accuracies are means with the standard deviation among seeds, seconds medians with their range. "
            f"A dash: not reached in as many epochs as the recipe has. {where(found)}"
        )
        return "\n".join([*table(head, rows), "", said])


class Aims(Measured):
    """Ratios between recipes, which say more than seconds do."""

    file, command = FOLDER / "recipes.json", "make bench"

    def text(self, found: dict) -> str:
        recipes = found["recipes"]
        accuracy = {name: 100 * row["accuracy"]["mean"] for name, row in recipes.items() if "accuracy" in row}
        rows = [
            [
                NAMES[name],
                ratio(recipes[name]["times_as_fast_as_quickstart"]),
                f"{accuracy[name]:.2f}",
                ratio(recipes[name]["times_the_products"]) if name == "dense" else "",
            ]
            for name in ("dense", "dense_short", "convolutional", "convolutional_short")
        ]
        said = f"The quickstart's own accuracy is {accuracy['quickstart']:.2f}%. Each ratio is of runs with the same seed."
        return "\n".join(
            [*table(["recipe", "times as fast as the quickstart", "its accuracy, %", "times its bare products"], rows), "", said]
        )


class Trials(Measured):
    """One change to the dense recipe at a time."""

    file, command = FOLDER / "trials.json", "make bench-trials"

    def text(self, found: dict) -> str:
        rows = [
            [
                name,
                ratio(row["seconds_ratio"], 2),
                ratio(row["epoch_ratio"], 2),
                f"{row['once']['median']:.1f}",
                f"{100 * row['accuracy']['mean']:.2f}",
            ]
            for name, row in sorted(found["trials"].items(), key=lambda item: item[1]["seconds_ratio"]["median"])
        ]
        said = (
            f"Ratios to the recipe's own time in the same round, {found['rounds']} rounds: median and range. "
            f"*Once* is what is paid once in a training: tracing, compiling, copying images. {where(found)}"
        )
        return "\n".join([*table(["change", "time, ratio", "an epoch, ratio", "once, s", "accuracy, %"], rows), "", said])


class Build(Measured):
    """What building this site takes."""

    file, command = FOLDER / "build.json", "make bench-build"
    KINDS = {
        "one_by_one": "nothing cached, one notebook after the other",
        "side_by_side": "nothing cached, notebooks side by side",
        "executions_cached": "all executions cached",
        "nothing_changed": "nothing changed",
    }

    def text(self, found: dict) -> str:
        editions = found["editions"]
        rows = [[words, *whole([each[kind]["seconds"] for each in editions.values()])] for kind, words in self.KINDS.items()]
        head = ["build", *(f"{edition} edition, s" for edition in editions)]
        return "\n".join([*table(head, rows), "", f"{self.phases(editions)} {where(found)}"])

    def phases(self, editions: dict) -> str:
        """What a build spends its time on that executes nothing."""
        edition, builds = next(iter(editions.items()))
        each = builds["executions_cached"]["phases"]
        return (
            f"With all executions cached, {each['starting']:.0f} s go into loading Python, Sphinx and its extensions ({edition} edition), "
            f"{each['reading']:.0f} s into reading the pages, TensorFlow being loaded for [the library's page](library.md), "
            f"{each['writing']:.0f} s into writing them, and {each['finishing']:.0f} s into indices and copies."
        )


class Chapters(Measured):
    """How long each notebook runs, one after the other, and what is spent outside of them."""

    file, command = FOLDER / "build.json", "make bench-build"

    def text(self, found: dict) -> str:
        alone = {edition: each["one_by_one"] for edition, each in found["editions"].items()}
        names = next(iter(alone.values()))["chapters"]
        rows = [[name, *whole([each["chapters"][name] for each in alone.values()])] for name in names]
        outside = [each["seconds"] - sum(each["chapters"].values()) for each in alone.values()]
        head = ["notebook", *(f"{edition} edition, s" for edition in alone)]
        return "\n".join(table(head, [*rows, ["*outside notebooks*", *whole(outside)]]))


# How each recipe is drawn: others' with broken lines, the course's with full ones.
STYLES = {
    "quickstart": ("quickstart", "#D55E00", "--", "o"),
    "keras_example": ("Keras' example", "#CC79A7", "--", "s"),
    "scikit_learn": ("scikit-learn", "#E69F00", "--", "^"),
    "pytorch": ("PyTorch's example", "#000000", "--", "v"),
    "dense": ("dense", "#0072B2", "-", "o"),
    "dense_short": ("dense, 2 ep.", "#56B4E9", "-", "^"),
    "convolutional": ("convolutional", "#009E73", "-", "s"),
    "convolutional_short": ("convolutional, 2 ep.", "#7a9a01", "-", "D"),
}


def curve(row: dict) -> list[tuple[float, float]]:
    """After each epoch that all seeds have: the median of seconds, the mean of accuracies."""
    return [
        (statistics.median(seconds), statistics.mean(accuracies)) for seconds, accuracies in (zip(*each) for each in zip(*row["curves"]))
    ]


def draw(found: dict):
    """Accuracy on the test images over seconds of training."""
    from mnist_lib.figures import describe, in_course_style, subplots

    curves = {name: curve(row) for name, row in found["recipes"].items() if "curves" in row}

    @in_course_style
    def drawn():
        figure, axes = subplots(height=5.2)
        for target in found["targets"]:
            axes.axhline(100 * target, color="#b0b0b0", linestyle=":", linewidth=1, marker="")
        for name, points in curves.items():
            label, color, line, marker = STYLES[name]
            seconds, accuracies = zip(*points)
            axes.plot(seconds, [100 * each for each in accuracies], line, color=color, marker=marker, markersize=5, label=label)
        axes.set(xscale="log", xlabel="seconds of training", ylabel="accuracy on test images (%)")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], 94.0))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize="small")
        return figure

    def at(point):
        return f"{100 * point[1]:.1f}% after {point[0]:.1f} s"

    said = "; ".join(f"{STYLES[name][0]} from {at(points[0])} to {at(points[-1])}" for name, points in curves.items())
    return describe(drawn(), f"A line for each recipe, a mark for each epoch, accuracy over seconds on a logarithmic axis: {said}.")


def setup(app):
    """Directives for Markdown pages."""
    for name, directive in {"recipes": Recipes, "aims": Aims, "trials": Trials, "build": Build, "chapters": Chapters}.items():
        app.add_directive(f"measured-{name}", directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
