"""Folders of pictures with a sub-folder for each class: one reader for every command."""

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
    Parts,
    find_parts,
    has_pictures,
    named,
    one_form,
    subfolders,
)
from tinyalex.errors import DataError

_SHOWN = 5  # folders or classes that a sentence names


class ClassPart(NamedTuple):
    """Pictures of a part, and the class number of each."""

    folder: Path
    files: list[Path]
    labels: list[int]


@dataclass
class ClassTree:
    """What a folder of pictures holds.

    Attributes
    ----------
    classes : list of str
        Names in one Unicode form, in the order of the labels: sorted as the folders are spelled.
    train, val : ClassPart or None
        ``val`` is None where there is no held-out part; ``train`` where there is nothing else.
    aside : list of Aside
        Files that are no pictures.
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
        pieces = [say_kinds(each.path for each in self.aside if each.reason == NOT_READ)]
        pieces.append(f"{broken:,} broken link{'s' if broken > 1 else ''}" if broken else "")
        return "; ".join(piece for piece in [*pieces, *self.notes] if piece)


def read_tree(
    folder: Path,
    known: Collection[str] | None = None,
    ours: Path | None = None,
    labels: Labels | None = None,
) -> ClassTree:
    """Find the pictures of class folders, or of ``train`` and ``val`` with class folders in each.

    Parameters
    ----------
    folder : Path
    known : collection of str, optional
        Classes of a network that is to be measured: a part to train on may be missing.
    ours : Path, optional
        The folder of a run that lies somewhere in ``folder`` and is no class.
    labels : callable, optional
        Gives, for the classes, the label of each held-out picture by its name without its
        suffix; the held-out pictures then need no class folders.

    Raises
    ------
    DataError
        There are no class folders, a class has no picture, two folders are one class, or a
        class of the held-out part is not in the training part.
    """
    measured = {one_form(name) for name in known or ()}
    parts = find_parts(folder, measured, ours)
    tree = ClassTree([], None, None)
    _say_beside(tree, parts, folder)
    walk = Walk(tree.aside, [path for path in (parts.train, *parts.held_out) if path], ours)
    if parts.train is None:
        (first, *_) = parts.held_out
        folders = _class_folders(first, ours)
        tree.classes = list(folders)
        tree.val = _part(walk, first, tree.classes, folders)
        return tree
    folders = _class_folders(parts.train, ours)
    tree.classes = list(folders)
    _say_if_parts(tree, folders)
    held = _held_out_part(parts, tree, ours, labels)
    tree.train = _part(walk, parts.train, tree.classes, folders)
    if held is not None:
        place, flat, lists = held
        if lists is None:
            tree.val = _part(walk, place, tree.classes, _class_folders(place, ours))
        else:
            files, numbers, unlisted = in_list(flat, lists(tree.classes))
            tree.aside += [Aside("", path, "not in the list of labels") for path in unlisted]
            tree.val = ClassPart(place, files, numbers)
    return tree


def _part(walk: Walk, folder: Path, classes: list[str], folders: dict[str, Path]) -> ClassPart:
    """Find the pictures of each class, sorted; a held-out part may lack a class."""
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        if (path := folders.get(name)) is None:
            continue
        before = len(walk.aside)
        found = sorted(walk.pictures(path, name))
        if not found:
            kinds = say_kinds(each.path for each in walk.aside[before:])
            raise DataError(
                f"{path}: no image in this class" + (f" ({kinds})" if kinds else ""),
                f"put images there ({' '.join(sorted(walk.wanted))}), or remove the folder",
            )
        files += found
        labels += [label] * len(found)
    return ClassPart(folder, files, labels)


def _class_folders(folder: Path, ours: Path | None) -> dict[str, Path]:
    """The class folders in a part by their names in one form, in the order of their spelling."""
    found: dict[str, Path] = {}
    for path in subfolders(folder, ours):
        name = one_form(path.name)
        if name in found:
            raise DataError(
                f"{folder}: two folders are the class {name!r}, spelled in two Unicode forms"
                f" ({ascii(found[name].name)} and {ascii(path.name)})",
                "move the pictures of one into the other",
            )
        found[name] = path
    if not found:
        raise DataError(f"{folder}: no class folders in it", LAYOUT)
    return found


def _held_out_part(
    parts: Parts, tree: ClassTree, ours: Path | None, labels: Labels | None
) -> tuple[Path, Path, Labels | None] | None:
    """Choose the part to measure on: its folder, and its labels unless it has class folders."""
    for i, place in enumerate(parts.held_out):
        folders = {one_form(path.name): path for path in subfolders(place, ours)}
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
                raise _extra_class(place, extra[0], parts.train, tree.classes)
        else:
            if lists is None and (said := named(place.name)) and said.word == "test":
                tree.notes.append(f"{place.name} (pictures without class folders)")
                continue
            if lists is None:
                raise _no_classes(flat)
        if others := [path.name for path in parts.held_out[i + 1 :]]:
            tree.notes.append(f"{_few(others)} (a second held-out part)")
        return (place, place, None) if flat is None else (place, flat, lists)
    if labels is not None:
        raise DataError("--val-labels: there are no validation pictures to label", "leave it out")
    return None


def _flat(place: Path, folders: dict[str, Path], has_list: bool) -> Path | None:
    """Where pictures lie without class folders: in a part itself, or in its only folder."""
    if has_pictures(place):
        return place
    if len(folders) != 1:
        return None
    ((name, only),) = folders.items()
    is_class = not has_list and named(name) is None and name.casefold() != "images"
    return None if is_class or not has_pictures(only) else only


def _no_classes(flat: Path) -> DataError:
    return DataError(
        f"{flat}: pictures without class folders: what they show is unknown",
        "a folder for each class in it; for ImageNet as Kaggle has it (CLS-LOC), `tinyalex data"
        " prepare` with --val-labels LOC_val_solution.csv, or Caffe's val.txt",
    )


def _extra_class(place: Path, extra: str, train: Path | None, classes: list[str]) -> DataError:
    """A class that is only in the held-out part: show what tells it from its nearest name."""
    near = [name for name in classes if _bare(name) == _bare(extra)]
    if near:
        return DataError(
            f"{place}: class {ascii(extra)} is not in {train}, which has {ascii(near[0])}:"
            " the names differ in their spelling",
            f"rename one of the folders, to {near[0]} for instance",
        )
    hint = "the same class folders in both"
    if extra.isdecimal() and not any(name.isdecimal() for name in classes):
        hint = (
            "folders named as in train: numbers may be the development kit's ids, which are in an"
            " order of their own; or `tinyalex data prepare` with --val-labels"
        )
    return DataError(f"{place}: class {extra!r} is not in {train}", hint)


def _bare(name: str) -> str:
    """A name without what people overlook: case, spaces, marks between words."""
    return "".join(c for c in one_form(name).casefold() if c.isalnum())


def _say_beside(tree: ClassTree, parts: Parts, folder: Path) -> None:
    if parts.beside:
        names = [path.name for path in parts.beside]
        tree.notes.append(f"{_few(names)} (beside {parts.train and parts.train.name})")


def _say_if_parts(tree: ClassTree, folders: dict[str, Path]) -> None:
    """Class folders that hold the same folders and no pictures look like parts."""
    inside = None
    for path in folders.values():
        if has_pictures(path):
            return
        names = {each.name for each in subfolders(path)}
        if len(names) < 2 or names != (names if inside is None else inside):
            return
        inside = names
    if len(folders) > 1 and inside:
        tree.notes.append(
            f"{_few(sorted(folders))} hold folders of the same names ({_few(sorted(inside))}): "
            "taken as classes; if they are parts, name them train and val"
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
