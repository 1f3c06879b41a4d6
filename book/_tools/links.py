"""Checks the links that lead out of the site: asks each server once, politely, and names the pages whose links are broken.

    python book/_tools/links.py

Sphinx' own builder for this, ``linkcheck``, does the work: it asks with HEAD and, where that is refused, with GET; it tries again after a
failure, and waits as long as a server that is busy asks it to. No notebook is executed. The exit code is 1 if a link is broken.

This module is an extension of Sphinx too: what is particular to the course is in `settle` and `asked`.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import yaml
from stamp import PLACEHOLDER

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "_build" / "links"
SETTINGS = {
    "linkcheck_workers": 1,  # there are some forty links: no server is asked twice at once
    "linkcheck_timeout": 20,  # seconds
    "linkcheck_retries": 3,
    "linkcheck_rate_limit_timeout": 120,  # seconds that a busy server may make us wait
    "linkcheck_anchors": False,  # many are made by scripts
    "linkcheck_report_timeouts_as_broken": False,  # they have a name of their own, and count here all the same
    # Links into the site, which its build looks after; and the address that leads nowhere on purpose.
    "linkcheck_ignore": [r"(?!https?://)", rf"https?://[^/]*{PLACEHOLDER}\b", rf"https?://[^/]+/(github/)?{PLACEHOLDER}/"],
}
# What a server says that shows its pages to people only; the page may well be there.
TURNED_AWAY = re.compile(r"(401|403|429|999) |\[429\]|unauthorized", re.IGNORECASE)
DOI = re.compile(r"^https://(?:dx\.)?doi\.org/(10\..+)$")


def asked(app: object, uri: str) -> str | None:
    """Where Sphinx asks about a link: a DOI at its register, since many a publisher turns robots away."""
    found = DOI.match(uri)
    return f"https://doi.org/api/handles/{found[1]}" if found else None


def settle(app: object, config: object) -> None:
    """Set how links are checked."""
    for name, value in SETTINGS.items():
        setattr(config, name, value)


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("config-inited", settle)
    app.connect("linkcheck-process-uri", asked)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def report(lines: list[Mapping]) -> tuple[str, int]:
    """What was found, in words.

    Parameters
    ----------
    lines : list of mappings
        Those of linkcheck's ``output.json``: filename, lineno, status, uri, info.

    Returns
    -------
    tuple of (str, int)
        The report, and how many links are broken. Those that a server shows to people only do not count.
    """
    broken, unknown = defaultdict(list), defaultdict(list)
    for line in lines:
        if line["status"] in ("broken", "timeout"):
            kind = unknown if TURNED_AWAY.search(line["info"]) else broken
            kind[line["uri"], " ".join(line["info"].split())].append(f"{line['filename']}:{line['lineno']}")
    checked = {line["uri"] for line in lines if line["status"] not in ("ignored", "local", "unchecked")}
    ignored = {line["uri"] for line in lines if line["status"] == "ignored" and PLACEHOLDER in line["uri"]}
    said = []
    for title, found in (("Broken", broken), ("Shown to people only: look yourself", unknown)):
        for (uri, why), places in sorted(found.items()):
            said.append(f"{title}: {uri}\n  {why}\n  in {', '.join(sorted(set(places)))}")
    said.append(f"{len(checked)} links checked: {len(broken)} broken, {len(unknown)} shown to people only.")
    if ignored:
        said.append(f"{len(ignored)} links bear the placeholder for the repository's address, and lead nowhere until it is replaced.")
    return "\n".join(said), len(broken)


def main() -> int:
    """The command."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["execute"]["execute_notebooks"] = "off"
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {name: str(ROOT / folder) for name, folder in extensions.items()} | {
        "links": str(Path(__file__).parent)
    }
    found = OUTPUT / "_build" / "html" / "output.json"
    found.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        without_execution = Path(folder, "_config.yml")
        without_execution.write_text(yaml.safe_dump(config), encoding="utf-8")
        jupyter_book = Path(sys.executable).with_name("jupyter-book")
        command = [str(jupyter_book), "build", str(ROOT), "--builder", "linkcheck", "--all", "--quiet"]
        ran = subprocess.run(
            [*command, "--config", str(without_execution), "--path-output", str(OUTPUT)], capture_output=True, text=True, errors="replace"
        )
    if not found.exists():  # 1 is the exit code for broken links too
        print(f"The links were not checked:\n{ran.stdout}\n{ran.stderr}", file=sys.stderr)
        return 2
    text, broken = report([json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()])
    print(text)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
