"""Read a network from a file of PyTorch, Caffe or ONNX, or from our own export."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinyalex import models, notice
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Container, Linear
from tinyalex.recipes import Recipe
from tinyalex.weights import means, tensors
from tinyalex.weights.classes import class_lists, imagenet_classes
from tinyalex.weights.imported import Imported
from tinyalex.weights.sources import (
    MEAN_SHA256,
    MEAN_SUFFIX,
    Found,
    channels_of,
    open_caffe,
    open_onnx,
    open_tensors,
    side_of,
)
from tinyalex.weights.tensors import HostArray

SUFFIXES = (".safetensors", *tensors.PYTORCH, ".caffemodel", ".onnx")


def read(
    path: Path | str,
    model: str | None = None,
    mean: str | None = None,
    classes: Path | None = None,
    colours: str | None = None,
) -> Imported:
    """Read a network's weights from a file of PyTorch, Caffe or ONNX, or from our own export.

    Parameters
    ----------
    path : Path
        ``.safetensors``, ``.pth``, ``.pt``, ``.ckpt`` or ``.pth.tar`` (PyTorch must be
        installed), ``.caffemodel``, or ``.onnx`` (``onnx`` must be installed).
    model : str, optional
        The model that the weights are for. Needed if the file does not tell: `alexnet` and
        `alexnet-caffe` have the same names and shapes.
    mean : str, optional
        The mean to subtract; see `means.parse_mean`. By default that of the published
        network or of the file's metadata.
    classes : Path, optional
        File with the outputs' labels, one per line. By default ImageNet's if there are 1000.
    colours : "rgb" or "bgr", optional
        The channel order that an ONNX graph takes. By default B, G, R for Caffe's network.

    Raises
    ------
    CheckpointError
        The file is damaged, or a tensor is missing, extra, of another shape, or not finite.
    ConfigError
        The model, the mean, the classes or the colours cannot be used.
    BackendError
        PyTorch or ``onnx`` is needed and missing.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training, weights
    >>> run = training.load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file, *_ = weights.export(run, f"{folder}/tiny.safetensors")
    ...     read(file).model
    'tiny'
    """
    path = Path(path)
    kind = path.suffix.lower()
    if not path.name.lower().endswith(SUFFIXES):
        raise CheckpointError(
            f"{path}: weights come from {', '.join(SUFFIXES)} files (got {kind or 'no suffix'})",
            "torch.save or safetensors.torch.save_file on model.state_dict()",
        )
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file", "check the path")
    if colours is not None and (colours not in ("rgb", "bgr") or kind != ".onnx"):
        raise ConfigError(
            f"{path}: --colours must be rgb or bgr, for a .onnx file (got {colours!r})",
            "leave --colours out: a .caffemodel is always converted to R, G, B",
        )
    if kind == ".caffemodel":
        found = open_caffe(path, model)
    elif kind == ".onnx":
        found = open_onnx(path, model, colours)
    else:
        found = open_tensors(path, model)
    name, recipe, about, weights = found.model, found.recipe, found.about, found.weights
    wanted, outputs = _wanted(found.network, weights)
    tensors.check_shapes(wanted, {n: w.shape for n, w in weights.items()}, str(path), name)
    tensors.check_finite(weights, str(path))
    channels = channels_of(weights, models.spec(name).input_shape[0])
    kind_of_mean, subtracted = _mean(found, mean, channels, path)
    recipe = replace(recipe, mean=kind_of_mean, scale=_scale(recipe, channels, path))
    labels, names = class_lists(outputs, classes)
    if classes is None and len(about.get("classes") or ()) == outputs:
        labels, names = about["classes"], about.get("class_names")
    return Imported(
        path=path,
        model=name,
        weights=weights,
        recipe=recipe,
        statistics=means.make_statistics(subtracted, side_of(recipe)),
        classes=list(labels),
        class_names=names,
        data=about.get("data") or ("imagenet" if outputs == len(imagenet_classes()) else "unknown"),
    )


def _mean(found: Found, asked: str | None, channels: int, path: Path) -> tuple[str, HostArray]:
    """The kind of mean ("image", "channel" or "none") and the mean, float32 (C,) or (C, H, W)."""
    recipe, about = found.recipe, found.about
    if asked is not None:
        subtracted = means.parse_mean(asked, channels)
        subtracted, note = means.in_rgb(subtracted, asked, found.bgr)
        if note:
            notice.warn(note)
        return "image" if subtracted.ndim == 3 else "channel", subtracted
    if found.mean is not None:
        if len(found.mean) != channels or not np.isfinite(found.mean).all():
            raise CheckpointError(
                f"{path}: the mean in the graph must have {channels} channels of finite numbers "
                f"(got {found.mean.shape})",
                "export it again, or --mean",
            )
        return "image" if found.mean.ndim == 3 else "channel", found.mean
    if about:
        if recipe.mean != "image":
            return recipe.mean, np.array(about["mean"], np.float32)
        beside = path.with_suffix(MEAN_SUFFIX)
        if not beside.is_file():
            raise CheckpointError(
                f"{path}: a mean image is subtracted, and {beside.name} beside it is missing",
                "copy both files, or --mean FILE",
            )
        with beside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if about.get(MEAN_SHA256) not in (None, digest):  # older exports do not say
            raise CheckpointError(
                f"{path}: {beside.name} beside it is not the mean image that it was exported with",
                "export it again, or copy both files of one export",
            )
        return "image", means.parse_mean(str(beside), channels)
    if recipe.name not in means.PUBLISHED or channels != 3:
        raise ConfigError(
            f"{path}: what is subtracted from images of {recipe.model} is not known",
            "--mean with one number per channel, or a file",
        )
    return "channel", np.array(means.PUBLISHED[recipe.name], np.float32)


def _scale(recipe: Recipe, channels: int, path: Path) -> float | tuple[float, ...]:
    """The factor on pixels; their average if R, G, B have three but the network has one channel."""
    if not isinstance(recipe.scale, tuple) or len(recipe.scale) in (1, channels):
        return recipe.scale
    scale = sum(recipe.scale) / len(recipe.scale)
    notice.warn(
        f"{path}: a network of {channels} channel: pixels are multiplied by {scale:.4g}, the mean "
        "of the factors for R, G and B; what it was trained with is not known"
    )
    return scale


def _wanted(
    network: Container, weights: Mapping[str, HostArray]
) -> tuple[dict[str, tuple[int, ...]], int]:
    """Shape of every tensor, and the number of outputs, which the file decides."""
    shapes = {full: tuple(w.shape) for full, w in network.named_parameters()}
    last = [name for name, layer in network.named_layers() if isinstance(layer, Linear)][-1]
    rows, columns = shapes[f"{last}.weight"]
    found = weights.get(f"{last}.weight")
    if found is not None and found.ndim == 2 and len(found) >= 2:
        rows = len(found)
    return shapes | {f"{last}.weight": (rows, columns), f"{last}.bias": (rows,)}, rows
