"""What tests do with a page that a browser has opened."""

import numpy as np


def pixels_of(page, selector):
    """The grey values of a canvas, one row for each pixel, as the page shows them."""
    return np.array(
        page.eval_on_selector(selector, "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    ).reshape(-1, 4)


def drag(page, begin, end):
    """One finger laid down, moved and lifted."""
    finger = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [begin]), ("touchMove", [end]), ("touchEnd", [])):
        touches = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
