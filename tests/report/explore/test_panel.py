"""A map seen from close by: how each number comes about, and what of the image it sees."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.browser import Browser
from tests.report.explore.nets import outputs
from tests.report.explore.test_in_browser import (
    left_side,
    open_once,
    prepared,
    settled,
    shown_pixels,
)
from tinyalex.layers import AvgPool2d, Conv2d, MaxPool2d, Sequential, SpatialResponseNorm
from tinyalex.report.explore.network import Numbers, steps_of
from tinyalex.training import Run


def press(window: Browser, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(window.driver).send_keys(*keys).perform()


def test_a_convolution_shows_its_window_its_weights_and_the_sum(
    window: Browser, page: Path, run: Run
) -> None:
    from selenium.webdriver import ActionChains

    window.open(page)
    settled(window)
    name, layer = next((n, y) for n, y in run.model.named_layers() if n == "features.4")
    step = window.run("return layers.findIndex((l) => l.name === 'features.4')")
    sheet = window.driver.find_element("css selector", f"#layer-{step} canvas")
    sheet.click()
    chosen = int(window.run("return panel.map"))
    large = window.driver.find_element("css selector", ".panel canvas")
    zoom, (H, W) = window.run("return panel.zoom"), layer.output_shape((1, 16, 7, 7))[2:]
    row, column = 1, 2
    corner = [round((c + 0.5) * zoom - n * zoom / 2) for c, n in ((column, W), (row, H))]
    ActionChains(window.driver).move_to_element_with_offset(large, *corner).perform()
    assert window.run("return [panel.row, panel.column]") == [row, column]
    x = prepared(run, shown_pixels(window))
    wanted = outputs(run.model, x)[name].reshape(-1, H, W)[chosen, row, column]
    text = window.driver.find_element("css selector", ".panel").text
    assert f"map {chosen}, row {row}, column {column}: " in text
    assert float(window.driver.find_element("css selector", ".panel output").text) == pytest.approx(
        wanted, rel=0.01, abs=1e-3
    )
    total, bias, value = map(
        float, re.search(r"channels: (\S+) \+ bias (\S+) = (\S+)", text).groups()
    )
    assert total + bias == pytest.approx(value, abs=0.02)
    assert value == pytest.approx(wanted, rel=0.01, abs=1e-3)
    parts = window.run(
        "const l = layers[panel.layer], x = state.outputs[l.from[0]];"
        "const y = state.outputs[panel.layer];"
        "return explain(l, x, y, panel.map, panel.row, panel.column).parts.map("
        "p => [p.label, Array.from(p.window), Array.from(p.kernel), p.total])"
    )
    before = np.pad(outputs(run.model, x)["features.3"].reshape(16, 7, 7), ((0, 0), (2, 2), (2, 2)))
    assert len(parts) == 8  # the channels of one group
    for label, patch, kernel, part in parts:
        channel = int(label.split()[1])
        seen = before[channel, row : row + 5, column : column + 5].reshape(-1)
        np.testing.assert_allclose(patch, seen, atol=1e-4)
        np.testing.assert_allclose(
            kernel, layer.params["weight"][chosen, channel % 8].reshape(-1), atol=1e-6
        )
        assert part == pytest.approx(float(np.dot(patch, kernel)), abs=1e-4)
    window.check()


def test_every_unit_explains_its_number(window: Browser, page: Path) -> None:
    """What the panel adds up is what the layer computed, for a unit of every layer."""
    window.open(page)
    settled(window)
    texts = window.run(
        "return views.map((v, i) => {"
        "panel.open(v.section, i, 1 % layers[i].out[0], state.outputs);"
        "const [, H = 1, W = 1] = layers[i].out, {map, row, column} = panel;"
        "return [panel.equation.textContent, state.outputs[i][(map * H + row) * W + column]]; })"
    )
    for equation, value in texts[1:]:
        if "=" in equation:  # the input, flatten and pooling have none
            assert left_side(equation) == pytest.approx(value, rel=0.06, abs=0.02), equation
    assert sum(bool(equation) for equation, _ in texts) == len(texts) - 2
    window.check()


def test_the_keyboard_reaches_a_map_and_leaves_it(window: Browser, page: Path) -> None:
    from selenium.webdriver import Keys

    window.open(page)
    settled(window)
    window.run("document.querySelector('#layer-1 canvas').focus()")
    press(window, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER)
    assert window.run("return [panel.layer, panel.map]") == [1, 2]
    told = window.run("return document.activeElement.getAttribute('aria-valuetext')")
    assert told == "map 2 of 16"
    press(window, Keys.TAB)
    before = window.run("return [panel.row, panel.column]")
    press(window, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert window.run("return [panel.row, panel.column]") == [before[0] + 1, before[1] + 1]
    press(window, Keys.ESCAPE)
    assert window.run("return [panel.layer, document.activeElement.ariaValueNow]") == [-1, "2"]
    window.check()


def test_the_receptive_field_is_where_the_gradient_reaches(window: Browser, page: Path) -> None:
    """With positive weights, every pixel that a unit depends on gets a gradient."""
    open_once(window, page)
    model = Sequential(
        [
            Conv2d(1, 2, (3, 2), (2, 1), (1, 0)),
            SpatialResponseNorm(3, alpha=0.1),
            AvgPool2d((2, 3), (2, 2), ceil_mode=True),
            Conv2d(2, 1, 3, padding=1),
        ]
    ).eval()
    for layer in (model[0], model[3]):
        layer.params["weight"] = abs(layer.params["weight"])
    x = np.random.default_rng(1).uniform(1, 2, (1, 1, 14, 13)).astype(np.float32)
    y = model.forward(x)
    steps = steps_of(model, x.shape[1:], Numbers())[:-1]
    for row, column in np.ndindex(y.shape[2:]):
        dy = np.zeros_like(y)
        dy[0, 0, row, column] = 1
        model.forward(x)
        rows, columns = np.nonzero(model.backward(dy)[0, 0])
        box = window.run("return receptiveField(...arguments)", steps, 4, row, column)
        assert box == {
            "top": rows.min(),
            "bottom": rows.max(),
            "left": columns.min(),
            "right": columns.max(),
        }


def test_the_maximum_is_marked(window: Browser, page: Path) -> None:
    open_once(window, page)
    x = np.float32([[[[1, 2, 3], [9, 0, 1], [4, 5, 6]]]])
    model = Sequential([MaxPool2d(2, stride=2, ceil_mode=True)])
    steps = steps_of(model, (1, 3, 3), Numbers())
    told = window.run(
        "const [steps, x] = arguments, y = forward(steps, Float32Array.from(x));"
        "return [[0, 0], [0, 1], [1, 0]].map(([r, c]) => {"
        "const e = explain(steps[1], y[0], y[1], 0, r, c), [part] = e.parts;"
        "return [e.value, part.mark, part.shape]})",
        steps,
        x.reshape(-1).tolist(),
    )
    assert told == [[9, 2, [2, 2]], [3, 0, [2, 1]], [5, 1, [1, 2]]]
