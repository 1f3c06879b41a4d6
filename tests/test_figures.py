"""Figures that say what they show, in notebooks and on the site."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from conftest import ROOT
from matplotlib import rcParams, style
from matplotlib.colors import to_hex
from matplotlib.image import imread

from mnist_lib import figures


@pytest.fixture
def pictures():
    """Parses HTML, returns the attributes of each picture in it."""

    def parse(html):
        found = []
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
        parser.feed(html)
        return [attributes for tag, attributes in found if tag == "img"]

    return parse


def test_html_holds_the_picture_and_its_text(pictures):
    figure, axes = figures.subplots(width=4, height=2)
    axes.plot([1, 2])
    figures.describe(figure, 'A line <rises> from 1 to 2 & is "straight".')
    (picture,) = pictures(figure.to_html())
    assert picture["alt"] == 'A line <rises> from 1 to 2 & is "straight".'
    assert picture["width"] == "400"
    kind, content = picture["src"].split(",")
    assert kind == "data:image/png;base64"
    pixels = imread(io.BytesIO(base64.b64decode(content)))
    assert pixels.shape[:2] == (400, 800), "twice the pixels it takes on the page"
    assert (pixels[0, 0] > 0.97).all(), "paper, on dark pages too"


def test_paper_is_the_card_on_the_page():
    with style.context(figures.STYLE):
        paper = to_hex(rcParams["figure.facecolor"])
        assert to_hex(rcParams["axes.facecolor"]) == paper
    assert f"--course-card: {paper};" in (ROOT / "book" / "static" / "course.css").read_text(encoding="utf-8")


def test_digits_keep_their_grey_values(pictures):
    """Each of the 256 values comes out as it went in (the colour map rounds, by 1 at most), white for 0, black for 255."""
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    figure, axes = figures.subplots(width=4, height=4)
    axes.imshow(values, cmap="gray_r", vmin=0, vmax=255)
    axes.axis("off")
    (picture,) = pictures(figure.to_html())
    pixels = imread(io.BytesIO(base64.b64decode(picture["src"].split(",")[1])))[:, :, :3]
    box = axes.get_window_extent()
    side, ratio = len(pixels), figures.PIXEL_RATIO
    centres = (np.arange(16) + 0.5) / 16
    columns = (ratio * (box.x0 + centres * box.width)).astype(int)
    rows = (side - ratio * (box.y1 - centres * box.height)).astype(int)
    seen = 255 * pixels[np.ix_(rows, columns)]
    assert np.abs(seen - (255.0 - values[:, :, None])).max() < 1.5
    assert (seen[0, 0] == 255).all()
    assert (seen[-1, -1] == 0).all()


def test_a_notebook_shows_html_and_the_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append((bundle, raw)))
    figures.describe(figures.subplots()[0], "Empty axes.")._ipython_display_()
    ((bundle, raw),) = shown
    assert raw
    assert bundle["text/plain"] == "Empty axes."
    assert 'alt="Empty axes."' in bundle["text/html"]


def test_texts_of_several_parts_follow_each_other():
    figure, _ = figures.subplots(2)
    assert figures.describe(figures.describe(figure, "One."), "Two.") is figure
    assert figure.alternative_text == "One. Two."


@pytest.mark.parametrize(("rows", "columns", "shape"), [(1, 1, ()), (2, 1, (2,)), (1, 3, (3,)), (2, 2, (2, 2))])
def test_subplots_has_the_shape_of_pyplots(rows, columns, shape):
    figure, axes = figures.subplots(rows, columns)
    assert np.shape(axes) == shape
    assert figure.get_figheight() == pytest.approx(3.2 * rows)


def test_style_is_readable_without_colour():
    with style.context(figures.STYLE):
        cycle = list(rcParams["axes.prop_cycle"])
        assert rcParams["font.size"] >= 11
    assert len({(entry["color"], entry["linestyle"]) for entry in cycle}) == len(cycle)
    first_two = [entry["linestyle"] for entry in cycle[:2]]
    assert first_two[0] != first_two[1]

    def brightness(color):  # relative luminance, WCAG 2
        parts = [int(part, 16) / 255 for part in re.findall("..", color.lstrip("#"))]
        return np.dot([0.2126, 0.7152, 0.0722], [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts])

    for entry in cycle[:5]:
        assert 1.05 / (brightness(entry["color"]) + 0.05) > 3, f"{entry['color']} on white is too pale"


@pytest.mark.parametrize("rows", [0, -1, (2, 2), None])
def test_subplots_refuses_with_a_reason(rows):
    with pytest.raises(ValueError, match="rows must be a whole number, at least 1; got "):
        figures.subplots(rows)


def test_describe_refuses_what_is_no_figure():
    with pytest.raises(TypeError, match="figure must be a Matplotlib figure; got None"):
        figures.describe(None, "text")
