"""`make links`: links that are broken are told from those that lead somewhere; asked of a server on this machine."""

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import links
import stamp


class Server(BaseHTTPRequestHandler):
    """Knows a page, one that is not served to HEAD, one for people only, and one that is busy for a moment."""

    asked = Counter()
    at_once = most_at_once = 0
    lock = threading.Lock()

    def answer(self):
        kind = type(self)
        with kind.lock:
            kind.at_once += 1
            kind.most_at_once = max(kind.most_at_once, kind.at_once)
            kind.asked[f"{self.command} {self.path}"] += 1
            times = kind.asked[f"{self.command} {self.path}"]
        time.sleep(0.05)  # for another question to come, if one does
        with kind.lock:
            kind.at_once -= 1  # before it is answered: after that the next may come
        status = {"/here": 200, "/people": 403, "/get": 200 if self.command == "GET" else 405, "/busy": 200 if times > 1 else 429}
        self.send_response(status.get(self.path, 404))
        self.send_header("Content-Length", "0")
        if self.path == "/busy":
            self.send_header("Retry-After", "1")
        self.end_headers()

    do_GET = do_HEAD = answer

    def log_message(self, *anything):
        """Says nothing."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What linkcheck writes of a page, as the course's extension lets it ask; and the server's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    folder = tmp_path_factory.mktemp("links")
    pages = [f"`a{k} <{address}/{name}>`_" for k, name in enumerate(("here", "gone", "get", "people", "busy"))]
    repository = stamp.Address(f"https://github.com/{stamp.PLACEHOLDER}/course", "main")
    pages += [f"`b{k} <{each}>`_" for k, each in enumerate((repository.repository, repository.site, repository.colab("a.ipynb")))]
    pages += ["`c <other.html#somewhere>`_"]
    (folder / "index.rst").write_text("A page\n======\n\n" + "\n".join(pages) + f"\n\n`again <{address}/gone>`_\n", encoding="utf-8")
    with patch_docutils(), docutils_namespace():
        settings = {"extensions": ["links"], "project": "a test"}
        Sphinx(folder, None, folder / "out", folder / "trees", "linkcheck", settings, status=None, warning=None).build()
    server.shutdown()
    server.server_close()
    return [json.loads(line) for line in (folder / "out" / "output.json").read_text(encoding="utf-8").splitlines()], address


def test_each_link_is_what_its_server_says(found):
    lines, address = found
    kinds = {line["uri"].removeprefix(address): line["status"] for line in lines}
    assert kinds["/here"] == kinds["/get"] == kinds["/busy"] == "working"
    assert kinds["/gone"] == kinds["/people"] == "broken"
    assert Counter(kinds.values())["ignored"] == 4, "the placeholder's, and the one into the site"


def test_servers_are_asked_politely(found):
    assert found
    assert Server.most_at_once == 1
    assert Server.asked["HEAD /here"] == 1
    assert Server.asked["GET /here"] == 0
    assert Server.asked["GET /get"] == 1


def test_the_report_names_page_link_and_reason(found):
    lines, address = found
    text, broken = links.report(lines)
    assert broken == 1
    assert f"Broken: {address}/gone\n  404 Client Error" in text
    assert "in index.rst:" in text
    assert f"Shown to people only: look yourself: {address}/people\n  403 Client Error" in text
    assert "5 links checked: 1 broken, 1 shown to people only.\n3 links bear the placeholder" in text


def test_nothing_broken_is_said_too():
    assert links.report([]) == ("0 links checked: 0 broken, 0 shown to people only.", 0)


def test_a_doi_is_asked_about_at_its_register():
    assert links.asked(None, "https://doi.org/10.1109/5.726791") == "https://doi.org/api/handles/10.1109/5.726791"
    assert links.asked(None, "https://arxiv.org/abs/1412.6980") is None
