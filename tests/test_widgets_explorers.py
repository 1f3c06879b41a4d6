"""The explorers, moved in a browser by mouse, keyboard and finger, on a page without a kernel; what they say is computed anew here."""

import re

import numpy as np
import pytest
from conftest import PHONE, ROOT
from pages import drag, pixels_of
from scipy.special import log_softmax
from sklearn.metrics import confusion_matrix

from mnist_lib.widgets import explore_confusion, explore_dense, explore_learning_rate, explore_pixels, explore_shift, explore_temperature

HEAVIEST = 150_000  # characters of one explorer on a page


def said(page):
    return page.inner_text(".course-said")


def number(text):
    return float(text.replace("−", "-"))


def test_styles_of_the_pages_leave_the_plots_alone():
    """A bare class in them that a plot bears too would, for one, give its marks another width."""
    drawn = set(re.findall(r"course-[a-z]+", (ROOT / "mnist_lib" / "widgets" / "plots.js").read_text(encoding="utf-8")))
    assert {"course-mark", "course-tick"} <= drawn
    for sheet in sorted((ROOT / "book" / "static").glob("*.css")):
        bare = re.findall(r"^\.(course-[a-z]+)(?=[ ,]*[{\n])", sheet.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not drawn & set(bare), sheet.name


# Pixels


@pytest.fixture
def made_up(random):
    """Four images with ink everywhere or nowhere, which try out how pixels are packed, and one with both."""
    images = random.integers(0, 256, (4, 28, 28), np.uint8)
    images[1] = 0
    images[2, 3:20] = 0
    images[3] = 255
    return images, np.array([7, 0, 3, 9])


def at(page, row, column):
    box = page.locator(".course-pixels canvas").bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / 28, box["y"] + (row + 0.5) * box["height"] / 28


def assert_pixel(page, image, row, column):
    assert re.match(rf"Row {row}, column {column}: {image[row, column]}\b", said(page))
    around = np.full((32, 32), -1)
    around[2:-2, 2:-2] = image
    cells = page.locator(".course-neighbours tbody td").all_inner_texts()
    assert [-1 if text == "–" else int(text) for text in cells] == around[row : row + 5, column : column + 5].ravel().tolist()


def test_pixels_by_mouse(show, made_up):
    images, labels = made_up
    page = show(explore_pixels(images, labels))
    for row, column in ((0, 0), (12, 20), (27, 13), (27, 27)):
        page.mouse.move(*at(page, row, column))
        assert_pixel(page, images[0], row, column)
    for index, image in enumerate(images):
        page.get_by_role("button", name=f"image {index}, a {labels[index]}").click()
        assert_pixel(page, image, 27, 27)
        shown = pixels_of(page, ".course-pixels canvas")
        assert (shown[:, :3] == 255 - image.reshape(-1, 1)).all(), "ink is dark, paper white, with its true grey"


def test_pixels_by_keyboard(show, made_up):
    images, labels = made_up
    page = show(explore_pixels(images / 255, labels))
    for _ in labels:
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the last image
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Image 3, a 9")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    assert_pixel(page, images[3], 12, 15)
    assert said(page).endswith("full ink")
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    assert_pixel(page, images[3], 12, 0)


def test_pixels_by_finger(show, made_up):
    images, labels = made_up
    page = show(explore_pixels(images, labels), PHONE)
    page.touchscreen.tap(*at(page, 5, 6))
    assert_pixel(page, images[0], 5, 6)
    drag(page, at(page, 5, 6), at(page, 21, 9))
    assert_pixel(page, images[0], 21, 9)


# A dense layer's sum


def walk_to(page, keys):
    page.get_by_role("slider", name="Terms added").focus()
    for key in keys:
        page.keyboard.press(key)


def test_small_sum_is_the_chapter_s(show):
    pictures = np.array([[1.0, 0, 0, 1], [1, 0, 1, 0], [1, 1, 1, 1]])
    weights = np.array([[1.0, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    page = show(explore_dense(pictures, weights, np.full(3, -0.5)), PHONE)
    for index, picture in enumerate(pictures):
        page.get_by_role("button", name=f"picture {index}").tap()
        for neuron in range(3):
            page.get_by_role("combobox", name="Neuron", exact=True).select_option(str(neuron))
            answer = picture @ weights[:, neuron] - 0.5
            assert number(said(page).split()[-1]) == answer
    page.get_by_role("combobox", name="Neuron", exact=True).select_option("0")
    walk_to(page, ["Home"])
    assert said(page) == "Nothing is added yet: the sum is 0."
    walk_to(page, ["ArrowRight"] * 2)
    assert said(page) == "Term 2, pixel 1: 1.00 × −1.00 = −1.00; sum 0.00"
    sums = page.locator(".course-terms tbody tr td:last-child").all_inner_texts()
    assert sums == ["1.00", "0.00", "", "", ""]


def test_sum_of_784_terms_ends_where_keras_does(show, random):
    import keras

    images = random.random((2, 28, 28), np.float32) * (random.random((2, 28, 28)) < 0.2)
    layer = keras.layers.Dense(10, bias_initializer=keras.initializers.RandomNormal(seed=1))
    of_keras = layer(images.reshape(2, 784)).numpy()
    weights, biases = layer.get_weights()
    page = show(explore_dense(images, weights, biases))
    page.get_by_role("button", name="picture 1").click()
    for neuron in range(10):
        page.get_by_role("combobox", name="Neuron", exact=True).select_option(str(neuron))
        assert abs(number(said(page).split()[-1]) - of_keras[1, neuron]) < 1e-4
    terms = images[1].ravel().astype(float) * weights[:, 9]
    walk_to(page, ["ArrowLeft"])
    assert abs(number(said(page).split()[-1]) - terms.sum()) < 1e-4
    box = page.get_by_role("slider", name="Terms added").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2)
    count, product, total = re.match(r"Term (\d+), .* = (\S+); sum (\S+)$", said(page)).groups()
    assert 280 < int(count) < 340
    assert abs(number(product) - terms[int(count) - 1]) < 1e-4
    assert abs(number(total) - terms[: int(count)].sum()) < 1e-4
    row, column = divmod(int(count) - 1, 28)
    assert f"row {row}, column {column}" in said(page)


def test_products_show_their_sign_without_colour(show):
    page = show(explore_dense(np.ones(4), np.array([[1.0], [-1.0], [0.0], [0.25]]), np.zeros(1)))
    canvas = pixels_of(page, ".course-products")
    side = round(len(canvas) ** 0.5)
    quarter = side // 2
    inked = (canvas[:, :3] < 255).any(axis=1).reshape(side, side)
    plus, minus, zero, small = inked[:quarter, :quarter], inked[:quarter, quarter:], inked[quarter:, :quarter], inked[quarter:, quarter:]
    assert plus[quarter // 2, quarter // 2]
    assert plus.mean() > 0.9
    assert not minus[quarter // 2, quarter // 2], "hollow"
    assert minus[quarter // 2].any()
    assert not zero.any()
    assert 0.2 < small.mean() < 0.3, "the area is the size"
    assert "2 above zero, filled; 1 below zero, hollow" in page.get_attribute(".course-products", "aria-label")


# Temperature


def assert_costs(page, logits, right):
    temperature = 10 ** float(page.get_by_role("slider", name="T").input_value())
    logarithms = log_softmax(np.asarray(logits) / temperature)
    shown = [float(text.split()[0]) for text in page.locator(".course-bars td:last-child").all_inner_texts()]
    assert np.abs(np.array(shown) - np.exp(logarithms)).max() <= 0.00051
    cost = number(re.search(r"= (\S+) nats", said(page)).group(1))
    assert abs(cost + logarithms[right]) <= 0.00051
    marked = page.locator(".course-bars .course-marked").inner_text()
    assert marked.split()[0] == str(right)
    assert marked.endswith("← right")


def test_temperature_by_keyboard_and_mouse(show):
    logits = [-3.0, -4, -1, 0, 6, -1, -5, 1, 1, 5]
    page = show(explore_temperature(np.array(logits), 9))
    assert_costs(page, logits, 9)
    heat = page.get_by_role("slider", name="T")
    heat.focus()
    page.keyboard.press("Home")
    assert_costs(page, logits, 9)
    assert said(page).endswith("one-hot.")
    page.keyboard.press("End")
    assert_costs(page, logits, 9)
    assert said(page).endswith("uniform.")
    box = heat.bounding_box()
    for part in (0.3, 0.6):
        page.mouse.click(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        assert_costs(page, logits, 9)
    page.get_by_role("combobox", name="Right class", exact=True).select_option("4")
    assert_costs(page, logits, 4)


def test_temperature_by_finger_and_with_logits_that_would_overflow(show):
    logits = [900.0, 0, -900]
    page = show(explore_temperature(np.array(logits), 1), PHONE)
    assert_costs(page, logits, 1)
    box = page.get_by_role("slider", name="T").bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert float(page.get_by_role("slider", name="T").input_value()) > 1
    assert_costs(page, logits, 1)


# Learning rates


CURVES = {
    0.1: [2.0, 1.5, 1.25],
    0.001: [2.0, 1.99, 1.98],
    1.0: [2.0, 8.5, 0.5],
    3.0: [2.0, 8.5, 2.5],
    10.0: [2.0, 5.25, np.nan],
    100.0: [2.0, 1e300, np.inf],
}
TOLD = [
    "Learning rate 0.001: loss 2.000 at first, 1.980 after 2 steps.",
    "Learning rate 0.1: loss 2.000 at first, 1.250 after 2 steps.",
    "Learning rate 1: loss 2.000 at first, 8.500 at step 1: the steps go too far. It is 0.500 after 2 steps.",
    "Learning rate 3: loss 2.000 at first, 8.500 at step 1: the steps go too far. It diverged: 2.500 after 2 steps.",
    "Learning rate 10: loss 2.000 at first, 5.250 at step 1: the steps go too far. It diverged: no number after 2 steps.",
    "Learning rate 100: loss 2.000 at first, then beyond all numbers: the steps go too far. It diverged: no number after 2 steps.",
]


def test_learning_rates_by_keyboard_and_mouse(show):
    page = show(explore_learning_rate(CURVES))
    page.get_by_role("slider", name="Learning rate").focus()
    for sentence in TOLD:
        assert said(page) == sentence
        assert sentence in page.get_attribute(".course-plot svg", "aria-label")
        left = page.locator(".course-plot svg").get_by_text("▲").count()
        assert left == ("too far" in sentence), "a curve that leaves the picture is marked"
        page.keyboard.press("ArrowRight")
    box = page.get_by_role("slider", name="Learning rate").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2)
    assert said(page) == TOLD[2]


def test_learning_rates_by_finger_and_as_they_are_drawn(show):
    page = show(explore_learning_rate(CURVES), PHONE)
    box = page.get_by_role("slider", name="Learning rate").bounding_box()
    page.touchscreen.tap(box["x"] + 0.21 * box["width"], box["y"] + box["height"] / 2)
    assert said(page) == TOLD[1]
    drawn = page.get_attribute(".course-line.course-first", "points")
    points = np.array([[float(part) for part in point.split(",")] for point in drawn.split()])
    assert np.ptp(np.diff(points[:, 0])) < 1e-6
    falls = np.diff(points[:, 1])  # down the page
    assert abs(falls[0] / falls[1] - 2) < 1e-6


# Confusion


@pytest.fixture
def read(random):
    """60 images, what they are, and probabilities of what was read: several 4s as 9, a 1 as 7, no digit 5."""
    images = random.integers(0, 256, (60, 28, 28), np.uint8)
    labels = np.tile([0, 1, 2, 3, 4, 6], 10)
    answers = labels.copy()
    answers[np.flatnonzero(labels == 4)[:4]] = 9
    answers[np.flatnonzero(labels == 1)[0]] = 7
    sure = random.uniform(0.6, 0.99, 60)
    probabilities = np.repeat((1 - sure[:, np.newaxis]) / 9, 10, axis=1)
    probabilities[np.arange(60), answers] = sure
    return images, labels, probabilities, answers, sure


def test_confusion_by_mouse_and_keyboard(show, read):
    images, labels, probabilities, answers, sure = read
    page = show(explore_confusion(images, labels, probabilities))
    expected = confusion_matrix(labels, answers, labels=range(10))
    cells = page.locator("[role=gridcell]").all_inner_texts()
    assert [0 if text == "·" else int(text) for text in cells] == expected.ravel().tolist()

    assert said(page) == "4 read as 9: 4 of 10 (40.0%). The most sure comes first."  # the largest mistake, before anything is chosen
    those = np.flatnonzero((labels == 4) & (answers == 9))
    those = those[np.argsort(-sure[those])]
    assert page.locator(".course-found span").all_inner_texts() == [f"9: {100 * each:.1f}%" for each in sure[those]]
    for place, index in enumerate(those):
        shown = pixels_of(page, f".course-found > :nth-child({place + 1}) canvas")
        assert (shown[:, 0] == 255 - images[index].ravel()).all()

    page.get_by_role("gridcell", name="1 read as 7: 1").click()
    assert said(page) == "1 read as 7: 1 of 10 (10.0%)."
    page.keyboard.press("ArrowDown")
    assert said(page) == "2 read as 7: none of 10. This cell is empty."
    assert page.locator(".course-found canvas").count() == 0
    for key in ["ArrowLeft"] * 5:
        page.keyboard.press(key)
    assert said(page) == "2 read rightly: 10 of 10 (100.0%). The least sure comes first."
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "2 read as 2: 10"
    for key in ["ArrowDown"] * 3:
        page.keyboard.press(key)
    assert said(page) == "There is no 5 among these images."
    assert page.locator("[role=gridcell][tabindex='0']").count() == 1, "one stop for the Tab key"


def test_confusion_by_finger_and_with_fewer_digits_than_counted(show, read):
    images, labels, probabilities, *_ = read
    page = show(explore_confusion(images, labels, probabilities, most=2), PHONE)
    page.get_by_role("gridcell", name="6 read as 6: 10").tap()
    assert said(page) == "6 read rightly: 10 of 10 (100.0%). The 2 least sure are shown."
    assert page.locator(".course-found canvas").count() == 2


# Shift


def moved(images, down, right):
    """By padding and cutting, another way than the library's."""
    padded = np.pad(images, ((0, 0), (28, 28), (28, 28)))
    return padded[:, 28 - down : 56 - down, 28 - right : 56 - right]


@pytest.fixture(scope="module")
def networks():
    from mnist_lib import build_model

    return {"one": build_model(seed=1), "two": build_model(seed=2)}


def assert_shift(page, networks, images, labels, down, right, example=0):
    for slider, pixels in (("Down", down), ("To the right", right)):
        assert page.get_by_role("slider", name=slider).input_value() == str(pixels)
    there = moved(images, down, right)
    shown = pixels_of(page, ".course-dragged canvas")
    assert np.abs((255 - shown[:, 0]) / 255 - there[example].ravel()).max() < 0.002
    for row, (name, model) in enumerate(networks.items()):
        logits = model.predict(there, verbose=0)
        accuracy = (logits.argmax(axis=1) == labels).mean()
        assert abs(float(re.search(rf"{name} ([\d.]+)%", said(page)).group(1)) - 100 * accuracy) < 0.0501
        p = np.exp(log_softmax(logits[example].astype(float)))
        line = page.locator(".course-read li").nth(row).inner_text()
        digit, sure, verdict = re.match(rf"{name}: reads (\d) with (\d+)%, (\w+)", line).groups()
        assert int(digit) == p.argmax()
        assert abs(int(sure) - 100 * p.max()) <= 0.51
        assert verdict == ("right" if p.argmax() == labels[example] else "wrong")


def test_shift_by_keyboard_mouse_and_finger(show, networks, few):
    images, labels = few[0][:80], few[1][:80]
    explorer = explore_shift(networks, images, labels, most=2, examples=2)
    page = show(explorer)
    assert_shift(page, networks, images, labels, 0, 0)
    page.get_by_role("slider", name="Down").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("slider", name="To the right").focus()
    page.keyboard.press("Home")
    assert said(page).startswith("1 down, 2 left. Read rightly of 80 digits")
    assert_shift(page, networks, images, labels, 1, -2)
    page.get_by_role("button", name=f"digit 1, a {labels[1]}").click()
    assert_shift(page, networks, images, labels, 1, -2, example=1)

    box = page.locator(".course-dragged canvas").bounding_box()
    pixel, x, y = box["width"] / 28, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3 * pixel, y - 9 * pixel, steps=4)  # further up than it goes
    page.mouse.up()
    page.mouse.move(x, y)
    assert_shift(page, networks, images, labels, -2, 1, example=1)

    page = show(explorer, PHONE)
    box = page.locator(".course-dragged canvas").bounding_box()
    page.mouse.wheel(0, 0)
    drag(page, (box["x"] + 60, box["y"] + 60), (box["x"] + 60 - box["width"] / 28, box["y"] + 60 + 2 * box["width"] / 28))
    assert_shift(page, networks, images, labels, 2, -1)


def test_shift_draws_the_accuracies(show, networks, few):
    images, labels = few[0][:50], few[1][:50]
    page = show(explore_shift(networks, images, labels, most=1, examples=1))
    for look, model in zip(("course-first", "course-second"), networks.values()):
        drawn = page.get_attribute(f".course-plot .course-line.{look}", "points")
        heights = [float(point.split(",")[1]) for point in drawn.split()]
        ends = page.locator(".course-plot .course-grid").evaluate_all("lines => lines.map(line => Number(line.getAttribute('y1')))")
        shares = [(ends[0] - height) / (ends[0] - ends[-1]) for height in heights]
        expected = [(model.predict(moved(images, 0, right), verbose=0).argmax(axis=1) == labels).mean() for right in (-1, 0, 1)]
        assert np.allclose(shares, expected, rtol=0, atol=1e-6)


# In a notebook, and what they weigh


@pytest.fixture
def each(made_up, read, networks, few):
    images, labels, probabilities, *_ = read
    return [
        explore_pixels(*made_up),
        explore_dense(np.eye(4), np.ones((4, 3)), np.zeros(3)),
        explore_temperature(np.arange(10.0), 3),
        explore_learning_rate(CURVES),
        explore_confusion(images, labels, probabilities),
        explore_shift(networks, few[0][:20], few[1][:20], most=1),
    ]


def test_one_call_makes_both(each):
    for explorer in each:
        data, _ = explorer._repr_mimebundle_()
        assert {"application/vnd.jupyter.widget-view+json", "text/html"} <= set(data)
        assert data["text/html"].startswith('<div class="course-widget"')
        assert "export default { render }" in explorer._esm
        assert ".course-explorer" in explorer._css


def test_they_run_as_a_notebook_s_front_end_loads_them(browser, each):
    """A module, bytes that begin within a larger buffer, and a box that is laid out only later."""
    page = browser.new_page()
    for explorer in each:
        state = {name: value.hex() if isinstance(value := getattr(explorer, name), bytes) else value for name in explorer.traits(sync=True)}
        state = {name: value for name, value in state.items() if isinstance(value, str | int | list)}
        page.evaluate(
            """async ([code, state]) => {
                const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
                const view = (hex) => {
                    const bytes = new Uint8Array(3 + hex.length / 2).fill(255);
                    for (let i = 0; i < hex.length / 2; i++) bytes[3 + i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
                    return new DataView(bytes.buffer, 3, hex.length / 2);
                };
                const get = (name) => (typeof state[name] === "string" ? view(state[name]) : state[name]);
                const el = document.createElement("div");
                await module.default.render({ model: { get, on() {}, set() {}, save_changes() {} }, el });
                document.body.replaceChildren(el);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            }""",
            [explorer._esm, state],
        )
        assert len(said(page)) > 5
        widths = page.locator("svg").evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
        assert all(width > 0 for width in widths)
    page.close()


def test_all_say_what_to_try(show, each):
    for explorer in each:
        page = show(explorer, PHONE)
        assert re.match(r"Try: .+[.?]$", page.inner_text(".course-try"))


def test_they_are_light_at_their_heaviest(random, digits):
    (images, labels), _ = digits
    inked = np.argsort(-(images > 0).sum(axis=(1, 2)))[:600]
    ten = images[inked[:12]]
    probabilities = random.dirichlet(np.ones(10), 600)  # fills all hundred cells
    assert len(explore_pixels(ten, labels[inked[:12]]).to_html()) < HEAVIEST
    assert len(explore_dense(ten, random.random((784, 20)), random.random(20)).to_html()) < HEAVIEST
    assert len(explore_confusion(images[inked], labels[inked], probabilities).to_html()) < HEAVIEST


# Refusals

IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.array([1, 2, 3])


@pytest.mark.parametrize(
    ("images", "labels", "error", "message"),
    [
        (IMAGES[0], LABELS, ValueError, "one label for each example"),
        (
            IMAGES[:, :20],
            LABELS,
            ValueError,
            r"images must have shape \(n, 28, 28\), n up to 12; got an array of uint8 with shape \(3, 20, 28\)",
        ),
        (np.zeros((40, 28, 28)), np.zeros(40, int), ValueError, r"images\[:12\], labels\[:12\]"),
        (IMAGES + 1.5, LABELS, ValueError, r"in \[0, 1\]; got values from 1.5 to 1.5"),
        (IMAGES * np.nan, LABELS, ValueError, r"in \[0, 1\]; got values from nan to nan"),
        (IMAGES.astype(int), LABELS, TypeError, r"bytes \(uint8\) or fractions in \[0, 1\]; got an array of int64"),
        (IMAGES, LABELS + 8, ValueError, "digits, 0 to 9; got values from 9 to 11"),
        (IMAGES.tolist(), LABELS, TypeError, "NumPy arrays"),
    ],
)
def test_pixels_refuse(images, labels, error, message):
    with pytest.raises(error, match=message):
        explore_pixels(images, labels)


@pytest.mark.parametrize(
    ("inputs", "weights", "biases", "message"),
    [
        (np.ones(4), np.ones((4, 3)), np.ones(4), r"biases shape \(neurons,\).*got \(4, 3\) and \(4,\)"),
        (np.ones(5), np.ones((4, 3)), np.ones(3), "rows of 4 numbers"),
        (np.ones((13, 4)), np.ones((4, 3)), np.ones(3), "1 to 12 rows"),
        (np.ones(4), np.ones((4, 3)) * np.inf, np.ones(3), "weights must be finite"),
        (np.ones(0), np.ones((4, 3)), np.ones(3), "inputs must be finite numbers, at least one"),
        (np.ones(784), np.ones((784, 128)), np.ones(128), r"20,000 weights at most; got 100,352. .*weights\[:, :10\], biases\[:10\]"),
        (["a"], np.ones((4, 3)), np.ones(3), "inputs must be finite numbers"),
    ],
)
def test_dense_refuses(inputs, weights, biases, message):
    with pytest.raises(ValueError, match=message):
        explore_dense(inputs, weights, biases)


@pytest.mark.parametrize(
    ("logits", "label", "message"),
    [
        (np.ones((1, 10)), 0, r"2 to 10 classes; got an array of float64 with shape \(1, 10\)"),
        ([1.0, np.nan], 0, "finite"),
        ([1.0, 2.0], 2, "label must be a class, 0 to 1; got 2"),
        ([1.0, 2.0], 0.5, "label must be a whole number"),
    ],
)
def test_temperature_refuses(logits, label, message):
    with pytest.raises(ValueError, match=message):
        explore_temperature(logits, label)


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        ([1, 2], TypeError, "map each learning rate"),
        ({0.1: [1, 2]}, ValueError, "two or more learning rates"),
        ({0.1: [1, 2], -1: [1, 2]}, ValueError, "above 0"),
        ({0.1: [1, 2], 1: [1, 2, 3]}, ValueError, r"as many losses as the others, two or more; got \[2, 3\]"),
        ({0.1: [1, 2], 1: [5, 2]}, ValueError, "same first|same weights"),
        ({0.1: [np.nan, 2], 1: [np.nan, 2]}, ValueError, "same loss"),
    ],
)
def test_learning_rates_refuse(losses, error, message):
    with pytest.raises(error, match=message):
        explore_learning_rate(losses)


def test_confusion_refuses(read):
    images, labels, probabilities, *_ = read
    with pytest.raises(ValueError, match=r"shape \(60, 10\); got an array of float64 with shape \(59, 10\)"):
        explore_confusion(images, labels, probabilities[1:])
    with pytest.raises(ValueError, match="softmax"):
        explore_confusion(images, labels, np.log(probabilities))
    with pytest.raises(ValueError, match="most must be a whole number, at least 1; got 0"):
        explore_confusion(images, labels, probabilities, most=0)


def test_shift_refuses(networks, few):
    images, labels = few
    with pytest.raises(TypeError, match="map names to networks"):
        explore_shift(networks["one"], images, labels)
    with pytest.raises(ValueError, match="1 to 4 networks; got 0"):
        explore_shift({}, images, labels)
    with pytest.raises(ValueError, match="14 at most"):
        explore_shift(networks, images, labels, most=15)
    with pytest.raises(TypeError, match="as preprocess returns them"):
        explore_shift(networks, (255 * images).astype(np.uint8), labels)
    with pytest.raises(TypeError, match="model must be a Keras model"):
        explore_shift({"none": None}, images, labels)
