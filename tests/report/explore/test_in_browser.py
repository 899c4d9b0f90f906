"""The page of `tinyalex explore`, used in Chromium as a student does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from PIL import Image

from tests.browser import Browser
from tests.report.explore.nets import close, every_kind, network_of, networks, outputs
from tinyalex import backends, data, models
from tinyalex.data.dataset import array_split
from tinyalex.layers import Layer, Sequential
from tinyalex.report.explore.network import Numbers, steps_of
from tinyalex.report.explore.page import compose
from tinyalex.training import Run

Host = np.ndarray[Any, Any]
SETTLED = (
    "const [done] = arguments, wait = () => scheduled ? setTimeout(wait, 5) : done();"
    "requestAnimationFrame(() => setTimeout(wait, 0));"
)
WIDTHS = [(1280, False), (390, True)]


def settled(window: Browser) -> None:
    """Wait until the page has computed what was changed."""
    window.driver.execute_async_script(SETTLED)


def prepared(run: Run, pixels: Host) -> Host:
    """What the run's own loader makes of an image uint8 (H, W, C): float32 (1, C, CH, CW)."""
    images = pixels.reshape(1, *run.config.facts["image_shape"])
    split = array_split(images, np.zeros(1, np.int64), 1, "the page's image")
    x, _ = next(iter(run.preprocessing.loader(split, backends.get("numpy"), 1)))
    return np.asarray(x)


def shown_pixels(window: Browser) -> Host:
    return np.array(window.run("return Array.from(state.pixels)"), np.uint8)


def equals_numpy(window: Browser, run: Run) -> None:
    """The page's input and the output of every layer are NumPy's, for the image that it shows."""
    wanted = outputs(run.model, prepared(run, shown_pixels(window)))
    got = window.run("return layers.map((l, i) => [l.name, Array.from(state.outputs[i])])")
    assert [name for name, _ in got] == list(wanted)
    for name, values in got:
        assert close(values, wanted[name]), name


def draw(window: Browser, points: list[tuple[int, int]]) -> None:
    """One stroke with the mouse, from point to point: pixels from the paper's centre."""
    from selenium.webdriver import ActionChains

    paper = window.driver.find_element("id", "paper")
    moves = ActionChains(window.driver, duration=20).move_to_element_with_offset(paper, *points[0])
    moves.click_and_hold()
    for (x, y), (x0, y0) in zip(points[1:], points, strict=False):
        moves.move_by_offset(x - x0, y - y0)
    moves.release().perform()
    settled(window)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), WIDTHS)
def test_each_test_image_gives_numpys_numbers(
    window: Browser, page: Path, run: Run, width: int, dark: bool
) -> None:
    window.open(page, width, dark=dark)
    settled(window)
    window.check()
    buttons = window.driver.find_elements("css selector", "#samples button")
    assert len(buttons) == 10
    for button in buttons[:: 3 if dark else 1]:
        button.click()
        settled(window)
        equals_numpy(window, run)
    window.check()


@pytest.mark.slow
def test_a_stroke_changes_every_layer_and_the_answer(window: Browser, page: Path, run: Run) -> None:
    window.open(page)
    window.driver.find_element("id", "clear").click()
    settled(window)
    assert not shown_pixels(window).any()
    empty = window.run("return state.outputs.map((y) => Array.from(y))")
    draw(window, [(0, -70), (0, 70)])
    assert shown_pixels(window).max() > 200
    drawn = window.run("return state.outputs.map((y) => Array.from(y))")
    assert all(a != b for a, b in zip(empty, drawn, strict=True))
    equals_numpy(window, run)
    best = window.driver.find_element("css selector", "#answers .best").text
    assert best.startswith(str(np.argmax(drawn[-1])))
    window.check()


def test_a_stroke_goes_over_a_test_image(window: Browser, page: Path, run: Run) -> None:
    window.open(page)
    window.driver.find_element("css selector", "#samples button").click()
    settled(window)
    before = shown_pixels(window)
    draw(window, [(-60, 0), (60, 0)])
    assert (shown_pixels(window) != before).any()
    equals_numpy(window, run)


def test_strokes_fill_the_frame_like_the_training_digits(window: Browser, page: Path) -> None:
    window.open(page)
    window.driver.find_element("id", "clear").click()
    draw(window, [(-40, -10), (-40, 10)])
    rows, columns = np.nonzero(shown_pixels(window).reshape(16, 16) > 128)
    assert (rows.min(), rows.max()) == (0, 15) and abs(columns.mean() - 7.5) < 1
    window.driver.find_element("id", "fit").click()
    settled(window)
    rows, columns = np.nonzero(shown_pixels(window).reshape(16, 16) > 128)
    assert rows.max() - rows.min() < 8 and columns.max() < 8


@pytest.mark.parametrize("shape", [(40, 60, 3), (61, 23, 3), (16, 16), (9, 7), (300, 200)])
def test_a_file_is_prepared_as_predict_does(
    window: Browser, page: Path, run: Run, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "picture.png"
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(noise).save(path)
    window.open(page)
    window.driver.find_element("id", "file").send_keys(str(path))
    wanted = data.read_image(path, 16, 1).reshape(-1)
    for _ in range(50):
        settled(window)
        if (got := shown_pixels(window)).shape == wanted.shape and abs(
            got.astype(int) - wanted
        ).max() <= 1:
            break
    assert abs(got.astype(int) - wanted).max() <= 1
    equals_numpy(window, run)


def test_ink_on_paper_is_noticed_and_swapped(window: Browser, page: Path, tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.fromarray(np.full((32, 32), 240, np.uint8)).save(path)
    window.open(page)
    window.driver.find_element("id", "file").send_keys(str(path))
    note = window.driver.find_element("id", "note")
    for _ in range(50):
        settled(window)
        if note.text:
            break
    assert "dark on light" in note.text
    window.driver.find_element("id", "swap").click()
    settled(window)
    assert set(shown_pixels(window)) == {15} and note.text == ""
    path = tmp_path / "text.png"
    path.write_text("no picture")
    window.driver.find_element("id", "file").send_keys(str(path))
    for _ in range(50):
        settled(window)
        if note.text:
            break
    assert note.text == "text.png is not a picture that this browser can read."
    window.check()


def open_once(window: Browser, page: Path) -> None:
    """Open a page, whichever, that has the functions."""
    if not window.run("return typeof forward === 'function'"):
        window.open(page)


def left_side(equation: str) -> float:
    """What an equation of the page adds up to, from numbers of three digits."""
    text = equation.split(": ")[-1].rsplit(" = ", 1)[0].replace("bias ", "").replace("×", "*")
    text = text.replace(" to the power ", " ** ")
    return float(eval(text, {"max": max, "tanh": np.tanh, "exp": np.exp}))


def in_page(window: Browser, model: Layer, x: Host) -> list[tuple[list[float], str, float]]:
    """Of all steps of a network their outputs, and how one number of each is explained."""
    numbers = Numbers()
    steps = steps_of(model, x.shape[1:], numbers)
    values = np.frombuffer(numbers.bytes(), "<f4").tolist()
    found: list[Any] = window.run(
        "const [steps, numbers, x] = arguments; attach(steps, Float32Array.from(numbers));"
        "const y = forward(steps, Float32Array.from(x));"
        "return steps.map((step, i) => { const [F, H = 1, W = 1] = step.out;"
        "const last = explain(step, y[step.from[0] || 0], y[i], F - 1, H >> 1, W >> 1);"
        "return [Array.from(y[i]), last.equation, last.value]; })",
        steps,
        values,
        x.reshape(-1).tolist(),
    )
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["cifar-18pct", "cifar-13pct", "alexnet-small-tanh", "alexnet-mini"]
)
def test_the_packages_networks_compute_numpys_numbers(
    window: Browser, tmp_path: Path, name: str
) -> None:
    model = models.build(name, seed=1).eval()
    network, weights = network_of(model)
    path = tmp_path / "page.html"
    path.write_text(compose(name, network, weights), encoding="utf-8")
    x = np.random.default_rng(2).standard_normal((1, *model.input_shape)).astype(np.float32)
    window.open(path).check()
    wanted = outputs(model, x)
    got = window.run(
        "const y = forward(layers, Float32Array.from(arguments[0]));"
        "return layers.map((l, i) => [l.name, Array.from(y[i])])",
        x.reshape(-1).tolist(),
    )
    assert len(got) == len(wanted)
    for layer, values in got:
        assert close(values, wanted[layer]), layer


@pytest.mark.slow
@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(network=networks())
@example(network=every_kind())
def test_any_network_computes_numpys_numbers(
    window: Browser, page: Path, network: tuple[Sequential, Host]
) -> None:
    model, x = network
    open_once(window, page)
    wanted = outputs(model, x)
    names = [step["name"] for step in steps_of(model, x.shape[1:], Numbers())]
    for name, (got, equation, value) in zip(names, in_page(window, model, x), strict=True):
        assert name not in wanted or close(got, wanted[name]), name
        if "=" in equation:
            assert left_side(equation) == pytest.approx(value, rel=0.06, abs=0.02), equation
    assert wanted.keys() <= set(names)
