"""The report's charts and pictures, as HTML that is light or dark with the page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tinyalex.outside import as_html
from tinyalex.report.chart import Line, key, line_chart
from tinyalex.report.page.facts import Facts, Host
from tinyalex.report.pictures import learning_rate_drops
from tinyalex.report.sheet import as_uri, filters_sheet
from tinyalex.runs.film import Film

MOST_CELLS = 20  # with at most this many classes the confusion matrix shows numbers
MOST_CLASSES = 1000  # at most this many are drawn: memory grows with the square
LONGEST_NAME = 22  # letters of a name in a chart
LEAST_SIDE = 72  # pixels; a smaller image is enlarged by a whole factor
MOST_FRAMES = 40  # of a film
FILM_BYTES = 600_000  # of a film, about: a larger one has fewer frames
SECONDS_PER_FRAME = 0.4

_BLUE = (51, 154, 240)  # of a large confusion matrix; seen on white and on black


def curves(runs: Sequence[Facts]) -> str:
    """Loss and error of all runs by epoch: training dashed, test solid."""
    first = runs[0]
    drops, best = learning_rate_drops(first.epochs), first.best
    error = 100 * best["test_error"]
    ring = (best["epoch"], error, f"best: {error:.2f} %, epoch {best['epoch']}")
    loss, errors = _lines(runs, "loss", 1.0), _lines(runs, "error", 100.0)
    charts = line_chart(loss, "epoch", "loss (nats)", "Loss by epoch", marks=drops) + line_chart(
        errors, "epoch", "error (%)", "Error by epoch", marks=drops, best=ring
    )
    return f'<div class="charts">{charts}</div>' + key(
        errors, "learning rate drops" if drops else ""
    )


def _lines(runs: Sequence[Facts], name: str, factor: float) -> list[Line]:
    lines = []
    for i, facts in enumerate(runs):
        x = [e["epoch"] for e in facts.epochs]
        for j, (part, title) in enumerate((("train", "training"), ("test", "test"))):
            y = [factor * e[f"{part}_{name}"] for e in facts.epochs]
            whose = f"{facts.name}, {title}" if len(runs) > 1 else title
            lines.append(Line(whose, x, y, i if len(runs) > 1 else j, dashed=part == "train"))
    return lines


def drawn_classes(facts: Facts) -> list[int]:
    """The classes of the confusion matrix: all, or those of the most frequent mistakes."""
    K = len(facts.run.classes)
    if K <= MOST_CLASSES:
        return list(range(K))
    confused = dict.fromkeys(c for right, guess, _ in facts.mistakes for c in (right, guess))
    return sorted([*confused, *(c for c in range(MOST_CELLS) if c not in confused)][:MOST_CELLS])


def matrix(facts: Facts, chosen: Sequence[int]) -> str:
    """Confusion matrix: rows are true classes, columns predicted ones, in percent of the row."""
    K = len(chosen)
    place = np.full(len(facts.run.classes), -1)
    place[chosen] = np.arange(K)
    rows, columns = place[facts.labels], place[facts.guesses]
    share = np.zeros((K, K))
    both = (rows >= 0) & (columns >= 0)
    np.add.at(share, (rows[both], columns[both]), 1)
    share *= 100 / np.maximum(np.bincount(rows[rows >= 0], minlength=K), 1)[:, None]
    if K > MOST_CELLS:
        return _matrix_picture(share)
    names = [short(facts.run.classes[c]) for c in chosen]
    head = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    lines = []
    for name, row in zip(names, share, strict=True):
        cells = "".join(_cell(value) for value in row)
        lines.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">'
        '<table class="matrix"><caption>Rows: true class. Columns: predicted class. In percent '
        f"of the row.</caption><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def updates(facts: Facts) -> str:
    """|dw| / |w| of every weight by epoch."""
    names = [n for n in facts.weights[-1]["parameters"] if n.endswith("weight")]
    lines = []
    for i, name in enumerate(names):
        points = [(w["epoch"], w["parameters"][name]["ratio"] or 0.0) for w in facts.weights]
        x, y = zip(*points, strict=True)
        lines.append(Line(name, x, y, i))
    alt = "Relative change |dw| / |w| of each weight per step, by epoch"
    chart = line_chart(lines, "epoch", "|dw| / |w| of one step", alt, log=True)
    return f'<div class="charts">{chart}</div>{key(lines)}'


def answers(p: Host, classes: Sequence[str], label: int) -> str:
    """Bars of an image's five most probable classes, the true one marked (paper, figure 4)."""
    bars = []
    for c in np.argsort(-p, kind="stable")[:5]:
        right = ' class="right"' if c == label else ""
        bars.append(
            f'<li{right} style="--p:{100 * float(p[c]):.1f}%"><span>{short(classes[c])}</span>'
            f"<span>{p[c]:.0%}</span></li>"
        )
    return f'<ol class="bars">{"".join(bars)}</ol>'


def film(shown: Film) -> str:
    """The first layer's filters, one epoch after the other; moved by CSS, since no script runs."""
    last = filters_sheet(shown.filters[-1], shown.groups)
    most = max(8, min(MOST_FRAMES, FILM_BYTES // len(last)))
    chosen = np.unique(np.linspace(0, len(shown.epochs) - 1, most).round().astype(int))
    frames = "".join(_frame(shown, i) for i in chosen)
    with Image.open(io.BytesIO(last)) as picture:
        width, height = picture.size
    n = len(chosen)
    move = f"animation:film {SECONDS_PER_FRAME * n:.1f}s steps({n}) infinite"
    return (
        '<div class="film"><label><input type="checkbox"> Stop, and scroll through the epochs'
        '</label><div class="window" tabindex="0" role="region" aria-label="Film of the filters" '
        f'style="--w:{width};--h:{height}"><div class="reel" style="--n:{n};{move}">{frames}'
        "</div></div></div>"
    )


def _frame(shown: Film, i: int) -> str:
    uri = as_uri(filters_sheet(shown.filters[i], shown.groups))
    name = f"epoch {shown.epochs[i]}" if shown.epochs[i] else "before training"
    return (
        f'<figure><img class="pixels" src="{uri}" alt="Filters, {name}">'
        f"<figcaption>{name}</figcaption></figure>"
    )


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
    return _png(picture)


def short(name: str) -> str:
    """A name that fits a chart, for HTML."""
    return as_html(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…")


def _cell(percent: float) -> str:
    number = f"{percent:.0f}" if percent >= 0.5 else ""
    return f'<td style="--p:{percent:.0f}%">{number}</td>'


def _matrix_picture(share: Host) -> str:
    """One pixel per pair of classes: the more images, the less clear."""
    pixels = np.full((*share.shape, 4), (*_BLUE, 0), np.uint8)
    # The square root shows the rare mistakes.
    pixels[..., 3] = np.round(255 * np.sqrt(share / 100))
    uri = as_uri(_png(Image.fromarray(pixels)))
    return (
        f'<figure><img class="pixels matrix" src="{uri}" alt="Confusion matrix; the table below '
        'lists its largest entries off the diagonal"><figcaption>Rows: true class. Columns: '
        "predicted class.</figcaption></figure>"
    )


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
