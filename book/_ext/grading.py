"""Tables on grading for the teacher's page, from `book/measured/grading.json`, which `make bench-grading` writes."""

import json
import statistics
from pathlib import Path

from .exercises import Table

MEASURED = Path(__file__).resolve().parents[1] / "measured" / "grading.json"
MISSING = "*Not measured yet: `make bench-grading` does it.*"
KINDS = {"points": "get points", "secrets": "read what is secret", "break": "break the grader or what lies around it", "slow": "slow it"}


def measured(part: str) -> dict:
    """One part of the long run's results, by edition; nothing where it was not measured."""
    return json.loads(MEASURED.read_text(encoding="utf-8")).get(part, {}) if MEASURED.exists() else {}


class Measured(Table):
    """A table of one part of the results."""

    part = ""

    def run(self) -> list:
        self.env.note_dependency(str(MEASURED))
        found = measured(self.part)
        return self.parse_text_to_nodes(self.table(found) if found else MISSING)

    def table(self, found: dict) -> str:
        raise NotImplementedError


class Split(Measured):
    """Accuracies on graded splits beside those on MNIST's own."""

    part = "split"

    def table(self, found: dict) -> str:
        lines = ["| edition | MNIST's own split | graded splits | difference | its standard error |", "|---|--:|--:|--:|--:|"]
        for edition, row in found.items():
            own, graded = (f"{100 * statistics.mean(row[key]):.2f}" for key in ("own", "graded"))
            lines.append(f"| {edition} | {own} | {graded} | {100 * row['difference']:+.2f} | {100 * row['standard_error']:.2f} |")
        seeds = len(next(iter(found.values()))["own"])
        return "\n".join([*lines, "", f"Percentages; the course's dense network, {seeds} seeds, each with a graded split of its own."])


class Hostile(Measured):
    """How many attacks of each kind were stopped, by us and by nbgrader alone."""

    part = "hostile"

    def table(self, found: dict) -> str:
        (rows,) = found.values()
        lines = ["| attacks that try to | number | held | tried on nbgrader alone | succeeded there |", "|---|--:|--:|--:|--:|"]
        for kind, words in KINDS.items():
            mine = [row for row in rows if row["kind"] == kind]
            tried = [row["stock"] for row in mine if row["stock"]]
            won = sum(bool(each["points"] or each["found"] or each["points"] is None) for each in tried)
            lines.append(f"| {words} | {len(mine)} | {sum(row['held'] for row in mine)} | {len(tried)} | {won} |")
        return "\n".join(lines)


class Admitted(Measured):
    """The attacks that earn points, and why that must be admitted."""

    part = "hostile"

    def table(self, found: dict) -> str:
        (rows,) = found.values()
        lines = ["| what is handed in | set | points it earned | why | flagged for a person |", "|---|---|--:|---|---|"]
        for row in rows:
            if row["allowed"]:
                lines.append(
                    f"| {row['tries']} | {row['set']} | {row['points']:g} | {row['because']} | {'yes' if row['flags'] else 'no'} |"
                )
        return "\n".join(lines)


class Attacks(Measured):
    """Every attack."""

    part = "hostile"

    def table(self, found: dict) -> str:
        (rows,) = found.values()
        lines = ["| attack | tries to | set | points | seconds | on nbgrader alone |", "|---|---|---|--:|--:|---|"]
        for row in rows:
            stock = row["stock"]
            alone = "not run: dangerous" if not stock else "no grade" if stock["points"] is None else f"{stock['points']:g} points"
            if stock and stock["found"]:
                alone += f"; {stock['found']} things found or changed"
            lines.append(
                f"| {row['name'].replace('_', ' ')} | {row['tries']} | {row['set']} | {row['points']:g} | {row['seconds']:.0f} | {alone} |"
            )
        return "\n".join(lines)


class Submissions(Measured):
    """How many damaged and right submissions got what they deserve."""

    def run(self) -> list:
        self.env.note_dependency(str(MEASURED))
        lines = ["| submissions | edition | number | treated as they should be |", "|---|---|--:|--:|"]
        for part, words in (("damaged", "damaged files"), ("right", "right answers, two busy processes beside")):
            for edition, rows in measured(part).items():
                lines.append(f"| {words} | {edition} | {len(rows)} | {sum(not row['faults'] for row in rows)} |")
        return self.parse_text_to_nodes("\n".join(lines) if len(lines) > 2 else MISSING)


class Overhead(Measured):
    """Time by nbgrader alone and by us."""

    part = "overhead"

    def table(self, found: dict) -> str:
        (table,) = found.values()
        lines = ["| set | nbgrader alone, s | `grade_one`, s | ratio (range) | of it: kernel's start | cells | feedback page |"]
        lines.append("|---|--:|--:|--:|--:|--:|--:|")
        for name, row in table.items():
            ratios, steps = row["ratios"], row["steps"]
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
            times = [statistics.median(row["stock"]), statistics.median(row["grade_one"])]
            parts = [steps["secret run, start"], steps["secret run, cells"], steps["page"]]
            lines.append(f"| {name} | {times[0]:.1f} | {times[1]:.1f} | {ratio} | " + " | ".join(f"{each:.1f}" for each in parts) + " |")
        return "\n".join(lines)


def setup(app):
    """The directives."""
    for name, directive in {
        "grading-split": Split,
        "grading-hostile": Hostile,
        "grading-admitted": Admitted,
        "grading-attacks": Attacks,
        "grading-submissions": Submissions,
        "grading-overhead": Overhead,
    }.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
