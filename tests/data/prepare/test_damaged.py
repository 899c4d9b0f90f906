"""Randomly damaged images, archives and packed data sets: no crash, no hang, no silent loss.

``python -m tests.campaign hostile`` does the same with thousands of cases.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.data.prepare.damage import hunt


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("seed", range(4))
def test_damage_ends_with_an_error_a_rejection_or_an_image(tmp_path: Path, seed: int) -> None:
    outcomes: Counter[str] = Counter()
    for found, _ in hunt(tmp_path, 50, seed):
        outcomes += found
    assert sum(outcomes.values()) >= 50
    # Each kind and both endings must occur, or the test would prove little.
    assert {"picture: taken", "picture: rejected, with reason", "archive: refused"} <= set(outcomes)
