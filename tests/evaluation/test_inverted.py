"""Dark ink on light paper, for a network that was trained on the opposite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import encode, noise, write
from tests.weights.nets import run_of
from tinyalex import data, evaluation
from tinyalex.errors import ConfigError, DataError
from tinyalex.evaluation.inverted import inverted, look_inverted


@pytest.mark.parametrize("name", ["digits", "moved-digits"])
def test_negatives_of_digits_are_told_from_digits(name: str) -> None:
    dataset = data.load(name)
    images = dataset.train.images(np.arange(300))
    mean = float(images.mean())
    assert not look_inverted(images, mean).any()
    assert look_inverted(255 - images, mean).all()


def test_nothing_is_said_of_photographs_or_colours() -> None:
    light = np.full((2, 8, 8, 1), 250, np.uint8)
    assert look_inverted(light, 60.0).all()
    assert not look_inverted(light, 110.0).any()  # a grey photograph's mean
    assert not look_inverted(np.repeat(light, 3, axis=3), 60.0).any()


def test_images_are_exchanged_and_labels_stay() -> None:
    test = data.load("digits").test
    negative = inverted(None, test)  # type: ignore[arg-type]  # only an error names the run
    rows = np.arange(5)
    np.testing.assert_array_equal(negative.images(rows), 255 - test.images(rows))
    assert negative.labels.tolist() == test.labels.tolist()


def test_colour_networks_refuse_it(tmp_path: Path) -> None:
    write(tmp_path / "x.png", encode(noise((32, 32, 3))))
    with pytest.raises(ConfigError, match="takes colours"):
        evaluation.predict(run_of("cifar-80sec", 3), [tmp_path / "x.png"], invert=True)


def test_a_folder_of_pictures_is_predicted_one_by_one(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "notes.txt"):
        write(tmp_path / "in" / name, encode(noise((32, 32, 3))))
    found = evaluation.predict(run_of("cifar-80sec", 3), [tmp_path / "in"])
    assert [Path(each["image"]).name for each in found] == ["a.png", "b.png"]
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="without images"):
        evaluation.predict(run_of("cifar-80sec", 3), [tmp_path / "none"])
    with pytest.raises(DataError, match=r"an archive(.|\n)*unpack it"):
        evaluation.predict(run_of("cifar-80sec", 3), [write(tmp_path / "p.zip")])
