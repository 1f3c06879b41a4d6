"""From what a student hands in to a notebook that can be graded: the released exercise with the student's answers in it.

`read` turns bytes, under any file name, into a notebook. `rebuild` puts the student's code into a fresh copy of the released notebook, so
that nothing else of what came, neither metadata nor outputs nor changed checks, takes part in grading. Both say in a `Refusal`, in a
sentence for the student, why something cannot be graded.
"""

import ast
import codecs
import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from ..checks._report import LARGEST_SOURCE

LARGEST_FILE = 64 * 2**20  # bytes, of the file and of what a zip unpacks to: room for a notebook full of pictures
MOST_FILES = 1_000  # in a zip
DEEPEST_ZIP = 2  # a zip in a zip
MOST_CELLS = 1_000  # with anything in them; a set has about 25
LONG_LITERAL = 2_000  # characters
UNUSUAL_LENGTH = 20_000  # characters of all answers together

DOWNLOAD = "In Colab, choose File → Download → Download .ipynb and hand in that file as it is."


class Refusal(ValueError):
    """What came cannot be graded. The text is for the student: what came, what was expected, what to do."""


# From bytes to a notebook


def read(data: bytes) -> NotebookNode:
    """The notebook in a file, however it was saved or packed.

    Parameters
    ----------
    data : bytes
        The whole file: a notebook of format 2, 3 or 4 in UTF-8, UTF-16, UTF-32 or cp1252, or a zip that holds one.

    Returns
    -------
    NotebookNode
        Valid, of format 4.5. It holds what the cells say, the names they bear, and the version of the course that it was stamped with;
        outputs, other metadata and empty cells are gone.

    Raises
    ------
    Refusal
        If there is no notebook in it, or more than one, or it is too large.
    """
    return _clean(_parsed(_text(_unpacked(bytes(data)))))


def _refusal(came: str, to_do: str = DOWNLOAD) -> Refusal:
    return Refusal(f"What came is {came}; expected is a notebook (.ipynb). {to_do}")


_KINDS = {  # what a file begins with → what it is
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x89HDF": "a file of weights (HDF5)",
    b"\x93NUMPY": "a NumPy array",
    b"SQLite format 3": "a database",
    b"bplist": "a link or list saved by macOS",
}


def _unpacked(data: bytes) -> bytes:
    """The notebook's bytes: those that came, or those in the zip that came."""
    if len(data) > LARGEST_FILE:
        raise _refusal(
            f"a file of {len(data) / 2**20:.0f} MB, and {LARGEST_FILE // 2**20} MB are the most that is read",
            "Clear all outputs (in Colab: Edit → Clear all outputs), save, download the notebook again and hand that in.",
        )
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        try:
            found = _in_zip(data, 1, [LARGEST_FILE])
        except Refusal:
            raise
        except Exception:  # whatever `zipfile` makes of hostile bytes: it has no one error for them
            raise _refusal("a damaged zip") from None
        if len(found) != 1:
            if not found:
                raise _refusal("a zip without a notebook")
            names = ", ".join([*(_short(name) for name, _ in found[:3]), *(["…"] if len(found) > 3 else [])])
            raise _refusal(f"a zip that holds {len(found)} notebooks ({names})", "Hand in the one notebook of this set, without a zip.")
        data = found[0][1]
    for start, kind in _KINDS.items():
        if data.startswith(start):
            raise _refusal(kind)
    return data


def _short(name: str) -> str:
    """A file's name from a zip, fit for a sentence."""
    name = "".join(letter for letter in name.rsplit("/", 1)[-1] if letter.isprintable())
    return name if len(name) <= 40 else name[:37] + "…"


def _in_zip(data: bytes, depth: int, budget: list[int]) -> list[tuple[str, bytes]]:
    """The notebooks in a zip and in the zips in it, by name; `budget` holds how many bytes may still be unpacked."""
    if data.count(b"PK\x01\x02") > MOST_FILES:  # counted before `zipfile` makes an object of each
        raise _refusal("a zip with thousands of files", "Hand in the one notebook of this set, without a zip.")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        entries = [each for each in packed.infolist() if not each.is_dir() and not _is_litter(each.filename)]
        if len(entries) == 1 and not entries[0].filename.lower().endswith(".zip"):
            wanted = entries  # "loading.ipynb.txt", "loading.json": let its content speak
        else:
            wanted = [each for each in entries if each.filename.lower().endswith((".ipynb", ".zip"))]
        found = []
        for entry in wanted:
            if entry.flag_bits & 1:
                raise _refusal("a zip with a password", "Hand in the notebook itself, without a zip.")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may ask for gigabytes of memory
                raise _refusal("a zip of a rare kind", "Hand in the notebook itself, without a zip.")
            with packed.open(entry) as file:
                content = file.read(budget[0] + 1)  # what the zip says of its sizes is not believed
            budget[0] -= len(content)
            if budget[0] < 0:
                raise _refusal(f"a zip that unpacks to more than {LARGEST_FILE // 2**20} MB", "Hand in the notebook itself, without a zip.")
            if content.startswith(b"PK\x03\x04"):
                if depth == DEEPEST_ZIP:
                    raise _refusal("a zip in a zip in a zip", "Hand in the notebook itself, without a zip.")
                found += _in_zip(content, depth + 1, budget)
            elif not entry.filename.lower().endswith(".zip"):
                found.append((entry.filename, content))
    return found


def _is_litter(name: str) -> bool:
    """Whether a file in a zip is one that a system puts there by itself."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or ".ipynb_checkpoints" in parts or parts[-1].startswith("._") or parts[-1] in (".DS_Store", "Thumbs.db")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Reads the bytes that are no UTF-8 as Windows writes them, so that one pasted letter does not garble the others."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "replace") for byte in wrong), error.end


codecs.register_error("mnist_lib.cp1252", _as_cp1252)


def _text(data: bytes) -> str:
    """The text in a file, in whichever encoding."""
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise _refusal("an empty file")
    encoding = json.detect_encoding(data[:64])
    text = data.decode(encoding, "mnist_lib.cp1252" if encoding.startswith("utf-8") else "replace")
    return text.strip("\ufeff\0 \t\r\n")


def _parsed(text: str) -> Mapping[str, Any]:
    """The notebook in a text, as JSON has it."""
    try:
        # Values such as NaN and raw line breaks within strings are no JSON, yet some programs write them.
        raw = json.loads(text, strict=False)
    except RecursionError:
        raise _refusal("a file with thousands of brackets within each other") from None
    except json.JSONDecodeError as error:
        kind = _kind_of_text(text)
        if kind:
            raise _refusal(kind) from None
        if error.pos >= len(text) - 1 or error.msg.startswith("Unterminated string"):
            raise _refusal(f"a notebook that breaks off after {len(text):,} characters, so part of it is missing") from None
        raise _refusal(f"a damaged notebook (its JSON cannot be read from line {error.lineno} on)") from None
    except ValueError:  # a number with thousands of digits
        raise _refusal("a damaged notebook (its JSON holds a number that cannot be read)") from None
    if not isinstance(raw, Mapping) or not (isinstance(raw.get("cells"), list) or isinstance(raw.get("worksheets"), list)):
        raise _refusal(_kind_of_text(text) or "a JSON file without cells")
    return raw


def _kind_of_text(text: str) -> str:
    """What a text is that is no notebook; empty where it looks like a damaged one."""
    start = text[:2000].lstrip().lower()
    if start.startswith("<") or "<html" in start:
        return "a web page, saved from the browser"
    if len(text) < 5_000 and re.search(r"https?://(colab|drive|docs)\.|\"doc_id\"|\[InternetShortcut\]", text) and '"cells"' not in text:
        return "a link to a notebook, not the notebook itself"
    if start.startswith(("{", "[")):
        return ""
    if re.search(r"^(import |from \w+ import |def \w+\(|# -\*- coding)", text[:100_000], flags=re.MULTILINE):
        return "a Python script"
    return "a text that is no notebook"


_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAKERS: dict[str, Callable[[str], NotebookNode]] = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}
_VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+/-]{0,63}")


def _clean(raw: Mapping[str, Any]) -> NotebookNode:
    """A valid notebook with the cells of one that may be anything: only what they say and the names they bear.

    It takes the outputs away before anything else looks at them, and refuses what is too large.
    """
    cells = raw.get("cells")
    if not isinstance(cells, list):  # formats 2 and 3
        sheets = raw.get("worksheets")
        sheets = [sheet for sheet in sheets if isinstance(sheet, Mapping)] if isinstance(sheets, list) else []
        cells = [cell for sheet in sheets if isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]
    kept: list[NotebookNode] = []
    ids: set[str] = set()
    count = code = 0
    for cell in cells:
        if not isinstance(cell, Mapping):
            continue
        source = _source(cell)
        if not source.strip():
            continue
        count += 1
        if count > MOST_CELLS:
            continue  # only counted, for the sentence
        kind = cell.get("cell_type")
        if kind == "heading":
            level = cell.get("level")
            source, kind = f"{'#' * (level if level in (1, 2, 3, 4, 5, 6) else 1)} {source}", "markdown"
        make = _MAKERS.get(kind if isinstance(kind, str) else "", _MAKERS["markdown"])
        new = make(source)
        new.metadata = NotebookNode()
        names = _names(cell)
        if "grade_id" in names:
            new.metadata["nbgrader"] = NotebookNode(grade_id=names["grade_id"])
        new.id = names.get("id", "")
        if not new.id or new.id in ids:
            new.id = _unused("unnamed", ids)
        ids.add(new.id)
        kept.append(new)
        code += len(source) if make is new_code_cell else 0
    if count > MOST_CELLS:
        raise _too_many(count)
    if code > LARGEST_SOURCE:
        raise _too_much(code)
    notebook: NotebookNode = new_notebook(cells=kept)
    version = course_version(raw)
    if version:
        notebook.metadata["course"] = NotebookNode(version=version)
    return notebook


def course_version(notebook: Mapping[str, Any]) -> str | None:
    """The version of the course that a notebook was stamped with: a tag or a branch. Whoever hands it in may have changed it.

    Parameters
    ----------
    notebook : Mapping

    Returns
    -------
    str or None
        None where there is none that could be the name of a tag or a branch.
    """
    found: Any = notebook
    for key in ("metadata", "course", "version"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and _VERSION.fullmatch(found) else None


def _too_many(cells: int) -> Refusal:
    return Refusal(
        f"The notebook holds {cells:,} cells; at most {MOST_CELLS:,} are graded. "
        "Delete the cells that no answer needs, and hand it in again."
    )


def _too_much(length: int) -> Refusal:
    return Refusal(
        f"The notebook's cells hold {length:,} characters of code; at most {LARGEST_SOURCE:,} are graded. "
        "Delete long lists of numbers and texts that stand in the code, and hand it in again."
    )


def _source(cell: Mapping[str, Any]) -> str:
    """A cell's text: a string or a list of strings, called `input` in old formats, or missing."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if cell.get("cell_type") != "code":  # Colab puts pictures that are pasted into a text there, as letters
        source = re.sub(r"data:[\w/+.-]{3,80};base64,[A-Za-z0-9+/=]{100,}", "picture-left-out", source)
    return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair of surrogates cannot be saved


def _names(cell: Mapping[str, Any]) -> dict[str, str]:
    """The names that a cell bears: nbgrader's, and its id, which Colab keeps in the metadata."""
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    nbgrader = metadata.get("nbgrader")
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None
    names = {}
    for key, name in (("id", metadata.get("id")), ("id", cell.get("id")), ("grade_id", grade_id)):
        if isinstance(name, str) and _ID.fullmatch(name):
            names[key] = name
    return names


def _unused(stem: str, ids: set[str]) -> str:
    """A cell id that is not among `ids`."""
    number = 1
    while f"{stem}-{number}" in ids:
        number += 1
    return f"{stem}-{number}"


# What code says


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_TRANSPARENT_MAGICS = {"time", "timeit", "capture", "prun"}  # cell magics below which Python runs


@lru_cache(maxsize=4_096)
def _tree(source: str) -> ast.Module | None:
    """The syntax tree of a cell, with IPython's own lines left out; None where it is no Python, or too long to be looked at."""
    if len(source) > LARGEST_SOURCE:
        return None
    lines = source.split("\n")
    magic = re.match(r"\s*%%(\w+)", source)
    if magic and magic[1] not in _TRANSPARENT_MAGICS:
        return ast.Module(body=[], type_ignores=[])  # another language, or a file that is written
    for number, line in enumerate(lines):
        if re.match(r"\s*([%!?]|\w[\w.]*\?{1,2}\s*$)", line):
            lines[number] = line[: len(line) - len(line.lstrip())] + "pass"
    for text in ("\n".join(lines), source):  # the first spoils texts in quotes that begin a line with % or !
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when a cell runs: also those within `if`, `try` and loops, not those within functions."""
    waiting = list(reversed(tree.body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if not isinstance(statement, _DEFINITIONS):
            parts = [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
            inner = [each for part in parts for name in ("body", "orelse", "finalbody") for each in getattr(part, name, None) or []]
            waiting += [each for each in reversed(inner) if isinstance(each, ast.stmt)]


def _targets(statement: ast.stmt) -> list[str]:
    """The names that a statement assigns or imports."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    places = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    places += [item.optional_vars for item in getattr(statement, "items", [])]
    return [node.id for place in places if place is not None for node in ast.walk(place) if isinstance(node, ast.Name)]


def _function_of(statement: ast.stmt) -> frozenset[str]:
    """The function that a statement defines, if any."""
    if isinstance(statement, _DEFINITIONS):
        return frozenset({statement.name})
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Lambda):
        return frozenset(_targets(statement))
    return frozenset()


@lru_cache(maxsize=4_096)
def _defined(source: str) -> frozenset[str]:
    """The functions that a cell defines."""
    tree = _tree(source)
    if tree is None:
        return frozenset(re.findall(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", source, flags=re.MULTILINE))
    names: set[str] = set()
    for statement in _statements(tree):
        names |= _function_of(statement)
    return frozenset(names)


@lru_cache(maxsize=4_096)
def _handed_on(source: str) -> frozenset[str]:
    """The names that a cell binds to what may be a function: ``describe = functools.partial(…)``, ``from mine import describe``."""
    names: set[str] = set()
    for statement in _statements(_tree(source) or ast.Module(body=[], type_ignores=[])):
        if isinstance(statement, ast.ImportFrom) or (
            isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call | ast.Name | ast.Attribute)
        ):
            names.update(_targets(statement))
    return frozenset(names)


@lru_cache(maxsize=4_096)
def _bound(source: str) -> frozenset[str]:
    """All names that a cell binds."""
    tree = _tree(source)
    if tree is None:
        return _defined(source) | set(re.findall(r"^(\w+)[ \t]*=[^=]", source, flags=re.MULTILINE))
    return _defined(source) | {name for statement in _statements(tree) for name in _targets(statement)}


@lru_cache(maxsize=4_096)
def _words(source: str) -> frozenset[str]:
    """All words of a cell: a cautious answer to which names it uses."""
    return frozenset(re.findall(r"[^\W\d]\w*", source))


@lru_cache(maxsize=4_096)
def _used(source: str) -> frozenset[str]:
    """The names that the code of a cell uses or binds, without those in texts and comments."""
    tree = _tree(source)
    return _words(source) if tree is None else _bound(source) | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _dump(node: ast.AST) -> str:
    """A node as text that does not depend on layout and comments; one that equals no other where that is too deep."""
    try:
        return ast.dump(node)
    except RecursionError:
        return f"too deep: {id(node)}"


def _has_code(source: str) -> bool:
    """Whether there is more than comments and blank lines."""
    tree = _tree(source)
    return bool(tree.body) if tree is not None and not source.lstrip().startswith("%%") else bool(source.strip())


def _spans(source: str, wanted: Sequence[ast.stmt], tree: ast.Module) -> list[tuple[int, int]]:
    """The lines (from, up to) of some top-level statements, with their decorators and the comments right above."""
    lines, taken, chosen = source.split("\n"), 0, {id(each) for each in wanted}
    spans: list[tuple[int, int]] = []
    for statement in tree.body:
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))]) - 1
        last = statement.end_lineno or statement.lineno
        if id(statement) in chosen and first >= taken:
            while first > taken and lines[first - 1].lstrip().startswith("#"):
                first -= 1
            spans.append((first, last))
        taken = max(taken, last)
    return spans


def _pieces(source: str, names: frozenset[str]) -> list[str]:
    """A cell cut up so that no piece defines two of the functions `names`; what stands between them becomes pieces of its own."""
    if len(_defined(source) & names) < 2:
        return [source]
    lines, tree = source.split("\n"), _tree(source)
    if tree is not None:
        wanted = [each for each in tree.body if _function_of(each) & names]
        spans = _spans(source, wanted, tree)
    else:
        heads = {number: re.match(r"(?:async\s+)?def\s+(\w+)", line) for number, line in enumerate(lines)}
        starts = [number for number, head in heads.items() if head and head[1] in names]
        starts = [_above_decorators(lines, number) for number in starts]
        spans = list(zip(starts, [*starts[1:], len(lines)]))
    cuts = sorted({0, len(lines), *(edge for span in spans for edge in span)})
    pieces = ["\n".join(lines[first:last]).strip("\n") for first, last in zip(cuts, cuts[1:])]
    return [piece for piece in pieces if _has_code(piece)]


def _above_decorators(lines: list[str], number: int) -> int:
    """The line where the decorators begin that stand right above a line, or that line."""
    while number and lines[number - 1].startswith("@"):
        number -= 1
    return number


def _without(source: str, tree: ast.Module, unwanted: Sequence[ast.stmt]) -> str:
    """A cell's text without some of its top-level statements."""
    lines = source.split("\n")
    for first, last in reversed(_spans(source, unwanted, tree)):
        del lines[first:last]
    rest = "\n".join(lines).strip("\n")
    return rest if _has_code(rest) else ""


def _additions(source: str, released: str) -> str:
    """What a student wrote into a locked cell that others may lean on: imports and functions. The rest of such a cell does not count."""
    tree, own = _tree(source), _tree(released)
    if tree is None or own is None:
        return ""
    known = {_dump(statement) for statement in own.body}
    added = [each for each in tree.body if isinstance(each, (*_DEFINITIONS, ast.Import, ast.ImportFrom)) and _dump(each) not in known]
    lines = source.split("\n")
    return "\n".join("\n".join(lines[first:last]) for first, last in _spans(source, added, tree))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _near(source: str, released: str) -> bool:
    """Whether a cell is a copy of a released one: equal but for layout and comments, or changed in a few letters and in no name."""
    if abs(len(source) - len(released)) > max(40, len(released) // 3):
        return False
    if _squeezed(source) == _squeezed(released):
        return True
    tree, own = _tree(source), _tree(released)
    if tree is not None and own is not None:
        if own.body and _dump(tree) == _dump(own):
            return True
        imported = {name for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom) for name in _targets(each)}
        if _used(source) - _used(released) - imported:
            return False
    match = SequenceMatcher(None, source, released, autojunk=False)
    return match.real_quick_ratio() >= 0.85 and match.quick_ratio() >= 0.85 and match.ratio() >= 0.85


# From a student's notebook to the released one with answers


@dataclass(eq=False)
class _Piece:
    """A student's text: a cell, or a part of one that was cut up."""

    order: tuple[int, int]  # cell and part, as they stood in the student's notebook
    text: str
    is_code: bool
    claim: int | None  # the released answer whose name it bears
    slot: int = -1  # the released cell that it will follow


@dataclass
class _Released:
    """What the released notebook asks for, by the places of its cells."""

    cells: list[NotebookNode]
    answers: dict[int, frozenset[str]] = field(default_factory=dict)  # place → functions to write
    explain: set[int] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)  # name → place

    def __post_init__(self) -> None:
        for place, cell in enumerate(self.cells):
            settings = cell.metadata.get("nbgrader", {})
            if settings.get("solution") and cell.cell_type == "code":
                self.answers[place] = _defined(cell.source)
            elif settings.get("solution"):
                self.explain.add(place)
            for name in (cell.get("id"), settings.get("grade_id")):
                if name:
                    self.places[name] = place

    @property
    def names(self) -> frozenset[str]:
        """All functions to write."""
        return frozenset(name for names in self.answers.values() for name in names)

    @property
    def start(self) -> int:
        """The last locked cell before the first task: set-up and imports are done there."""
        tasks = [*self.answers, *(place for place, cell in enumerate(self.cells) if cell.metadata.get("nbgrader", {}).get("grade"))]
        before = range(min(tasks, default=0))
        return max((place for place in before if self.cells[place].cell_type == "code"), default=-1)

    def heading(self, place: int) -> int:
        """The text that introduces a cell."""
        return max((before for before in range(place) if self.cells[before].cell_type == "markdown"), default=-1)

    def users(self, place: int) -> set[int]:
        """The locked cells that use an answer: its check, above all."""
        return {
            other
            for other, cell in enumerate(self.cells)
            if cell.cell_type == "code" and other not in self.answers and _words(cell.source) & self.answers[place]
        }

    def title(self) -> str:
        """What the notebook is called in its heading."""
        for cell in self.cells:
            if cell.cell_type == "markdown" and cell.source.startswith("# "):
                return str(cell.source).split("\n")[0].removeprefix("# ").strip()
        return "the exercise"

    def place_of(self, cell: NotebookNode) -> int | None:
        """Which released cell a student's cell is, or is a copy of; None for the student's own."""
        named = [cell.metadata.get("nbgrader", {}).get("grade_id"), cell.id]
        place = next((self.places[name] for name in named if name in self.places), None)
        if place is not None:
            if cell.cell_type != "code" or self.cells[place].cell_type == "code" or place in self.explain:
                return place
            # A text of the release that became code holds the student's own code, unless it still is that text.
        for place, own in enumerate(self.cells):
            if place not in self.answers and _near(cell.source, own.source):
                return place
        return None


def rebuild(submitted: NotebookNode, released: NotebookNode) -> NotebookNode:
    """The released notebook with a student's answers in it, and the student's own code cells between.

    Parameters
    ----------
    submitted : NotebookNode
        What the student handed in, from `read` or from nbformat. It may lack metadata, and its cells may be copied, split, moved, deleted.
    released : NotebookNode
        The exercise as the students got it.

    Returns
    -------
    NotebookNode
        A notebook of its own, of format 4.5, without outputs. Cells, order, ids and metadata are the released ones. An answer is the cell
        that defines the function which the released cell asks for, wherever it stands; of several, the last that runs before the
        function's check, or the last of all where no check follows. An answer that is missing keeps the released stub.

    Raises
    ------
    Refusal
        If the notebook belongs to another exercise, or is too large.
    """
    try:
        return _rebuilt(_clean(submitted), _Released(list(released.cells)), deepcopy(released.metadata))
    finally:
        for function in (_tree, _defined, _handed_on, _bound, _words, _used):
            function.cache_clear()  # one grader's process sees many notebooks, and trees are large


def _rebuilt(submitted: NotebookNode, own: _Released, metadata: NotebookNode) -> NotebookNode:
    """See `rebuild`."""
    _belongs_or_refuse(submitted, own)

    marks, pieces, explained = _sorted_out(submitted, own)
    found = any(place not in own.answers for place in marks.values() if _is_telling(own, place)) or bool(stages(submitted))
    answers = _answers(pieces, marks, own)
    if not found and not any(_defined(piece.text) & own.names or piece.claim is not None for piece in pieces):
        raise Refusal(
            f"The notebook that came holds nothing of “{own.title()}”, which was expected. "
            "Open that exercise, do your work in it, download it (File → Download → Download .ipynb) and hand that in."
        )
    extras = _extras(pieces, answers, marks, own)
    if len(extras) > MOST_CELLS:  # a cell that was cut up counts by its pieces
        raise _too_many(len(extras))

    cells, ids = [], {cell["id"] for cell in own.cells if cell.get("id")}
    for place in range(-1, len(own.cells)):
        if place >= 0:
            cells.append(_filled(own, place, answers, explained))
        for piece in extras:
            if piece.slot == place:
                new = new_code_cell(piece.text, id=_unused("extra", ids))
                ids.add(new.id)
                cells.append(new)
    for number, cell in enumerate(cells):
        if not cell.get("id"):
            cell["id"] = _unused(f"released-{number}", ids)
            ids.add(cell["id"])

    length = sum(len(text) for text in explained.values()) + sum(len(piece.text) for piece in [*answers.values(), *extras])
    if length > LARGEST_SOURCE:  # texts that were turned into code are counted here
        raise _too_much(length)
    notebook: NotebookNode = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return notebook


def stages(notebook: NotebookNode) -> set[str]:
    """The stages whose checks a notebook names."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return set(re.findall(r"^(?:check|ready)\(\s*[\"']([a-z]+)", code, flags=re.MULTILINE))


def _belongs_or_refuse(submitted: NotebookNode, own: _Released) -> None:
    """Refuses the notebook of another set: some sets ask for functions of the same name."""
    here, there = stages(submitted), stages(new_notebook(cells=own.cells))
    if here and there and not here & there:
        raise Refusal(
            f"The notebook that came belongs to another set (its checks are those of “{', '.join(sorted(here))[:60]}”); "
            f"“{own.title()}” was expected. Hand in the notebook in which you did that exercise."
        )


def _is_telling(own: _Released, place: int) -> bool:
    """Whether a released cell belongs to this set alone: its title and its tasks, not what all sets share."""
    cell = own.cells[place]
    return place in own.explain or cell.source.startswith("# ") or bool(re.match(r"## \d", cell.source)) or bool(_stages_of(cell))


def _stages_of(cell: NotebookNode) -> set[str]:
    return stages(new_notebook(cells=[cell]))


def _sorted_out(submitted: NotebookNode, own: _Released) -> tuple[dict[tuple[int, int], int], list[_Piece], dict[int, str]]:
    """A student's cells, sorted: where copies of released cells stood, the pieces of code, and the texts for hand-graded cells."""
    marks: dict[tuple[int, int], int] = {}
    pieces: list[_Piece] = []
    texts: dict[int, list[str]] = {place: [] for place in own.explain}
    headings = {own.heading(place): place for place in sorted(own.explain, reverse=True)}
    open_question = None  # the hand-graded cell whose heading was the last released cell

    for number, cell in enumerate(submitted.cells):
        place, order, is_code = own.place_of(cell), (number, 0), cell.cell_type == "code"
        text = cell.source
        if place in own.explain:
            if not (is_code and _defined(text) & own.names):
                texts[place].append(text)
                open_question = place
                marks[order] = place
                continue
            place = None
        elif place is not None and place not in own.answers:
            marks[order] = place
            open_question = headings.get(place)
            before, after = own.cells[place].source.strip(), text.strip()
            if open_question is not None and after.startswith(before) and after != before:
                texts[open_question].append(after[len(before) :].strip())  # written below the question, in its own cell
            if not is_code:
                continue
            if _tree(text) is not None or not _defined(text) & own.names:  # else it is too broken to tell what was added to it
                text = _additions(text, own.cells[place].source)
            if not text:
                continue
            place, order = None, (number, 1)
        elif open_question is not None and place is None and (not is_code or (_tree(text) is None and not _defined(text))):
            if not _answer_in_text(text, own):
                texts[open_question].append(text)
                continue
        elif place is not None:
            open_question = None
        if not is_code:
            text = _answer_in_text(text, own) or (text if place in own.answers else "")
            if not text:
                continue
        for part, piece in enumerate(_pieces(text, own.names), start=order[1]):
            pieces.append(_Piece((number, part), piece, is_code, place))

    explained = {}
    for place, said in texts.items():
        stub = _squeezed(own.cells[place].source)
        said = [text for text in dict.fromkeys(said) if _squeezed(text) != stub]
        if said:
            explained[place] = "\n\n".join(said)
    return marks, pieces, explained


def _answer_in_text(text: str, own: _Released) -> str:
    """The code in a Markdown or raw cell, if it defines one of the functions asked for."""
    fenced = re.fullmatch(r"\s*(?:```|~~~)[^\n]*\n(.*?)\n\s*(?:```|~~~)\s*", text, flags=re.DOTALL)
    code = fenced[1] if fenced else text
    return code if _tree(code) is not None and _defined(code) & own.names else ""


def _is_stub(text: str, released: str, names: frozenset[str]) -> bool:
    """Whether the functions asked for still stand as they were handed out."""
    if _squeezed(text) == _squeezed(released):
        return True
    tree, own = _tree(text), _tree(released)
    if tree is None or own is None:
        return False
    blank = {_dump(each) for each in own.body}
    defined = [each for each in _statements(tree) if _function_of(each) & names]
    return bool(defined) and all(_dump(each) in blank for each in defined)


def _answers(pieces: list[_Piece], marks: dict[tuple[int, int], int], own: _Released) -> dict[int, _Piece]:
    """The piece that counts for each answer; `pieces` loses stubs that do not count."""
    chosen: dict[int, _Piece] = {}
    taken: list[_Piece] = []
    for place, names in own.answers.items():
        released = own.cells[place].source

        def others(piece: _Piece, names: frozenset[str] = names) -> bool:
            return bool(_defined(piece.text) & (own.names - names))

        defining = [piece for piece in pieces if _defined(piece.text) & names]
        written = [piece for piece in defining if not _is_stub(piece.text, released, names)]
        claiming = [
            piece for piece in pieces if piece.claim == place and piece not in defining and not others(piece) and _has_code(piece.text)
        ]
        tiers = (
            [piece for piece in written if piece.is_code],
            [piece for piece in pieces if piece.is_code and piece not in defining and not others(piece) and _handed_on(piece.text) & names],
            written,
            claiming,
            [piece for piece in defining if piece not in written],
        )
        for tier in tiers:
            free = [piece for piece in tier if piece not in taken]
            if free:
                users = own.users(place)
                last_use = max((order for order, other in marks.items() if other in users), default=(-1, 0))
                before = [piece for piece in free if piece.order <= last_use]
                chosen[place] = (before or free)[-1]
                taken.append(chosen[place])
                break
        for piece in defining:
            if piece in written or piece in taken:
                continue
            tree = _tree(piece.text)  # a stub beside an answer would undo it
            stubs = [each for each in tree.body if _function_of(each) & names] if tree else []
            piece.text = _without(piece.text, tree, stubs) if tree and stubs else ""
    return chosen


def _extras(pieces: list[_Piece], answers: dict[int, _Piece], marks: dict[tuple[int, int], int], own: _Released) -> list[_Piece]:
    """The student's other code cells, in their order, each with the place of the released cell that it will follow."""
    counted = {id(piece): place for place, piece in answers.items()}
    stood = sorted([*marks.items(), *((piece.order, place) for place, piece in answers.items())])
    extras = []
    for piece in pieces:
        if id(piece) in counted or not piece.is_code or not piece.text.strip():
            continue
        before = [place for order, place in stood if order <= piece.order]
        piece.slot = max(before[-1] if before else -1, own.start)
        if not before or before[-1] < own.start:  # it stood before the imports, which it would wipe out where it stands now
            piece.text = re.sub(r"^[ \t]*%reset\b.*$", "", piece.text, flags=re.MULTILINE)
        if piece.text.strip():
            extras.append(piece)

    # What a student wrote before an answer must still run before it, where cells were moved and the answer's own place comes earlier.
    for number in range(len(extras) - 1, -1, -1):
        piece = extras[number]
        binds = _bound(piece.text) - own.names
        if binds:
            needed = [place - 1 for place, answer in answers.items() if answer.order > piece.order and _words(answer.text) & binds]
            needed += [other.slot for other in extras[number + 1 :] if _words(other.text) & binds]
            piece.slot = max(min([piece.slot, *needed]), own.start)
        # Another try at an answer that counts must not undo it.
        for place, answer in answers.items():
            if (_defined(piece.text) | _handed_on(piece.text)) & own.answers[place]:
                if piece.order < answer.order:
                    piece.slot = min(piece.slot, place - 1)
                elif _defined(piece.text) & own.answers[place]:
                    piece.slot = max([piece.slot, *own.users(place)])
    return extras


def _filled(own: _Released, place: int, answers: dict[int, _Piece], explained: dict[int, str]) -> NotebookNode:
    """A released cell, fresh, with what the student wrote for it."""
    cell = deepcopy(own.cells[place])
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if place in answers:
        cell.source = answers[place].text
    elif place in explained:
        cell.source = explained[place]
    elif place in own.answers:
        # Two answers in one statement, within an `if` for example, cannot be cut up: the stub would undo the second.
        shared = next((other for other, piece in answers.items() if _defined(piece.text) & own.answers[place]), None)
        if shared is not None:
            cell.source = f"# This answer stands in the cell {own.cells[shared].get('id', 'above')!r}."
    return cell


# What a person should look at


def long_literals(notebook: NotebookNode) -> list[str]:
    """Long texts and lists of numbers in a student's code: a table of answers or a trained network may be hidden there.

    Parameters
    ----------
    notebook : NotebookNode
        From `rebuild`.

    Returns
    -------
    list of str
        A line for each expression of more than 2,000 characters that is made of constants only, and one if all code together is
        unusually long: a table can stand in comments, or in many pieces.
    """
    lines = []
    code = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code" and not _is_released(cell))
    if code > UNUSUAL_LENGTH:
        lines.append(f"all answers: {code:,} characters of code, where a set needs about 3,000")
    for cell in notebook.cells:
        if cell.cell_type == "code" and not _is_released(cell):
            for length, kind in _long_constants(cell.source):
                lines.append(f"cell {cell.get('id', '?')}: {kind} of {length:,} characters")
    return lines


def _is_released(cell: NotebookNode) -> bool:
    """Whether a cell of a rebuilt notebook is as it was handed out."""
    settings = cell.metadata.get("nbgrader", {})
    return bool(settings) and not settings.get("solution")


def _long_constants(source: str) -> Iterator[tuple[int, str]]:
    """Length and kind of each expression of constants only that is long."""
    tree = _tree(source)
    if tree is None:
        for found in re.finditer(r"[\s\d.,eE+\-x()\[\]]{2000,}|(?<=[\"'])[^\"']{2000,}", source):
            if len(found[0]) > LONG_LITERAL and not found[0].isspace():
                yield len(found[0]), "a text or list"
        return
    starts, data = [0], source.encode()
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr) and node.end_lineno is not None and node.end_col_offset is not None:
            first, last = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            length = len(data[first:last].decode(errors="replace"))
            if length <= LONG_LITERAL:
                continue
            if not any(isinstance(each, ast.Name | ast.Call | ast.Attribute | ast.Lambda) for each in ast.walk(node)):
                yield length, "a text" if isinstance(node, ast.Constant | ast.JoinedStr) else "a list or expression of constants"
                continue
        waiting += reversed(list(ast.iter_child_nodes(node)))
