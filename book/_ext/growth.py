"""What was measured of training, for the page of that name: tables, pictures and the sentences that say what they show."""

import numpy as np
from docutils.parsers.rst import directives
from matplotlib.ticker import FuncFormatter, NullLocator

from .measured import FOLDER, Measured, table

PIXELS = 784 * 4  # bytes of an image as `preprocess` returns it
WEIGHT = 4  # bytes
COPIES = 4  # of each weight: itself, its slope, and Adam's two running means

# What grows: its name, one of it, and the axis of a plot.
AXES = {
    "images": ("the number of images", "image", "training images"),
    "hidden_units": ("the number of hidden units", "hidden unit", "hidden units"),
    "batch_size": ("the batch size", "image in the batch", "images in a batch"),
}


def three_digits(number: float) -> str:
    """A number with three digits, or as many as it has before the point."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:#.3g}".rstrip(".")


def duration(seconds: float) -> str:
    """Seconds in the unit that suits."""
    for unit, least in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= 0.9995 * least:  # 999.6 µs are 1.00 ms
            return f"{three_digits(seconds / least)} {unit}"
    return f"{three_digits(seconds * 1e9)} ns"


def amount(size: float) -> str:
    """Bytes in the unit that suits."""
    for unit, least, one in (("GiB", 2**30, 2**30), ("MiB", 2**20, 2**20), ("KiB", 2**15, 2**10)):
        if abs(size) >= 0.9995 * least:
            number = size / one
            return f"{f'{number:.0f}' if number == round(number) else three_digits(number)} {unit}"
    return f"{size:,.0f} bytes"


def stretch(measured: dict, quantity: str, tolerance: float) -> str:
    """Where a quantity grows linearly, as a sentence; `quantity` is "seconds" or "bytes"."""
    grown, sizes = measured[quantity], measured["sizes"]
    near = f"From one size to the next the exponent lies within {tolerance:g} of 1"
    if grown["linear"] is None:
        return f"{near} nowhere."
    first, last = grown["linear"]
    if [first, last] == [sizes[0], sizes[-1]]:
        return f"{near} everywhere."
    slopes = grown["local_exponents"]
    said = [f"{near} between {first:,} and {last:,}"]
    if first != sizes[0]:
        said.append(f"on the way to {first:,} it is {slopes[sizes.index(first) - 1]:.2f}")
    if last != sizes[-1]:
        said.append(f"after {last:,} it is {slopes[sizes.index(last)]:.2f}")
    return "; ".join(said) + "."


def exponent_of(grown: dict) -> str:
    """The exponent of the whole range, with that of the rounds furthest from each other."""
    if "exponent" not in grown:
        return "–"
    rounds = [each for each in grown["exponent_per_round"] if each is not None]
    if len(rounds) < 2:
        return f"{grown['exponent']:.2f}"
    return f"{grown['exponent']:.2f} ({min(rounds):.2f} to {max(rounds):.2f})"


def crossed(sizes: list[int], held: list[int], caches: dict[str, int]) -> list[tuple[str, int, int | None]]:
    """For each cache its name, its bytes, and the first size at which more is held than it has room for, if there is one."""
    return [(name, room, next((size for size, each in zip(sizes, held) if each > room), None)) for name, room in caches.items()]


class OfGrowth(Measured):
    """What was measured of how training grows."""

    file = FOLDER / "growth.json"
    command = "make bench-growth"


class GrowthConditions(OfGrowth):
    """When, on what, and how often."""

    def text(self, found: dict) -> str:
        machine, base, versions = found["machine"], found["base"], found["versions"]
        caches = ", ".join(f"{name} {amount(size)}" for name, size in machine.get("caches", {}).items())
        return (
            f"Measured on {found['date']}, on the {found['edition']} edition, with {machine['cores']} cores of {machine['processor']} "
            f"({machine['system']}; caches: {caches or 'not known'}), Python {versions['python']}, TensorFlow {versions['tensorflow']}, "
            f"Keras {versions['keras']}, in {found['rounds']} round{'s' if found['rounds'] > 1 else ''}. Times are the shortest of the "
            "rounds, since what else a machine does can only add to them; memory is their median. Where one of the three varies, the "
            f"others are {base['images']:,} images, {base['hidden_units']:,} hidden units, batches of {base['batch_size']:,}."
        )


class GrowthOverview(OfGrowth):
    """The exponents of all three."""

    def text(self, found: dict) -> str:
        head = ["time, memory of", "exponent of time", "linear", "exponent of memory", "linear"]
        rows = []
        for axis, measured in found["growth"].items():
            sizes = measured["sizes"]
            parts = [f"one {measured['seconds_of']}, {sizes[0]:,} to {sizes[-1]:,} {AXES[axis][2]}"]
            for quantity in ("seconds", "bytes"):
                linear = measured[quantity].get("linear")
                parts += [exponent_of(measured[quantity]), f"{linear[0]:,} to {linear[1]:,}" if linear else "nowhere"]
            rows.append(parts)
        few = "In brackets the rounds with the smallest and the largest exponent." if found["rounds"] > 1 else ""
        return "\n".join(
            [
                *table(head, rows),
                "",
                f"Linear: the exponent from one size to the next differs from 1 by {found['tolerance']:g} or less. {few}",
            ]
        )


class Growth(OfGrowth):
    """Time and memory against one of the three, which the argument names: a picture, a table and what they show."""

    required_arguments = 1

    def found(self) -> dict:
        self.axis = directives.choice(self.arguments[0], tuple(AXES))
        return super().found()

    def picture(self, found: dict) -> str:
        return f"<div>{draw(found, self.axis).to_html()}</div>"

    def text(self, found: dict) -> str:
        measured = found["growth"][self.axis]
        says = {"images": of_images, "hidden_units": of_units, "batch_size": of_batches}[self.axis]
        return "\n\n".join([*says(found, measured), *folded(self.axis, measured)])


def folded(axis: str, measured: dict) -> list[str]:
    """All values, to be opened."""
    head = [AXES[axis][2], f"time of one {measured['seconds_of']}", "exponent", "memory", "exponent", "first call"]
    rows = []
    for place, size in enumerate(measured["sizes"]):
        slopes = []
        for quantity in ("seconds", "bytes"):
            local = measured[quantity].get("local_exponents", [])
            slopes.append(f"{local[place - 1]:.2f}" if 0 < place <= len(local) else "")
        times, held = measured["seconds"]["values"][place], measured["bytes"]["values"][place]
        rows.append([f"{size:,}", duration(times), slopes[0], amount(held), slopes[1], duration(measured["first_seconds"][place])])
    opened = "<details><summary>All values; each exponent is that from the line above</summary>"
    return [opened, "\n".join(table(head, rows, left=0)), "</details>"]


def time_of(found: dict, axis: str, what: str) -> str:
    """How the time of `what` grows, and the straight line through it."""
    measured, tolerance = found["growth"][axis], found["tolerance"]
    grown = measured["seconds"]
    if "exponent" not in grown:
        return "**Time.** A whole epoch took no longer than two steps: its growth cannot be told."
    said = [f"**Time.** Over the whole range {what} grows with {AXES[axis][0]} to the power of {exponent_of(grown)}."]
    said.append(f"{stretch(measured, 'seconds', tolerance)} The straight line through the times takes {line_of(grown, axis, duration)}.")
    if grown["expected_linear_from"] is not None:
        since = float(f"{grown['expected_linear_from']:.2g}")
        said.append(
            f"Where the fixed part weighs much, the exponent is below 1; by this line it is within {tolerance:g} of 1 from {since:,.0f} on."
        )
    return " ".join(said)


def memory_of(found: dict, axis: str) -> str:
    """How memory grows, and the straight line through it."""
    measured = found["growth"][axis]
    grown = measured["bytes"]
    if "exponent" not in grown:
        return "**Memory.** Training held no more than the process had held before: its growth cannot be told."
    return (
        f"**Memory.** It grows to the power of {exponent_of(grown)}. {stretch(measured, 'bytes', found['tolerance'])} The straight line "
        f"through it holds {line_of(grown, axis, amount)}."
    )


def line_of(grown: dict, axis: str, show) -> str:
    """The straight line through a quantity's values, in words; `show` writes its numbers."""
    each = f"{show(grown['each'])} for each {AXES[axis][1]}"
    return f"{show(grown['fixed'])} and {each}" if grown["fixed"] > 0 else f"{each}, and nothing that is fixed"


def of_images(found: dict, measured: dict) -> list[str]:
    """What grows with the images, and why."""
    times, memory = time_of(found, "images", "an epoch"), memory_of(found, "images")
    call = measured["call_seconds"][measured["sizes"].index(found["base"]["images"])]
    times += f" A call of `train` with no more than two steps, measured by itself, takes {duration(call)}."
    if "each" in measured["bytes"]:
        most, held = measured["sizes"][-1], measured["bytes"]["values"][-1]
        memory += (
            f" The pixels of an image are {PIXELS:,} bytes as float32; at {most:,} images {held / most / PIXELS:.2f} times the array that "
            "`train` is handed is held. What is more than once the array is TensorFlow's: what it traced, its threads, its buffers."
        )
    return [times, memory]


def of_units(found: dict, measured: dict) -> list[str]:
    """What grows with the hidden units, and why."""
    times, memory = time_of(found, "hidden_units", "an epoch"), memory_of(found, "hidden_units")
    steps, weights = measured["steps"][0], measured["parameters"]
    call = measured["call_seconds"][0]
    rest = measured["seconds"].get("fixed", 0) - call
    if rest > 0:
        times += (
            f" Of the fixed part a call with two steps takes {duration(call)}. The rest, {duration(rest / steps)} for each of the "
            f"{steps:,} steps, is what a step does whatever the width: fetching its images, starting each operation."
        )
    if "each" in measured["bytes"]:
        unit = (weights[-1] - weights[0]) / (measured["sizes"][-1] - measured["sizes"][0]) * WEIGHT
        copies = measured["bytes"]["each"] / unit
        memory += (
            f" A unit has {unit:,.0f} bytes of weights, so that these are about {copies:.1f} copies of them; weight, slope and Adam's two "
            f"running means are {COPIES}{', and an update holds others for a moment' if copies > COPIES + 0.5 else ''}. Most of what is "
            "fixed are the images."
        )
    return [times, update_of(found, measured), memory]


def update_of(found: dict, measured: dict) -> str:
    """What Adam's update takes, and which caches have room for what it reads."""
    sizes, updates, steps = measured["sizes"], measured["update_seconds"], measured["steps"][0]
    moved = [WEIGHT * COPIES * each for each in measured["parameters"]]
    shares = [update * steps / seconds for update, seconds in zip(updates, measured["seconds"]["values"])]
    beyond = [
        f"more than the {amount(room)} of {name} from {size:,} units on" if size else f"never more than {name} has room for"
        for name, room, size in crossed(sizes, moved, found["machine"].get("caches", {}))
    ]
    return (
        f"**Adam's update**, measured by itself, takes {duration(updates[0])} at {sizes[0]:,} units and {duration(updates[-1])} at "
        f"{sizes[-1]:,}, {shares[0]:.0%} and {shares[-1]:.0%} of a step. It does little arithmetic; it reads each weight, its slope and "
        f"Adam's two running means, and writes most of them: {amount(moved[0])} at {sizes[0]:,} units, {amount(moved[-1])} at "
        f"{sizes[-1]:,}{'; ' + ', '.join(beyond) if beyond else ''}. For each weight it takes "
        f"{per_weight(sizes, updates, measured['parameters'])}."
    )


def per_weight(sizes: list[int], updates: list[float], weights: list[int]) -> str:
    """The time of an update by the weights, at the smallest size, at the cheapest and at the largest."""
    each = [update / count for update, count in zip(updates, weights)]
    places = sorted({0, each.index(min(each)), len(each) - 1})
    return ", ".join(f"{duration(each[place])} at {sizes[place]:,} units" for place in places)


def of_batches(found: dict, measured: dict) -> list[str]:
    """What grows with the batch size, and why."""
    times, memory = time_of(found, "batch_size", "a step"), memory_of(found, "batch_size")
    sizes, images, fixed = measured["sizes"], found["base"]["images"], measured["seconds"].get("fixed", 0)
    if fixed > 0:
        update = measured["update_seconds"][sizes.index(found["base"]["batch_size"])]
        times += (
            f" Adam's update, measured by itself, takes {duration(update)}, {update / fixed:.0%} of the fixed part: the weights are as "
            "many whatever the batch."
        )
    epochs = [
        call + (images / size - 2) * seconds for size, call, seconds in zip(sizes, measured["call_seconds"], measured["seconds"]["values"])
    ]
    best = epochs.index(min(epochs))
    whole = (
        f"An epoch of {images:,} images takes {duration(epochs[0])} in batches of {sizes[0]:,} and {duration(epochs[-1])} in batches of "
        f"{sizes[-1]:,}; it is shortest in batches of {sizes[best]:,}, {duration(epochs[best])}. What a network learns in an epoch is "
        "another matter: with larger batches it takes fewer steps."
    )
    if "each" in measured["bytes"]:
        memory += (
            f" The pixels of an image are {PIXELS:,} of its bytes. All images, which are there whatever the batch, are most of the fixed "
            "part."
        )
    return [times, whole, memory]


def draw(found: dict, axis: str):
    """Time above memory, with the lines fitted and the stretches that are linear."""
    from mnist_lib.figures import describe, in_course_style, subplots

    measured = found["growth"][axis]
    sizes = measured["sizes"]

    @in_course_style
    def drawn():
        figure, panels = subplots(2, 1, height=6.0, sharex=True)
        for panel, quantity, unit, label in (
            (panels[0], "seconds", 1e-3, f"ms of one {measured['seconds_of']}"),
            (panels[1], "bytes", 2**20, "MiB more than before"),
        ):
            grown = measured[quantity]
            values = [each / unit for each in grown["values"]]
            if grown.get("linear"):
                panel.axvspan(*grown["linear"], color="#e3e0d8", alpha=0.6, linewidth=0, label="linear")
            if "each" in grown:
                fine = np.geomspace(sizes[0], sizes[-1], 100)
                panel.plot(fine, (grown["fixed"] + grown["each"] * fine) / unit, "--", color="#D55E00", label="fixed part + part for each")
            low, high = ([pick(each) / unit for each in zip(*grown["per_round"])] for pick in (min, max))
            panel.vlines(sizes, low, high, color="#0072B2", linewidth=1)
            panel.plot(sizes, values, "o", color="#0072B2", linestyle="none", label="measured")
            panel.set(xscale="log", ylabel=label)
            if min(values) > 0:
                panel.set_yscale("log")
                least, most = panel.get_ylim()
                if most < 10 * least:  # a power of ten at least, so that what hardly grows looks as it should
                    middle = (least * most) ** 0.5
                    panel.set_ylim(middle / 10**0.5, middle * 10**0.5)
                panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
                if most < 100 * least:  # too few powers of ten to read a value from
                    panel.yaxis.set_minor_formatter(FuncFormatter(minor))
            panel.xaxis.set_minor_locator(NullLocator())
            panel.set_xticks(sizes[:: 2 if len(sizes) > 6 else 1])
            panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        legend = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels())}
        panels[0].legend(legend.values(), legend.keys(), loc="upper left")
        panels[1].set_xlabel(AXES[axis][2])
        return figure

    return describe(drawn(), alternative_text(axis, measured))


def minor(value: float, _) -> str:
    """Labels for 2 and 5 among the small ticks of a logarithmic axis."""
    return f"{value:,g}" if f"{value:e}"[0] in "25" else ""


def alternative_text(axis: str, measured: dict) -> str:
    """What the picture shows."""
    sizes, said = measured["sizes"], []
    for quantity, words, show in (("seconds", f"time of one {measured['seconds_of']}", duration), ("bytes", "memory", amount)):
        values, grown = measured[quantity]["values"], measured[quantity]
        power = f", to the power of {grown['exponent']:.2f}" if "exponent" in grown else ""
        linear = grown.get("linear")
        where = f"grey, linear, from {linear[0]:,} to {linear[1]:,}" if linear else "linear nowhere"
        said.append(f"{words} from {show(values[0])} to {show(values[-1])}{power}, {where}")
    return f"Two plots with logarithmic axes against {AXES[axis][0]}, from {sizes[0]:,} to {sizes[-1]:,}: {'; '.join(said)}."


def setup(app):
    """The directives."""
    for name, directive in {
        "growth-conditions": GrowthConditions,
        "growth-overview": GrowthOverview,
        "growth": Growth,
    }.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
