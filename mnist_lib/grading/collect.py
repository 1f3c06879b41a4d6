"""Finds out who handed in what, in folders and zips of any shape; what is in doubt is said, never decided silently.

Whose a file is, by the first of these rules that fits:

1. Its outermost folder, or itself if it lies in none, is named as Moodle or Canvas name them in their downloads.
2. A folder with the name of a set: the folder above it bears the student's name, as nbgrader has it.
3. The outermost folder.
4. The file's name: an e-mail address in it, else what is left of it without the set's name, "Copy of" and "(1)".

Folders that hold everything else do not count. What a student has packed, folders within their own or a zip, names nobody else: of the
folders with the names of sets only the outermost level counts, and zips are opened as a class's only if all that lies there are such.
"""

import datetime
import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from .. import checks
from ..literate import CHAPTERS
from . import intake
from .assignment import CourseError
from .roster import Roster, safe_id, squeezed

SETS = tuple(f"{number:02d}-{stage}" for number, stage in enumerate(CHAPTERS, start=1) if stage in checks.SETS)
MOST_FILES = 100_000  # in all
LARGEST_ZIP = 8 * 2**30  # bytes that a zip with a class in it may unpack to
DEEPEST = 4  # zips within zips, with a class in them
NO_NOTEBOOKS = (
    ".png", ".jpg", ".jpeg", ".gif", ".csv", ".txt", ".npz", ".npy", ".keras", ".h5", ".log", ".db", ".html.url",
    "onlinetext.html",  # what Moodle makes of a text that was typed there
)  # fmt: skip

MOODLE = re.compile(r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$")
CANVAS = re.compile(r"^(?P<name>[^\W_]+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<attempt>\d{3,})_(?P<rest>.+)$")
DAMAGED = b"PK\x03\x04"  # what stands for a file that cannot be had from its zip: intake refuses it as a damaged zip
MOST_OF_ONE = 20  # notebooks in a student's own zip
LARGEST_INNER = 2**30  # bytes of a zip within a zip, which is held in memory
OPEN = 4  # zips that are held open, or in memory if they came in a zip
TIMESTAMP = "timestamp.txt"  # nbgrader's, beside a notebook
EMAIL = re.compile(r"\w[\w.+-]*@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Submission:
    """A file that counts.

    Attributes
    ----------
    student, assignment : str
    name : str
        Where it lay, for people.
    handed_in : float or None
        When it was handed in, seconds since 1970, where a ``timestamp.txt`` beside it says so, as nbgrader leaves it. The times of files
        are most often those of a download, so they decide which of several files is the newest, and nothing else.
    late : bool
        Whether the LMS marked it as late.
    read : function
        Gives the bytes.
    """

    student: str
    assignment: str
    name: str
    handed_in: float | None
    late: bool
    read: Callable[[], bytes]


@dataclass
class Collected:
    """What was found.

    Attributes
    ----------
    submissions : list of Submission
        One for each student and set.
    doubts : list of str
        What was decided, and how.
    strays : list of (str, str)
        Files that belong to nobody or to no set, and why: they get no verdict until someone has said whose they are.
    """

    submissions: list[Submission] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    strays: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    """A file in a folder or in a zip."""

    parts: tuple[str, ...]  # below the folder or zip that holds the class
    name: str  # the whole way there
    time: float
    begin: Callable[[int], bytes]  # so many bytes, or fewer if there are no more
    path: Path | None = None  # where it lies if it lies in no zip

    def read(self) -> bytes:
        """The bytes; one more than intake reads where there are too many."""
        return self.begin(intake.LARGEST_FILE + 1)

    def below(self, parts: tuple[str, ...]) -> "_File":
        """The same, seen from another folder."""
        return replace(self, parts=parts)


_Found = tuple[_File, bool, set[str]]  # a student's file, whether it is late, and the sets that its content names


@dataclass(frozen=True)
class _Owner:
    """Whose a file is: what is told of the student, the most telling first, and how the student is called where there is no roster."""

    texts: tuple[str, ...]
    called: str
    late: bool = False
    number: str = ""


def collect(source: Path, *, assignment: str | None = None, roster: Roster | None = None, several: str = "newest") -> Collected:
    """Find the submissions in a folder, a zip, or a single file.

    Parameters
    ----------
    source : Path
    assignment : str, optional
        The set that is to be graded. Where it is not given, each notebook's checks, or a folder's name, tell its set.
    roster : Roster, optional
        Where it is given, only its students are known.
    several : {"newest", "oldest", "none"}
        Which of several files of one student for one set counts.

    Returns
    -------
    Collected

    Raises
    ------
    CourseError
        If the source cannot be read.
    """
    if not source.exists():
        raise CourseError(f"There is no {source}: a folder, a zip or a notebook was expected.")
    collected = Collected()
    found: dict[tuple[str, str], list[_Found]] = {}
    everything = _files(source)
    roots = list(_roots(everything if source.is_dir() else _without_wrappers(everything), 0))
    # Of a folder as nbgrader has it, not of what a student may have packed.
    kept = [file for files in roots for file in files if file.parts[-1] == TIMESTAMP and source.is_dir() and not _named(file)]
    stamps = {_folder(file): _time(file) for file in kept if len(file.parts) > 2 and file.parts[-2] in _sets()}
    beside: dict[str, list[str]] = {}
    for file, owner in (each for files in roots for each in _owned([file for file in files if file.parts[-1] != TIMESTAMP])):
        student = _student(owner, roster)
        if student is None:
            known = "it names no student of the roster, or two" if roster else "its name names no student"
            collected.strays.append((file.name, f"{known}. Rename it, or name it in the roster, and grade again"))
            continue
        for each in _expanded(file):
            try:
                of, content = _set_of(each, assignment)
            except CourseError as error:
                collected.strays.append((each.name, str(error)))
                continue
            if of is None:
                beside.setdefault(student, []).append(each.name)
            else:
                found.setdefault((student, of), []).append((each, bool(owner and owner.late), content))
    for student, names in beside.items():
        if student not in {who for who, _ in found}:
            collected.strays += [(name, f"{student} handed in no notebook for a set that is graded now, only this") for name in names]
    spelled: dict[tuple[str, str], str] = {}
    for (student, of), files in sorted(found.items()):
        other = spelled.setdefault((student.casefold(), of), student)
        if other != student:
            for file, _, _ in files:
                collected.strays.append((file.name, f"{student!r} and {other!r} differ in capitals only: is this one student? Rename one"))
            continue
        chosen = _chosen(student, of, files, several, collected)
        if chosen is not None:
            file, late, _ = chosen
            collected.submissions.append(Submission(student, of, file.name, stamps.get(_folder(file)), late, file.read))
    return collected


# Files


def _files(source: Path) -> list[_File]:
    """All files of a folder or of a zip; a file itself."""
    if source.is_dir():
        found = []
        for count, path in enumerate(sorted(source.rglob("*"))):
            if count > MOST_FILES:
                raise CourseError(f"{source} holds more than {MOST_FILES:,} files. Is it the folder with the submissions?")
            parts = path.relative_to(source).parts
            if path.is_file() and not path.is_symlink() and not _litter(parts):
                found.append(_File(parts, "/".join(parts), path.stat().st_mtime, _of_disk(path), path))
        return found
    file = _File((source.name,), source.name, source.stat().st_mtime, _of_disk(source), source)
    try:
        entries = _entries(file) if _is_zip(file) else []
    except intake.Refusal as error:
        raise CourseError(f"{source} cannot be read: {error}") from None
    whole = _holds_a_class(entries) or len(entries) > 1 or any(len(each.parts) > 1 for each in entries)
    return [replace(each, name=each.name.removeprefix(f"{source.name}/")) for each in entries] if whole else [file]


def _roots(files: list[_File], depth: int) -> Iterator[list[_File]]:
    """The files of each class: these, or those in zips, if all that is there are zips with a class in each."""
    zips = [file for file in files if len(file.parts) == 1 and file.parts[0].lower().endswith(".zip") and _is_zip(file)]
    opened = []
    if depth < DEEPEST and len(zips) == len(files):
        for file in zips:
            try:
                opened.append(_entries(file))
            except intake.Refusal:
                break
    opened = [_without_wrappers(entries) for entries in opened]
    if files and len(opened) == len(files) and not any(map(_named, files)) and all(map(_of_an_lms, opened)):
        for entries in opened:
            yield from _roots(entries, depth + 1)
    else:
        yield files


def _folder(file: _File) -> str:
    return file.name.rpartition("/")[0]


def _litter(parts: Iterable[str]) -> bool:
    parts = tuple(parts)
    return any(part.startswith(".") or part in ("__MACOSX", "__pycache__") for part in parts) or parts[-1] in (
        "Thumbs.db",
        "desktop.ini",
    )


def _time(file: _File) -> float | None:
    """The time in a file of nbgrader's."""
    from nbgrader.utils import parse_utc

    try:
        time: datetime.datetime = parse_utc(file.read()[:100].decode().strip())
        return time.replace(tzinfo=datetime.UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _of_disk(path: Path) -> Callable[[int], bytes]:
    def begin(size: int) -> bytes:
        with path.open("rb") as file:
            return file.read(size)

    return begin


def _is_zip(file: _File) -> bool:
    return file.name.lower().endswith(".zip") and file.begin(4) in (b"PK\x03\x04", b"PK\x05\x06")


class _Opened:
    """The zips that were read last, open: a class's files are read one after the other, and a large zip is not read anew for each."""

    def __init__(self) -> None:
        self.zips: dict[int, zipfile.ZipFile] = {}
        self.numbers = itertools.count()

    def get(self, number: int, file: _File) -> zipfile.ZipFile:
        """The zip in a file, known by a number of its own."""
        if number not in self.zips:
            packed = zipfile.ZipFile(file.path or io.BytesIO(file.begin(LARGEST_INNER)))
            while len(self.zips) >= OPEN:
                self.zips.pop(next(iter(self.zips))).close()
            self.zips[number] = packed
        self.zips[number] = self.zips.pop(number)  # the last to be closed
        return self.zips[number]


_OPENED = _Opened()


def _entries(file: _File) -> list[_File]:
    """The files in a zip. Each is read when it is asked for: none of them is kept."""
    number = next(_OPENED.numbers)
    try:
        infos = [each for each in _OPENED.get(number, file).infolist() if not each.is_dir()]
    except Exception:  # whatever `zipfile` makes of damaged bytes: it has no one error for them
        raise intake.Refusal("it is a damaged zip") from None
    if len(infos) > MOST_FILES or sum(each.file_size for each in infos) > LARGEST_ZIP:
        raise intake.Refusal("it is a zip that unpacks to more than can be read")
    found = []
    for info in infos:
        name = info.filename
        if not info.flag_bits & 0x800:  # an old zip: the bytes are in whatever encoding its maker had, most often UTF-8
            try:
                name = name.encode("cp437").decode("utf-8")
            except UnicodeError:
                pass
        parts = tuple(part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", "."))
        if parts and not _litter(parts):
            try:
                time = datetime.datetime(*info.date_time).timestamp()
            except ValueError:
                time = file.time
            found.append(_File(parts, "/".join((file.name, *parts)), time, _of_zip(number, file, info)))
    return found


def _of_zip(number: int, file: _File, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def begin(size: int) -> bytes:
        try:
            with _OPENED.get(number, file).open(info) as opened:
                return opened.read(size)
        except Exception:  # whatever `zipfile` makes of damaged bytes, or of a password
            return DAMAGED

    return begin


def _of_an_lms(entries: list[_File]) -> bool:
    """Whether all files of a zip are named as an LMS names them, or are zips of which that may be true."""
    return bool(entries) and all(_named(each) or (len(each.parts) == 1 and each.parts[0].lower().endswith(".zip")) for each in entries)


def _holds_a_class(entries: list[_File]) -> bool:
    """Whether a zip holds the files of several students: names of an LMS, folders of sets, zips, or several folders with notebooks."""
    entries = _without_wrappers(entries)
    if any(_named(each) or any(part in _sets() for part in each.parts[1:-1]) for each in entries):
        return True
    if sum(each.parts[-1].lower().endswith(".zip") for each in entries) > 1:
        return True
    return len({each.parts[:-1] for each in entries if each.parts[-1].lower().endswith(".ipynb")}) > 1


def _without_wrappers(files: list[_File]) -> list[_File]:
    """Without the folders that hold everything else, as a download often has one, unless they name a student or a set."""
    while files and all(len(file.parts) > 1 for file in files):
        first = {file.parts[0] for file in files}
        if len(first) > 1 or first & set(_sets()) or _named(files[0]):
            break
        zips = all(file.parts[-1].lower().endswith(".zip") for file in files)
        if not zips and not any(len(file.parts) > 2 for file in files):  # then it is the only student's
            break
        if any(file.parts[1] in _sets() for file in files):
            break  # it bears a student's name
        files = [file.below(file.parts[1:]) for file in files]
    return files


# Whose it is


def _sets() -> dict[str, str]:
    """Names that a folder of a set may bear: the set's own, and its stage's."""
    return {name[3:]: name for name in SETS} | {name: name for name in SETS}


def _named(file: _File) -> _Owner | None:
    """The student whom an LMS has named in the outermost part of a path."""
    moodle = MOODLE.match(file.parts[0])
    if moodle:
        names = moodle["name"].split("-")  # "Group A-Ada Lovelace", where students hand in in groups
        told = tuple("-".join(names[k:]) for k in range(len(names)))
        return _Owner(told, f"{moodle['name']}-{moodle['number']}", number=moodle["number"])
    canvas = CANVAS.match(file.parts[0]) if len(file.parts) == 1 else None
    if canvas:
        return _Owner((canvas["name"],), f"{canvas['name']}-{canvas['number']}", bool(canvas["late"]), canvas["number"])
    return None


def _owned(files: list[_File]) -> Iterator[tuple[_File, _Owner | None]]:
    """Each file of a class with what its path says of its student."""
    places = [next((number for number, part in enumerate(file.parts[:-1]) if number and part in _sets()), None) for file in files]
    told = {place for file, place in zip(files, places) if not file.parts[-1].lower().endswith(NO_NOTEBOOKS)}
    level = told.pop() if len(told) == 1 else 1  # all at one depth, as in sections; else deeper ones are a student's own
    for file, place in zip(files, places):
        if named := _named(file):
            yield file, named
        elif place and place == level:
            yield file, _Owner((file.parts[place - 1], *EMAIL.findall(file.parts[place - 1])), file.parts[place - 1])
        elif len(file.parts) > 1 and file.parts[0] not in _sets():
            yield file, _Owner((file.parts[0], *EMAIL.findall(file.parts[0])), file.parts[0])
        else:
            yield file, _from_name(file.parts[-1])


def _from_name(name: str) -> _Owner | None:
    """The student whom the name of a file names."""
    stem = re.sub(r"(\.(ipynb|zip|json|txt|py|pdf|html?))+$", "", name, flags=re.IGNORECASE)
    left = re.sub(r"^(copy of|kopie van|kopie von|copia de|copie de)\b", "", stem, flags=re.IGNORECASE)
    left = re.sub(r"[\s_-]*\(\d+\)$|[\s_-]+copy(\s*\d+)?$", "", left.strip(), flags=re.IGNORECASE)
    for known in sorted(_sets(), key=len, reverse=True):
        left = re.sub(rf"(?<![^\W_]){re.escape(known)}(?![^\W_])", " ", left, flags=re.IGNORECASE)
    left = re.sub(r"(?<![^\W_])(exercise|solution|submission|mnist|untitled)\d*(?![^\W_])", " ", left, flags=re.IGNORECASE)
    left = re.sub(r"\s+", " ", left).strip(" _.-")
    address = EMAIL.search(left)
    if address:
        return _Owner((address[0], left), address[0])
    return _Owner((left,), left) if squeezed(left) else None


def _student(owner: _Owner | None, roster: Roster | None) -> str | None:
    if owner is None:
        return None
    if roster is not None:
        student = roster.find(*owner.texts, number=owner.number)
        return student.id if student else None
    try:
        return safe_id(owner.called)
    except ValueError:
        return None


# Which set it is, and which file counts


def _expanded(file: _File) -> list[_File]:
    """The notebooks in a student's zip, where there are several; else the file itself, which intake reads or refuses."""
    if not _is_zip(file):
        return [file]
    try:
        notebooks = [each for each in _entries(file) if each.parts[-1].lower().endswith(".ipynb")]
    except intake.Refusal:
        return [file]
    if not 1 < len(notebooks) <= MOST_OF_ONE:
        return [file]
    return [file] if any(each.read() == DAMAGED for each in notebooks) else notebooks


def _set_of(file: _File, assignment: str | None) -> tuple[str | None, set[str]]:
    """The set that a file is for, and the sets that its content names; None where it is for none that is graded now."""
    folder = next((_sets()[part] for part in reversed(file.parts[:-1]) if part in _sets()), None)
    if assignment and folder and folder != assignment:
        return None, set()
    content: set[str] = set()
    refused = ""
    try:
        content = {_sets()[stage] for stage in intake.stages(intake.read(file.read())) if stage in _sets()}
    except intake.Refusal as refusal:
        refused = str(refusal)
        if file.parts[-1].lower().endswith(NO_NOTEBOOKS):
            return None, set()  # beside a notebook lie pictures and files of numbers
    if assignment or folder:
        return assignment or folder, content
    if len(content) == 1:
        return next(iter(content)), content
    stem = " ".join(re.split(r"[\W_]+", file.parts[-1].lower()))
    told = {name for known, name in _sets().items() if re.search(rf"\b{known.replace('-', ' ')}\b", stem)}
    if len(told) == 1:
        return next(iter(told)), content
    why = refused or ("it names the checks of several sets" if content else "it holds no set's checks")
    raise CourseError(f"which set it is for cannot be told: {why} Name the set with --assignment".replace("  ", " "))


def _order(name: str) -> list[tuple[int, int | str]]:
    """Names in the order in which people count: loading (2) before loading (10)."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name)]


def _chosen(student: str, of: str, files: list[_Found], several: str, collected: Collected) -> _Found | None:
    """The one of a student's files for a set that counts."""
    fitting = [each for each in files if of in each[2]] or [each for each in files if not each[2]] or files
    newest = max(files, key=lambda each: each[0].time)
    if newest not in fitting and newest[0].time > max(each[0].time for each in fitting):
        collected.doubts.append(f"{student}, {of}: the newest file, {newest[0].name}, is no notebook of this set; an older one counts.")
    if len(fitting) == 1:
        return fitting[0]
    distinct = {hashlib.sha256(file.read()).digest() for file, _, _ in fitting}
    fitting.sort(key=lambda each: (each[0].time, _order(each[0].name)))
    if len(distinct) == 1:
        return fitting[-1]
    names = ", ".join(f"{file.name} ({datetime.datetime.fromtimestamp(file.time):%Y-%m-%d %H:%M})" for file, _, _ in fitting)
    if several == "none":
        for file, _, _ in fitting:
            collected.strays.append(
                (file.name, f"{student} handed in {len(fitting)} files for {of}, and --several none takes none of them")
            )
        return None
    chosen = fitting[-1] if several == "newest" else fitting[0]
    same = sum(each[0].time == chosen[0].time for each in fitting) > 1
    by = "their times are the same, so the last by name counts" if same else f"the {several} counts"
    collected.doubts.append(f"{student}, {of}: {len(fitting)} files, {names}; {by}, {chosen[0].name}.")
    return chosen
