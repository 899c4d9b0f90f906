"""A report with odd names, numbers and class counts."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.names import HOSTILE, check_shown
from tinyalex.report.chart import Line, key, line_chart
from tinyalex.report.figure import as_png, new_figure
from tinyalex.report.page import compose, drawings, sections
from tinyalex.report.page.facts import Facts
from tinyalex.report.page.findings import findings
from tinyalex.report.pictures import curves, filters


def of(facts: Facts, names: list[str], images: int) -> Facts:
    """Facts of these classes; every second prediction is wrong."""
    classes = len(names)
    labels = np.random.default_rng(0).integers(0, classes, images)
    p = np.full((images, classes), 1e-6, np.float32)
    guesses = np.where(np.arange(images) % 2, labels, (labels + 1) % classes)
    p[np.arange(images), guesses] = 0.9
    run = replace(facts.run, classes=names)
    return replace(facts, run=run, p=p, labels=labels, features=facts.features[:images])


def numbered(count: int) -> list[str]:
    return [f"class {i}" for i in range(count)]


@pytest.mark.slow
def test_ten_thousand_classes_are_reported_in_memory_of_the_images(
    facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = of(facts, numbered(10_000), 100)
    drawn: list[Sequence[int]] = []
    monkeypatch.setattr(drawings, "matrix", lambda _, chosen: drawn.append(chosen) or "")
    tracemalloc.start()
    text = sections.confusions(many) + " ".join(findings(many))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6 and len(drawn[0]) == drawings.MOST_CELLS
    assert "20 of 10,000 classes: those of the most frequent mistakes" in text
    assert "Most frequent mistake: “class" in text and "Hardest class" in text


@pytest.mark.slow
def test_the_matrix_of_many_classes_shows_those_that_are_confused_most(facts: Facts) -> None:
    many = of(facts, numbered(2000), 300)
    chosen = drawings.drawn_classes(many)
    assert len(set(chosen)) == drawings.MOST_CELLS and chosen == sorted(chosen)
    right, guess, _ = many.mistakes[0]
    assert right in chosen and guess in chosen
    drawings.matrix(many, chosen)
    few = of(facts, numbered(2000), 2)
    assert len(set(drawings.drawn_classes(few))) == drawings.MOST_CELLS
    assert drawings.drawn_classes(of(facts, numbered(30), 9)) == list(range(30))


def test_every_picture_draws_any_name(facts: Facts, tmp_path: Path) -> None:
    names = [*HOSTILE.values(), "x" * 500]
    title = HOSTILE["half of it"] + "$" + HOSTILE["bytes"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_shown(drawings.matrix(of(facts, names, 50), range(len(names))))
        for some in (names[:5], names[5:10], names[10:15], names[15:]):
            check_shown(drawings.answers(np.arange(len(some)) / 10, some, 0))
        filters(np.zeros((2, 1, 3, 3)), tmp_path / "filters.png", HOSTILE["half of it"] + "$")
        curves(facts.run.folder / "metrics.jsonl", tmp_path / "curves.png", title)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_chart_and_its_key_show_any_name(kind: str) -> None:
    name = HOSTILE[kind]
    line = Line(name, [0, 1], [0, 1])
    check_shown(line_chart([line], name, name, name, best=(0, 0, name)) + key([line], name))


def test_letters_that_the_font_lacks_are_no_warning() -> None:
    figure = new_figure(2, 1, 100)
    figure.text(0.5, 0.5, "\u732b \U0001f431")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_png(figure)


def test_no_field_of_a_runs_files_becomes_markup(facts: Facts) -> None:
    name = "".join(HOSTILE[kind] for kind in ("html", "attribute", "terminal", "bytes"))
    of_others = dict.fromkeys(("epochs", "backend", "command"), name)
    html = compose([replace(facts, summary={**facts.summary, **of_others})], photographs=False)
    check_shown(html)
    assert "<script" not in html and "<b>" not in html and "onload='" not in html
    assert html.count("&lt;script&gt;") >= 3
