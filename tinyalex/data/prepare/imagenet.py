"""The official archives of ILSVRC2012 as a source: read in place, nothing is unpacked."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

from tinyalex.data.file_types import is_junk
from tinyalex.data.prepare.labels import (
    SYNSET,
    Classes,
    classes_of_kit,
    classes_of_list,
    compare,
    val_labels,
)
from tinyalex.data.prepare.source import Items, Rejection, Source
from tinyalex.data.prepare.tar import members, open_archive
from tinyalex.errors import DataError

TRAIN, VAL = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
KIT = "ILSVRC2012_devkit_t12"
_TRUTH = "ILSVRC2012_validation_ground_truth.txt"
_MOST_KIT = 256 << 20  # bytes that a development kit may unpack to; the real one has 4 MB
_FILES = f"put {TRAIN}, {VAL} and {KIT}.tar.gz into one folder"


def imagenet(folder: Path, synsets: Path | None, labels: Path | None) -> Source:
    """Find the images of the official archives.

    Parameters
    ----------
    folder : Path
        Folder of the archives.
    synsets, labels : Path, optional
        Lists to use instead of the development kit's.

    Raises
    ------
    DataError
        An archive or a list is missing, damaged, or of another year; a class is missing or there
        twice; the validation images are not those of the list.
    """
    if not (folder / VAL).is_file():
        raise DataError(f"{folder / VAL}: no such file", _FILES)
    classes, truth, listed = _labels(folder, synsets, labels)
    source = Source("official archives", classes.synsets, classes.words, listed=listed)
    source.splits = {
        "train": _train(folder / TRAIN, classes, source.rejected),
        "val": _val(folder / VAL, truth, source.rejected),
    }
    return source


def _labels(
    folder: Path, synsets: Path | None, labels: Path | None
) -> tuple[Classes, dict[str, int], Path | None]:
    """The classes, the validation images' labels, and the list that gave them (None: the kit)."""
    kit = _kit(folder)
    if kit is None and synsets is None:
        lists = [folder / name for name in ("synset_words.txt", "synsets.txt")]
        synsets = next((path for path in lists if path.is_file()), None)
    if kit is not None:
        classes = classes_of_kit(kit["meta.mat"], f"{folder / KIT}: meta.mat")
        if synsets is not None and classes_of_list(synsets).synsets != classes.synsets:
            raise DataError(f"{synsets}: other synsets than the development kit's", _FILES)
    elif synsets is not None:
        classes = classes_of_list(synsets)
    else:
        others = sorted(path.name for path in folder.glob("*devkit*"))
        found = f" (found {others[0]}, of another year or name)" if others else ""
        raise DataError(
            f"{folder}: neither {KIT}.tar.gz nor a list of synsets{found}",
            f"{_FILES}; or --synsets FILE and --val-labels FILE",
        )
    if labels is not None:
        return classes, val_labels(labels, classes), labels
    text = next((p for p in (folder / "val.txt", folder / _TRUTH) if p.is_file()), None)
    if kit is not None:
        truth = val_labels(Path(_TRUTH), classes, kit[_TRUTH])
        if text is not None:
            compare(truth, val_labels(text, classes), str(text))
        return classes, truth, None
    if text is not None:
        return classes, val_labels(text, classes), text
    raise DataError(
        f"{folder}: the validation images' labels are missing",
        f"{KIT}.tar.gz, Caffe's val.txt, or --val-labels FILE",
    )


def _kit(folder: Path) -> dict[str, bytes] | None:
    """Read the two files that we need from the development kit, packed or unpacked."""
    wanted = ("meta.mat", _TRUTH)
    contents: dict[str, bytes] = {}
    archives = [folder / f"{KIT}{suffix}" for suffix in (".tar.gz", ".tgz", ".tar")]
    packed = next((path for path in archives if path.is_file()), None)
    if packed is not None:
        tar = _unpacked(packed)
        for member in members(BytesIO(tar), str(packed)):
            path = PurePosixPath(member.name)
            if path.name in wanted and path.parent.name == "data" and not member.refused:
                contents[path.name] = tar[member.offset : member.offset + member.size]
    elif (folder / KIT / "data").is_dir():
        for name in wanted:
            file = folder / KIT / "data" / name
            if file.is_file() and file.stat().st_size <= _MOST_KIT:
                contents[name] = file.read_bytes()
    else:
        return None
    for name in wanted:
        if name not in contents:
            raise DataError(f"{folder / KIT}: data/{name} is missing", "download it again")
    return contents


def _unpacked(packed: Path) -> bytes:
    """The development kit's tar archive; browsers may have unpacked the .gz already."""
    try:
        with packed.open("rb") as file:
            content = file.read(_MOST_KIT)
        if not content.startswith(b"\x1f\x8b"):
            return content
        unpack = zlib.decompressobj(wbits=31)
        content = unpack.decompress(content, _MOST_KIT)
    except (OSError, zlib.error) as error:
        raise DataError(f"{packed}: cannot be unpacked ({error})", "download it again") from error
    if not unpack.eof:
        raise DataError(f"{packed}: cut off, or unpacks to too much", "download it again")
    return content


def _train(path: Path, classes: Classes, rejected: list[Rejection]) -> Items:
    """Find the training images: an archive that holds one archive per class."""
    items, seen = Items(), set()
    items.files.append(str(path))
    label_of = {synset: label for label, synset in enumerate(classes.synsets)}
    with open_archive(path) as file:
        for inner in members(file, str(path)):
            name = PurePosixPath(inner.name)
            if is_junk(inner.name):
                continue
            if inner.refused or name.suffix != ".tar" or not SYNSET.fullmatch(name.stem):
                reason = inner.refused or "not an archive of a class (nSYNSET.tar)"
                rejected.append(Rejection("train", "", inner.name, reason))
                continue
            synset = name.stem
            if synset in seen:
                raise DataError(f"{path}: two archives of the class {synset}", "download it again")
            if synset not in label_of:
                raise DataError(
                    f"{path}: the class {synset} is not one of the {len(label_of):,} in the list"
                    " of classes",
                    "archives and development kit of the same year (2012)",
                )
            seen.add(synset)
            before, names = len(items), set()
            where = f"{path}: {inner.name}"
            for image in members(file, where, inner.offset, inner.offset + inner.size):
                if is_junk(image.name):
                    continue
                # "n01440764_10026.JPEG" in n01443537.tar is an image of another class.
                own = re.match(r"(n[0-9]{8})_", PurePosixPath(image.name).name)
                reason = image.refused
                if image.name in names:
                    reason = "a second image of that name"
                elif not reason and own and own[1] != synset:
                    reason = f"named as an image of {own[1]}, but in {synset}"
                names.add(image.name)
                full = f"{synset}/{image.name}"
                if reason:
                    rejected.append(Rejection("train", synset, full, reason))
                else:
                    items.add(image.offset, image.size, label_of[synset], full)
            if len(items) == before:
                raise DataError(f"{where}: no image of this class", "download the archive again")
    missing = [synset for synset in classes.synsets if synset not in seen]
    if missing:
        listing = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise DataError(
            f"{path}: {len(missing):,} of {len(label_of):,} classes are missing ({listing}); it is"
            " not complete, or of another year",
            "download the archive again",
        )
    return items


def _val(path: Path, truth: dict[str, int], rejected: list[Rejection]) -> Items:
    """Find the validation images, each with its name's label in ``truth``."""
    items, seen = Items(), set()
    items.files.append(str(path))
    with open_archive(path) as file:
        for image in members(file, str(path)):
            name = PurePosixPath(image.name).name
            if is_junk(image.name):
                continue
            if image.refused:
                rejected.append(Rejection("val", "", image.name, image.refused))
                continue
            if name in seen:
                rejected.append(Rejection("val", "", name, "a second image of that name"))
                continue
            if name not in truth:
                raise DataError(
                    f"{path}: {name} has no label: the list has {len(truth):,} labels",
                    "images and labels of the same year (2012)",
                )
            seen.add(name)
            items.add(image.offset, image.size, truth[name], name)
    if len(seen) != len(truth):
        lost = next(name for name in truth if name not in seen)
        raise DataError(
            f"{path}: {len(seen):,} images for {len(truth):,} labels ({lost} is missing)",
            "complete images and labels of the same year (2012)",
        )
    return items
