"""What is subtracted from an image before an imported network sees it."""

from __future__ import annotations

import base64
import math
from pathlib import Path

import numpy as np

from tinyalex.data.image_statistics import Statistics, centre
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.weights.caffe import read_mean
from tinyalex.weights.tensors import HostArray

# Means of R, G and B, pixels from 0 to 255. torchvision's references/classification/presets.py;
# and the mean of Caffe's data/ilsvrc12/imagenet_mean.binaryproto over its pixels, turned to RGB.
TORCHVISION_MEAN = (255 * 0.485, 255 * 0.456, 255 * 0.406)
CAFFE_MEAN = (122.67891434, 116.66876762, 104.00698793)
NPY = b"\x93NUMPY"  # what every .npy file begins with
NEAR = 3.0  # between a channel's means of the same pictures, resized or cropped in another way
# By recipe: what images lose that a network published under it sees.
PUBLISHED = {"torchvision": TORCHVISION_MEAN, "caffe": CAFFE_MEAN, "paper": CAFFE_MEAN}


def parse_mean(text: str, channels: int) -> HostArray:
    """What ``--mean`` names: numbers for the channels, or a file with a mean image.

    Parameters
    ----------
    text : str
        ``"123,117,104"`` (R, G, B), a ``.binaryproto`` file of Caffe (BGR there, turned here), or
        a ``.npy`` file, float (C, H, W) in RGB; pixels from 0 to 255.
    channels : int

    Returns
    -------
    float32 (C,) or (C, H, W)

    Raises
    ------
    ConfigError, CheckpointError
        It is neither; it has another number of channels; a number is not finite.
    """
    path = Path(text)
    if path.suffix.lower() == ".binaryproto":
        mean = read_mean(path)
    elif path.suffix.lower() == ".npy":
        mean = _read_npy(path)
    else:
        try:
            mean = np.array([float(part) for part in text.split(",")], np.float32)
        except ValueError as error:
            raise ConfigError(
                f"--mean must be numbers or a .npy or .binaryproto file (got {text!r})",
                "--mean 123.68,116.78,103.94 (R, G, B from 0 to 255)",
            ) from error
    if len(mean) != channels or not np.isfinite(mean).all():
        raise ConfigError(
            f"--mean must have {channels} channels of finite numbers (got {mean.shape})",
            "one number a channel, from 0 to 255",
        )
    return mean


def in_rgb(mean: HostArray, name: str, of_caffe: bool) -> tuple[HostArray, str]:
    """Look for a mean whose channels come in Caffe's order: B, G, R.

    ImageNet's mean is known, and cannot be mistaken: its red is brighter than its blue by 19.

    Parameters
    ----------
    mean : float32 (C,) or (C, H, W)
    name : str
        What ``--mean`` was.
    of_caffe : bool
        Whether the weights are Caffe's. If they are, the mean is turned, else only told of.

    Returns
    -------
    mean : float32, as it came, or its channels turned round
    note : str
        For the user; empty if there is nothing to say.
    """
    if len(mean) != 3 or name.lower().endswith(".binaryproto"):
        return mean, ""
    means = mean.reshape(3, -1).mean(axis=1, dtype=np.float64)
    listed = ", ".join(f"{number:.1f}" for number in means)
    if np.abs(means - CAFFE_MEAN).max() < NEAR:
        return mean, ""
    if np.abs(means[::-1] - CAFFE_MEAN).max() < NEAR:
        if of_caffe:
            note = f"--mean {name}: {listed} is ImageNet's mean as B, G, R: turned to R, G, B"
            return np.ascontiguousarray(mean[::-1]), note
        return mean, (
            f"--mean {name}: {listed} looks like ImageNet's mean as B, G, R, and is taken as "
            "R, G, B: turn it round if the network was trained on RGB pictures"
        )
    if of_caffe and mean.ndim == 3:
        return mean, (
            f"--mean {name}: {listed} is taken as R, G, B. Caffe's own tools write B, G, R: a "
            ".binaryproto file is turned by itself"
        )
    return mean, ""


def image_as_text(image: HostArray) -> str:
    """A mean image (C, H, H) for a place where only text can be: base64 of its float32."""
    return base64.b64encode(np.ascontiguousarray(image, "<f4").tobytes()).decode()


def image_of_text(text: str, channels: int, where: str) -> HostArray:
    """The mean image, float32 (C, H, H), that `image_as_text` wrote.

    Raises
    ------
    CheckpointError
        It is no such text, or a number is not finite.
    """
    try:
        numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
        side = math.isqrt(len(numbers) // channels)
        image: HostArray = numbers.reshape(channels, side, side)
    except ValueError as error:
        raise CheckpointError(
            f"{where}: its mean image must be {channels} channels of a square (got {error})",
            "export it again, or --mean FILE",
        ) from error
    if not image.size or not np.isfinite(image).all():
        raise CheckpointError(f"{where}: its mean image must be finite numbers", "export it again")
    return image


def make_statistics(mean: HostArray, side: int) -> Statistics:
    """Statistics of images of which nothing but the mean is known.

    Parameters
    ----------
    mean : float32 (C,), or (C, H, W) of which the centre counts
    side : int
        Of the network's input.

    Raises
    ------
    ConfigError
        The mean image is smaller than the input.
    """
    C = len(mean)
    image = (
        centre(mean, side)
        if mean.ndim == 3
        else np.broadcast_to(mean[:, None, None], (C, side, side))
    )
    return Statistics(
        mean_image=np.ascontiguousarray(image, np.float32),
        channel_means=mean.reshape(C, -1).mean(axis=1, dtype=np.float64).astype(np.float32),
        eigenvalues=np.zeros(C, np.float32),  # unknown: no colour shift
        eigenvectors=np.eye(C, dtype=np.float32),
    )


def _read_npy(path: Path) -> HostArray:
    """A mean image from a .npy file; its size is checked in the header, before it is read."""
    hint = "np.save(FILE, mean), float32 (C, H, W)"
    try:
        with path.open("rb") as file:
            if file.read(len(NPY)) != NPY:
                raise CheckpointError(f"{path}: not a .npy file (it begins otherwise)", hint)
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        reason = error.strerror or "cut off"
        raise CheckpointError(f"{path}: cannot be read ({reason})", hint) from error
    except CheckpointError:
        raise
    # NumPy reads the header as Python's own words, and passes on what that ends in.
    except Exception as error:
        held = "Python objects" if "Python objects" in str(error) else "a damaged header, or is cut"
        raise CheckpointError(f"{path}: must hold numbers alone (it has {held})", hint) from error
    if mapped.ndim != 3 or mapped.size > 1 << 24 or mapped.dtype.kind not in "fiu":
        raise CheckpointError(
            f"{path}: must be numbers (C, H, W) (got {mapped.dtype} {mapped.shape})", hint
        )
    return np.array(mapped, np.float32)
