"""The 1000 classes of ILSVRC2012, on which published weights were trained.

``imagenet_classes.tsv`` in this folder has one line per class. Synsets, ids of the development kit
and names are those of the challenge (Russakovsky et al. 2015; WordNet synsets), as listed in
``map_clsloc.txt`` of PatrykChrabaszcz/Imagenet32_Scripts (MIT licence). Names of two classes
there (crane, maillot, cardigan) have one more word here.
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
    """A class of ILSVRC2012.

    Attributes
    ----------
    index : int
        Index among the sorted synsets, from 0: the order of Caffe's and torchvision's outputs,
        and of the sorted folders of the training set.
    synset : str
        WordNet id, such as ``n02123045``.
    ilsvrc2012_id : int
        Id in the development kit, from 1: the order of the authors' own files.
    name : str
        Readable and unique.

    Examples
    --------
    >>> imagenet_classes()[0].synset, imagenet_classes()[0].name
    ('n01440764', 'tench')
    """

    index: int
    synset: str
    ilsvrc2012_id: int
    name: str


@cache
def imagenet_classes() -> tuple[ImageNetClass, ...]:
    """All 1000 classes, by index.

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
    """The WordNet synset of a class name, which is a synset or a name of ImageNet.

    Parameters
    ----------
    name : str
        A synset, with or without words after it; or the words of the challenge's lists.

    Returns
    -------
    str or None
        None if the name is not a class of ILSVRC2012, or is the name of two classes.

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
    """Labels and readable names of a network's outputs.

    Parameters
    ----------
    count : int
        Number of the network's outputs.
    file : Path, optional
        One label per line, in the order of the outputs. A tab and a name may follow.

    Returns
    -------
    labels, names : list of str
        By default ImageNet's synsets and names for 1000 outputs, else numbers. ``names`` is None
        if there are only labels.

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
        raise ConfigError(f"{file}: cannot be read ({error})", "a UTF-8 text file") from error
    labels = [line.partition("\t")[0].strip() for line in lines]
    if len(labels) != count or len(set(labels)) != count:
        raise ConfigError(
            f"{file}: must have {count} different labels, one per line "
            f"(got {len(labels)} lines, {len(set(labels))} different)",
            "the labels in the order of the network's outputs",
        )
    names = [
        line.partition("\t")[2].strip() or label for line, label in zip(lines, labels, strict=True)
    ]
    return labels, names if names != labels else None
