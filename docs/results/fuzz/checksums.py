"""What checksums cost: of a checkpoint of `alexnet`, and of each record of packed raw images.

    python docs/results/fuzz/checksums.py [TIMES] [IMAGES]

Prints medians of TIMES (default 5) rounds, of the clock and of this process' work (CPU seconds);
each round has every way once, in one process, forwards and backwards by turns.
"""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from tinyalex import models
from tinyalex.data.packed import Layout, ShardWriter, finish, read_index
from tinyalex.data.packed.records import Records
from tinyalex.runs import tensors
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

SIDE = 256


def medians(rounds: int, ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """CPU seconds of each way, which other programs disturb less than those of a clock."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    worked: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in list(ways.items())[:: 1 if turn % 2 else -1]:
            began, begun = time.perf_counter(), time.process_time()
            way()
            if turn:  # the first time fills caches
                taken[name].append(time.perf_counter() - began)
                worked[name].append(time.process_time() - begun)
    found = {name: statistics.median(seconds) for name, seconds in worked.items()}
    for name, seconds in taken.items():
        shown = " ".join(f"{s:.2f}" for s in seconds)
        clock = statistics.median(seconds)
        print(f"  {name:26} {clock:6.3f} s, CPU {found[name]:6.3f} s   ({shown})", flush=True)
    return found


def of_checkpoints(folder: Path, rounds: int) -> None:
    """Saving and loading, with and without."""
    model = models.build("alexnet", num_classes=1000)
    weights = {name: np.asarray(array) for name, array in model.state_dict().items()}
    momentum = {name: array * np.float32(0.1) for name, array in weights.items()}
    checkpoint = Checkpoint("alexnet", weights, momentum)
    size = 2 * sum(array.nbytes for array in weights.values())
    print(f"a checkpoint of alexnet, {size / 1e6:.0f} MB")

    def save() -> None:
        save_checkpoint(folder, checkpoint)

    def save_without() -> None:
        with mock.patch.object(tensors, "_digest", lambda _: "0" * 64):
            save_checkpoint(folder, checkpoint)

    def load() -> None:
        load_checkpoint(folder)

    def load_without() -> None:
        with mock.patch.object(tensors, "is_whole", lambda *_: True):
            load_checkpoint(folder)

    for what, without, with_it in (("save", save_without, save), ("load", load_without, load)):
        plain, checked = f"{what} without a checksum", f"{what} with SHA-256"
        found = medians(rounds, {plain: without, checked: with_it})
        more = found[checked] - found[plain]
        print(
            f"  the checksum adds {more:.2f} s to the CPU seconds that it takes to {what}: "
            f"{more / found[plain]:.0%}"
        )
    of_digests(rounds, size)


def of_digests(rounds: int, size: int) -> None:
    """What the standard library has, on as many bytes."""
    content = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).data
    print("digests of as many bytes in memory")
    medians(
        rounds,
        {
            "hashlib.sha256": lambda: hashlib.sha256(content),
            "hashlib.sha1": lambda: hashlib.sha1(content, usedforsecurity=False),
            "hashlib.blake2b": lambda: hashlib.blake2b(content),
            "zlib.crc32": lambda: zlib.crc32(content),
            "zlib.adler32": lambda: zlib.adler32(content),
        },
    )


def of_records(folder: Path, rounds: int, images: int) -> None:
    """One epoch of crops, and of whole reads, as a worker thread makes them."""
    layout = Layout("raw", (SIDE, SIDE, 3), ["a", "b"], None, {})
    rng = np.random.default_rng(0)
    for split, count in (("train", images), ("val", 2)):
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        with ShardWriter(folder, split, 0, layout, split == "train") as writer:
            for i in range(count):
                pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
                writer.add(pixels.tobytes(), i % 2, f"{i}.png", pixels)
    finish(folder, layout, {"train": 1, "val": 1}, [])
    records = Records(folder, "train", read_index(folder))
    order = rng.permutation(images)
    zeros = np.zeros(128, np.int64)
    out = np.empty((128, 227, 227, 3), np.uint8)

    def epoch() -> None:
        for first in range(0, images, 128):
            rows = order[first : first + 128]
            n = len(rows)
            records.cut(rows, zeros[:n], zeros[:n], (227, 227), out[:n])

    def epoch_without() -> None:
        with mock.patch.object(Records, "_check_sum", lambda *_: None):
            epoch()

    print(
        f"an epoch of {images:,} raw records of {SIDE} x {SIDE}, crops of 227, one thread, the "
        "file in the system's cache"
    )
    found = medians(rounds, {"without checksums": epoch_without, "with a CRC of each": epoch})
    ratio = found["with a CRC of each"] / found["without checksums"]
    speed = images / found["with a CRC of each"]
    print(f"  {ratio:.2f} times the CPU seconds: {speed:,.0f} images per second of one thread")


def machine() -> Any:
    """Where it was measured."""
    cpu = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "?"
    )
    return SimpleNamespace(cpu=cpu, sha="sha_ni" in " ".join(_cpuinfo()))


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def main() -> None:
    """Measure both, and say where."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 2048
    where = machine()
    print(
        f"{where.cpu}, {os.cpu_count()} cores, {'with' if where.sha else 'without'} SHA-NI; load "
        f"{os.getloadavg()[0]:.1f} at the start"
    )
    with tempfile.TemporaryDirectory() as folder:
        of_checkpoints(Path(folder), rounds)
    with tempfile.TemporaryDirectory() as folder:
        of_records(Path(folder), rounds, images)
    print(
        f"load {os.getloadavg()[0]:.1f} at the end; Python {platform.python_version()}, NumPy "
        f"{np.__version__}, zlib {zlib.ZLIB_RUNTIME_VERSION}"
    )


if __name__ == "__main__":
    main()
