"""Batches: order, resuming, augmentation."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends import BACKENDS, reference
from tests.data.pictures import Host, noise, numbered, random_split, stacked
from tests.strategies import seeds
from tinyalex import backends, data
from tinyalex.backends import Backend
from tinyalex.data.dataset import array_split
from tinyalex.errors import ConfigError, DataError, ShapeError

numpy = backends.get("numpy", threads=1)
counts, batch_sizes, epochs = st.integers(1, 40), st.integers(1, 17), st.integers(0, 5)


@given(counts, batch_sizes, seeds, epochs)
def test_an_epoch_has_each_image_once_with_its_label(
    N: int, batch_size: int, seed: int, epoch: int
) -> None:
    loader = data.Loader(numbered(N), numpy, batch_size, seed=seed)
    batches = list(loader.epoch(epoch))
    assert len(batches) == len(loader) == -(-N // batch_size)
    assert [len(x) for x, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
    x, labels = stacked(batches)
    np.testing.assert_array_equal(np.sort(labels), np.arange(N))
    np.testing.assert_array_equal(x[:, 0, 0, 0], labels)


def test_the_order_changes_with_epoch_and_seed_and_is_kept_otherwise() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return stacked(data.Loader(numbered(50), numpy, 7, seed=seed).epoch(epoch))[1].tolist()

    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(*key)) for key in [(1, 0), (1, 1), (2, 0), (2, 1)]}) == 4


def test_each_loop_over_a_loader_is_the_next_epoch() -> None:
    loader, other = (augmented(numbered(20), numpy, 3, 8) for _ in range(2))
    for epoch in range(3):
        x, labels = stacked(list(loader))
        expected, expected_labels = stacked(other.epoch(epoch))
        np.testing.assert_array_equal(labels, expected_labels)
        np.testing.assert_array_equal(x, expected)


def test_a_loop_takes_the_epoch_after_the_current_one() -> None:
    loader, other = (augmented(numbered(20), numpy, 3, 8) for _ in range(2))
    next(loader.epoch(7, start_batch=1))
    next(iter(loader))  # epoch 8 is left after one batch
    np.testing.assert_array_equal(stacked(loader)[0], stacked(other.epoch(9))[0])


def augmented(split: data.Split, backend: Backend, seed: int, batch_size: int) -> data.Loader:
    found = data.statistics(split)
    return data.Loader(
        split,
        backend,
        batch_size,
        seed=seed,
        crop=4,
        mirror=True,
        mean=found.mean("image"),
        scale=0.7,
        colour=found.colour("std", 0.3),
    )


@given(counts, batch_sizes, seeds, epochs, st.data())
def test_starting_at_a_later_batch_resumes_exactly(
    N: int, batch_size: int, seed: int, epoch: int, draw: st.DataObject
) -> None:
    split = random_split(N, 6, 6, 3)
    loader = augmented(split, numpy, seed, batch_size)
    whole = list(loader.epoch(epoch))
    start = draw.draw(st.integers(0, len(whole)))
    rest = list(augmented(split, numpy, seed, batch_size).epoch(epoch, start_batch=start))
    assert len(rest) == len(whole) - start
    for (x, labels), (x2, labels2) in zip(whole[start:], rest, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(labels, labels2)


@given(counts, st.tuples(batch_sizes, batch_sizes), seeds)
def test_an_image_gets_the_same_treatment_in_a_batch_of_any_size(
    N: int, sizes: tuple[int, int], seed: int
) -> None:
    split = random_split(N, 6, 6, 3)
    one, two = (stacked(augmented(split, numpy, seed, size).epoch(2)) for size in sizes)
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_threads_and_backends_do_not_change_a_batch() -> None:
    split = random_split(33, 6, 6, 3)
    wanted = stacked(augmented(split, numpy, 3, 8).epoch(1))
    for backend in [*BACKENDS.values(), backends.get("numpy", threads=4)]:
        batches = [tuple(map(backend.to_host, b)) for b in augmented(split, backend, 3, 8).epoch(1)]
        x, labels = stacked(batches)
        np.testing.assert_allclose(x, wanted[0], rtol=1e-6, atol=1e-5)
        np.testing.assert_array_equal(labels, wanted[1])
        assert x.dtype == np.float32 and labels.dtype == np.int64


@given(st.integers(1, 6), seeds, st.booleans(), st.sampled_from(["image", "channel", "none"]))
def test_batches_equal_the_definition_in_plain_loops(
    N: int, seed: int, mirror: bool, mean: str
) -> None:
    """The crop, flip and shift are found from the result, then everything is recomputed."""
    crop, split = 3, random_split(N, 5, 5, 3, seed=seed)
    found = data.statistics(split)
    subtracted = found.mean(mean)
    plain = data.Loader(split, numpy, N, seed, crop, mirror, colour=found.colour("std"))
    full = data.Loader(split, numpy, N, seed, crop, mirror, subtracted, 0.5, found.colour("std"))
    bare = data.Loader(split, numpy, N, seed, crop, mirror)
    ((x_plain, _),), ((x_full, _),), ((x_bare, _),) = (
        list(loader.epoch(0)) for loader in (plain, full, bare)
    )
    images = split.images(np.arange(N))
    where = [find_window(x, images, crop, mirror) for x in x_bare]
    assert sorted(n for n, *_ in where) == list(range(N))
    order, tops, lefts, mirrors = (np.array(column) for column in zip(*where, strict=True))
    shifts = (x_plain - x_bare).mean((2, 3))
    if subtracted is not None and mean == "image":
        subtracted = subtracted[:, 1:4, 1:4]
    wanted = reference.augment(
        images[order], tops, lefts, mirrors, (crop, crop), subtracted, shifts, 0.5
    )
    np.testing.assert_allclose(x_full, wanted, atol=1e-3)


def find_window(x: Host, images: Host, crop: int, mirror: bool) -> tuple[int, int, int, bool]:
    """The image, the corner and the direction of a crop."""
    for n, top, left in np.ndindex(len(images), *(s - crop + 1 for s in images.shape[1:3])):
        window = images[n, top : top + crop, left : left + crop].transpose(2, 0, 1)
        for flipped in (False, True) if mirror else (False,):
            if np.array_equal(x, window[..., ::-1] if flipped else window):
                return n, top, left, flipped
    raise AssertionError("a batch holds what is in no image")


def test_every_crop_position_is_reached_in_both_directions_equally_often() -> None:
    image = noise((1, 5, 6, 1))
    split = array_split(np.repeat(image, 6000, axis=0), np.zeros(6000, int), 1, "copies")
    loader = data.Loader(split, numpy, 6000, crop=3, mirror=True)
    ((x, _),) = loader.epoch(0)
    windows, times = np.unique(x, axis=0, return_counts=True)
    assert len(windows) == 3 * 4 * 2
    found = {find_window(window, image, 3, True) for window in windows}
    assert len(found) == 24
    np.testing.assert_allclose(times, 250, rtol=0.25)


def test_colour_shifts_a_whole_image_and_differs_from_image_to_image() -> None:
    split = random_split(200, 4, 4, 3)
    found = data.statistics(split)
    settings: dict[str, Any] = {"seed": 4, "crop": 3}
    ((plain, _),) = data.Loader(split, numpy, 200, **settings).epoch(0)
    shifted_loader = data.Loader(split, numpy, 200, colour=found.colour("std"), **settings)
    ((shifted, _),) = shifted_loader.epoch(0)
    shift = shifted - plain
    np.testing.assert_allclose(shift, shift[:, :, :1, :1] * np.ones((3, 3)), atol=1e-4)
    by_component = shift[:, :, 0, 0] @ found.eigenvectors
    np.testing.assert_allclose(by_component.std(0), 0.1 * np.sqrt(found.eigenvalues), rtol=0.15)
    assert len(np.unique(by_component[:, 0])) == 200


def test_switching_one_augmentation_off_leaves_the_others_as_they_were() -> None:
    split = random_split(30, 6, 6, 3)
    ((with_mirror, _),) = data.Loader(split, numpy, 30, crop=4, mirror=True).epoch(0)
    ((without, _),) = data.Loader(split, numpy, 30, crop=4, mirror=False).epoch(0)
    same = (with_mirror == without).all((1, 2, 3))
    turned = (with_mirror[..., ::-1] == without).all((1, 2, 3))
    assert (same | turned).all() and same.any() and turned.any()


def test_training_crops_may_be_at_the_centre() -> None:
    """The order and the flips are the same as with random crops."""
    split = random_split(30, 6, 7, 3)
    anywhere, centred = (
        data.Loader(split, numpy, 30, crop=4, mirror=True, random_crop=random)
        for random in (True, False)
    )
    ((_, labels),), ((x, same_labels),) = anywhere.epoch(0), centred.epoch(0)
    np.testing.assert_array_equal(labels, same_labels)
    images = split.images(centred._plan(0).order).transpose(0, 3, 1, 2)[:, :, 1:5, 1:5]
    mirrors = centred._plan(0).mirrors
    np.testing.assert_array_equal(mirrors, anywhere._plan(0).mirrors)
    images[mirrors] = images[mirrors][..., ::-1]
    np.testing.assert_array_equal(x, images)


def test_testing_takes_centre_crops_in_order_without_random_numbers() -> None:
    split = random_split(9, 6, 7, 3)
    colour = data.statistics(split).colour("std")
    loader = data.Loader(
        split, numpy, 4, crop=3, mirror=True, colour=colour, training=False, scale=2.0
    )
    x, labels = stacked(loader.epoch(3))
    images = split.images(np.arange(9))[:, 1:4, 2:5].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(x, images * 2.0)
    np.testing.assert_array_equal(labels, split.labels)


@pytest.mark.parametrize(("kind", "count"), [("ten", 10), ("nine", 9)])
def test_several_views_come_one_at_a_time_with_the_labels_once(kind: str, count: int) -> None:
    split = random_split(5, 6, 6, 3)
    loader = data.Loader(split, numpy, 3, crop=4, training=False, views=kind)
    sizes = []
    for views, labels in loader.epoch(0):
        arrays = list(views)
        assert len(arrays) == count and all(x.shape == (len(labels), 3, 4, 4) for x in arrays)
        sizes.append(len(labels))
    assert sizes == [3, 2]


def test_a_damaged_image_ends_the_epoch_at_its_batch() -> None:
    def read(rows: Host) -> Host:
        if 3 in rows:
            raise DataError("three.jpg: the image is damaged")
        return np.zeros((len(rows), 4, 4, 3), np.uint8)

    split = data.Split(read, np.zeros(6, np.int64), (4, 4, 3))
    batches = data.Loader(split, numpy, 2, training=False).epoch(0)
    next(batches)
    with pytest.raises(DataError, match="three.jpg"):
        next(batches)


def test_close_ends_the_thread_of_a_running_epoch() -> None:
    before = set(threading.enumerate())
    loader = data.Loader(numbered(100), numpy, 1)
    next(loader.epoch(0))
    next(loader.epoch(1))
    loader.close()
    loader.close()
    new = set(threading.enumerate()) - before
    assert not [thread for thread in new if thread.name == "tinyalex-prefetch"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch size must be at least 1"),
        ({"batch_size": -3}, "batch size must be at least 1"),
        ({"seed": -1}, "seed must not be negative"),
        ({"crop": 7}, "crop 7 does not fit images of 6 x 6"),
        ({"crop": 0}, "crop 0 does not fit"),
        ({"views": "tne"}, "unknown views 'tne'[\\s\\S]*'ten'"),
        ({"views": "ten"}, "ten views are for testing, not for training"),
        ({"views": "nine"}, "nine views are for testing, not for training"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        data.Loader(random_split(4, 6, 6, 3), numpy, **{"batch_size": 2, **settings})


@pytest.mark.parametrize(
    "settings",
    [{"mean": np.zeros((3, 5, 5))}, {"mean": np.zeros((1, 1, 1))}, {"colour": np.zeros((1, 1))}],
)
def test_a_mean_or_a_colour_of_another_shape_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ShapeError, match="Loader: (mean|colour) must be"):
        data.Loader(random_split(4, 6, 6, 3), numpy, 2, crop=4, **settings)


def test_an_empty_split_has_no_batches() -> None:
    loader = data.Loader(numbered(0), numpy, 8)
    assert len(loader) == 0 and list(loader.epoch(0)) == []


def test_each_channel_may_have_its_own_scale() -> None:
    images = np.full((4, 6, 6, 3), 100, np.uint8)
    split = data.Split(images.__getitem__, np.zeros(4, np.int64), (6, 6, 3))
    loader = data.Loader(split, backends.get("numpy"), 4, scale=(1.0, 0.5, 0.25), training=False)
    x, _ = next(loader.epoch(0))
    np.testing.assert_array_equal(x[:, :, 0, 0], np.tile([100.0, 50.0, 25.0], (4, 1)))
    with pytest.raises(ShapeError, match="scale must be a number or 3 of them"):
        data.Loader(split, backends.get("numpy"), 4, scale=(1.0, 0.5))
