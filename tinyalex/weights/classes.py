"""The 1000 classes of ILSVRC2012, which published weights were trained on.

``imagenet_classes.tsv`` beside this file has a line a class. Synsets, their development kit
numbers and names are those of the challenge (Russakovsky et al. 2015; WordNet synsets), as listed
in ``map_clsloc.txt`` of PatrykChrabaszcz/Imagenet32_Scripts (MIT licence). Names that stand for
two classes there (crane, maillot, cardigan) got a word more here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from tinyalex.errors import ConfigError

FILE = "imagenet_classes.tsv"


@dataclass(frozen=True)
class ImageNetClass:
    """One class.

    Attributes
    ----------
    index : int
        From 0: its place among the sorted synsets, which is the order of Caffe's and
        torchvision's outputs, and of the sorted folders of the training set.
    synset : str
    ilsvrc2012_id : int
        From 1: its place in the development kit, the order of the authors' own files.
    name : str
        Unique.
    """

    index: int
    synset: str
    ilsvrc2012_id: int
    name: str


@cache
def imagenet_classes() -> tuple[ImageNetClass, ...]:
    """All 1000, by index.

    Examples
    --------
    >>> imagenet_classes()[281]
    ImageNetClass(index=281, synset='n02123045', ilsvrc2012_id=174, name='tabby')
    """
    lines = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines[1:])
    return tuple(
        ImageNetClass(int(index), synset, int(number), name) for index, synset, number, name in rows
    )


def synset_of(name: str) -> str | None:
    """The WordNet synset that a class is called by, or whose name in ImageNet it has.

    Parameters
    ----------
    name : str
        A synset with or without words after it, or words as the challenge's lists have them.

    Returns
    -------
    str or None
        None for a name that is no class of ILSVRC2012, or is that of two.

    Examples
    --------
    >>> [synset_of(name) for name in ("n01440764_tench", "Tench, Tinca tinca", "crane")]
    ['n01440764', 'n01440764', None]
    """
    begins = re.match(r"(n[0-9]{8})(?![0-9A-Za-z])", name.strip())
    if begins:
        return begins[1]
    plain = _plain(name)
    return _by_name().get(plain) or _by_name().get(plain.partition(",")[0].strip())


@cache
def _by_name() -> dict[str, str]:
    """Synset of each name."""
    return {_plain(c.name): c.synset for c in imagenet_classes()}


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))


def class_lists(count: int, file: Path | None = None) -> tuple[list[str], list[str] | None]:
    """Labels and names for people of a network's outputs.

    Parameters
    ----------
    count : int
        Outputs of the network.
    file : Path, optional
        A label a line, in the order of the outputs; a tab and a name may follow.

    Returns
    -------
    labels, names : list of str
        ImageNet's synsets and names for 1000 outputs, numbers for any other count; ``names`` is
        None where there are none beside the labels.

    Raises
    ------
    ConfigError
        The file cannot be read or does not have ``count`` different labels.
    """
    if file is None:
        if count != len(imagenet_classes()):
            return [str(i) for i in range(count)], None
        return [c.synset for c in imagenet_classes()], [c.name for c in imagenet_classes()]
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read ({error})", "a text file") from error
    labels = [line.partition("\t")[0].strip() for line in lines]
    if len(labels) != count or len(set(labels)) != count:
        raise ConfigError(
            f"{file}: must have {count} different labels, one a line "
            f"(got {len(labels)} lines, {len(set(labels))} different)",
            "the labels in the order of the network's outputs",
        )
    names = [
        line.partition("\t")[2].strip() or label for line, label in zip(lines, labels, strict=True)
    ]
    return labels, names if names != labels else None
