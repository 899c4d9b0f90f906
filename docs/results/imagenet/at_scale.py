"""Preparing and loading at ImageNet's size: is time linear, is memory flat?

    python docs/results/imagenet/at_scale.py FOLDER [--images 100000] [--format raw]

Makes archives in ILSVRC2012's official form of synthetic JPEG files (1000 classes, as large as
ImageNet's files are on average), runs `tinyalex data prepare` and `tinyalex data verify` on them,
and then reads one whole epoch through the loader, in a random order, with crops, mirrors and
colour. Every second it notes the progress and the memory of all processes; mapped files are not
counted, since the system takes their memory back when it needs it. FOLDER is removed at the end
unless --keep is given.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.data.prepare import archives
from tinyalex import backends, data
from tinyalex.check.bench.machine import describe
from tinyalex.data.read_ahead import usable_cores
from tinyalex.weights.classes import imagenet_classes

CLASSES = 1000
DIFFERENT = 300  # pictures that are really drawn; files differ in a comment as well
PARTS = 10  # of a run, for the table


def pictures() -> list[bytes]:
    """JPEG files of 482 x 418 pixels on average and about 110 kB, as ImageNet's are."""
    made = []
    rng = np.random.default_rng(0)
    for _ in range(DIFFERENT):
        height, width = rng.integers(330, 506), rng.integers(394, 570)
        coarse = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
        smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 60, (height, width, 1)).clip(-127, 127) + 128
        grey = Image.fromarray(grain[:, :, 0].astype(np.uint8))
        fine = np.asarray(grey.filter(ImageFilter.GaussianBlur(0.8)), np.int16)[:, :, None] - 128
        pixels = (np.asarray(smooth, np.int16) + fine).clip(0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=92)
        made.append(file.getvalue())
    return made


def numbered(file: bytes, number: int) -> bytes:
    """The same picture in a file of its own: a JPEG comment after the start marker."""
    text = f"picture {number}".encode()
    return file[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + file[2:]


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Append a member."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def make_archives(folder: Path, train: int, val: int) -> int:
    """Write the three archives; returns their bytes."""
    drawn = pictures()
    known = imagenet_classes()
    synsets = [each.synset for each in known]
    folder.mkdir(parents=True)
    each = train // CLASSES
    with tarfile.open(folder / "ILSVRC2012_img_train.tar", "w") as outer:
        for i, synset in enumerate(synsets):
            inner = {
                f"{synset}_{j}.JPEG": numbered(drawn[(i * each + j) % DIFFERENT], i * each + j)
                for j in range(each)
            }
            add(outer, f"{synset}.tar", archives.tar(inner))
    with tarfile.open(folder / "ILSVRC2012_img_val.tar", "w") as outer:
        for i in range(val):
            name = f"ILSVRC2012_val_{i + 1:08d}.JPEG"
            add(outer, name, numbered(drawn[i % DIFFERENT], train + i))
    ids = {each.synset: each.ilsvrc2012_id for each in known}
    truth = [synsets[i % CLASSES] for i in range(val)]
    (folder / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(archives.kit(ids, truth))
    return sum(path.stat().st_size for path in folder.iterdir())


def memory_mib(root: int) -> float:
    """Private memory (RssAnon) of a process and all below it."""
    parents, anonymous = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue  # has ended
        process = int(fields["Pid"])
        parents[process] = int(fields["PPid"])
        anonymous[process] = int(fields.get("RssAnon", "0 kB").split()[0]) / 1024
    total = 0.0
    for process, held in anonymous.items():
        above = process
        while above > 1 and above != root:
            above = parents.get(above, 0)
        total += held if above == root else 0.0
    return total


class Watch:
    """Notes (seconds, done, MiB) every second in a thread."""

    def __init__(self, process: int, done: object) -> None:
        self.process, self.done = process, done
        self.notes: list[tuple[float, int, float]] = []
        self.started = time.perf_counter()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stop.wait(1.0):
            self.note()

    def note(self) -> None:
        """Note now."""
        now = time.perf_counter() - self.started
        self.notes.append((now, self.done(), memory_mib(self.process)))  # type: ignore[operator]

    def table(self, total: int, what: str) -> None:
        """Print ten rows of about equal numbers of records."""
        self.stop.set()
        self.thread.join()
        print(f"\n{what}\n  {'records':>9}{'seconds':>10}{'records/s':>11}{'MiB':>8}")
        last = (0.0, 0, 0.0)
        for part in range(1, PARTS + 1):
            wanted = total * part / PARTS
            note = next((n for n in self.notes if n[1] >= wanted), self.notes[-1])
            if note[1] == last[1]:
                continue
            rate = (note[1] - last[1]) / (note[0] - last[0])
            most = max(n[2] for n in self.notes if last[0] < n[0] <= note[0])
            print(f"  {note[1]:9,}{note[0]:10.1f}{rate:11,.0f}{most:8,.0f}")
            last = note


def run(command: list[str], done: object, total: int, what: str) -> None:
    """Run a command of tinyalex and watch it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyalex", *command, "--json"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    watch = Watch(process.pid, done)
    out, _ = process.communicate()
    assert process.returncode == 0, out
    watch.notes.append((time.perf_counter() - watch.started, total, watch.notes[-1][2]))
    watch.table(total, f"{what}: tinyalex {' '.join(Path(c).name for c in command)}")


def read_epoch(folder: Path, total: int) -> None:
    """One epoch of training batches, as a training run takes them."""
    dataset = data.load(folder)
    statistics = dataset.statistics
    assert statistics is not None
    loader = data.Loader(
        dataset.train,
        backends.get("numba"),
        128,
        crop=227,
        mirror=True,
        mean=statistics.mean("image"),
        colour=statistics.colour("eigenvalue"),
    )
    seen = 0
    watch = Watch(os.getpid(), lambda: seen)
    for x, labels in loader.epoch(0):
        seen += len(labels)
        assert x.shape[1:] == (3, 227, 227)
    watch.note()
    watch.table(total, "reading an epoch, shuffled: crops, mirrors, colour, float32")


def main() -> None:
    """Make, prepare, verify, read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--format", choices=["raw", "jpeg"], default="raw")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    train, val = args.images // CLASSES * CLASSES, args.images // 100
    print("$ python docs/results/imagenet/at_scale.py FOLDER", *sys.argv[2:])
    started = time.perf_counter()
    size = make_archives(args.folder / "archives", train, val)
    print(
        f"archives: {train:,} + {val:,} pictures, {size / 1e9:.1f} GB, made in "
        f"{time.perf_counter() - started:.0f} s"
    )
    packed = args.folder / "packed"
    record = 196_608 if args.format == "raw" else 0

    def done() -> int:
        files = [p for p in packed.glob("*.rec")] + [p for p in packed.glob(".*.rec.*")]
        return sum(p.stat().st_size for p in files if p.exists()) // (record or 18_000)

    run(
        ["data", "prepare", str(args.folder / "archives"), str(packed), "--format", args.format],
        done,
        train + val,
        "preparing",
    )
    index = json.loads((packed / "index.json").read_text())
    on_disk = sum(p.stat().st_size for p in packed.iterdir() if p.is_file())
    print(f"packed: {on_disk / 1e9:.1f} GB, rejected {index['rejected']}")
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tinyalex", "data", "verify", str(packed), "-q"], check=True
    )
    print(f"verify: {(train + val) / (time.perf_counter() - started):,.0f} records/s")
    read_epoch(packed, train)
    where = describe(usable_cores(), "")
    print("\n" + ", ".join(f"{key} {value}" for key, value in where.items() if value))
    if not args.keep:
        shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
