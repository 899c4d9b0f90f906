"""Damage images, archives and packed data sets at random, and check how preparing ends.

A case ends well with a `DataError`, or with a data set that has every image of the source or lists
it as rejected. For a packed data set it ends well if the damage is found.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.data.pictures import encode, noise, write
from tests.data.prepare.archives import flat, small, tar
from tinyalex import data
from tinyalex.data.packed import read_index, verify
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import DataError

SECONDS = 20  # a case that takes longer counts as one that hangs
GROUP = 20  # damaged images that are prepared together

Outcomes = Counter[str]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage some bytes in one of six ways."""
    at, to = sorted(rng.integers(0, len(content) + 1, 2).tolist())
    short = min(to, at + int(rng.integers(1, 600)))
    way = rng.integers(0, 6)
    if way == 0:  # cut off
        return content[:at]
    if way == 1:  # a hole
        return content[:at] + bytes(short - at) + content[short:]
    if way == 2:  # bytes lost
        return content[:at] + content[short:]
    if way == 3:  # bytes twice
        return content[:short] + content[at:]
    changed = bytearray(content)
    if way == 4 and content:  # a run of noise
        changed[at:short] = rng.bytes(short - at)
    for _ in range(int(rng.integers(1, 6)) if content else 0):  # single bytes
        changed[rng.integers(0, len(changed))] = rng.integers(0, 256)
    return bytes(changed)


def pictures() -> list[bytes]:
    """Undamaged images of several kinds."""
    image = Image.fromarray(noise((9, 11, 3))).resize((72, 56), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        encode(image, "JPEG"),
        encode(image, "JPEG", progressive=True),
        encode(image, "JPEG", exif=exif, subsampling=0),
        encode(image.convert("L"), "JPEG"),
        encode(image.convert("CMYK"), "JPEG"),
        encode(image, "PNG"),
        encode(image, "WEBP"),
    ]


def damaged_pictures(folder: Path, rng: np.random.Generator) -> Outcomes:
    """`GROUP` damaged files in class folders, with two undamaged ones per class."""
    whole = pictures()
    for label in ("cats", "dogs"):
        write(folder / "src" / label / "whole.jpg", whole[0])
        write(folder / "src" / label / "whole2.jpg", whole[1])
    for i in range(GROUP):
        content = damaged(whole[int(rng.integers(0, len(whole)))], rng)
        write(folder / "src" / "cats" / f"{i}.jpg", content)
    form = [Form(size=24), Form("jpeg", size=24), Form("jpeg", "keep")][int(rng.integers(0, 3))]
    index = prepare(folder / "src", folder / "dst", form, workers=1, max_bad=GROUP)
    records = sum(part.records for part in index.splits.values())
    rejected = sum(index.rejected.values())
    assert records + rejected == GROUP + 4, "an image is neither packed nor rejected"
    lines = (folder / "dst" / "rejected.tsv").read_text().splitlines()
    assert len(lines) == 1 + rejected and all(line.count("\t") == 3 for line in lines)
    assert verify(folder / "dst", workers=1).bad == 0
    return Outcomes({"picture: taken": records - 4, "picture: rejected, with reason": rejected})


def damaged_archives(folder: Path, rng: np.random.Generator) -> Outcomes:
    """The official archives, one of the three damaged."""
    src = small(folder / "src", each=2, val_each=1)
    name = ["ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz"]
    path = src / name[int(rng.choice(3, p=[0.5, 0.3, 0.2]))]
    path.write_bytes(damaged(path.read_bytes(), rng))
    return Outcomes([f"archive: {_prepared(src, folder / 'dst', 12)}"])


def damaged_shards(folder: Path, rng: np.random.Generator) -> Outcomes:
    """WebDataset shards, one of the two damaged."""
    for part, count in (("train", 6), ("val", 2)):
        files = {}
        for i in range(count):
            files |= {f"{i}.jpg": flat((i, 9, 9)), f"{i}.cls": b"%d" % (i % 2)}
        write(folder / "src" / f"{part}-0.tar", tar(files))
    path = folder / "src" / ["train-0.tar", "val-0.tar"][int(rng.integers(0, 2))]
    path.write_bytes(damaged(path.read_bytes(), rng))
    return Outcomes([f"shard: {_prepared(folder / 'src', folder / 'dst', 8)}"])


def _prepared(src: Path, dst: Path, count: int) -> str:
    try:
        index = prepare(src, dst, Form(size=24), workers=1, max_bad=count)
    except DataError as error:
        assert error.message and not (dst / "index.json").exists()
        return "refused"
    records = sum(part.records for part in index.splits.values())
    rejected = sum(index.rejected.values())
    assert records + rejected >= count, f"{records} taken and {rejected} rejected of {count}"
    return "taken, some rejected" if rejected else "taken"


def damaged_packed(folder: Path, rng: np.random.Generator) -> Outcomes:
    """A packed data set, one of its files damaged."""
    kind = ["raw", "jpeg"][int(rng.integers(0, 2))]
    src = small(folder / "src", each=2, val_each=1)
    dst = folder / "dst"
    index = prepare(src, dst, Form(kind, size=24), workers=1)
    files = sorted(dst.iterdir())
    path = files[int(rng.integers(0, len(files)))]
    before = path.read_bytes()
    after = damaged(before, rng)
    path.write_bytes(after)
    if after == before:
        return Outcomes(["packed: not changed"])
    try:
        found = verify(dst, workers=1).bad > 0
        dataset = data.load(dst)
        for split in (dataset.train, dataset.test):
            split.images(np.arange(len(split)))
    except DataError:
        found = True
    if not found:
        assert path.name == "index.json" and read_index(dst) == index, f"{path.name}: not found"
        return Outcomes(["packed: the same in other words"])
    return Outcomes(["packed: damage found"])


KINDS: tuple[tuple[Callable[[Path, np.random.Generator], Outcomes], int], ...] = (
    (damaged_pictures, GROUP),
    (damaged_archives, 1),
    (damaged_shards, 1),
    (damaged_packed, 1),
)


def hunt(folder: Path, count: int, seed: int) -> Iterator[tuple[Outcomes, float]]:
    """Yield outcomes and seconds of groups of cases: ``count`` cases in all, half of them images.

    Raises, with the seed of the case, after an error other than `DataError`, a loss or a hang.
    """
    done, number = 0, 0
    turns = [KINDS[0], *([kind for kind in KINDS[1:]] * 7)]
    while done < count:
        make, cases = turns[number % len(turns)]
        rng = np.random.default_rng((seed, number))
        place = folder / str(number)
        began = time.monotonic()
        try:
            with _time_limit():
                outcomes = make(place, rng)
        except BaseException as error:
            error.add_note(f"seed ({seed}, {number}): {make.__name__}; files in {place}")
            raise
        yield outcomes, time.monotonic() - began
        shutil.rmtree(place)
        done, number = done + cases, number + 1


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Turn a hang into an error, if the system can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def hangs(*_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
