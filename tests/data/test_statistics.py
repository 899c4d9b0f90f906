"""Mean image, colour components and the colour shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.pictures import Host, random_split
from tests.strategies import seeds
from tinyalex import data
from tinyalex.data.dataset import array_split
from tinyalex.errors import ConfigError, DataError

shapes = st.tuples(st.integers(2, 9), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]))


@given(shapes, seeds, st.sampled_from([1, 100, 8 << 20]))
def test_mean_and_components_equal_numpys(
    shape: tuple[int, int, int, int], seed: int, chunk: int
) -> None:
    split = random_split(*shape, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tinyalex.data.summary.CHUNK_BYTES", chunk)
        found = data.statistics(split)
    images = split.images(np.arange(len(split))).astype(np.float64)
    np.testing.assert_allclose(
        found.mean_image, images.mean(0).transpose(2, 0, 1), rtol=1e-6, atol=1e-5
    )
    np.testing.assert_allclose(found.channel_means, images.mean((0, 1, 2)), rtol=1e-6)
    pixels = images.reshape(-1, shape[3])
    covariance = np.atleast_2d(np.cov(pixels.T, bias=True))
    np.testing.assert_allclose(
        found.eigenvalues, np.linalg.eigvalsh(covariance)[::-1], rtol=1e-4, atol=1e-2
    )
    # Values and vectors together give the covariance back, whatever the order of equal ones.
    again = found.eigenvectors * found.eigenvalues @ found.eigenvectors.T
    np.testing.assert_allclose(again, covariance, rtol=1e-4, atol=1e-1)
    np.testing.assert_allclose(
        found.eigenvectors.T @ found.eigenvectors, np.eye(shape[3]), atol=1e-5
    )


def correlated(N: int = 40) -> data.Split:
    """Images whose brightness varies much, and whose colour varies little."""
    rng = np.random.default_rng(0)
    brightness = rng.normal(128, 40, (N, 6, 6, 1))
    colour = rng.normal(0, 5, (N, 6, 6, 3))
    images = (brightness + colour).clip(0, 255).astype(np.uint8)
    return array_split(images, np.zeros(N, int), 1, "correlated")


def test_the_first_component_is_brightness_and_the_last_the_smallest() -> None:
    found = data.statistics(correlated())
    np.testing.assert_allclose(found.eigenvectors[:, 0], 3**-0.5, atol=0.02)
    assert (np.diff(found.eigenvalues) <= 0).all()


def test_the_mean_image_is_cut_at_its_centre() -> None:
    split = random_split(5, 8, 8, 3)
    whole, cut = data.statistics(split), data.statistics(split, crop=4)
    np.testing.assert_array_equal(cut.mean_image, whole.mean_image[:, 2:6, 2:6])
    with pytest.raises(ConfigError, match="crop 9 does not fit"):
        data.statistics(split, crop=9)


def test_a_limit_measures_evenly_spaced_images() -> None:
    split = random_split(10, 3, 3, 1)
    found, wanted = data.statistics(split, limit=5), data.statistics(split.subset(np.arange(5) * 2))
    np.testing.assert_array_equal(found.mean_image, wanted.mean_image)


def test_each_kind_of_mean_has_its_shape() -> None:
    found = data.statistics(random_split(5, 4, 6, 3))
    image, channel = found.mean("image"), found.mean("channel")
    assert image is not None and image.shape == (3, 4, 6)
    assert channel is not None and channel.shape == (3, 1, 1)
    assert found.mean("none") is None
    with pytest.raises(ConfigError, match="unknown mean 'imag'[\\s\\S]*'image'"):
        found.mean("imag")


def imagenet() -> data.Statistics:
    """Standard deviations of the authors' components, in steps of 255."""
    return data.Statistics(
        mean_image=np.zeros((3, 1, 1), np.float32),
        channel_means=np.zeros(3, np.float32),
        eigenvalues=np.array([121.8, 37.1, 19.7], np.float32) ** 2,
        eigenvectors=np.eye(3, dtype=np.float32),
    )


def test_the_shift_by_eigenvalue_is_the_papers_formula_on_pixels_from_0_to_1() -> None:
    found = imagenet().colour("eigenvalue", sigma=0.1)
    assert found is not None
    unit = imagenet().eigenvalues / 255**2  # variance of pixels from 0 to 1
    np.testing.assert_allclose(np.diag(found), 255 * 0.1 * unit, rtol=1e-6)
    assert np.diag(found)[0] == pytest.approx(5.8, abs=0.05)


def test_the_shift_by_standard_deviation_is_the_authors() -> None:
    found = imagenet().colour("std", sigma=0.1)
    np.testing.assert_allclose(found, np.diag([12.18, 3.71, 1.97]), rtol=1e-5)


@pytest.mark.parametrize("mode", ["eigenvalue", "std"])
def test_shifts_have_the_components_as_eigenvectors(mode: str) -> None:
    found = data.statistics(correlated())
    matrix = found.colour(mode, sigma=0.5)
    assert matrix is not None
    z = np.random.default_rng(1).standard_normal((200_000, 3))
    covariance = np.cov((z @ matrix).T)
    size = {"eigenvalue": found.eigenvalues / 255, "std": np.sqrt(found.eigenvalues)}[mode]
    axes: Host = found.eigenvectors
    np.testing.assert_allclose(
        covariance, axes * (0.5 * size) ** 2 @ axes.T, rtol=0.03, atol=0.02 * size[0] ** 2
    )


def test_without_a_mode_there_is_no_shift_and_an_unknown_mode_is_refused() -> None:
    assert imagenet().colour(None) is None
    with pytest.raises(ConfigError, match="unknown colour mode 'stdev'[\\s\\S]*'std'"):
        imagenet().colour("stdev")


def test_grey_images_stored_as_rgb_have_no_negative_variance() -> None:
    grey = np.repeat(random_split(6, 5, 5, 1).images(np.arange(6)), 3, axis=3)
    found = data.statistics(array_split(grey, np.zeros(6, int), 1, "grey"))
    matrix = found.colour("std")
    assert matrix is not None and np.isfinite(matrix).all()


def test_statistics_are_the_same_after_a_round_trip_through_arrays() -> None:
    found = data.statistics(random_split(5, 4, 4, 3))
    again = data.Statistics.from_arrays(found.to_arrays())
    for name, array in found.to_arrays().items():
        np.testing.assert_array_equal(getattr(again, name), array)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mean_image", None, "mean_image missing"),
        ("eigenvalues", np.zeros(2), "do not fit together"),
        ("mean_image", np.zeros((4, 4)), "do not fit together"),
        ("channel_means", np.full(3, np.nan), "not finite"),
    ],
)
def test_damaged_statistics_are_refused(name: str, value: Host | None, message: str) -> None:
    arrays = data.statistics(random_split(5, 4, 4, 3)).to_arrays()
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with pytest.raises(DataError, match=message):
        data.Statistics.from_arrays(arrays)


def test_an_empty_split_has_no_statistics() -> None:
    with pytest.raises(DataError, match="empty"):
        data.statistics(random_split(0, 4, 4, 3))
