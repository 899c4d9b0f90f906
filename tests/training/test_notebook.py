"""The bar and the curves in a notebook, and the run's table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tinyalex import training
from tinyalex.runs.curves import curves
from tinyalex.training.notebook import NotebookProgress, in_notebook

CELLS = """
import numpy as np
from tinyalex.layers import Flatten, Linear, Sequential
from tinyalex.training import Trainer
images = np.zeros((20, 4, 4, 1), np.uint8)
images[::2] = 255
net = Sequential(Flatten(), Linear(16, 2))
trainer = Trainer(net, (images, np.arange(20) % 2), backend="numpy")
history = trainer.fit(epochs=2)
---
net
"""


@pytest.mark.slow
def test_fit_shows_a_bar_and_curves_in_a_real_notebook(tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(text.strip()) for text in CELLS.split("---")]
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": "."}}).execute()
    first, second = book.cells
    assert [output["output_type"] for output in first.outputs] == ["display_data"]  # no text lines
    html = first.outputs[0]["data"]["text/html"]
    assert "value='2.000' max='2'" in html and "epoch 2 of 2" in html and "<polyline" in html
    assert "<table" in second.outputs[0]["data"]["text/html"]


def test_the_progress_follows_steps_epochs_and_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []

    class Shown:
        update = staticmethod(pages.append)

    class Module:
        HTML = staticmethod(str)

        @staticmethod
        def display(page: str, display_id: bool) -> type[Shown]:
            pages.append(page)
            return Shown

    monkeypatch.setattr("importlib.import_module", lambda name: Module)
    progress = NotebookProgress()
    progress.start({"epochs": 4, "steps_per_epoch": 10, "epoch": 1, "history": []})
    progress.step({"epoch": 2, "step": 5, "loss": 1.0, "error": 0.5, "seconds": 3.0})
    record = {"epoch": 2, "train_loss": 1.0, "train_error": 0.5, "seconds": 6.0}
    progress.epoch(record)
    progress.warning("<b>odd</b>")
    bars = [re.search(r"value='([\d.]+)'", page) for page in pages]
    assert [bar and float(bar[1]) for bar in bars] == [1, 1.5, 2, 2]
    assert "epoch 2 of 4, loss 1.000, error 50.00 %, 3 s" in pages[1]
    assert "&lt;b&gt;odd" in pages[3] and "<b>" not in pages[3]


def test_no_notebook_is_found_in_a_program() -> None:
    assert not in_notebook()


def test_the_curves_go_through_the_errors() -> None:
    epochs = [{"epoch": e, "train_error": e / 8, "test_error": 0.5} for e in (4, 2, 0)]
    svg = curves(epochs)
    lines = re.findall(r'<polyline points="([^"]+)"', svg)
    heights = [[float(pair.split(",")[1]) for pair in line.split()] for line in lines]
    assert heights[0] == [12.0, 82.0, 152.0] and heights[1] == [12.0] * 3  # 0.5 is the top
    assert "training 0.0 %" in svg and "test 50.0 %" in svg and "50 %</text>" in svg
    assert curves([]) == "" and curves(epochs[:1]).count("<polyline") == 2
    near = re.findall(r'y="([\d.]+)"[^>]*>(?:training|test) ', curves([epochs[0]]))
    assert abs(float(near[0]) - float(near[1])) >= 14  # the labels do not cover each other


def test_a_run_shows_its_facts_and_its_curves(config: Any) -> None:
    run = config("<i>run", epochs=2)
    training.train(run)
    html = training.load_run(run.out)._repr_html_()
    assert "2 of 2" in html and "<polyline" in html and "<i>" not in html and "&lt;i&gt;" in html
    (run.out / "metrics.jsonl").unlink()
    assert "<polyline" not in training.load_run(run.out)._repr_html_()
