"""Tables on grading for the teacher's pages: `make bench-grading` writes their numbers, and `make bench-class` those of a whole class."""

import statistics

from .measured import FOLDER, Measured, part_of

KINDS = {"points": "get points", "secrets": "read what is secret", "break": "break the grader or what lies around it", "slow": "slow it"}


class OfGrading(Measured):
    """What was measured of grading one notebook."""

    file = FOLDER / "grading.json"
    command = "make bench-grading"


class Split(OfGrading):
    """Accuracies on graded splits beside those on MNIST's own."""

    part = "split"

    def text(self, found: dict) -> str:
        lines = ["| edition | MNIST's own split | graded splits | difference | its standard error |", "|---|--:|--:|--:|--:|"]
        for edition, row in found.items():
            own, graded = (f"{100 * statistics.mean(row[key]):.2f}" for key in ("own", "graded"))
            lines.append(f"| {edition} | {own} | {graded} | {100 * row['difference']:+.2f} | {100 * row['standard_error']:.2f} |")
        seeds = len(next(iter(found.values()))["own"])
        return "\n".join([*lines, "", f"Percentages; the course's dense network, {seeds} seeds, each with a graded split of its own."])


class Hostile(OfGrading):
    """How many attacks of each kind were stopped, by us and by nbgrader alone."""

    part = "hostile"

    def text(self, found: dict) -> str:
        (rows,) = found.values()
        lines = ["| attacks that try to | number | held | tried on nbgrader alone | succeeded there |", "|---|--:|--:|--:|--:|"]
        for kind, words in KINDS.items():
            mine = [row for row in rows if row["kind"] == kind]
            tried = [row["stock"] for row in mine if row["stock"]]
            won = sum(bool(each["points"] or each["found"] or each["points"] is None) for each in tried)
            lines.append(f"| {words} | {len(mine)} | {sum(row['held'] for row in mine)} | {len(tried)} | {won} |")
        return "\n".join(lines)


class Admitted(OfGrading):
    """The attacks that earn points, and why that must be admitted."""

    part = "hostile"

    def text(self, found: dict) -> str:
        (rows,) = found.values()
        lines = ["| what is handed in | set | points it earned | why | flagged for a person |", "|---|---|--:|---|---|"]
        for row in rows:
            if row["allowed"]:
                lines.append(
                    f"| {row['tries']} | {row['set']} | {row['points']:g} | {row['because']} | {'yes' if row['flags'] else 'no'} |"
                )
        return "\n".join(lines)


class Attacks(OfGrading):
    """Every attack."""

    part = "hostile"

    def text(self, found: dict) -> str:
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


class Submissions(OfGrading):
    """How many damaged and right submissions got what they deserve."""

    def found(self) -> dict:
        """The rows of both kinds, those measured."""
        kinds = {"damaged": "damaged files", "right": "right answers, two busy processes beside"}
        return {words: rows for part, words in kinds.items() if (rows := part_of(self.file, part))}

    def text(self, found: dict) -> str:
        lines = ["| submissions | edition | number | treated as they should be |", "|---|---|--:|--:|"]
        for words, editions in found.items():
            for edition, rows in editions.items():
                lines.append(f"| {words} | {edition} | {len(rows)} | {sum(not row['faults'] for row in rows)} |")
        return "\n".join(lines)


class Overhead(OfGrading):
    """Time by nbgrader alone and by us."""

    part = "overhead"

    def text(self, found: dict) -> str:
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


class OfClass(Measured):
    """What was measured of grading a whole class."""

    file = FOLDER / "class.json"
    command = "make bench-class"


class Throughput(OfClass):
    """The same class by nbgrader alone and by mnist-grade."""

    part = "throughput"

    def text(self, found: dict) -> str:
        lines = [
            "| set | `nbgrader autograde`, s | `mnist-grade`, s | times the throughput (range) | until the first result, s "
            "| s per notebook: kernel's start | its cells | nbgrader and page |",
            "|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for name, row in found.items():
            stock, ours, ratio, first = (statistics.median(row[key]) for key in ("stock", "ours", "ratios", "first"))
            spread = f"{ratio:.2f} ({min(row['ratios']):.2f}–{max(row['ratios']):.2f})"
            steps = {step: statistics.median(each.get(step, 0.0) for each in row["steps"]) for step in row["steps"][0]}
            parts = [steps["secret run, start"], steps["secret run, cells"], steps["nbgrader"] + steps["page"]]
            rest = " | ".join(f"{each:.1f}" for each in parts)
            lines.append(f"| {name} | {stock:.0f} | {ours:.0f} | {spread} | {first:.0f} | {rest} |")
        whole = part_of(self.file)
        said = f"Twelve right notebooks of each set, as whole commands, in turns, {len(row['ratios'])} times;"
        why = (
            "Two notebooks are graded at a time, each kernel forked from a process that has TensorFlow loaded. Loading it takes most of "
            "the time until the first result, once for a run, so a larger class gains more. What remains is what the notebooks themselves "
            "compute: where a set trains networks, TensorFlow keeps both cores busy with one notebook already."
        )
        return "\n".join([*lines, "", f"{said} {whole['machine']['cores']} cores. Measured on {whole['date']}.", "", why])


class Scale(OfClass):
    """What many submissions and sudden ends do."""

    part = "scale"

    def picture(self, found: dict) -> str:
        return plot(found["curves"]) if found.get("curves") else ""

    def text(self, found: dict) -> str:
        lines = [f"**Many.** {found['submissions']:,} submissions whose grading is stubbed, all else real, under Dask:", ""]
        lines += [
            "| workers | ms of processor time per result: first tenth | last tenth | memory of the command, MiB: first tenth | at the end |"
        ]
        lines += ["|--:|--:|--:|--:|--:|"]
        for workers, curve in found["curves"].items():
            tenth = len(curve) // 10
            first = 1e3 * curve[tenth - 1][3] / curve[tenth - 1][0]
            last = 1e3 * (curve[-1][3] - curve[-tenth - 1][3]) / (curve[-1][0] - curve[-tenth - 1][0])
            memory = [each[2] / 2**20 for each in (curve[tenth - 1], curve[-1])]
            lines.append(f"| {workers} | {first:.1f} | {last:.1f} | {memory[0]:.0f} | {memory[1]:.0f} |")
        timed = part_of(self.file, "workers")
        if timed:
            lines += ["", "**Workers.** Seconds for twelve real submissions of 02-loading:", "", "| workers | seconds |", "|---|--:|"]
            lines += [f"| {name} | {seconds:.0f} |" for name, seconds in timed.items()]
        for kind, row in part_of(self.file, "killed").items():
            same = "equal those" if row["equal"] else "differ from those"
            how = "grading stubbed" if kind == "stubbed" else "graded in earnest"
            said = (
                f"**Killed.** Runs of {row['submissions']} submissions, {how}, were ended {row['kills']} times by SIGKILL, at random, "
                f"{row['midway']} times with some results there"
            )
            twice = f"{row['lost']} lost, {row['results_written_twice']} graded twice"
            lines += ["", f"{said} and started again: their grades {same} of an undisturbed run; {twice}."]
        return "\n".join(lines)


WIDTH, HEIGHT, LEFT, ABOVE = 300, 150, 52, 26  # of a plot, in pixels


def plot(curves: dict[str, list]) -> str:
    """Memory and time per result over the results, as SVG in the page's own colours: a full line for one worker, a broken one for two."""
    panels = [("memory of the command, MiB", {k: [(done, rss / 2**20) for done, _, rss, _ in curve] for k, curve in curves.items()})]
    speeds = {}
    for workers, curve in curves.items():
        steps = zip([[0, 0.0, 0, 0.0], *curve], curve)
        speeds[workers] = [(new[0], 1e3 * (new[3] - old[3]) / (new[0] - old[0])) for old, new in steps]
    panels.append(("milliseconds of processor time per result", speeds))
    tenth = {name: next(y for x, y in line if x >= last_of(line) / 10) for name, line in ((title, lines["1"]) for title, lines in panels)}
    ends = {title: lines["1"][-1][1] for title, lines in panels}
    parts = []
    for title, lines in panels:
        most = max(y for line in lines.values() for _, y in line) * 1.1
        last = last_of(lines["1"])
        drawn = [f'<text x="0" y="14">{title}</text>']
        drawn.append(f'<path d="M{LEFT} {ABOVE}v{HEIGHT}h{WIDTH}" fill="none" stroke="currentColor" stroke-opacity=".5"/>')
        for k, line in enumerate(lines.values()):
            points = " ".join(f"{LEFT + WIDTH * x / last:.1f},{ABOVE + HEIGHT * (1 - y / most):.1f}" for x, y in line)
            broken = ' stroke-dasharray="5 4"' if k else ""
            drawn.append(f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2"{broken}/>')
        for y in (0, most / 1.1):
            place = ABOVE + HEIGHT * (1 - y / most) + 4
            drawn.append(f'<text x="{LEFT - 6}" y="{place:.0f}" text-anchor="end">{y:.0f}</text>')
        drawn.append(f'<text x="{LEFT + WIDTH}" y="{ABOVE + HEIGHT + 16}" text-anchor="end">{last:,} results</text>')
        said = f"{title}, with one worker: from {tenth[title]:.0f} at the first tenth to {ends[title]:.0f} at the end"
        size = f'width="{LEFT + WIDTH + 4}" viewBox="0 0 {LEFT + WIDTH + 4} {ABOVE + HEIGHT + 24}"'
        style = 'style="max-width:100%;height:auto;font-size:12px" fill="currentColor"'
        parts.append(f'<svg role="img" aria-label="{said}" {size} {style}>{"".join(drawn)}</svg>')
    changes = ", ".join(f"{title} from {tenth[title]:.0f} to {ends[title]:.0f}" for title, _ in panels)
    said = f"From the first tenth to the end, with one worker (full line): {changes}. Broken line: two workers."
    both = f'<div style="display:flex;flex-wrap:wrap;gap:1rem">{"".join(parts)}</div>'
    return f"<figure>{both}<figcaption>{said}</figcaption></figure>"


def last_of(line: list) -> int:
    """How many results a curve goes to."""
    return max(x for x, _ in line)


class Forked(OfClass):
    """The attacks on forked kernels."""

    part = "hostile"

    def text(self, found: dict) -> str:
        return f"The same attacks on forked kernels: {found['attacks']}, of which {found['held']} held."


class Copies(OfClass):
    """False alarms among right answers that were written each by itself."""

    part = "copies"

    def text(self, found: dict) -> str:
        return (
            f"Tried on the {found['answers']} right answers to {found['tasks']} tasks in the course's tests, each written by itself: "
            f"{found['long_enough']} are long enough to be looked at, and of their {found['pairs']} pairs {found['found']} are listed. "
            "A copy in which every name was changed is not seen."
        )


def setup(app):
    """The directives."""
    for name, directive in {
        "grading-split": Split,
        "grading-hostile": Hostile,
        "grading-admitted": Admitted,
        "grading-attacks": Attacks,
        "grading-submissions": Submissions,
        "grading-overhead": Overhead,
        "grading-throughput": Throughput,
        "grading-scale": Scale,
        "grading-copies": Copies,
        "grading-forked": Forked,
    }.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
