"""Splits in memory, and the share that is held out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.pictures import noise, numbered
from tinyalex import data
from tinyalex.data.dataset import array_split
from tinyalex.errors import DataError

labels_of_classes = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array)


def test_a_subset_holds_its_images_in_the_order_asked_for() -> None:
    part = numbered(10).subset(np.array([7, 2, 5])).subset(np.array([2, 0]))
    assert len(part) == 2
    np.testing.assert_array_equal(part.labels, [5, 7])
    np.testing.assert_array_equal(part.images(np.array([0, 1]))[:, 0, 0, 0], [5, 7])


def test_images_are_written_where_the_caller_wants_them() -> None:
    images = noise((9, 2, 3, 1))
    in_memory = array_split(images, np.zeros(9, int), 1, "nine")
    from_files = data.Split(images.__getitem__, np.zeros(9, int), (2, 3, 1))
    for split in (in_memory, from_files, in_memory.subset(np.arange(9))):
        room = np.zeros((3, 2, 3, 1), np.uint8)
        wanted = np.array([8, 0, 3])
        assert split.images(wanted, room) is room
        np.testing.assert_array_equal(room, images[wanted])
        np.testing.assert_array_equal(split.images(wanted), images[wanted])


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 3, 8, 8), np.uint8),
        np.zeros((2, 8, 8, 4), np.uint8),
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((2, 8, 8, 3), np.float32),
    ],
    ids=["nchw", "four channels", "no channels", "float"],
)
def test_images_of_another_shape_or_dtype_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"test data: images must be uint8 .*got"):
        array_split(images, np.zeros(2, int), 2, "test data")


@pytest.mark.parametrize("label", [-1, 2, 255])
def test_a_label_out_of_range_is_named_with_its_image(label: int) -> None:
    with pytest.raises(DataError, match=f"label {label} of image 1 is not in 0 to 1"):
        array_split(noise((3, 4, 4, 3)), np.array([0, label, 1]), 2, "test data")


@pytest.mark.parametrize("labels", [[0], [0.0, 1.0], [[0], [1]]])
def test_labels_must_be_one_integer_per_image(labels: list[object]) -> None:
    with pytest.raises(DataError, match="one per image"):
        array_split(noise((2, 4, 4, 3)), np.array(labels), 2, "test data")


def test_a_data_set_of_arrays_needs_images_of_one_shape_in_both_splits() -> None:
    some, other = (noise((2, 4, 4, 3)), np.zeros(2, int)), (noise((2, 5, 4, 3)), np.zeros(2, int))
    assert data.from_arrays("mine", ["a", "b"], some, some, "").image_shape == (4, 4, 3)
    with pytest.raises(DataError, match=r"\(4, 4, 3\), test images \(5, 4, 3\)"):
        data.from_arrays("mine", ["a", "b"], some, other, "")
    with pytest.raises(DataError, match="test split is empty"):
        data.from_arrays("mine", ["a", "b"], some, (some[0][:0], some[1][:0]), "")


@given(labels_of_classes, st.floats(0.05, 0.95), st.integers(0, 99))
def test_the_same_share_of_each_class_is_held_out(
    labels: np.ndarray, fraction: float, seed: int
) -> None:
    counts = np.bincount(labels)
    if counts.max() < 2:
        with pytest.raises(DataError, match="no class has two images"):
            data.stratified_split(labels, fraction, seed)
        return
    train, validation = data.stratified_split(labels, fraction, seed)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([train, validation])), np.arange(len(labels))
    )
    held_out = np.bincount(labels[validation], minlength=len(counts))
    for count, held in zip(counts, held_out, strict=True):
        assert abs(held - count * fraction) <= 1 if count > 1 else held == 0
        assert count < 2 or 1 <= held < count


def test_the_seed_alone_decides_which_images_are_held_out() -> None:
    labels = np.arange(40) % 2
    first, again, other = (data.stratified_split(labels, 0.25, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(fraction: float) -> None:
    with pytest.raises(DataError, match="val_fraction must be between 0 and 1"):
        data.stratified_split(np.array([0, 0, 1, 1]), fraction, 0)
