"""The HTML report: what it says is true, and a browser opens it without an error."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import Browser, browser
from tinyalex import training
from tinyalex.data.dataset import array_split
from tinyalex.errors import ConfigError, RunError
from tinyalex.layers import ReLU, Tanh
from tinyalex.report import report
from tinyalex.report.augmented import Augmented
from tinyalex.report.page import compose, sections
from tinyalex.report.page.facts import Counter, Facts, gather
from tinyalex.report.page.findings import agreement, calibration, findings, nearest
from tinyalex.training.setup import assemble


class Reader(HTMLParser):
    """Collects what a browser would."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "img":
            self.images.append(found)
        elif tag not in ("meta", "link", "input"):
            self.open.append(tag)
        self.targets += [str(found[k]) for k in ("src", "href") if k in found]
        self.ids += [str(found["id"])] if "id" in found else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.text += text
        self.words += [text.strip()] if text.strip() else []


def test_everything_is_in_the_page_and_every_picture_says_what_it_shows(facts: Facts) -> None:
    page = Reader(compose([facts]))
    assert page.open == []  # every tag is closed, in order
    assert len(page.images) > 20 and all(image.get("alt") for image in page.images)
    for image in page.images:
        kind, _, code = str(image["src"]).partition(",")
        assert kind == "data:image/png;base64"
        Image.open(io.BytesIO(base64.b64decode(code))).verify()
    inside = [target for target in page.targets if not target.startswith("data:")]
    assert all(target.startswith("#") and target[1:] in page.ids for target in inside)
    assert len(page.ids) == len(set(page.ids))


def test_names_from_outside_are_text_not_markup(facts: Facts) -> None:
    html = compose([facts])
    assert "<first>" not in html and "&lt;first&gt; &amp; only" in html


def test_the_error_is_the_runs_own(facts: Facts, folder: Path) -> None:
    error = training.read_summary(folder)["top1_error"]
    assert facts.wrong.mean() == pytest.approx(error)
    assert f"{100 * error:.2f} %" in Reader(compose([facts])).text


def test_the_features_are_what_the_last_layer_gets(facts: Facts) -> None:
    """The last layer's weights turn them into the logits."""
    weights = facts.run.model.state_dict()
    names = [name for name in weights if name.startswith("classifier")][-2:]
    w, b = (weights[n] for n in sorted(names, reverse=True))
    logits = facts.features @ w.T + b
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(p / p.sum(axis=1, keepdims=True), facts.p, atol=1e-5)
    assert "forward" not in vars(list(facts.run.model.named_layers())[1][1])  # watched no longer


def test_dead_units_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {a.name: a.dead for a in gather(folder, "numpy", 1).activity}
    run = training.load_run(folder, "numpy", 1)
    state = dict(run.model.state_dict())
    bias = state["classifier.0.bias"].copy()
    bias[:] = 1e6
    bias[:5] = -1e6
    run.model.load_state_dict({**state, "classifier.0.bias": bias})
    monkeypatch.setattr(training, "load_run", lambda *_: run)
    after = {a.name: a for a in gather(folder).activity}
    assert (after["classifier.1"].dead, after["classifier.1"].units) == (5, 128)
    assert after["classifier.1"].active == pytest.approx(123 / 128)
    assert after["features.1"].dead == before["features.1"]


def test_a_unit_that_fires_once_is_alive() -> None:
    for kind, on, off in ((ReLU(), 1.0, 0.0), (Tanh(), 0.1, -0.99)):
        counter = Counter("act", kind)
        counter.add(np.array([[on, off], [off, off]]))
        counter.add(np.full((2, 2), off))
        found = counter.done()
        assert found is not None and (found.units, found.dead) == (2, 1)
        assert found.active == pytest.approx(1 / 8)


def made_up(p: list[list[float]], labels: list[int], facts: Facts) -> Facts:
    return replace(
        facts,
        p=np.array(p, np.float32),
        labels=np.array(labels),
        features=np.arange(len(labels), dtype=np.float32)[:, None],
        all_images=len(labels),
    )


def test_findings_describe_the_predictions(facts: Facts) -> None:
    """Three 2s, two of them predicted as 1, once with 95 %; all others are right."""
    K = 10
    rows, labels = [], []
    for label, guess, sure in [(2, 1, 0.95), (2, 1, 0.6), (2, 2, 0.8), (0, 0, 0.9), (1, 1, 0.9)]:
        row = [(1 - sure) / (K - 1)] * K
        row[guess] = sure
        rows.append(row)
        labels.append(label)
    found = made_up(rows, labels, facts)
    text = " ".join(findings(found))
    assert "“2” predicted as “1” in 2 of 3 images (67%); the reverse in 0" in text
    assert "Hardest class: “2” (66.7% wrong)" in text
    assert "Mean confidence 83.0%, accuracy 60.0%: overconfident" in text
    assert "Mistakes with a confidence of at least 90%: 1 of 2" in text
    sure, right = calibration(found)
    assert (sure, right) == (pytest.approx(0.83), pytest.approx(0.6))


def test_the_nearest_are_others_in_order_of_distance() -> None:
    vectors = np.array([[0.0], [5.0], [1.0], [2.5]])
    assert nearest(vectors, 0, 3).tolist() == [2, 3, 1]
    labels = np.array([0, 1, 0, 1])
    assert agreement(vectors, labels, np.array([0, 1])) == 1.0
    assert agreement(vectors, labels, np.array([3])) == 0.0


@pytest.mark.slow
def test_photographs_can_be_left_out(facts: Facts) -> None:
    with_them, without = (Reader(compose([facts], photographs=p)) for p in (True, False))
    photographs = [i for i in with_them.images if i.get("class") == "photo"]
    assert len(photographs) > 20
    assert not [i for i in without.images if i.get("class") == "photo"]
    assert "left-out" in without.ids and "left-out" not in with_them.ids


@pytest.mark.slow
def test_several_runs_stand_side_by_side(facts: Facts) -> None:
    html = compose([facts, facts])
    assert Reader(html).text.count("60,106") >= 2 and "</code> and 1 more: test error" in html


def test_what_cannot_be_reported_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run is named"):
        report([], tmp_path / "x.html")
    with pytest.raises(ConfigError, match="named twice"):
        report([folder, folder], tmp_path / "x.html")
    with pytest.raises(RunError, match="not the folder of a run"):
        report([tmp_path], tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_opens_it_and_nothing_is_white_in_the_dark(
    facts: Facts, tmp_path: Path, window: Browser, width: int
) -> None:
    page = tmp_path / "report.html"
    page.write_text(compose([facts]), encoding="utf-8")
    for dark in (False, True):
        window.open(page, width=width, dark=dark).check()
        window.picture(tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as picture:
            bright = np.asarray(picture.convert("L")) > 240
        # What is white in the dark are images of digits and filters.
        assert bright.mean() < 0.1 if dark else bright.mean() > 0.5
        small = "return [...document.querySelectorAll('svg text')].filter(x => "
        small += "x.getBoundingClientRect().height < 10).length"
        assert window.run(small) == 0


@pytest.mark.slow
def test_the_film_plays_and_can_be_stopped_by_keys(
    facts: Facts, tmp_path: Path, window: Browser
) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = tmp_path / "report.html"
    page.write_text(compose([facts]), encoding="utf-8")
    window.open(page)
    frames = facts.film
    assert frames is not None
    names = "return [...document.querySelectorAll('.reel figcaption')].map(x => x.textContent)"
    assert (
        window.run(names)
        == ["before training", "epoch 1", "epoch 2"]
        == [
            "before training",
            *(f"epoch {e}" for e in frames.epochs[1:]),
        ]
    )
    top = "return document.querySelector('.reel').getBoundingClientRect().top"
    places = "const a = document.querySelector('.reel').getAnimations(); return a.length"
    assert window.run(places) == 1
    window.run("document.querySelector('.film input').focus()")
    ActionChains(window.driver).send_keys(Keys.SPACE).perform()
    assert window.run(places) == 0
    ActionChains(window.driver).send_keys(Keys.TAB).perform()
    assert window.run("return document.activeElement.className") == "window"
    before = window.run(top)
    ActionChains(window.driver).send_keys(Keys.END).perform()
    scrolled = "return document.querySelector('.window').scrollTop > 20"
    for _ in range(100):
        if window.run(scrolled):
            break
        ActionChains(window.driver).pause(0.05).perform()
    assert window.run(top) < before - 20


COMMITTED = sorted((Path(__file__).resolve().parents[3] / "docs" / "results").rglob("*.html"))


@pytest.mark.parametrize("page", COMMITTED, ids=lambda page: page.stem)
def test_a_browser_opens_the_reports_in_docs_results(page: Path, window: Browser) -> None:
    html = page.read_text(encoding="utf-8")
    assert len(html) < 3_000_000 and "<script" not in html
    assert 'id="left-out"' in html  # the images of the data set
    window.open(page, width=390).check()


def test_classes_have_their_precision_and_recall(facts: Facts) -> None:
    """Two 0s, one of them predicted as 1; one 1 that is right; nothing of class 2."""
    rows = np.eye(10, dtype=np.float32)[[0, 1, 1]]
    found = made_up(rows.tolist(), [0, 0, 1], facts)
    text = " ".join(Reader(sections.classes(found)).words)
    assert "0 2 100.0 % 50.0 % 1 1 50.0 % 100.0 % 2 0 - -" in text


def test_of_many_classes_those_with_the_lowest_recall_are_shown(facts: Facts) -> None:
    K = sections.MOST_ROWS + 5
    run = replace(facts.run, classes=[f"class {i}" for i in range(K)])
    labels = np.arange(K)
    guesses = np.where(labels == 17, 3, labels)
    p = np.eye(K, dtype=np.float32)[guesses]
    words = Reader(sections.classes(replace(facts, run=run, p=p, labels=labels))).words
    assert words[words.index("recall") + 1] == "class 17"
    assert len([w for w in words if w.startswith("class ")]) == sections.MOST_ROWS


def test_the_best_epoch_is_the_first_with_the_lowest_test_error(facts: Facts) -> None:
    line = facts.epochs[0]
    errors = [0.5, 0.1, 0.3, 0.1]
    epochs = [{**line, "epoch": i, "test_error": e} for i, e in enumerate(errors, 1)]
    html = compose([replace(facts, epochs=epochs)], photographs=False)
    assert "10.00 % (epoch 2)" in html and "best: 10.00 %, epoch 2" in html


def test_the_batch_is_what_the_training_saw(facts: Facts) -> None:
    """The images of the training's own loader, with the mean and the scale taken back."""
    parts = assemble(facts.run.config, facts.run.statistics)
    x, _ = next(parts.loader.epoch(1))
    parts.loader.close()
    prepared, images = (
        facts.run.preprocessing,
        Augmented(facts.run.config, facts.run.statistics, facts.train).images(1),
    )
    mean = 0 if prepared.mean is None else prepared.mean
    pixels = x[: len(images)] / np.reshape(prepared.scale, (-1, 1, 1)) + mean
    np.testing.assert_allclose(images.transpose(0, 3, 1, 2), pixels, atol=0.51)


@pytest.mark.slow
def test_a_page_of_colour_images_stays_small(facts: Facts) -> None:
    """As many images of CIFAR-10's size as there are here."""
    rng = np.random.default_rng(0)
    n = len(facts.labels)
    images = rng.integers(0, 255, (n, 32, 32, 3), dtype=np.uint8)
    noise = replace(facts, test=array_split(images, facts.labels, len(facts.run.classes), "noise"))
    assert len(compose([noise])) < 3_000_000
