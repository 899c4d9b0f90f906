"""Fewer training images, and held-out ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex import data
from tinyalex.data.subset import first_of_each, part
from tinyalex.errors import ConfigError


def seen(split: data.Split) -> set[bytes]:
    return {image.tobytes() for image in split.images(np.arange(len(split)))}


def test_held_out_images_are_training_images_that_are_left_out_of_training() -> None:
    whole, held = data.load("digits"), data.load("digits@held-out")
    assert (len(held.train), len(held.test)) == (1150, 287)
    assert seen(held.train) | seen(held.test) == seen(whole.train)
    assert not seen(held.train) & seen(held.test)
    assert not (seen(held.train) | seen(held.test)) & seen(whole.test)
    shares = np.bincount(held.test.labels) / np.bincount(whole.train.labels)
    np.testing.assert_allclose(shares, 0.2, atol=0.005)


def test_labels_stay_with_their_images() -> None:
    whole = data.load("digits").train
    of = dict(
        zip((i.tobytes() for i in whole.images(np.arange(len(whole)))), whole.labels, strict=True)
    )
    for split in (data.load("digits@held-out").test, data.load("digits@37").train):
        images = split.images(np.arange(len(split)))
        assert [of[i.tobytes()] for i in images] == split.labels.tolist()


def test_fewer_training_images_are_tested_on_all_test_images() -> None:
    whole, few = data.load("digits"), data.load("digits@100")
    assert np.bincount(few.train.labels).tolist() == [10] * 10
    assert seen(few.test) == seen(whole.test) and len(few.test) == len(whole.test)
    assert few.name == "digits@100"
    held = data.load("digits@held-out")
    assert len({few.fingerprint, whole.fingerprint, held.fingerprint}) == 3


def test_a_part_of_a_part() -> None:
    held, both = data.load("digits@held-out"), data.load("digits@held-out@200")
    assert len(both.train) == 200 and seen(both.test) == seen(held.test)
    assert seen(both.train) < seen(held.train)


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=60), data_=st.data())
def test_the_first_images_are_of_all_classes_equally(
    labels: list[int], data_: st.DataObject
) -> None:
    count = data_.draw(st.integers(1, len(labels)))
    chosen = first_of_each(np.array(labels), count)
    assert len(set(chosen.tolist())) == count and np.all(np.diff(chosen) > 0)
    got = np.bincount(np.array(labels)[chosen], minlength=5)
    had = np.bincount(labels, minlength=5)
    # who has less than the others by more than one image had no more to give
    assert all(got[k] == had[k] or got[k] >= got.max() - 1 for k in range(5))
    more = first_of_each(np.array(labels), min(count + 1, len(labels)))
    assert set(chosen.tolist()) <= set(more.tolist())


@pytest.mark.parametrize("text", ["", "0", "-3", "1438", "half", "1e3", "held out", "²"])
def test_other_parts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="digits@"):
        part(data.load("digits"), text)


def test_a_folder_may_have_the_mark_in_its_name() -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        data.load("mine@home")
