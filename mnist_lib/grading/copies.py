"""Pairs of answers that are alike beyond what one task brings about. They are a reason to look, and never a verdict."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import nbformat

from . import intake
from .assignment import ROOT, Assignment
from .store import Job, Store

PIECE = 12  # tokens in a row that are compared
LONG = 120  # tokens: an answer that is shorter can hardly be written in two ways
ALIKE = 0.8  # of the pieces of the shorter one
RARE = 3  # submissions: what more of them share was not copied from one of them

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(source: str) -> list[str]:
    """An answer's code without comments, texts on its purpose, and spacing, as words and signs.

    Parameters
    ----------
    source : str

    Returns
    -------
    list of str
        Empty where it is no Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(getattr(body[0].value, "value", None), str):
            body[0].value = ast.Constant(...)
    return _TOKEN.findall(ast.unparse(tree))


def pieces(words: list[str]) -> frozenset[tuple[str, ...]]:
    """All runs of `PIECE` tokens."""
    return frozenset(tuple(words[k : k + PIECE]) for k in range(len(words) - PIECE + 1))


def alike(answers: Mapping[str, str], known: Iterable[str] = ()) -> Iterator[tuple[str, str, float]]:
    """Pairs of answers to one task that share long runs of tokens which hardly anyone else has.

    Parameters
    ----------
    answers : dict of str to str
        Whose → source.
    known : iterable of str
        Sources that everyone has: the released exercise, the worked solution.

    Yields
    ------
    tuple of (str, str, float)
        Two of them, and the share of the shorter one's pieces that both have, from `ALIKE` to 1.
    """
    common = {piece for source in known for piece in pieces(tokens(source))}
    own = {}
    for who, source in answers.items():
        words = tokens(source)
        if len(words) >= LONG:
            own[who] = pieces(words) - common
    count = Counter(piece for each in own.values() for piece in each)
    holders = defaultdict(list)
    for who, each in own.items():
        for piece in each:
            if 1 < count[piece] <= RARE:  # of ten thousand answers most pieces are in one, and none of these need be kept
                holders[piece].append(who)
    shared = Counter(pair for each in holders.values() for pair in combinations(sorted(each), 2))
    for (one, other), number in sorted(shared.items()):
        least = min(len(own[one]), len(own[other]))
        if least >= LONG / 2 and number / least >= ALIKE:
            yield one, other, number / least


def possible_copies(store: Store, jobs: Iterable[Job], assignments: Mapping[str, Assignment]) -> list[str]:
    """Sentences on pairs of submissions whose answers are alike.

    Parameters
    ----------
    store : Store
    jobs : iterable of Job
    assignments : dict of str to Assignment

    Returns
    -------
    list of str
    """
    answers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for job in jobs:
        try:
            notebook = intake.rebuild(intake.read(store.data(job)), assignments[job.assignment].notebook())
        except intake.Refusal:
            continue
        for cell in notebook.cells:
            if cell.id.startswith("answer-"):
                answers[job.assignment, cell.id][job.student] = cell.source
    said = []
    for (name, cell), of in answers.items():
        known = [each.source for each in assignments[name].notebook().cells if each.id == cell]
        solution = ROOT / "solutions" / name / f"{name[3:]}.ipynb"
        if solution.is_file():
            known += [each.source for each in nbformat.read(solution, as_version=4).cells if each.id == cell]
        for one, other, share in alike(of, known):
            said.append(f"{name}, {cell.removeprefix('answer-')}: {one} and {other} share {share:.0%} of a long answer. Read both.")
    return said
