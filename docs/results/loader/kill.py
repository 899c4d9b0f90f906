"""Kill a reader of packed data with SIGKILL at random, resume it, and compare the streams.

    python docs/results/loader/kill.py [--kills 20] [--seed 0]

A process takes batches from `data.Loader` and writes the SHA-256 of each (pixels after augmentation
and labels) on a line of a file. It is killed at a random moment, begun again at the batch after
its last whole line, with another number of workers each time, killed again, ... and at last left
to end. The lines must be those of a process that was never disturbed. Both kinds of records, both
ways to shuffle.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tinyalex import backends, data
from tinyalex.data.packed import Layout, ShardWriter, finish

IMAGES, SIDE, CROP, BATCH, EPOCHS = 600, 64, 56, 16, 20
WORKERS = (1, 2, 3, 8)


def pack(folder: Path, kind: str) -> None:
    """A packed data set of random pictures in ten shards."""
    rng = np.random.default_rng(0)
    layout = Layout(kind, (SIDE, SIDE, 3), ["a", "b"], None, {})
    for split, shards in (("train", 10), ("val", 1)):
        for number in range(shards):
            with ShardWriter(folder, split, number, layout, split == "train") as shard:
                for i in range(IMAGES // 10):
                    coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                    image = Image.fromarray(coarse).resize((SIDE, SIDE))
                    stream = io.BytesIO()
                    image.save(stream, "JPEG")
                    pixels = np.asarray(Image.open(stream) if kind == "jpeg" else image)
                    payload = stream.getvalue() if kind == "jpeg" else pixels.tobytes()
                    shard.add(payload, i % 2, f"{number}-{i}.jpg", pixels)
    finish(folder, layout, {"train": 10, "val": 1})


def consume(folder: Path, log: Path, shuffle: str, workers: int) -> None:
    """Go on where the file ends; a line that the kill cut in half is written again."""
    text = log.read_text() if log.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    log.write_text(whole)
    dataset = data.load(folder)
    assert dataset.statistics is not None
    loader = data.Loader(
        dataset.train,
        backends.get("numpy", threads=1),
        BATCH,
        seed=3,
        crop=CROP,
        mirror=True,
        mean=dataset.statistics.mean("image"),
        colour=dataset.statistics.colour("std"),
        shuffle=shuffle,
        workers=workers,
    )
    position = whole.count("\n")
    with log.open("a") as out:
        for epoch in range(position // len(loader), EPOCHS):
            for x, labels in loader.epoch(epoch, start_batch=position % len(loader)):
                digest = hashlib.sha256(x.tobytes() + labels.tobytes()).hexdigest()
                out.write(f"{position} {digest}\n")
                out.flush()
                position += 1


def start(folder: Path, log: Path, shuffle: str, workers: int) -> subprocess.Popen[bytes]:
    words = [folder, log, shuffle, workers]
    return subprocess.Popen([sys.executable, __file__, "--consume", *map(str, words)])


def lines(log: Path) -> int:
    """Batches that a file tells of."""
    return log.read_bytes().count(b"\n") if log.exists() else 0


def one_case(root: Path, kind: str, shuffle: str, kills: int) -> bool:
    """Whether the stream of a process that was killed is that of one that was not."""
    folder, whole, killed = (root / f"{kind}-{shuffle}-{part}" for part in ("dst", "whole", "kill"))
    pack(folder, kind)
    began = time.perf_counter()
    assert start(folder, whole, shuffle, 2).wait() == 0
    seconds = time.perf_counter() - began
    batches = lines(whole)
    places = [0]
    for kill in range(kills):
        process = start(folder, killed, shuffle, WORKERS[kill % len(WORKERS)])
        goal = places[-1] + random.uniform(0, 0.8 * batches / kills)
        while lines(killed) < goal and process.poll() is None:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.01))
        assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        places.append(lines(killed))
    assert start(folder, killed, shuffle, 2).wait() == 0
    wanted, found = whole.read_bytes(), killed.read_bytes()
    print(f"{kind}, shuffle {shuffle}: {batches} batches in {seconds:.1f} s undisturbed;")
    print(f"  {kills} kills after batch {' '.join(map(str, places[1:]))}")
    print(f"  {'the same stream' if found == wanted else 'ANOTHER STREAM'}", flush=True)
    print(f"  SHA-256 of the lines {hashlib.sha256(found).hexdigest()}", flush=True)
    return found == wanted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20, help="of each kind and shuffle")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--consume", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.consume:
        folder, log, shuffle, workers = asked.consume
        return consume(Path(folder), Path(log), shuffle, int(workers))
    random.seed(asked.seed)
    with tempfile.TemporaryDirectory() as root:
        good = [
            one_case(Path(root), kind, shuffle, asked.kills)
            for kind in ("raw", "jpeg")
            for shuffle in ("full", "shard")
        ]
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
