"""What a network subtracts from its inputs, and the directions in which colour varies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinyalex.errors import ConfigError, DataError, unknown


@dataclass(frozen=True)
class Statistics:
    """Mean and colour statistics of the training images, pixels from 0 to 255.

    Attributes
    ----------
    mean_image : float32 (C, H, W)
    channel_means : float32 (C,)
    eigenvalues : float32 (C,)
        Variances of the principal components of colour, the largest first, in squared pixel
        units (0 to 255); the standard deviations are their square roots.
    eigenvectors : float32 (C, C)
        Column i is the unit vector of component i.
    """

    mean_image: np.ndarray
    channel_means: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray

    def mean(self, kind: str) -> np.ndarray | None:
        """Give what to subtract: ``"image"`` (C, H, W), ``"channel"`` (C, 1, 1), ``"none"``."""
        if kind == "image":
            return self.mean_image
        if kind == "channel":
            return self.channel_means[:, None, None]
        if kind == "none":
            return None
        raise unknown("mean", kind, ["image", "channel", "none"])

    def colour(self, mode: str | None, sigma: float = 0.1) -> np.ndarray | None:
        """Give the matrix that turns normal numbers into colour shifts.

        A shift in pixel units (0 to 255) is ``z @ matrix`` with z (C,) drawn from N(0, 1).

        Parameters
        ----------
        mode : ``"eigenvalue"``, ``"std"`` or None
        sigma : float
            Standard deviation of the factor alpha = sigma * z.

        Returns
        -------
        float32 (C, C), or None for no shift.

        Notes
        -----
        The paper (section 4.1) adds ``sum_i alpha_i * lambda_i * p_i``, lambda_i being
        eigenvalues of the RGB covariance, and gives no unit. An eigenvalue is a variance, so the
        product depends on the unit: on pixels from 0 to 255 ImageNet's first one is
        121.8**2 = 14,835, and alpha = 0.1 would shift a pixel by 1483 steps of 255. Pixels must
        be on a scale from 0 to 1 for the formula to make sense. There lambda is
        14,835 / 255**2 = 0.228 and the shift 0.0228, that is 5.8 steps: ``"eigenvalue"`` is the
        formula on that scale, brought back to steps, ``alpha * lambda / 255``.

        The authors' code (cuda-convnet2, convdata.py, ``color_stdevs``) multiplies by standard
        deviations, which have the pixels' own unit: ``"std"``, ``alpha * sqrt(lambda)``, 12.2
        steps. It also divides the training data by 1 + sigma, to keep their spread; that
        division is the loader's ``scale``.
        """
        if mode is None:
            return None
        # Rounding can make the variance of a grey data set a tiny negative number.
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
        """The same with the centre of the mean image, of side ``crop``; None is all of it."""
        if crop is None:
            return self
        return replace(self, mean_image=centre(self.mean_image, crop))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Give everything as named arrays, for a checkpoint."""
        return {
            "mean_image": self.mean_image,
            "channel_means": self.channel_means,
            "eigenvalues": self.eigenvalues,
            "eigenvectors": self.eigenvectors,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Statistics:
        """Make statistics from what `to_arrays` gave.

        Raises
        ------
        DataError
            An array is missing, has another shape or holds a value that is not finite.
        """
        names = ("mean_image", "channel_means", "eigenvalues", "eigenvectors")
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
    """Cut the centre of side ``crop`` out of a mean image (C, H, W)."""
    H, W = mean.shape[1:]
    if not 1 <= crop <= min(H, W):
        raise ConfigError(f"crop {crop} does not fit images of {H} x {W}", f"--crop {min(H, W)}")
    top, left = (H - crop) // 2, (W - crop) // 2
    return np.ascontiguousarray(mean[:, top : top + crop, left : left + crop])
