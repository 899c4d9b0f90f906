"""The official archives of ILSVRC2012, read where they lie: nothing is unpacked."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

from tinyalex.data.kinds import is_junk
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
_HOW = f"{TRAIN}, {VAL} and {KIT}.tar.gz in one folder"


def official(folder: Path, synsets: Path | None, labels: Path | None) -> Source:
    """Find the pictures of the official archives.

    Parameters
    ----------
    folder : Path
        Where the archives lie.
    synsets, labels : Path, optional
        Lists to take in place of the development kit's.

    Raises
    ------
    DataError
        An archive or a list is missing, damaged, or of another year; a class is missing or there
        twice; the validation pictures are not those of the list.
    """
    if not (folder / VAL).is_file():
        raise DataError(f"{folder / VAL}: no such file", _HOW)
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
    """The classes, the validation pictures' labels, and the list of these if no kit says them."""
    kit = _kit(folder)
    if kit is None and synsets is None:
        listed = [folder / name for name in ("synset_words.txt", "synsets.txt")]
        synsets = next((path for path in listed if path.is_file()), None)
    if kit is not None:
        classes = classes_of_kit(kit["meta.mat"], f"{folder / KIT}: meta.mat")
        if synsets is not None and classes_of_list(synsets).synsets != classes.synsets:
            raise DataError(f"{synsets}: other synsets than the development kit's", _HOW)
    elif synsets is not None:
        classes = classes_of_list(synsets)
    else:
        others = sorted(path.name for path in folder.glob("*devkit*"))
        found = f" (found {others[0]}, of another year or name)" if others else ""
        raise DataError(
            f"{folder}: neither {KIT}.tar.gz nor a list of synsets{found}",
            f"{_HOW}; or --synsets FILE and --val-labels FILE",
        )
    beside = next((p for p in (folder / "val.txt", folder / _TRUTH) if p.is_file()), None)
    if labels is not None:
        return classes, val_labels(labels, classes), labels
    if kit is None:
        if beside is None:
            raise DataError(
                f"{folder}: the validation pictures' labels are missing",
                f"{KIT}.tar.gz, Caffe's val.txt, or --val-labels FILE",
            )
        return classes, val_labels(beside, classes), beside
    truth = val_labels(Path(_TRUTH), classes, kit[_TRUTH])
    if beside is not None:
        compare(truth, val_labels(beside, classes), str(beside))
    return classes, truth, None


def _kit(folder: Path) -> dict[str, bytes] | None:
    """Read the two files that matter of the development kit, packed or unpacked."""
    wanted = ("meta.mat", _TRUTH)
    found: dict[str, bytes] = {}
    archives = [folder / f"{KIT}{suffix}" for suffix in (".tar.gz", ".tgz", ".tar")]
    packed = next((path for path in archives if path.is_file()), None)
    if packed is not None:
        content = _unpacked(packed)
        with BytesIO(content) as file:
            for member in members(file, str(packed)):
                path = PurePosixPath(member.name)
                if path.name in wanted and path.parent.name == "data" and not member.refused:
                    found[path.name] = content[member.offset : member.offset + member.size]
    elif (folder / KIT / "data").is_dir():
        for name in wanted:
            path_of = folder / KIT / "data" / name
            if path_of.is_file() and path_of.stat().st_size <= _MOST_KIT:
                found[name] = path_of.read_bytes()
    else:
        return None
    for name in wanted:
        if name not in found:
            raise DataError(f"{folder / KIT}: data/{name} is missing", "download it again")
    return found


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
    """Find the pictures of an archive that holds an archive for each class."""
    items, seen = Items(), set()
    items.files.append(str(path))
    place = {synset: label for label, synset in enumerate(classes.synsets)}
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
            if synset not in place:
                raise DataError(
                    f"{path}: the class {synset} is not one of the {len(place):,} in the list of"
                    " classes",
                    "archives and development kit of the same year (2012)",
                )
            seen.add(synset)
            before = len(items)
            names = set()
            where = f"{path}: {inner.name}"
            for picture in members(file, where, inner.offset, inner.offset + inner.size):
                if is_junk(picture.name):
                    continue
                reason = picture.refused or _misplaced(picture.name, synset)
                if picture.name in names:
                    reason = "a second picture of that name"
                names.add(picture.name)
                full = f"{synset}/{picture.name}"
                if reason:
                    rejected.append(Rejection("train", synset, full, reason))
                else:
                    items.add(picture.offset, picture.size, place[synset], full)
            if len(items) == before:
                raise DataError(f"{where}: no picture of this class", "fetch the archive anew")
    missing = [synset for synset in classes.synsets if synset not in seen]
    if missing:
        listing = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise DataError(
            f"{path}: {len(missing):,} of {len(place):,} classes are missing ({listing})",
            "the archive is not whole, or of another year; fetch it anew",
        )
    return items


def _misplaced(name: str, synset: str) -> str:
    """Say if a picture's own name tells of another class."""
    match = re.match(r"(n[0-9]{8})_", PurePosixPath(name).name)
    if match and match[1] != synset:
        return f"named as a picture of {match[1]}, lies in {synset}"
    return ""


def _val(path: Path, truth: dict[str, int], rejected: list[Rejection]) -> Items:
    """Find the validation pictures, and give each the label that the list has for its name."""
    items, seen = Items(), set()
    items.files.append(str(path))
    with open_archive(path) as file:
        for picture in members(file, str(path)):
            name = PurePosixPath(picture.name).name
            if is_junk(picture.name):
                continue
            if picture.refused:
                rejected.append(Rejection("val", "", picture.name, picture.refused))
                continue
            if name in seen:
                rejected.append(Rejection("val", "", name, "a second picture of that name"))
                continue
            if name not in truth:
                raise DataError(
                    f"{path}: {name} has no label: the list has {len(truth):,} labels",
                    "pictures and labels of the same year (2012)",
                )
            seen.add(name)
            items.add(picture.offset, picture.size, truth[name], name)
    if len(seen) != len(truth):
        lost = next(name for name in truth if name not in seen)
        raise DataError(
            f"{path}: {len(seen):,} pictures for {len(truth):,} labels ({lost} is missing)",
            "pictures and labels of the same year (2012), both whole",
        )
    return items
