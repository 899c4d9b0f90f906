"""The errors of a training, epoch by epoch, as a small drawing for notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 460, 180  # pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 108, 12, 28
_LINES = (("train_error", "training", "#d17b0f", "5 3"), ("test_error", "test", "#3d85c6", "none"))


def curves(epochs: Sequence[Mapping[str, Any]]) -> str:
    """An SVG of the errors in percent; text is in the notebook's own colour, light or dark.

    Parameters
    ----------
    epochs : sequence of dict
        With ``train_error`` and, if it was measured, ``test_error``, from 0 to 1; see
        `read_epochs`.

    Examples
    --------
    >>> svg = curves([{"epoch": 1, "train_error": 0.5}, {"epoch": 2, "train_error": 0.25}])
    >>> "training 25.0 %" in svg
    True
    """
    if not epochs:
        return ""
    drawn = [line for line in _LINES if all(line[0] in record for record in epochs)]
    top = max(0.01, *(record[key] for record in epochs for key, *_ in drawn))
    labels, right = [], WIDTH - _RIGHT
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        'style="display:block;max-width:100%;height:auto" fill="none" '
        'font-family="sans-serif" font-size="12">',
        f"<title>Errors of {len(epochs)} epochs</title>",
        f'<path d="M{_LEFT} {_TOP}V{HEIGHT - _BOTTOM}H{right}" stroke="currentColor" '
        'opacity="0.5"/>',
        _text(_LEFT - 6, _TOP + 4, f"{100 * top:.0f} %", "end"),
        _text(_LEFT - 6, HEIGHT - _BOTTOM + 4, "0 %", "end"),
        _text(_LEFT, HEIGHT - 8, f"epoch {int(epochs[0]['epoch'])}", "start"),
        _text(right, HEIGHT - 8, f"{int(epochs[-1]['epoch'])}", "end"),
    ]
    for key, name, colour, dashes in drawn:
        points = [
            (_LEFT + (right - _LEFT) * i / max(1, len(epochs) - 1), _height(record[key] / top))
            for i, record in enumerate(epochs)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{path}" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
        x, y = points[-1]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        labels.append((y, f"{name} {100 * epochs[-1][key]:.1f} %"))
    for y, text in _apart(labels):
        parts.append(_text(right + 8, y + 4, text, "start"))
    return "".join([*parts, "</svg>"])


def _height(share: float) -> float:
    """The y of a value; 1 is the top."""
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * share


def _apart(labels: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The labels at heights where one does not cover the other."""
    if len(labels) < 2 or abs(labels[0][0] - labels[1][0]) >= 14:
        return labels
    (high, first), (low, second) = sorted(labels)
    middle = min(max((high + low) / 2, _TOP + 7), HEIGHT - _BOTTOM - 7)
    return [(middle - 7, first), (middle + 7, second)]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="currentColor" text-anchor="{anchor}">{text}</text>'
