"""Mean and colour statistics of the training images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from tinyalex.errors import ConfigError, DataError, unknown


@dataclass(frozen=True)
class Statistics:
    """Mean and colour statistics of the training images, with pixels from 0 to 255.

    Attributes
    ----------
    mean_image : float32 (C, H, W)
    channel_means : float32 (C,)
    eigenvalues : float32 (C,)
        Variances of the principal components of colour, the largest first, in squared pixel
        units.
    eigenvectors : float32 (C, C)
        Column i is the unit vector of component i.

    Examples
    --------
    >>> from tinyalex import data
    >>> images = np.array([[10, 50], [30, 70]], np.uint8).reshape(2, 1, 2, 1)
    >>> split = data.Split(images.__getitem__, np.zeros(2), (1, 2, 1))
    >>> measured = data.statistics(split)
    >>> measured.mean("image").tolist(), measured.mean("channel").tolist()
    ([[[20.0, 60.0]]], [[[40.0]]])
    >>> measured.eigenvalues  # the variance of 10, 50, 30 and 70
    array([500.], dtype=float32)
    """

    mean_image: np.ndarray
    channel_means: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray

    def mean(self, kind: str) -> np.ndarray | None:
        """The mean to subtract: ``"image"`` (C, H, W), ``"channel"`` (C, 1, 1) or ``"none"``."""
        if kind == "image":
            return self.mean_image
        if kind == "channel":
            return self.channel_means[:, None, None]
        if kind == "none":
            return None
        raise unknown("mean", kind, ["image", "channel", "none"])

    def colour(self, mode: str | None, sigma: float = 0.1) -> np.ndarray | None:
        """The matrix that turns normal random numbers into colour shifts.

        A shift in pixel units (0 to 255) is ``z @ matrix`` with z (C,) drawn from N(0, 1).

        Parameters
        ----------
        mode : ``"eigenvalue"``, ``"std"`` or None
        sigma : float
            Standard deviation of the factor alpha = sigma * z.

        Returns
        -------
        float32 (C, C), or None without a mode

        Notes
        -----
        The paper (section 4.1) adds ``sum_i alpha_i * lambda_i * p_i``, where lambda_i are
        eigenvalues of the RGB covariance, without a unit. An eigenvalue is a variance, so the
        product depends on the unit: with pixels from 0 to 255 ImageNet's first one is
        121.8**2 = 14,835, and alpha = 0.1 would shift a pixel by 1483, far out of the range.
        With pixels from 0 to 1, lambda is 14,835 / 255**2 = 0.228 and the shift 0.0228, or 5.8
        of 255: ``"eigenvalue"`` is the formula on that scale, converted back to pixels from 0 to
        255, ``alpha * lambda / 255``.

        The authors' code (cuda-convnet2, convdata.py, ``color_stdevs``) multiplies by standard
        deviations, which have the pixels' own unit: ``"std"``, ``alpha * sqrt(lambda)``, a shift
        of 12.2. It also divides the training data by 1 + sigma, to keep their variance; that
        division is the loader's ``scale``.
        """
        if mode is None:
            return None
        # Rounding can make the variance of grey images slightly negative.
        variance = np.maximum(self.eigenvalues, 0)
        if mode == "eigenvalue":
            size = variance / 255
        elif mode == "std":
            size = np.sqrt(variance)
        else:
            raise unknown("colour mode", mode, ["eigenvalue", "std"])
        matrix: np.ndarray = (sigma * size)[:, None] * self.eigenvectors.T
        return matrix.astype(np.float32)

    def cropped(self, crop: int | None) -> Statistics:
        """The same, but of the mean image only the centre of side ``crop``; None keeps it all."""
        if crop is None:
            return self
        return replace(self, mean_image=centre(self.mean_image, crop))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes as arrays by name, for a checkpoint."""
        return dict(vars(self))

    @classmethod
    def from_sums(cls, total: np.ndarray, products: np.ndarray, N: int) -> Statistics:
        """Make statistics from sums over N images.

        Parameters
        ----------
        total : int64 (H, W, C)
            Sum of the images.
        products : int64 or float64 (C, C)
            Sum over all pixels of the products of two channels.
        N : int
        """
        H, W, C = total.shape
        mean_image = total / N
        channel_means = mean_image.mean(axis=(0, 1))
        covariance = products / (N * H * W) - np.outer(channel_means, channel_means)
        values, vectors = np.linalg.eigh(covariance)
        # A component's sign is arbitrary: make the largest entry positive, for the same result on
        # every machine.
        vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(C)])
        return cls(
            mean_image=np.ascontiguousarray(mean_image.transpose(2, 0, 1), np.float32),
            channel_means=channel_means.astype(np.float32),
            eigenvalues=values[::-1].astype(np.float32),
            eigenvectors=np.ascontiguousarray(vectors[:, ::-1], np.float32),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Statistics:
        """Make statistics from what `to_arrays` gave.

        Raises
        ------
        DataError
            An array is missing, has another shape or holds a value that is not finite.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in arrays]:
            raise DataError(f"statistics: {', '.join(missing)} missing")
        mean_image, channel_means, values, vectors = (
            np.asarray(arrays[name], np.float32) for name in names
        )
        C = len(mean_image) if mean_image.ndim == 3 else 0
        shapes = (channel_means.shape, values.shape, vectors.shape)
        if not C or shapes != ((C,), (C,), (C, C)):
            raise DataError(
                f"statistics: shapes do not fit together (mean image {mean_image.shape}, "
                f"channel mean, eigenvalues, eigenvectors {shapes})"
            )
        if not all(np.isfinite(a).all() for a in (mean_image, channel_means, values, vectors)):
            raise DataError("statistics: a value is not finite")
        return cls(mean_image, channel_means, values, vectors)


def centre(mean: np.ndarray, crop: int) -> np.ndarray:
    """The centre of a mean image (C, H, W), of side ``crop``, or ConfigError if it is smaller."""
    H, W = mean.shape[1:]
    if not 1 <= crop <= min(H, W):
        raise ConfigError(f"crop {crop} does not fit images of {H} x {W}", f"crop={min(H, W)}")
    top, left = (H - crop) // 2, (W - crop) // 2
    return np.ascontiguousarray(mean[:, top : top + crop, left : left + crop])
