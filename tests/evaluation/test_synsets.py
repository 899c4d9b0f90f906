"""A network of many classes, measured on data of some of them, whatever these are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders, noise
from tinyalex import evaluation, notice, training
from tinyalex.data import among, from_arrays
from tinyalex.errors import ConfigError
from tinyalex.weights.classes import imagenet_classes, synset_of

SYNSETS = ["n01440764", "n01443537", "n02102040", "n03888257"]
# tench, goldfish, English springer, parachute
SPELLINGS = [
    ["n01440764 tench, Tinca tinca", "n01443537_goldfish", "n02102040-springer", "n03888257"],
    ["tench", "Goldfish", "English_springer", "parachute, chute"],
]


@pytest.mark.parametrize("name", ["n01440764", "n01440764_tench", "n01440764 a, b", " Tench, x"])
def test_a_synset_is_found_in_a_name(name: str) -> None:
    assert synset_of(name) == "n01440764"


@pytest.mark.parametrize("name", ["crane", "cardigan", "n0144076", "n014407640", "n01440764a", ""])
def test_a_name_of_two_classes_or_none_has_no_synset(name: str) -> None:
    assert synset_of(name) is None


def test_every_name_of_the_list_leads_to_its_synset() -> None:
    assert [synset_of(c.name) for c in imagenet_classes()] == [c.synset for c in imagenet_classes()]


@pytest.mark.parametrize("network", [SYNSETS, *SPELLINGS])
@pytest.mark.parametrize("data", [SYNSETS, *SPELLINGS])
def test_labels_follow_the_synsets(network: list[str], data: list[str]) -> None:
    images, labels = noise((3, 8, 8, 1)), np.array([0, 1, 0])
    some = from_arrays("x", data[1::2], (images, labels), (images, labels), "f")
    got = among(some, network, synset_of)
    assert got.classes == network and got.test.labels.tolist() == [1, 3, 1]


def test_names_that_could_be_two_classes_stay_as_they_are() -> None:
    images, labels = noise((2, 8, 8, 1)), np.array([0, 1])
    for network, data in (
        (["tench", "n01440764", "goldfish"], ["n01440764 x", "goldfish"]),  # twice in the network
        (SYNSETS, ["tench", "n01440764"]),  # twice in the data
        (SYNSETS, ["tench", "my cat"]),
        (["n01443537", "n01440764"], ["tench", "goldfish"]),  # all of them, in another order
    ):
        some = from_arrays("x", data, (images, labels), (images, labels), "f")
        assert among(some, network, synset_of) is some


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = class_folders(tmp_path_factory.mktemp("data") / "all", dict.fromkeys(SYNSETS, 5))
    settings = {"epochs": 1, "batch_size": 8, "backend": "numpy", "threads": 1}
    run = root.parent / "run"
    training.train(training.RunConfig(str(root), model="tiny", out=run, **settings))
    return run


def test_some_classes_are_measured_by_synset_and_a_line_says_so(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    folder = class_folders(tmp_path / "nette", {"English springer": 3, "parachute": 2})
    found = evaluation.evaluate([trained], str(folder), backend="numpy", threads=1)
    assert np.sum(found["confusion"], axis=1).tolist() == [0, 0, 3, 2]
    assert found["classes"] == SYNSETS
    alone = found["classes_measured"]
    assert alone["classes"] == 2 and alone["top5_error"] == 0
    assert alone["top1_error"] <= found["top1_error"]
    (line,) = (text for text in heard if "are measured" in text)
    assert "2 of the network's 4 classes are measured" in line and "all 4 outputs" in line


def test_all_classes_measured_need_no_line(trained: Path, tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "all", dict.fromkeys(SYNSETS, 1))
    found = evaluation.evaluate([trained], str(folder), backend="numpy", threads=1)
    assert "classes_measured" not in found and found["n"] == 4


def test_classes_without_a_synset_of_the_networks_are_refused(
    trained: Path, tmp_path: Path
) -> None:
    folder = class_folders(tmp_path / "pets", {"tench": 1, "tabby": 2})
    with pytest.raises(ConfigError, match="trained on the classes"):
        evaluation.evaluate([trained], str(folder), backend="numpy", threads=1)
