"""Images a second of the loader over packed data, beside plain Pillow and PyTorch's DataLoader.

    python docs/results/loader/measure.py [--images 4000] [--seconds 10] [--turns 5]
    python docs/results/loader/measure.py --raw DST --jpeg DST

Without ``--raw`` and ``--jpeg`` (packed data sets of ``tinyalex data prepare``), it packs synthetic
pictures of 256 x 256 in a temporary folder, once raw and once as JPEG (quality 90). All contestants
get the same JPEG files, lying in memory or in the system's file cache, and all usable cores:

- ``raw``, ``jpeg``: `data.Loader`, random crops of 227 x 227, mirrored at random, colours shifted,
  mean image subtracted: float32 NCHW. Records are read in a random order.
- ``jpeg, no augmentation``: the same crops as uint8, as the loader's workers deliver them.
- ``Pillow``: each JPEG file decoded whole to a NumPy array, nothing else; by threads and by
  processes.
- ``torch``: a DataLoader with a process a core: Pillow, the same crops, mirror, float32, mean
  (no shift of colours); only if torch is installed.

The table gives the median turn, the quartiles, and the share of what Pillow's faster way decodes.
Turns of all contestants alternate. Peak memory is that of this process at the end.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from PIL import __version__ as pillow_version

from tinyalex import backends, data
from tinyalex.check.bench.machine import cpu_name, describe
from tinyalex.data.packed import Layout, ShardWriter, finish
from tinyalex.data.read_ahead import Wanted, read_ahead, usable_cores

SIDE, CROP, BATCH = 256, 227, 128
CLASSES = [f"class {i}" for i in range(10)]
A_SHARD = 1000  # records

files: list[bytes] = []  # what Pillow decodes; processes inherit it


def picture(seed: int) -> Image.Image:
    """Blobs of colour, edges and some noise: as hard for JPEG as a photograph (about 18 kB)."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    image = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(np.int16)
    grain = rng.normal(0, 40, (SIDE, SIDE)).clip(-127, 127) + 128
    fine = Image.fromarray(grain.astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
    top, left = rng.integers(0, SIDE // 2, 2)
    image[top : top + 90, left : left + 70] += int(rng.integers(-90, 90))
    image += (np.asarray(fine).astype(np.int16) - 128)[..., None] * 2
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


def as_jpeg(seed: int) -> bytes:
    stream = io.BytesIO()
    picture(seed).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def pack(folder: Path, images: int) -> tuple[Path, Path]:
    """Make the two packed data sets of the same pictures."""
    with ProcessPoolExecutor(usable_cores()) as pool:
        payloads = list(pool.map(as_jpeg, range(images), chunksize=50))
    for kind in ("raw", "jpeg"):
        layout = Layout(kind, (SIDE, SIDE, 3), CLASSES, None, {"synthetic": images})
        shards = -(-images // A_SHARD)
        for split, numbers in (("train", range(shards)), ("val", range(1))):
            for number in numbers:
                with ShardWriter(folder / kind, split, number, layout, split == "train") as shard:
                    first = number * A_SHARD
                    last = images if split == "train" else 20
                    for i in range(first, min(first + A_SHARD, last)):
                        pixels = np.asarray(Image.open(io.BytesIO(payloads[i])))
                        payload = pixels.tobytes() if kind == "raw" else payloads[i]
                        shard.add(payload, i % len(CLASSES), f"{i}.jpg", pixels)
        finish(folder / kind, layout, {"train": shards, "val": 1})
    return folder / "raw", folder / "jpeg"


def for_seconds(batches: Iterator[int], seconds: float) -> float:
    """Images a second: take batches for a while, from the first one's end on."""
    next(batches)
    began, images = time.perf_counter(), 0
    for n in batches:
        images += n
        if (taken := time.perf_counter() - began) >= seconds:
            return images / taken
    raise AssertionError("endless batches ended")


def ours(dataset: data.Dataset, workers: int, seconds: float) -> float:
    """Read and augment."""
    found = dataset.statistics or data.statistics(dataset.train, limit=1000)
    loader = data.Loader(
        dataset.train,
        backends.get("numba", workers),
        BATCH,
        crop=CROP,
        mirror=True,
        mean=found.mean("image"),
        colour=found.colour("std"),
        workers=workers,
    )

    def batches() -> Iterator[int]:
        for epoch in range(10**9):
            for x, _ in loader.epoch(epoch):
                yield len(x)

    try:
        return for_seconds(batches(), seconds)
    finally:
        loader.close()


def only_read(dataset: data.Dataset, workers: int, seconds: float) -> float:
    """Crops as the loader's workers deliver them."""
    rng = np.random.default_rng(0)

    def wanted() -> Iterator[Wanted]:
        while True:
            order = rng.permutation(len(dataset.train))
            for first in range(0, len(order) - BATCH + 1, BATCH):
                corners = rng.integers(0, SIDE - CROP + 1, (2, BATCH))
                yield Wanted(order[first : first + BATCH], *corners, (CROP, CROP))

    batches = read_ahead(dataset.train, wanted(), workers)
    try:
        return for_seconds(map(len, batches), seconds)
    finally:
        batches.close()


def decode_for(seconds: float) -> float:
    """Decode files whole, one after the other, and count."""
    began, done = time.perf_counter(), 0
    while True:
        for payload in files:
            np.asarray(Image.open(io.BytesIO(payload)))
            done += 1
            if (taken := time.perf_counter() - began) >= seconds:
                return done / taken


def pillow(pool: ThreadPoolExecutor | ProcessPoolExecutor, workers: int, seconds: float) -> float:
    """Images a second of all workers together."""
    return sum(pool.map(decode_for, [seconds] * workers))


def torch_loader(mean: np.ndarray, workers: int, seconds: float) -> float:
    """PyTorch's DataLoader on the same files."""
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Files(Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return len(files)

        def __getitem__(self, i: int) -> Any:
            image = Image.open(io.BytesIO(files[i])).convert("RGB")
            top, left, mirror = torch.randint(0, SIDE - CROP + 1, (3,)).tolist()
            image = image.crop((left, top, left + CROP, top + CROP))
            if mirror % 2:
                image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            x = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
            return x.float().sub_(subtracted), i % len(CLASSES)

    subtracted = torch.from_numpy(mean)
    loader = DataLoader(
        Files(),
        BATCH,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        persistent_workers=True,  # not begun anew each epoch
    )

    def batches() -> Iterator[int]:
        while True:
            for x, _ in loader:
                yield len(x)

    return for_seconds(batches(), seconds)


def report(found: dict[str, list[float]], workers: int) -> None:
    best = max(statistics.median(found[name]) for name in found if name.startswith("Pillow"))
    print(f"{'':24}{'images/s':>10}  {'quartiles':>17}{'a core':>9}{'of Pillow':>11}")
    for name, rates in found.items():
        middle = statistics.median(rates)
        low, _, high = statistics.quantiles(rates, n=4) if len(rates) > 1 else (middle,) * 3
        span = f"{low:,.0f} to {high:,.0f}"
        print(
            f"{name:24}{middle:>10,.0f}  {span:>17}{middle / workers:>9,.0f}{middle / best:>10.0%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raw", type=Path, help="packed data set of kind raw")
    parser.add_argument("--jpeg", type=Path, help="packed data set of kind jpeg")
    parser.add_argument("--images", type=int, default=4000, help="synthetic pictures")
    parser.add_argument("--seconds", type=float, default=10, help="of a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--workers", type=int, default=usable_cores())
    asked = parser.parse_args()
    workers, seconds = asked.workers, asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        raw, jpeg = asked.raw, asked.jpeg
        if raw is None or jpeg is None:
            made = pack(Path(folder), asked.images)
            raw, jpeg = raw or made[0], jpeg or made[1]
        packed = {"raw": data.load(raw), "jpeg": data.load(jpeg)}
        take_files(jpeg)
        # Processes are made before there are threads.
        processes = ProcessPoolExecutor(workers, multiprocessing.get_context("fork"))
        list(processes.map(decode_for, [0.01] * workers))
        threads = ThreadPoolExecutor(workers)
        mean = data.statistics(packed["jpeg"].train, CROP, limit=500).mean_image
        ways: dict[str, Callable[[], float]] = {
            "raw": lambda: ours(packed["raw"], workers, seconds),
            "raw, no augmentation": lambda: only_read(packed["raw"], workers, seconds),
            "jpeg": lambda: ours(packed["jpeg"], workers, seconds),
            "jpeg, no augmentation": lambda: only_read(packed["jpeg"], workers, seconds),
            "Pillow, processes": lambda: pillow(processes, workers, seconds),
            "Pillow, threads": lambda: pillow(threads, workers, seconds),
        }
        try:
            import torch

            ways["torch DataLoader"] = lambda: torch_loader(mean, workers, seconds)
            print(f"torch {torch.__version__}")
        except ImportError:
            print("torch is not installed")
        machine = describe(workers, " ".join(["python", *sys.argv]))
        about = packed["jpeg"].train
        print(f"{cpu_name()}, {machine['usable_cores']} usable cores, {machine['system']}")
        print(f"{machine['versions']}, pillow {pillow_version}, {machine['date']}")
        size = sum(map(len, files)) / len(files)
        print(f"{len(about):,} images, JPEG files of {size:,.0f} bytes, batches of {BATCH}")
        print(f"{workers} workers, {asked.turns} turns of {seconds:g} s: {machine['command']}\n")
        found: dict[str, list[float]] = {name: [] for name in ways}
        ours(packed["raw"], workers, 0.1)  # compiles
        for _ in range(asked.turns):
            for name, way in ways.items():
                found[name].append(way())
        report(found, workers)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kB on Linux
        print(f"\npeak memory of this process, mapped files among it: {peak:,.0f} MiB")
        processes.shutdown()
        threads.shutdown()


def take_files(folder: Path) -> None:
    """Put the JPEG files of a packed data set into memory, 4000 at most."""
    entries = np.load(folder / "train.records.npy", allow_pickle=False)[:4000]
    for number in np.unique(entries["shard"]).tolist():
        with (folder / f"train-{number:05d}.rec").open("rb") as file:
            for entry in entries[entries["shard"] == number]:
                file.seek(int(entry["offset"]))
                files.append(file.read(int(entry["size"])))


if __name__ == "__main__":
    main()
