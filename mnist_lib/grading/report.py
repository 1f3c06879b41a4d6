"""A page on how a class did: complete in itself, without scripts and without names. The numbers of submissions are those in
``submissions.csv``, and the names are there.
"""

import base64
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from .assignment import Assignment
from .many import Line
from .page import HEAD
from .store import Store

HARDEST = 24  # digits
SLOWEST = 10
BINS = 20
_STYLE = """
<style>
body { max-width: 64rem }
.bars td:nth-child(2) { min-width: 12rem; width: 40% }
.bar { display: block; height: .8rem; background: var(--good) }
svg { max-width: 100%; height: auto } svg rect { fill: var(--good) }
svg text { fill: var(--ink); font-size: 11px } svg line { stroke: var(--faint) }
.digits { display: flex; flex-wrap: wrap; gap: .6rem } figure { margin: 0; font-size: .8rem; text-align: center }
.digits img { width: 56px; height: 56px; image-rendering: pixelated; background: #000 }
</style>
"""


class Report:
    """Gathers what the page shows, result by result, so that no result stays in memory.

    Parameters
    ----------
    assignments : dict of str to Assignment
    """

    def __init__(self, assignments: Mapping[str, Assignment]) -> None:
        self.assignments = assignments
        self.shares: dict[str, list[float]] = {}
        self.misread: dict[str, Counter[int]] = {}
        self.accuracies: dict[str, list[float]] = {}

    def add(self, store: Store, line: Line) -> None:
        """Take in what became of one submission."""
        kept = store.result(line.student, line.assignment)
        if kept is None or line.refused:
            return
        result = kept[0]
        for name, verdict in result.verdicts.items():
            if verdict.worth:
                self.shares.setdefault(name, []).append(verdict.points / verdict.worth)
        for name, wrong in result.misread.items():
            inputs = self.assignments[line.assignment].secret.inputs[name]
            accuracy = 1 - len(wrong) / len(inputs.secret)
            self.accuracies.setdefault(name, []).append(accuracy)
            if accuracy > 0.5:  # what guesses is no model of the class
                self.misread.setdefault(name, Counter()).update(wrong)

    def page(self, lines: Iterable[Line], attention: int = 0) -> str:
        """The page.

        Parameters
        ----------
        lines : iterable of Line
            In the order of ``submissions.csv``.
        attention : int
            Sentences in ``attention.txt``.

        Returns
        -------
        str
            HTML.
        """
        numbered = list(enumerate(lines, start=1))
        names = sorted({line.assignment for _, line in numbered})
        refused = [(number, line.assignment, _nameless(line.refused)) for number, line in numbered if line.refused]
        failed = [(number, line) for number, line in numbered if line.failed]
        graded = [(number, line) for number, line in numbered if not line.refused and not line.failed]
        title = f"Grades: {', '.join(names) or 'nothing'}"
        parts = [HEAD.format(title=escape(title)), _STYLE, f"<h1>{escape(title)}</h1>"]
        parts.append(
            f"<p>{_count(len(numbered), 'submission')}: {len(graded)} graded, {len(refused)} refused, {len(failed)} without a verdict. "
            "No name stands on this page; submissions.csv says whose number is whose. The digits below are secret until the deadline.</p>"
        )
        if attention:
            parts.append(f"<p>{_count(attention, 'thing')} to decide or to look at: attention.txt.</p>")
        parts.append(self._tasks())
        for name in sorted(self.accuracies):
            parts.append(self._accuracy(name))
        for name in sorted(self.misread):
            parts.append(self._hardest(name))
        slow = sorted(((n, line) for n, line in graded if line.seconds), key=lambda each: -each[1].seconds)[:SLOWEST]
        columns = ("submission", "set")
        parts.append(_section("Slowest", (*columns, "seconds"), [(n, line.assignment, f"{line.seconds:.0f}") for n, line in slow]))
        parts.append(_section("Refused", (*columns, "what the student reads"), refused))
        parts.append(_section("Without a verdict", columns, [(n, line.assignment) for n, line in failed]))
        parts.append(self._other_versions(numbered))
        parts.append("<footer>")
        for each in sorted(self.assignments.values(), key=lambda each: each.name):
            said = f"{each.name}: {each.edition} edition of MNIST, seed {each.seed_id}, mnist_lib {each.version}"
            said += f", exercise of {each.notebook_version}" if each.notebook_version else ""
            parts.append(f"<p>{escape(said)}</p>")
        parts.append("</footer></body></html>")
        return "\n".join(filter(None, parts))

    def _other_versions(self, numbered: list[tuple[int, Line]]) -> str:
        """What was handed in on notebooks of another version of the course than the exercises that are graded with."""
        own = {name: each.notebook_version for name, each in self.assignments.items()}
        rows = [
            (number, line.assignment, line.notebook_version, own[line.assignment])
            for number, line in numbered
            if line.notebook_version and line.notebook_version != own[line.assignment]
        ]
        return _section("Notebooks of another version", ("submission", "set", "its version", "graded with the exercise of"), rows)

    def _tasks(self) -> str:
        rows = []
        for name, shares in self.shares.items():
            mean = float(np.mean(shares))
            full = 100 * float(np.mean([share >= 1 for share in shares]))
            none = 100 * float(np.mean([share <= 0 for share in shares]))
            rows.append(
                f'<tr><td>{escape(name)}</td><td><span class="bar" style="width:{100 * mean:.0f}%"></span></td>'
                f"<td>{100 * mean:.0f}%</td><td>{full:.0f}%</td><td>{none:.0f}%</td></tr>"
            )
        if not rows:
            return ""
        head = "<tr><th>task</th><th>mean share of the points</th><th></th><th>all points</th><th>none</th></tr>"
        return f'<h2>Points per task</h2><table class="bars">{head}{"".join(rows)}</table>'

    def _accuracy(self, name: str) -> str:
        """A histogram of the models' accuracies."""
        values = np.array(self.accuracies[name])
        low = max(0.0, np.floor(20 * np.quantile(values, 0.05)) / 20 - 0.05)
        counts, edges = np.histogram(np.clip(values, low, 1), bins=BINS, range=(low, 1))
        width, height = 30, 140
        bars = "".join(
            f'<rect x="{40 + k * width}" y="{20 + height * (1 - count / counts.max()):.1f}" width="{width - 3}" '
            f'height="{height * count / counts.max():.1f}"><title>{count} models from {edges[k]:.1%} to {edges[k + 1]:.1%}</title></rect>'
            for k, count in enumerate(counts)
        )
        ticks = "".join(
            f'<text x="{40 + k * width}" y="{height + 38}" text-anchor="middle">{edges[k]:.1%}</text>' for k in range(0, BINS + 1, 4)
        )
        median = float(np.median(values))
        said = f"Accuracies of {_count(len(values), 'model')}: median {median:.1%}, from {values.min():.1%} to {values.max():.1%}."
        below = "" if (values >= low).all() else f" The leftmost bar holds all below {low:.0%} as well."
        return (
            f"<h2>Accuracy, {escape(name)}</h2><p>{said}{below}</p>"
            f'<svg viewBox="0 0 {60 + BINS * width} {height + 50}" width="{60 + BINS * width}" role="img" aria-label="{escape(said)}">'
            f'<line x1="38" x2="{40 + BINS * width}" y1="{height + 21}" y2="{height + 21}"></line>{bars}{ticks}'
            f'<text x="34" y="28" text-anchor="end">{counts.max()}</text></svg>'
        )

    def _hardest(self, name: str) -> str:
        """The digits that most models got wrong."""
        inputs = next(each.secret.inputs[name] for each in self.assignments.values() if name in each.secret.inputs)
        models = sum(accuracy > 0.5 for accuracy in self.accuracies[name])
        figures = []
        for index, count in sorted(self.misread[name].items(), key=lambda each: (-each[1], each[0]))[:HARDEST]:
            label = int(inputs.secret[index])
            picture = _png(inputs.cases[0][0][index])
            figures.append(
                f'<figure><img src="data:image/png;base64,{picture}" alt="a digit labelled {label}, misread by {count} of {models}">'
                f"<figcaption>{label}: {count}</figcaption></figure>"
            )
        head = f"<h2>Digits that most models misread, {escape(name)}</h2>"
        said = f"<p>Below each its label, and how many of {_count(models, 'model')} got it wrong.</p>"
        return f'{head}{said}<div class="digits">{"".join(figures)}</div>'


def _nameless(refusal: str) -> str:
    """The sentence of a refusal without the names of files, which may be people's."""
    return re.sub(r"(notebooks) \(.*\)(; expected)", r"\1\2", refusal)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _png(image: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.asarray(image, np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _section(title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{title}</h2><table><tr>{head}</tr>{body}</table>"
