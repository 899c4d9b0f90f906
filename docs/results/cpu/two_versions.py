"""Train in two checkouts in turns: does a change alter the speed, or a byte, of one process?

    TINYALEX_DATA=FOLDER python docs/results/cpu/two_versions.py BEFORE AFTER [--pairs 5]

BEFORE and AFTER are folders of checkouts, the data folder holds CIFAR-10. Each run is a process of
its own that trains whole epochs by `tinyalex train`, on two threads; the first pair compiles and is
not counted. A figure is images per second in training, or the run's seconds, test error included.
The weights and the momentum that every run leaves must have the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

RUNS = {
    "tiny": "--epochs 10",
    "cifar-80sec": "--data cifar10@2000 --model cifar-80sec --epochs 3",
    "cifar-80sec, numpy": "--data cifar10@2000 --model cifar-80sec --epochs 1 --backend numpy",
    "alexnet": "--data pictures --model alexnet --epochs 1 --batch-size 32",
}


def pictures(folder: Path) -> None:
    """Two classes of 80 images of noise: four steps of AlexNet, and a test batch."""
    rng = np.random.default_rng(0)
    for i in range(160):
        path = folder / "pictures" / str(i % 2) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (256, 256, 3), np.uint8)).save(path)


def train(checkout: Path, words: str, folder: Path) -> tuple[float, float, str]:
    """Images per second, seconds, and a hash of the arrays in the checkpoint."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, "-m", "tinyalex", "train", *words.split(), "--threads", "2"]
        command += ["--seed", "0", "--out", f"{out}/run", "--json", "--quiet"]
        environment = os.environ | {"PYTHONPATH": str(checkout.resolve())}
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE
        )
        summary = json.loads(done.stdout)
        arrays = load_file(f"{out}/run/checkpoint.safetensors")
    digest = sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + arrays[name].tobytes())
    return summary["images_per_second"], summary["wall_seconds"], digest.hexdigest()[:16]


def quartiles(numbers: list[float]) -> str:
    low, median, high = np.quantile(numbers, (0.25, 0.5, 0.75))
    return f"{median:.3f} ({low:.3f}-{high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkouts", nargs=2, type=Path, metavar="BEFORE AFTER")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures(Path(folder))
        for name, words in RUNS.items():
            print(f"== {name}: tinyalex train {words} --threads 2 --seed 0", flush=True)
            turns = []
            for pair in range(options.pairs + 1):
                turn = [train(each, words, Path(folder)) for each in options.checkouts]
                for which, (rate, seconds, digest) in zip(("before", "after"), turn, strict=True):
                    text = f"{which:6} {rate:10,.1f} images/s {seconds:8.2f} s  {digest}"
                    print(f"{text}{'' if pair else '  (not counted)'}", flush=True)
                turns.append(turn)
            counted = turns[1:]
            rates = [after[0] / before[0] for before, after in counted]
            seconds = [after[1] / before[1] for before, after in counted]
            same = len({digest for turn in turns for *_, digest in turn}) == 1
            print(f"after/before: images/s {quartiles(rates)}, seconds {quartiles(seconds)}")
            print(f"bytes: {'the same' if same else 'DIFFERENT'}\n", flush=True)


if __name__ == "__main__":
    main()
