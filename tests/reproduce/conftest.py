"""A lab with small coloured images; a training takes a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinyalex.reproduce import Lab, Store


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 32 x 32 pixels: a faint colour under noise."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for split, count in (("train", 16), ("val", 12)):
        for c in range(3):
            place = folder / split / f"class{c}"
            place.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 200, (32, 32, 3), dtype=np.uint8)
                pixels[..., c] += 40
                Image.fromarray(pixels).save(place / f"{i}.png")
    return folder


@pytest.fixture
def lab(tmp_path: Path, pictures: Path) -> Lab:
    said: list[str] = []
    store = Store(tmp_path / "runs", backend="numpy", threads=1)
    return Lab(store, "laptop", (0, 1), str(pictures), 1, said.append)
