"""The embedded data set: 1797 real handwritten digits, no network needed."""

from __future__ import annotations

import hashlib

import numpy as np
from PIL import Image

from tinyalex.data.dataset import Dataset, from_arrays

SIZE = 16


def load_digits() -> Dataset:
    """Load scikit-learn's handwritten digits as 16 x 16 grey images.

    Returns
    -------
    Dataset
        1437 training and 360 test images, uint8 (16, 16, 1), ten classes.

    Notes
    -----
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998), as
    `sklearn.datasets.load_digits` gives them: 8 x 8 pixels with values 0 to 16. The values are
    scaled to 0 to 255, the images enlarged bilinearly. Every fifth image of the list sorted by
    class is a test image: always the same ones, the same share of each class.
    """
    from sklearn.datasets import load_digits as bunch  # slow to import: only where it is needed

    digits = bunch()
    grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = np.stack([_enlarge(image) for image in grey])[..., None]
    labels = digits.target.astype(np.int64)
    by_class = np.argsort(labels, kind="stable")
    test = np.sort(by_class[::5])
    train = np.setdiff1d(by_class, test)
    fingerprint = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return from_arrays(
        "digits",
        [str(name) for name in digits.target_names],
        (images[train], labels[train]),
        (images[test], labels[test]),
        fingerprint,
    )


def _enlarge(image: np.ndarray) -> np.ndarray:
    enlarged = Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.asarray(enlarged)
