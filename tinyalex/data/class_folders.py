"""Folders of images with one sub-folder per class: one reader for every command."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tinyalex.data.file_types import say_kinds
from tinyalex.data.find_images import BROKEN, NOT_READ, Aside, Walk
from tinyalex.data.label_lists import Labels, find_list, in_list, read_list
from tinyalex.data.splits import (
    LAYOUT,
    SplitFolders,
    find_splits,
    has_images,
    nfc,
    split_name,
    subfolders,
)
from tinyalex.errors import DataError

_SHOWN = 5  # folders or classes that a message names


class ClassPart(NamedTuple):
    """The image files of one split, and the class number of each."""

    folder: Path
    files: list[Path]
    labels: list[int]


@dataclass
class ClassTree:
    """What a folder of images holds.

    Attributes
    ----------
    classes : list of str
        Names in Unicode form NFC, in the order of the labels: sorted as the folders are spelled.
    train, val : ClassPart or None
        ``val`` is None if no split is held out; ``train`` if there is nothing to train on.
    aside : list of Aside
        Files that are not images.
    notes : list of str
        What else was left out, and what looks odd.
    """

    classes: list[str]
    train: ClassPart | None
    val: ClassPart | None
    aside: list[Aside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def left_out(self) -> str:
        """One line that says what was left out and why; "" if nothing was."""
        broken = sum(each.reason == BROKEN for each in self.aside)
        pieces = [
            say_kinds(each.path for each in self.aside if each.reason == NOT_READ),
            f"{broken:,} broken link{'s' if broken > 1 else ''}" if broken else "",
            *self.notes,
        ]
        return "; ".join(filter(None, pieces))


def read_tree(
    folder: Path,
    known: Collection[str] | None = None,
    run_folder: Path | None = None,
    labels: Labels | None = None,
) -> ClassTree:
    """Find the images of class folders, or of ``train`` and ``val`` with class folders in each.

    Parameters
    ----------
    folder : Path
    known : collection of str, optional
        Classes of a network that is to be evaluated: training images may be missing.
    run_folder : Path, optional
        The folder of a run, which is not a class wherever it is in ``folder``.
    labels : callable, optional
        Called with the classes, gives the label of each held-out image by its name without
        suffix; then the held-out images need no class folders.

    Raises
    ------
    DataError
        There are no class folders, a class has no image, two folders are the same class, or a
        class of the held-out split is not in the training split.
    """
    evaluated = {nfc(name) for name in known or ()}
    splits = find_splits(folder, evaluated, run_folder)
    tree = ClassTree([], None, None)
    if splits.others:
        names = _few([path.name for path in splits.others])
        tree.notes.append(f"{names} (next to {splits.train and splits.train.name})")
    walk = Walk(tree.aside, [path for path in (splits.train, *splits.held_out) if path], run_folder)
    first = splits.train or splits.held_out[0]
    folders = _class_folders(first, run_folder)
    tree.classes = list(folders)
    if splits.train is None:
        tree.val = _find_files(walk, first, tree.classes, folders)
        return tree
    _say_if_parts(tree, folders)
    held_out = _held_out_part(splits, tree, run_folder, labels)
    tree.train = _find_files(walk, first, tree.classes, folders)
    if held_out is not None:
        place, flat, lists = held_out
        if lists is None:
            tree.val = _find_files(walk, place, tree.classes, _class_folders(place, run_folder))
        else:
            files, numbers, unlisted = in_list(flat, lists(tree.classes))
            tree.aside += [Aside("", path, "not in the list of labels") for path in unlisted]
            tree.val = ClassPart(place, files, numbers)
    return tree


def _find_files(
    walk: Walk, folder: Path, classes: list[str], folders: dict[str, Path]
) -> ClassPart:
    """Find the images of each class, sorted; a held-out split may lack a class."""
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        if (path := folders.get(name)) is None:
            continue
        before = len(walk.aside)
        images = sorted(walk.images(path, name))
        if not images:
            kinds = say_kinds(each.path for each in walk.aside[before:])
            raise DataError(
                f"{path}: no image in this class" + (f" ({kinds})" if kinds else ""),
                f"put images there ({' '.join(sorted(walk.wanted))}), or remove the folder",
            )
        files += images
        labels += [label] * len(images)
    return ClassPart(folder, files, labels)


def _class_folders(folder: Path, run_folder: Path | None) -> dict[str, Path]:
    """The class folders of a split by their names in form NFC, in the order of their spelling."""
    folders: dict[str, Path] = {}
    for path in subfolders(folder, run_folder):
        name = nfc(path.name)
        if name in folders:
            raise DataError(
                f"{folder}: two folders are the class {name!r}, spelled in two Unicode forms"
                f" ({ascii(folders[name].name)} and {ascii(path.name)})",
                "move the images of one into the other",
            )
        folders[name] = path
    if not folders:
        raise DataError(f"{folder}: no class folders in it", LAYOUT)
    return folders


def _held_out_part(
    splits: SplitFolders, tree: ClassTree, run_folder: Path | None, labels: Labels | None
) -> tuple[Path, Path, Labels | None] | None:
    """Choose the split to evaluate on.

    Returns
    -------
    place, flat, labels
        The folder of the split, the folder of its images, and their labels; with class folders
        ``labels`` is None.
    """
    for i, place in enumerate(splits.held_out):
        folders = {nfc(path.name): path for path in subfolders(place, run_folder)}
        lists = labels or read_list(find_list(place))
        flat = None
        if not set(folders) & set(tree.classes):
            flat = _flat(place, folders, lists is not None)
        if flat is None:
            if labels is not None:
                raise DataError(
                    f"{place}: has class folders, so --val-labels is not for it", "leave it out"
                )
            if extra := sorted(set(folders) - set(tree.classes)):
                raise _extra_class(place, extra[0], splits.train, tree.classes)
        elif lists is None:
            if (said := split_name(place.name)) and said.word == "test":
                tree.notes.append(f"{place.name} (images without class folders)")
                continue
            raise DataError(
                f"{flat}: images without class folders: their classes are unknown",
                "make one folder per class in it; for ImageNet from Kaggle (CLS-LOC), `tinyalex"
                " data prepare` with --val-labels LOC_val_solution.csv, or Caffe's val.txt",
            )
        if others := [path.name for path in splits.held_out[i + 1 :]]:
            tree.notes.append(f"{_few(others)} (a second held-out split)")
        return (place, place, None) if flat is None else (place, flat, lists)
    if labels is not None:
        raise DataError("--val-labels: there are no validation images to label", "leave it out")
    return None


def _flat(place: Path, folders: dict[str, Path], has_list: bool) -> Path | None:
    """The folder of images without class folders: a split itself, or its only sub-folder."""
    if has_images(place):
        return place
    if len(folders) != 1:
        return None
    ((name, only),) = folders.items()
    is_class = not has_list and split_name(name) is None and name.casefold() != "images"
    return None if is_class or not has_images(only) else only


def _extra_class(place: Path, extra: str, train: Path | None, classes: list[str]) -> DataError:
    """The error for a class that is only in the held-out split, with the most similar name."""
    if near := [name for name in classes if _bare(name) == _bare(extra)]:
        return DataError(
            f"{place}: class {ascii(extra)} is not in {train}, which has {ascii(near[0])}:"
            " the names differ in their spelling",
            f"rename one of the folders, to {near[0]} for instance",
        )
    hint = "use the same class folders in both"
    if extra.isdecimal() and not any(name.isdecimal() for name in classes):
        hint = (
            "name the folders as in train: numbers may be the development kit's ids, which have"
            " another order; or `tinyalex data prepare` with --val-labels"
        )
    return DataError(f"{place}: class {extra!r} is not in {train}", hint)


def _bare(name: str) -> str:
    """A name without what people overlook: case, spaces, marks between words."""
    return "".join(c for c in nfc(name).casefold() if c.isalnum())


def _say_if_parts(tree: ClassTree, folders: dict[str, Path]) -> None:
    """Add a note if the class folders all hold the same folders and no images, as splits do."""
    inside = None
    for path in folders.values():
        if has_images(path):
            return
        names = {each.name for each in subfolders(path)}
        if len(names) < 2 or names != (names if inside is None else inside):
            return
        inside = names
    if len(folders) > 1 and inside:
        tree.notes.append(
            f"{_few(sorted(folders))} hold folders of the same names ({_few(sorted(inside))}): "
            "taken as classes; if they are splits, name them train and val"
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
