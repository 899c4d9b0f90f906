"""The page of `tinyalex look`, in Python and in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser import Browser, browser
from tests.report.explore.nets import outputs
from tests.report.page.test_page import Reader
from tinyalex import evaluation, training
from tinyalex.errors import ConfigError, DataError
from tinyalex.report.look import drawings, look_at
from tinyalex.report.look.page import MOST_MAPS, compose
from tinyalex.training import Run

Host = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "<b>run"
    training.train(
        training.RunConfig(data="digits@300", epochs=2, out=out, backend="numpy", threads=1)
    )
    return training.load_run(out, "numpy", 1)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "<i>.png"
    noise = np.random.default_rng(0).integers(0, 120, (20, 26, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_it_answers_as_predict_does(run: Run, image: Path) -> None:
    found = look_at(run, image)
    wanted = evaluation.predict(run, [image])[0]["classes"]
    names = [run.classes[c] for c in found.best]
    assert names == [guess["class"] for guess in wanted]
    probabilities = [float(found.p[c]) for c in found.best]
    assert probabilities == pytest.approx([guess["probability"] for guess in wanted])


def test_every_layer_shows_its_own_output(run: Run, image: Path) -> None:
    """Also the convolutions, over which the next layer writes in training."""
    found = look_at(run, image)
    how, pixels = run.preprocessing, found.pixels.transpose(2, 0, 1)[None]
    assert pixels.shape == (1, 1, 14, 14) and how.mean is not None
    x = (pixels.astype(np.float32) - how.mean) * np.float32(how.scale)
    wanted = outputs(run.model, x)
    assert list(found.maps) == [name for name, _ in run.model.named_layers()]
    for name, maps in found.maps.items():
        np.testing.assert_allclose(maps.reshape(-1), wanted[name], atol=1e-4, err_msg=name)
    assert found.maps["features.0"].min() < 0


def test_two_classes_are_explained_and_names_are_text(run: Run, image: Path) -> None:
    other = run.classes[-1] if look_at(run, image).best[0] != 9 else run.classes[0]
    found = look_at(run, image, "features.4", other)
    page = Reader(compose(found, image.name))
    assert page.open == [] and all(picture.get("alt") for picture in page.images)
    assert len(page.images) == 1 + 2 * 2 + len(found.maps)
    for name in (run.classes[found.best[0]], other):
        assert f"Grad-CAM for {name}, layer features.4" in page.text
    assert "<i>.png in tiny" in page.text and "<b>run" in page.text
    assert all(target.startswith(("data:", "#")) for target in page.targets)


def test_light_and_dark_are_exchanged(run: Run, image: Path) -> None:
    plain, inverted = look_at(run, image), look_at(run, image, invert=True)
    np.testing.assert_array_equal(plain.pixels, 255 - inverted.pixels)


def test_what_is_not_there_is_refused(run: Run, image: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown class 'tree'; the network has 10"):
        look_at(run, image, class_name="tree")
    with pytest.raises(ConfigError, match="unknown layer 'conv9'"):
        look_at(run, image, "conv9")
    with pytest.raises(DataError, match="no such file"):
        look_at(run, tmp_path / "gone.png")


def test_colours_are_black_at_zero_and_differ_by_sign() -> None:
    black, orange, blue = drawings.coloured(np.array([0.0, 0.4, -0.4]))
    assert black.max() < 30
    assert orange[0] > orange[2] and blue[2] > blue[0]
    assert drawings.coloured(np.array([5.0])).min() > 200


def test_a_large_layer_shows_its_strongest_maps(run: Run, image: Path) -> None:
    found = look_at(run, image)
    maps = np.zeros((MOST_MAPS + 1, 2, 2), np.float32)
    maps[1:] = 1
    found.maps["features.0"] = maps
    html = compose(found, "x")
    assert f"the {MOST_MAPS} maps with the largest numbers" in html
    assert drawings.sheet(maps[1:]) in html


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_browser_shows_it(run: Run, image: Path, tmp_path: Path, width: int, dark: bool) -> None:
    page = tmp_path / "look.html"
    page.write_text(compose(look_at(run, image), image.name), encoding="utf-8")
    window: Browser
    with browser() as window:
        window.open(page, width, dark=dark).check()
