"""The built-in digits: 1797 real handwritten digits, centred or moved; nothing to download.

``digits.csv.gz`` in this folder has one line per digit: its 64 pixels, row by row, from 0 to 16,
and its label. It is the test set of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
Digits, UCI Machine Learning Repository (1998), https://doi.org/10.24432/C50P49, licence CC BY 4.0
(https://creativecommons.org/licenses/by/4.0). The file is the one that scikit-learn has.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from tinyalex.data.dataset import Dataset, from_arrays
from tinyalex.errors import DataError
from tinyalex.extras import install

SIZE = 16
ROOM = 4  # pixels that a digit may move to the right, and down
COPIES = 5  # of each moved test digit, each at another position
FILE = Path(__file__).with_name("digits.csv.gz")
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def load_digits() -> Dataset:
    """Load the handwritten digits as 16 x 16 grey images.

    Returns
    -------
    Dataset
        1437 training and 360 test images, uint8 (16, 16, 1), ten classes.

    Raises
    ------
    DataError
        The file in this package is missing or damaged.

    Notes
    -----
    The original images have 8 x 8 pixels with values 0 to 16. The values are scaled to 0 to 255,
    the images enlarged bilinearly. Sorted by class, every fifth image is a test image: always the
    same ones, the same share of each class.
    """
    table = _read()
    grey = np.rint(table[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images = np.stack([_enlarge(image) for image in grey])[..., None]
    labels = table[:, 64].astype(np.int64)
    by_class = np.argsort(labels, kind="stable")
    test = np.sort(by_class[::5])
    train = np.setdiff1d(by_class, test)
    fingerprint = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return from_arrays(
        "digits",
        [str(digit) for digit in range(10)],
        (images[train], labels[train]),
        (images[test], labels[test]),
        fingerprint,
    )


def load_moved_digits() -> Dataset:
    """Load the digits, each at a random position in a larger black image.

    Returns
    -------
    Dataset
        1437 training and 1800 test images, uint8 (20, 20, 1), ten classes. Each training digit
        occurs once, each test digit at five positions, which are always the same.
    """
    digits = load_digits()
    splits = []
    for seed, split, copies in ((0, digits.train, 1), (1, digits.test, COPIES)):
        images = np.pad(split.images(np.arange(len(split))), ((0, 0), (0, ROOM), (0, ROOM), (0, 0)))
        images = np.tile(images, (copies, 1, 1, 1))
        steps = np.random.default_rng(seed).integers(0, ROOM + 1, (len(images), 2))
        pairs = zip(images, steps, strict=True)
        images = np.stack([np.roll(image, step, (0, 1)) for image, step in pairs])
        splits.append((images, np.tile(split.labels, copies)))
    content = b"".join(images.tobytes() + labels.tobytes() for images, labels in splits)
    fingerprint = hashlib.sha256(content).hexdigest()
    return from_arrays("moved-digits", digits.classes, splits[0], splits[1], fingerprint)


def _read() -> np.ndarray:
    """The digits' table, float64 (1797, 65): 64 pixels and the label."""
    try:
        packed = FILE.read_bytes()
    except OSError as error:
        raise DataError(f"{FILE}: {error.strerror or error}", install()) from error
    if hashlib.sha256(packed).hexdigest() != SHA256:
        raise DataError(f"{FILE}: the built-in digits are damaged", install())
    return np.loadtxt(gzip.decompress(packed).decode().splitlines(), delimiter=",")


def _enlarge(image: np.ndarray) -> np.ndarray:
    enlarged = Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.asarray(enlarged)
