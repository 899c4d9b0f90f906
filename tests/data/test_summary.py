"""What `tinyalex data info` shows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.pictures import noise
from tinyalex import data


@pytest.mark.parametrize("channels", [1, 3])
def test_info_counts_and_measures(channels: int) -> None:
    images, labels = noise((12, 5, 4, channels)), np.arange(12) % 2
    dataset = data.from_arrays(
        "mine", ["a", "b", "c"], (images, labels), (images[:2], labels[:2]), "abc"
    )
    facts = data.info(dataset)
    assert facts["train"] == {"images": 12, "per_class": [6, 6, 0]}
    assert facts["test"] == {"images": 2, "per_class": [1, 1, 0]}
    assert facts["classes"] == ["a", "b", "c"] and facts["image_shape"] == [5, 4, channels]
    np.testing.assert_allclose(facts["mean"], images.mean((0, 1, 2)), atol=1e-3)
    np.testing.assert_allclose(facts["std"], images.std((0, 1, 2)), atol=2e-3)
    assert json.loads(json.dumps(facts)) == facts


def test_info_gives_the_number_of_measured_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinyalex.data.summary.MOST_PIXELS", 4 * 5 * 4)
    images, labels = noise((12, 5, 4, 3)), np.arange(12) % 2
    dataset = data.from_arrays("mine", ["a", "b"], (images, labels), (images, labels), "abc")
    assert data.info(dataset)["measured"] == 4
