"""The report's pictures, as PNG in memory."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from tinyalex.outside import drawn
from tinyalex.report.figure import as_png, new_figure, tidy
from tinyalex.report.page.facts import Facts, Host

COLOURS = ("#1f77b4", "#d9480f", "#2b8a3e", "#7048e8", "#c2255c", "#0b7285", "#5c940d", "#495057")
DPI = 110
MOST_CELLS = 20  # with at most this many classes the confusion matrix shows numbers
MOST_CLASSES = 1000  # at most this many are drawn: memory grows with the square
LONGEST_NAME = 22  # letters of a name in a chart
LEAST_SIDE = 72  # pixels; a smaller image is enlarged by a whole factor


def as_uri(png: bytes) -> str:
    """A PNG file as a data URI, to embed in the page."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def curves(runs: Sequence[Facts]) -> bytes:
    """Loss and error of all runs by epoch: training dashed, test solid."""
    figure = new_figure(9, 3.8, DPI)
    axes = figure.subplots(1, 2)
    for facts, colour in zip(runs, _colours(len(runs)), strict=True):
        x = [e["epoch"] for e in facts.epochs]
        for axis, key, factor in ((axes[0], "loss", 1.0), (axes[1], "error", 100.0)):
            for part, style in (("train", "--"), ("test", "-")):
                y = [factor * e[f"{part}_{key}"] for e in facts.epochs]
                label = f"{facts.name}, {part}" if len(runs) > 1 else part
                mark = "o" if len(x) < 3 else ""
                axis.plot(x, y, style, color=colour, label=label, marker=mark)
    for axis, label in zip(axes, ("loss (nats)", "error (%)"), strict=True):
        axis.set_xlabel("epoch")
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        tidy(axis)
    _legend(axes[1], fontsize=8, framealpha=1, edgecolor="none")
    return _png(figure)


def drawn_classes(facts: Facts) -> list[int]:
    """The classes of the confusion matrix: all, or those of the most frequent mistakes."""
    K = len(facts.run.classes)
    if K <= MOST_CLASSES:
        return list(range(K))
    confused = dict.fromkeys(c for right, guess, _ in facts.mistakes for c in (right, guess))
    return sorted([*confused, *(c for c in range(MOST_CELLS) if c not in confused)][:MOST_CELLS])


def matrix(facts: Facts, chosen: Sequence[int]) -> bytes:
    """Confusion matrix: rows are true classes, columns predicted ones, in percent of the row."""
    classes = [_short(facts.run.classes[c]) for c in chosen]
    K = len(classes)
    place = np.full(len(facts.run.classes), -1)
    place[chosen] = np.arange(K)
    rows, columns = place[facts.labels], place[facts.guesses]
    share = np.zeros((K, K))
    both = (rows >= 0) & (columns >= 0)
    np.add.at(share, (rows[both], columns[both]), 1)
    share *= 100 / np.maximum(np.bincount(rows[rows >= 0], minlength=K), 1)[:, None]
    side = min(9.0, 2.2 + 0.45 * K)
    figure = new_figure(side + 0.6, side, DPI)
    axis = figure.subplots()
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=100)
    figure.colorbar(image, ax=axis, fraction=0.045, label="% of the class")
    if K <= MOST_CELLS:
        axis.set_xticks(range(K), classes, rotation=60, ha="right", fontsize=8)
        axis.set_yticks(range(K), classes, fontsize=8)
        for i, j in np.argwhere(share >= 0.5):
            colour = "white" if share[i, j] > 60 else "black"
            number = f"{share[i, j]:.0f}"
            axis.text(j, i, number, ha="center", va="center", fontsize=7, color=colour)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class")
    return _png(figure)


def updates(facts: Facts) -> bytes:
    """|dw| / |w| of every weight by epoch."""
    figure = new_figure(7.5, 3.8, DPI)
    axis = figure.subplots()
    names = [n for n in facts.weights[-1]["parameters"] if n.endswith("weight")]
    for name, colour in zip(names, _colours(len(names)), strict=True):
        points = [(w["epoch"], w["parameters"][name]["ratio"]) for w in facts.weights]
        kept = [(epoch, ratio) for epoch, ratio in points if ratio]
        if kept:
            x, y = zip(*kept, strict=True)
            axis.plot(x, y, color=colour, marker="o" if len(x) < 3 else "", label=name)
    axis.set_yscale("log")
    axis.set_xlabel("epoch")
    axis.set_ylabel("|dw| / |w| of one step")
    tidy(axis)
    _legend(axis, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return _png(figure)


def answers(p: Host, classes: Sequence[str], label: int) -> bytes:
    """Bars of an image's five most probable classes, the true one in red (paper, figure 4)."""
    top = np.argsort(-p, kind="stable")[:5]
    figure = new_figure(2.3, 1.25, DPI)
    axis = figure.subplots()
    axis.barh(range(len(top)), p[top], color=["#d9480f" if c == label else "#74c0fc" for c in top])
    for i, c in enumerate(top):
        axis.text(0.02, i, _short(classes[c]), va="center", fontsize=8)
    axis.set_xlim(0, 1)
    axis.invert_yaxis()
    axis.set_axis_off()
    return _png(figure)


def thumbnail(image: Host) -> bytes:
    """An image uint8 (H, W, C) as PNG, enlarged by a whole factor or reduced."""
    pixels = image[..., 0] if image.shape[2] == 1 else image
    picture = Image.fromarray(pixels)
    side = min(picture.size)
    if side < LEAST_SIDE:
        zoom = -(-LEAST_SIDE // side)
        picture = picture.resize(
            (picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST
        )
    elif side > 2 * LEAST_SIDE:
        picture.thumbnail((2 * LEAST_SIDE, 2 * LEAST_SIDE))
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _colours(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _legend(axis: Any, **options: Any) -> None:
    """A legend of all lines; Matplotlib's own leaves out names that begin with ``_``."""
    names = [line.get_label() for line in axis.lines]
    legend = axis.legend(axis.lines, list(map(str, range(len(names)))), **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(drawn(name))


def _short(name: str) -> str:
    return drawn(name[:LONGEST_NAME])


def _png(figure: Any) -> bytes:
    # A palette is a quarter of the size, and the report's charts have few colours.
    picture = Image.open(io.BytesIO(as_png(figure))).convert("RGB")
    picture = picture.quantize(128, dither=Image.Dither.NONE)
    small = io.BytesIO()
    picture.save(small, "PNG", optimize=True)
    return small.getvalue()
