"""What `tinyalex explore` writes into its page, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.browser import Browser
from tests.report.explore.nets import network_of, outputs
from tinyalex import models
from tinyalex.errors import ConfigError
from tinyalex.layers import Flatten, Layer, Linear, Sequential
from tinyalex.report import explore
from tinyalex.report.explore.network import SETTINGS, Numbers, steps_of
from tinyalex.report.explore.page import SCRIPTS, compose
from tinyalex.training import Run

PACKAGE = "tinyalex.report.explore"
KINDS = [k for k in vars(__import__("tinyalex.layers").layers).values() if isinstance(k, type)]


@pytest.mark.parametrize("name", [n for n in models.names() if not n.startswith("alexnet-small")])
def test_every_network_of_the_package_has_its_steps(name: str) -> None:
    model = models.build(name, init=models.ZEROS)
    numbers = Numbers()
    numbers.add = lambda array: [0, array.size]  # type: ignore[method-assign]
    steps = steps_of(model, model.input_shape, numbers)
    named = [layer_name for layer_name, _ in model.named_layers()]
    assert [s["name"] for s in steps if s["name"] in named] == named
    assert steps[-1]["out"] == [model.num_classes]
    for step in steps[1:]:
        sources = [steps[i]["out"] for i in step["from"]]
        assert step["kind"] == "Joined" or sources == [step["in"]]


def test_every_kind_of_layer_has_a_function() -> None:
    leaves = {
        kind for kind in KINDS if issubclass(kind, Layer) and kind.forward is not Layer.forward
    }
    containers = {kind for kind in leaves if kind.__name__ in ("Sequential", "Towers")}
    assert leaves - containers == set(SETTINGS)
    script = resources.files(PACKAGE).joinpath("layers.js").read_text(encoding="utf-8")
    table = script.split("const LAYERS = {")[1].split("};")[0]
    wanted = {kind.__name__ for kind in SETTINGS} | {"Half", "Joined", "Softmax"}
    assert set(re.findall(r"(\w+):", table)) == wanted


def test_a_kind_that_the_page_does_not_know_is_refused() -> None:
    class Cube(Layer):
        def forward(self, x: Any) -> Any:
            return x**3

    with pytest.raises(ConfigError, match="no function for a layer of kind Cube"):
        steps_of(Sequential([Cube()]), (1, 2, 2), Numbers())


def test_the_weights_are_the_runs(run: Run, page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    code = re.search(r'id="weights">([^<]*)<', html)
    text = re.search(r'id="network">([^<]*)<', html)
    assert code and text
    numbers = np.frombuffer(base64.b64decode(code[1]), "<f4")
    network = json.loads(text[1])
    state = run.model.state_dict()
    for step in network["layers"]:
        for key, (start, count) in step.get("arrays", {}).items():
            wanted = state[f"{step['name']}.{key}"].reshape(-1)
            np.testing.assert_array_equal(numbers[start : start + count], wanted)
    assert [sample["name"] for sample in network["samples"]] == [str(i) for i in range(10)]


def test_only_the_pages_own_script_may_run(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    policy = re.search(r'Policy" content="([^"]*)"', html)
    assert policy and policy[1].startswith("default-src 'none';") and "unsafe" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert "http://" not in html and "https://" not in html and "src=" not in html


def test_a_large_network_is_refused_with_advice(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"0\.24 MB of weights.* 0\.2 MB\n.*max_mb=10"):
        explore(run, tmp_path / "x.html", max_mb=0.2)
    with pytest.raises(ConfigError, match="max_mb must be above 0"):
        explore(run, tmp_path / "x.html", max_mb=float("nan"))
    assert not list(tmp_path.iterdir())


def test_images_can_be_left_out_and_may_be_gone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = explore(run, tmp_path / "a.html").read_text(encoding="utf-8")
    shared = explore(run, tmp_path / "b.html", photographs=False).read_text(encoding="utf-8")
    assert '"samples": [{' in kept and '"samples": []' in shared
    told: list[str] = []
    monkeypatch.setattr("tinyalex.notice.warn", told.append)
    gone = SimpleNamespace(**vars(run.config) | {"data": str(tmp_path / "gone")})
    moved = Run(run.folder, gone, run.model, run.statistics, run.classes, run.backend)  # type: ignore[arg-type]
    assert '"samples": []' in explore(moved, tmp_path / "c.html").read_text(encoding="utf-8")
    assert len(told) == 1 and told[0].startswith("the page has no test images: ")


def test_names_from_outside_are_text(window: Browser, tmp_path: Path) -> None:
    names = ["</script><b>bold</b>", "a & <i>b</i>"]
    page = tmp_path / "hostile.html"
    model = Sequential([Flatten(), Linear(1, len(names))]).eval()
    network, weights = network_of(model, (1, 1, 1), names)
    page.write_text(compose("<h2>title</h2>", network, weights), encoding="utf-8")
    window.open(page).check()
    items = window.driver.find_elements("css selector", "#answers .name")
    assert [item.get_attribute("textContent") for item in items] == names
    assert window.run("return document.querySelectorAll('b b, i, h2 h2').length") == 0
    assert window.driver.title == "<h2>title</h2>"


def test_reference_outputs_are_the_networks_own() -> None:
    """The tests' own reference ends in the softmax of what forward gives."""
    model = Sequential([Flatten(), Linear(4, 2)]).eval()
    x = np.ones((1, 1, 2, 2), np.float32)
    e = np.exp(model.forward(x)[0])
    np.testing.assert_allclose(outputs(model, x)["probabilities"], e / e.sum(), rtol=1e-6)


def test_the_files_are_in_the_package() -> None:
    inside = {file.name for file in resources.files(PACKAGE).iterdir()}
    assert {*SCRIPTS, "page.html", "style.css"} <= inside
