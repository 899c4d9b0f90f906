"""Build archives in the official form of ILSVRC2012, from any images."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.data.pictures import encode

SYNSETS = ["n01440764", "n01443537", "n02951585", "n09999999"]
# As in the official kit, the ids are in another order than the synsets.
COLOURS = [(0, 255), (255, 0), (0, 0), (255, 255)]  # green and blue of each
IDS = {"n01440764": 3, "n01443537": 1, "n02951585": 4, "n09999999": 2}


def tar(files: Mapping[str, bytes], format: int = tarfile.GNU_FORMAT) -> bytes:
    """An archive's bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format, errors="surrogateescape") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def tar_with(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    """An archive with one member of any kind."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def meta_mat(ids: Mapping[str, int], field: str = "ILSVRC2012_ID", compress: bool = True) -> bytes:
    """``meta.mat`` as in the official file: one leaf per synset, and a group above them."""
    names = ("WNID", "words", "gloss", "num_children", "children", "wordnet_height")
    dtype = np.dtype([(name, object) for name in (field, *names, "num_train_images")])
    rows = sorted(ids.items(), key=lambda item: item[1])
    table = np.empty((len(rows) + 1, 1), dtype)
    for i, (synset, number) in enumerate(rows):
        words, none = f"word of {synset}, another", np.zeros((1, 0))
        table[i, 0] = (np.uint16(number), synset, words, "a thing", np.uint8(0), none)[:6] + (
            np.uint8(0),
            np.uint16(1300),
        )
    children = np.arange(1, len(rows) + 1, dtype=np.uint16)
    group = (np.uint16(len(rows) + 1), "n00001740", "all", "all things")
    table[-1, 0] = (*group, np.uint16(len(rows)), children, np.uint8(1), np.uint16(0))
    stream = io.BytesIO()
    savemat(stream, {"synsets": table}, do_compression=compress)
    return stream.getvalue()


def kit(ids: Mapping[str, int], truth: list[str], meta: bytes | None = None) -> bytes:
    """The development kit's archive; ``truth`` is the synset of each validation image."""
    lines = "".join(f"{ids[synset]}\n" for synset in truth).encode()
    folder = "ILSVRC2012_devkit_t12"
    files = {
        f"{folder}/readme.txt": b"about the kit",
        f"{folder}/data/meta.mat": meta_mat(ids) if meta is None else meta,
        f"{folder}/data/ILSVRC2012_validation_ground_truth.txt": lines,
    }
    return gzip.compress(tar(files), mtime=0)


def official(
    folder: Path,
    train: Mapping[str, Mapping[str, bytes]],
    val: list[tuple[str, bytes]],
    ids: Mapping[str, int] | None = None,
) -> Path:
    """Write the three archives.

    Parameters
    ----------
    train : images of each synset, by name
    val : synset and bytes of each image, in order
    ids : the development kit's id of each synset; by default in another order than the synsets
    """
    if ids is None:
        ids = {synset: i + 1 for i, synset in enumerate(sorted(train, reverse=True))}
    folder.mkdir(parents=True, exist_ok=True)
    inner = {f"{synset}.tar": tar(files) for synset, files in train.items()}
    (folder / "ILSVRC2012_img_train.tar").write_bytes(tar(inner))
    names = [f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, len(val) + 1)]
    pictures = {name: content for name, (_, content) in zip(names, val, strict=True)}
    (folder / "ILSVRC2012_img_val.tar").write_bytes(tar(pictures))
    (folder / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(kit(ids, [s for s, _ in val]))
    return folder


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    """A JPEG file of nearly one colour; red grows to the right."""
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[:] = colour
    pixels[:, :, 0] = np.linspace(0, 255, size[0]).astype(np.uint8)
    return encode(pixels, "JPEG", quality=95)


def small(folder: Path, each: int = 5, val_each: int = 2, size: tuple[int, int] = (40, 30)) -> Path:
    """Official archives of four classes, each with its own colour."""
    train = {
        synset: {f"{synset}_{i}.JPEG": flat((i % 250, *COLOURS[label]), size) for i in range(each)}
        for label, synset in enumerate(SYNSETS)
    }
    val = [
        (synset, flat((100 + i, *COLOURS[label]), size))
        for i in range(val_each)
        for label, synset in enumerate(SYNSETS)
    ]
    return official(folder, train, val, IDS)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file in a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
