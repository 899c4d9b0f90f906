"""Export a run's network: .safetensors with PyTorch's names, or ONNX."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.files import write_atomic
from tinyalex.layers import Container, Conv2d, Dropout, Flatten, Layer, Linear, Sequential
from tinyalex.runs.load import Run
from tinyalex.runs.tensors import to_bytes
from tinyalex.weights.means import image_as_text
from tinyalex.weights.sources import MEAN, MEAN_SHA256, MEAN_SUFFIX, METADATA
from tinyalex.weights.tensors import HostArray

FORMATS = ("safetensors", "onnx")


def export(
    run: Run, out: Path | str, format: str | None = None, preprocess: bool = False
) -> list[Path]:
    """Write a run's network to a file.

    Parameters
    ----------
    run : Run
    out : Path
    format : "safetensors" or "onnx", optional
        By default as the file's suffix says.
    preprocess : bool
        ONNX only: the graph takes uint8 pixels (N, H, W, C) from 0 to 255 and prepares them.

    Returns
    -------
    list of Path
        The files written. The mean image of a .safetensors file, if its network subtracts one, is
        a second file, ``.mean.npy``.

    Raises
    ------
    ConfigError
        The format is unknown, or a layer has no counterpart.
    BackendError
        The package ``onnx`` is needed and not installed.
    RunError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from tinyalex import training
    >>> run = training.load_run("runs/tiny-digits-seed0", backend="numpy")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export(run, f"{folder}/tiny.safetensors")]
    ['tiny.safetensors', 'tiny.mean.npy']
    """
    out = Path(out)
    kind = out.suffix.removeprefix(".").lower() if format is None else format
    if kind not in FORMATS:
        raise ConfigError(
            f"{out}: the format must be one of {', '.join(FORMATS)} (got {kind or 'no suffix'!r})",
            "--format onnx, or a name that ends with .onnx",
        )
    if kind == "onnx":
        from tinyalex.weights.to_onnx import to_onnx

        properties = {METADATA: json.dumps(_about(run))}
        image = run.preprocessing.mean_image
        if image is not None and not preprocess:
            properties[MEAN] = image_as_text(image)
        write_atomic(out, to_onnx(run, preprocess, properties))
        return [out]
    if preprocess:
        raise ConfigError(
            "a .safetensors file holds weights, no preprocessing", "--format onnx --preprocess"
        )
    return _export_safetensors(run, out)


def test_time_weights(model: Container) -> dict[str, HostArray]:
    """The state dict for a framework whose dropout does nothing at test time.

    The paper's dropout multiplies by 1 - p at test time (section 4.2). Here the next layer's
    weights take the factor over. With p = 0.5 only exponents change, so nothing is rounded.

    Raises
    ------
    ConfigError
        Such a dropout is not directly before a fully connected layer or a convolution.
    """
    state = model.state_dict()
    factor = _fold(model, "", 1.0, state)
    if factor != 1:
        raise ConfigError(
            "the paper's dropout comes last: no layer can take its factor over",
            'dropout="inverted"',
        )
    return state


def _fold(layer: Layer, name: str, factor: float, state: dict[str, HostArray]) -> float:
    """Multiply a layer's weights by the factor before it; returns the factor after the layer."""
    if isinstance(layer, Flatten):
        return factor
    if isinstance(layer, Dropout):
        return factor * (layer.test_factor() or 1.0)
    if isinstance(layer, Sequential):
        for key, child in layer.children.items():
            factor = _fold(child, f"{name}{key}.", factor, state)
        return factor
    if isinstance(layer, Container):  # towers: each of them sees the factor
        rest = {_fold(c, f"{name}{key}.", factor, state) for key, c in layer.children.items()}
        if len(rest) == 1:
            return rest.pop()
    if factor == 1:
        return 1.0
    if not isinstance(layer, Linear | Conv2d):
        raise ConfigError(
            f"{name.rstrip('.')}: the paper's dropout must be right before a fully connected layer "
            f"or a convolution (got {type(layer).__name__})"
        )
    weight = state[f"{name}weight"]
    state[f"{name}weight"] = weight * weight.dtype.type(factor)
    return 1.0


def _export_safetensors(run: Run, out: Path) -> list[Path]:
    files, about = [out], _about(run)
    if (image := run.preprocessing.mean_image) is not None:
        beside = out.with_suffix(MEAN_SUFFIX)
        stream = io.BytesIO()
        np.save(stream, image, allow_pickle=False)
        write_atomic(beside, stream.getvalue())
        about[MEAN_SHA256] = hashlib.sha256(stream.getvalue()).hexdigest()
        files.append(beside)
    metadata = {"format": "pt", METADATA: json.dumps(about)}
    write_atomic(out, to_bytes(test_time_weights(run.model), metadata))
    return files


def _about(run: Run) -> dict[str, Any]:
    """What a file stores about its network, besides the weights."""
    recipe, facts = run.config.recipe, run.config.facts
    return {
        "model": run.model.name,
        "recipe": recipe.to_dict(),
        "classes": run.classes,
        "class_names": facts.get("class_names"),
        "data": facts.get("data_name"),
        "input_shape": list(run.model.input_shape),
        "mean": [float(number) for number in run.statistics.channel_means],
    }
