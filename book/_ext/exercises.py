"""The exercises on the site: the list of sets, what proves their autograders, and the worked solutions as folded pages.

The tables come from the checks' own definitions and from `book/measured/exercises.json`, which `make test-exercises` writes. The solutions
are shown as they lie in `solutions/`, not executed; `worked_solutions: false` in `_config.yml` leaves them out.
"""

import json
import sys
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat.v4 import new_markdown_cell
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import configured

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "book" / "measured" / "exercises.json"
MISSING = "*Not measured yet: `make test-exercises` does it.*"
DIFFERS = """\
**What if mine differs?** Then it may be as right as this. The checks look at what comes out of your code, never at how it is written, so an
answer with all its points is a right answer. Compare the two and ask of each which one you would rather read in a year. Each solution is
folded: open it after you have tried.
"""


def folder(stage: str) -> str:
    """The name of a stage's folder, with its number."""
    from mnist_lib.literate import CHAPTERS

    return f"{CHAPTERS.index(stage) + 1:02d}-{stage}"


def measured() -> dict:
    """The results of the long run, or nothing."""
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}


class Table(SphinxDirective):
    """A directive whose content is Markdown that `markdown` makes."""

    def markdown(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(MEASURED))
        return self.parse_text_to_nodes(self.markdown())


class Sets(Table):
    """The sets with their points, the time their solutions take, and where to open them."""

    def markdown(self) -> str:
        from mnist_lib import checks

        address, solutions = configured(ROOT), measured().get("solutions", {}).get("sample", {})
        lines = ["| set, in Colab | points | solution runs in | tasks |", "|---|--:|--:|---|"]
        for stage in checks.SETS:
            name, tasks = folder(stage), checks.tasks(stage)
            took = f"{max(1, round(solutions[name][0]))} s" if name in solutions else "–"
            opened = f"[{stage}]({address.colab(f'exercises/{name}/{stage}.ipynb')})"
            listed = ", ".join(f"`{task}`" for task in tasks)
            lines.append(f"| {opened} | {sum(task.worth for task in tasks.values()):g} | {took} | {listed} |")
        total = sum(task.worth for stage in checks.SETS for task in checks.tasks(stage).values())
        lines += ["", f"Together they are worth {total:g} points."]
        if solutions:
            lines.append(
                f"The times were measured on {measured()['date']}, on the sample edition, on {measured()['machine']['cores']} cores."
            )
        return "\n".join(lines)


class Seeds(Table):
    """How far above what suffices the solutions score, over seeds and splits."""

    def markdown(self) -> str:
        found = measured()
        if not found:
            return MISSING
        lines = [
            "| task | edition | mean | suffices | deviations above it | lowest | standard deviation | target |",
            "|---|---|--:|--:|--:|--:|--:|--:|",
        ]
        for edition, table in found["seeds"].items():
            for name, row in table.items():
                mean, suffices, *others = (
                    f"{100 * row[key]:.2f}" for key in ("mean", "suffices", "lowest", "standard_deviation", "target")
                )
                numbers = [mean, suffices, f"{row['deviations_above']:.1f}", *others]
                lines.append(f"| `{name}` | {edition} | {' | '.join(numbers)} |")
        runs = next(iter(next(iter(found["seeds"].values())).values()))["of"]
        lines += [
            "",
            f"{runs} seeds, each with a split of its own; measured on {found['date']}. All numbers but the deviations are percentages.",
        ]
        return "\n".join(lines)


class Answers(Table):
    """What the known answers to each task get."""

    def markdown(self) -> str:
        found = measured()
        if not found:
            return MISSING
        lines = [
            "| task | points | right answers, all with full points | wrong answers | most points of a wrong one |",
            "|---|--:|--:|--:|--:|",
        ]
        for name, task in found["answers"].items():
            wrong = [answer["points"] for answer in task["answers"] if not answer["right"]]
            right = sum(answer["right"] for answer in task["answers"])
            lines.append(f"| `{name}` | {task['worth']:g} | {right} | {len(wrong)} | {max(wrong):g} |")
        return "\n".join(lines)


class Mistakes(Table):
    """The wrong answers that each task is tried with, and their points: the typical mistakes of a set."""

    def markdown(self) -> str:
        from mnist_lib import checks

        found, parts = measured(), []
        for stage in checks.SETS if found else ():
            worth = sum(task.worth for task in checks.tasks(stage).values())
            lines = [f"<details><summary>{folder(stage)}, {worth:g} points</summary>", ""]
            lines += ["| task | points | wrong answers → points |", "|---|--:|---|"]
            for name in checks.tasks(stage):
                task = found["answers"].get(f"{stage}.{name}")
                if task:
                    wrong = [each for each in task["answers"] if not each["right"]]
                    told = ", ".join(f"{each['answer'].replace('_', ' ')} → {each['points']:g}" for each in wrong)
                    lines.append(f"| `{name}` | {task['worth']:g} | {told} |")
            if len(lines) > 4:
                parts += [*lines, "", "</details>", ""]
        return "\n".join(parts) or MISSING


def show_solution(app, docname: str, source: list[str]) -> None:
    """A worked solution as a page: its answers folded, and a word to those whose answer differs."""
    if not docname.startswith("solutions/"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for cell in notebook.cells:
        if cell.id == "title":
            cell.source = cell.source.replace("# Exercises:", "# Worked solutions:", 1)
        if cell.id.startswith(("answer-", "explain-")):  # the marks around an answer are for nbgrader
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.strip().startswith("### "))
        if cell.id == "set-up" or cell.id.startswith("answer-"):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
        if cell.id == "set-up":
            cell.metadata["tags"].append("set-up")  # left out on paper
        if cell.id.startswith("explain-"):
            cell.source = f"<details><summary>An answer, and the rubric</summary>\n\n{cell.source.strip()}\n\n</details>"
    notebook.cells.insert(2, new_markdown_cell(DIFFERS, id="what-if-mine-differs"))
    source[0] = nbformat.writes(notebook)


def setup(app):
    """Four directives for Markdown pages, and the treatment of the solutions."""
    app.add_config_value("worked_solutions", True, "env", [bool])
    app.add_directive("exercise-sets", Sets)
    app.add_directive("exercise-seeds", Seeds)
    app.add_directive("exercise-answers", Answers)
    app.add_directive("exercise-mistakes", Mistakes)
    app.connect("source-read", show_solution)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
