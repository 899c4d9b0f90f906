"""The built-in digits."""

from __future__ import annotations

import numpy as np
import pytest

from tinyalex import data
from tinyalex.data import digits as built_in
from tinyalex.errors import DataError


def test_digits_are_1437_and_360_grey_images_of_16_by_16() -> None:
    digits = data.load("digits")
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    assert digits.image_shape == (16, 16, 1)
    assert digits.classes == [str(d) for d in range(10)]
    images = digits.train.images(np.arange(1437))
    assert images.dtype == np.uint8 and images.shape == (1437, 16, 16, 1)
    assert images.min() == 0 and images.max() == 255


def test_each_digit_is_in_both_splits_in_the_same_share() -> None:
    digits = data.load("digits")
    train, test = (np.bincount(split.labels) for split in (digits.train, digits.test))
    np.testing.assert_allclose(test / (train + test), 0.2, atol=0.006)


def bilinear() -> np.ndarray:
    """The (16, 8) matrix of weights that doubles a side, with pixels at their centres."""
    matrix = np.zeros((16, 8))
    for i in range(16):
        at = min(max((i + 0.5) / 2 - 0.5, 0), 7)
        low = min(int(at), 6)
        matrix[i, low : low + 2] = [1 - (at - low), at - low]
    return matrix


def test_the_two_splits_are_all_of_the_original_enlarged_with_its_labels() -> None:
    original = pytest.importorskip("sklearn.datasets").load_digits()
    digits = data.load("digits")
    enlarged = (bilinear() @ (original.images * 255 / 16) @ bilinear().T).reshape(1797, -1)
    found = []
    for split in (digits.train, digits.test):
        pixels = split.images(np.arange(len(split))).reshape(len(split), -1).astype(float)
        # |a - b|^2 without the |a|^2 that all of a row share
        nearest = ((enlarged**2).sum(1) - 2 * pixels @ enlarged.T).argmin(1)
        assert np.abs(enlarged[nearest] - pixels).max() < 2.5
        np.testing.assert_array_equal(original.target[nearest], split.labels)
        found.extend(nearest)
    assert len(set(found)) == 1797


def test_digits_are_the_same_each_time() -> None:
    assert data.load("digits").fingerprint == data.load("digits", seed=5).fingerprint


def test_the_fingerprints_are_those_of_older_runs() -> None:
    digits, moved = data.load("digits").fingerprint, data.load("moved-digits").fingerprint
    assert digits == "93d84264ffe7f863aa54b4e89d8b18740f25b03fd226ffcc7248a15557f4ede1"
    assert moved == "af6dabf8f72ea46c869bd10d3dc4f5d3ff8e6e67b5c461b279104f0cbacffa96"


def test_the_embedded_digits_are_those_of_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    pixels, labels = sklearn.load_digits(return_X_y=True)
    table = built_in._read()
    np.testing.assert_array_equal(table[:, :64], pixels)
    np.testing.assert_array_equal(table[:, 64], labels)


@pytest.mark.parametrize("content", [None, b"", b"0," * 65])
def test_missing_or_damaged_digits_are_an_error(content, tmp_path, monkeypatch) -> None:
    file = tmp_path / "digits.csv.gz"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(built_in, "FILE", file)
    with pytest.raises(DataError, match="digits.csv.gz: ") as e:
        data.load("digits")
    assert e.value.hint.startswith("pip install")


def test_moved_digits_are_the_digits_each_somewhere_in_20_by_20_black_pixels() -> None:
    digits, moved = data.load("digits"), data.load("moved-digits")
    assert moved.image_shape == (20, 20, 1) and moved.classes == digits.classes
    for centred, split, copies in ((digits.train, moved.train, 1), (digits.test, moved.test, 5)):
        assert len(split) == copies * len(centred)
        of = np.arange(len(split)) % len(centred)
        images, originals = split.images(np.arange(len(split))), centred.images(of)
        np.testing.assert_array_equal(split.labels, centred.labels[of])
        here = [
            (images[:, top : top + 16, left : left + 16] == originals).all((1, 2, 3))
            for top in range(5)
            for left in range(5)
        ]
        assert np.any(here, 0).all() and np.any(here, 1).all()  # each in one, and in each some
        # And nothing beside it.
        np.testing.assert_array_equal(images.sum((1, 2, 3)), originals.sum((1, 2, 3)))
    assert moved.fingerprint == data.load("moved-digits").fingerprint != digits.fingerprint
