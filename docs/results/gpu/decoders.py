"""Compare JPEG decoders on packed pictures made of noise: pixels, and images a second.

Whole images are read as `Split.images` does: 32 in a piece, a thread a core.

python docs/results/gpu/decoders.py turbo nvimgcodec
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tinyalex import data

PICTURES, TIMES = 300, 5  # of each of two classes; the best of so many passes counts


def make(folder: Path) -> None:
    """Pictures of soft blots with a little grain, 300 x 280."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for i in range(PICTURES):
            blots = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
            soft = np.asarray(blots.resize((300, 280), Image.Resampling.BICUBIC)).astype(int)
            pixels = (soft + rng.integers(-12, 13, soft.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.jpg", quality=92)


def main(names: list[str]) -> None:
    """Pack the pictures as JPEG of 256 x 256, then read 256 of them in one piece."""
    with tempfile.TemporaryDirectory() as temporary:
        pictures, packed = Path(temporary) / "pictures", Path(temporary) / "packed"
        make(pictures)
        command = [sys.executable, "-m", "tinyalex", "data", "prepare", str(pictures), str(packed)]
        subprocess.run([*command, "--format", "jpeg", "-q"], stdout=subprocess.DEVNULL, check=True)
        rows = np.arange(256)
        seen = {}
        for name in names:
            split = data.load(packed, jpeg_decoder=name).train
            seen[name] = split.images(rows)  # also warms up
            seconds = []
            for _ in range(TIMES):
                start = time.perf_counter()
                split.images(rows)
                seconds.append(time.perf_counter() - start)
            print(f"{name:<10} {len(rows) / min(seconds):6.0f} images/s")
        for name in names[1:]:
            apart = np.abs(seen[name].astype(int) - seen[names[0]])
            print(
                f"{name} against {names[0]}: at most {apart.max()}, {apart.mean():.5f} on average"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
