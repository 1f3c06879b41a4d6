"""What the tests were measured to notice and to reach, for the page *How this course is tested*."""

from .measured import FOLDER, Measured, table
from .recipes import where

ENOUGH = 95  # per cent: what lies below is listed with its reason

# Why some modules are reached less. Each is tested all the same, by what the reason names.
REASONS = {
    "mnist_lib/grading/inside/nursery.py": "forks kernels into sandboxes, from a process that coverage does not see and that may write "
    "nothing afterwards; `tests/test_grading.py` grades with it, `tests/test_inside.py` looks at what it gave up",
    "mnist_lib/grading/inside/start.py": "becomes an unprivileged user and then the kernel; neither may write counts; "
    "`tests/test_grading.py` and `tests/test_inside.py` look at what came of it",
}


class Coverage(Measured):
    """Lines and branches in all, for each part of the library, and the modules where more than a few are missing."""

    file, command = FOLDER / "coverage.json", "make coverage"

    def text(self, found: dict) -> str:
        total, modules = found["total"], found["modules"]
        parts: dict[str, list[dict]] = {}
        for name, each in modules.items():
            parts.setdefault(part_of_library(name), []).append(each)
        rows = [[f"`{part}`", *row_of(summed(each))] for part, each in sorted(parts.items())]
        rows.append(["all", *row_of(total)])
        below = {name: each for name, each in sorted(modules.items(), key=lambda item: item[1]["percent"]) if each["percent"] < ENOUGH}
        said = [
            f"{where(found)} The tests reach {total['percent']:.1f}% of all lines and branches.",
            "\n".join(table(["part of the library", "modules", "lines", "branches", "reached"], rows)),
            left_out(total),
        ]
        if below:
            said.append(f"Below {ENOUGH}% are:")
            listed = [[f"`{name}`", f"{each['percent']:.1f}%", REASONS.get(name, "")] for name, each in below.items()]
            said.append("\n".join(table(["module", "why", "reached"], [[name, why, share] for name, share, why in listed], left=2)))
        else:
            said.append(f"No module lies below {ENOUGH}%.")
        every = "\n".join(
            table(["module", "lines", "branches", "reached"], [[f"`{name}`", *row_of(each)[1:]] for name, each in modules.items()])
        )
        said += ["<details><summary>Every module</summary>", every, "</details>"]
        return "\n\n".join(said)


def part_of_library(name: str) -> str:
    """The folder of a module; the stages and what they lean on are one."""
    return name.rpartition("/")[0]


def summed(modules: list[dict]) -> dict:
    """The figures of several modules together."""
    total = {key: sum(each[key] for each in modules) for key in ("lines", "lines_reached", "branches", "branches_reached")}
    places = total["lines"] + total["branches"]
    reached = total["lines_reached"] + total["branches_reached"]
    return {**total, "modules": len(modules), "percent": 100 * reached / places if places else 100.0}


def row_of(figures: dict) -> list[str]:
    """Modules, lines, branches and the percentage, as cells."""
    reached = [f"{figures[f'{kind}_reached']:,} of {figures[kind]:,}" for kind in ("lines", "branches")]
    return [str(figures.get("modules", "")), *reached, f"{figures['percent']:.1f}%"]


def left_out(total: dict) -> str:
    """How many lines are not counted."""
    if not total["left_out"]:
        return "Every line is counted."
    return f"{total['left_out']} lines are not counted: what stands there for type checkers alone, and never runs."


class Mutation(Measured):
    """How many changes of each module the tests noticed, and which they did not."""

    file, command = FOLDER / "mutation.json", "make test-mutation"

    def text(self, found: dict) -> str:
        modules, survivors = found["modules"], found["survivors"]
        rows = [
            [f"`{name}`", *(f"{each[kind]:,}" for kind in ("mutants", "killed", "timeouts", "equivalent")), f"{open_ones(each):,}"]
            for name, each in modules.items()
        ]
        every = {kind: sum(each[kind] for each in modules.values()) for kind in ("mutants", "killed", "timeouts", "survived", "equivalent")}
        rows.append(["all", *(f"{every[kind]:,}" for kind in ("mutants", "killed", "timeouts", "equivalent")), f"{open_ones(every):,}"])
        noticed = every["killed"] + every["timeouts"]
        said = [
            f"{where(found)} Of {every['mutants']:,} changes the tests noticed {noticed:,}, {noticed / every['mutants']:.1%}, "
            f"in {found['seconds'] / 60:.0f} minutes.",
            "\n".join(table(["module", "changes", "noticed", "endless", "without effect", "unnoticed"], rows)),
        ]
        if survivors:
            listed = [
                [
                    f"`{each['module']}.{each['function']}`",
                    quoted(each["before"]),
                    quoted(each["after"]),
                    each["reason"] or "a test is missing",
                ]
                for each in survivors
            ]
            lines = "\n".join(table(["function", "line", "changed to", "why no test notices"], listed, left=4))
            said += [f"<details><summary>All {len(survivors)} that no test notices</summary>", lines, "</details>"]
        else:
            said.append("None went unnoticed.")
        return "\n\n".join(said)


def open_ones(counts: dict) -> int:
    """Changes that no test notices and no reason explains."""
    return counts["survived"] - counts["equivalent"]


def quoted(code: str) -> str:
    """A line of code within a table."""
    return f"`` {code} ``".replace("|", "\\|") if code else "nothing"


def setup(app):
    """The directives."""
    app.add_directive("measured-coverage", Coverage)
    app.add_directive("measured-mutation", Mutation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
