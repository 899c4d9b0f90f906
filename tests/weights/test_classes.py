"""ImageNet's classes: complete, in order, and packed with the package."""

from __future__ import annotations

import csv
from pathlib import Path

from tinyalex.weights import imagenet_classes


def test_there_are_a_thousand_in_the_order_of_their_synsets() -> None:
    classes = imagenet_classes()
    assert [c.index for c in classes] == list(range(1000))
    synsets = [c.synset for c in classes]
    assert synsets == sorted(synsets) and len(set(synsets)) == 1000
    assert sorted(c.ilsvrc2012_id for c in classes) == list(range(1, 1001))
    assert len({c.name.lower() for c in classes}) == 1000


def test_well_known_classes() -> None:
    names = {c.index: c.name for c in imagenet_classes()}
    assert (names[0], names[1], names[281], names[999]) == (
        "tench",
        "goldfish",
        "tabby",
        "toilet tissue",
    )


def test_they_equal_the_challenges_list(real_data: Path) -> None:
    with (real_data / "imagenet_classes.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row, known in zip(rows, imagenet_classes(), strict=True):
        assert (int(row["index"]), row["synset"]) == (known.index, known.synset)
        assert int(row["ilsvrc2012_id"]) == known.ilsvrc2012_id
        assert known.name.lower().startswith(row["name"].replace("_", " ").lower())


def test_the_list_is_found_as_a_resource_of_the_package() -> None:
    from importlib import resources

    file = resources.files("tinyalex.weights").joinpath("imagenet_classes.tsv")
    assert file.is_file() and len(file.read_bytes()) < 40_000
