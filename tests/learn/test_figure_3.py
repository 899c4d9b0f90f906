"""Lesson 15's filters are those of docs/results/figure-3."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tinyalex.learn.places import lessons_folder
from tinyalex.reproduce.towers import colourfulness

LOG = Path(__file__).resolve().parents[2] / "docs" / "results" / "figure-3" / "log.txt"
COLOUR = re.compile(
    r"^seed (\d): .* colour ([\d.]+) in the left tower, ([\d.]+) in the right", re.M
)


def test_the_filters_have_the_colour_that_the_log_says():
    filters = np.load(lessons_folder() / "figure-3.npy")
    assert filters.shape == (3, 32, 3, 7, 7) and filters.dtype == np.float16
    said = COLOUR.findall(LOG.read_text(encoding="utf-8"))
    assert [int(seed) for seed, _, _ in said] == [0, 1, 2]
    for seed, left, right in said:
        colour = colourfulness(filters[int(seed)].astype(np.float64))
        assert abs(colour[:16].mean() - float(left)) < 0.01
        assert abs(colour[16:].mean() - float(right)) < 0.01
