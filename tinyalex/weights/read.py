"""Networks from files: PyTorch's, Caffe's, and those that we exported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import models, notice, recipes
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.layers import Container, Linear
from tinyalex.recipes import Recipe
from tinyalex.weights import preprocessing, tensors
from tinyalex.weights.caffe import read_caffemodel
from tinyalex.weights.classes import class_lists, imagenet_classes
from tinyalex.weights.imported import Imported
from tinyalex.weights.tensors import HostArray

SUFFIXES = (".safetensors", *tensors.PYTORCH, ".caffemodel")
# In the header of a .safetensors file that `tinyalex weights export` wrote; its mean image lies
# beside it.
METADATA = "tinyalex"
MEAN_SUFFIX = ".mean.npy"
CAFFES = "alexnet-caffe"
LARGEST_SIDE = 1024  # pixels


def read(
    path: Path | str,
    model: str | None = None,
    mean: str | None = None,
    classes: Path | None = None,
) -> Imported:
    """Read a network's weights from a file of PyTorch or Caffe, or from our own export.

    Parameters
    ----------
    path : Path
        ``.safetensors``, ``.pth``, ``.pt``, ``.ckpt`` or ``.pth.tar`` (PyTorch must be
        installed), or ``.caffemodel``.
    model : str, optional
        The model that the weights are for. Needed where the file does not tell: `alexnet` and
        `alexnet-caffe` have the same names and shapes.
    mean : str, optional
        What to subtract; see `preprocessing.parse_mean`. By default what the published network
        subtracts, or what the file's metadata say.
    classes : Path, optional
        Labels of the outputs, one a line. By default ImageNet's if there are 1000.

    Raises
    ------
    CheckpointError
        The file is damaged, or a tensor is missing, one too many, misshapen or not finite.
    ConfigError
        The model, the mean or the classes cannot be used.
    BackendError
        PyTorch is needed and missing.
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
    about: dict[str, Any] = {}
    if kind == ".caffemodel":
        if model not in (None, CAFFES):
            raise ConfigError(f"{path}: a .caffemodel becomes {CAFFES!r} (got {model!r})")
        name = CAFFES
        recipe = _recipe(name, about)
        network = _network(name, recipe, models.spec(name).input_shape[0])
        weights = read_caffemodel(path, network, name)
    else:
        weights, metadata, notes = tensors.read_tensors(path)
        for note in notes:
            notice.tell(note)
        about = _metadata(metadata, path)
        if model not in (None, about.get("model")):
            about = {}
        name = model or about.get("model") or guess(weights, str(path))
        recipe = _recipe(name, about)
        network = _network(name, recipe, _channels(weights, models.spec(name).input_shape[0]))
    wanted, outputs = _wanted(network, weights)
    tensors.check_shapes(wanted, {n: w.shape for n, w in weights.items()}, str(path), name)
    tensors.check_finite(weights, str(path))
    channels = _channels(weights, models.spec(name).input_shape[0])
    kind_of_mean, subtracted = _mean(recipe, about, mean, channels, path)
    recipe = replace(recipe, mean=kind_of_mean, scale=_scale(recipe, channels, path))
    labels, names = class_lists(outputs, classes)
    if classes is None and len(about.get("classes") or ()) == outputs:
        labels, names = about["classes"], about.get("class_names")
    return Imported(
        path=path,
        model=name,
        weights=weights,
        recipe=recipe,
        statistics=preprocessing.make_statistics(subtracted, _side(recipe)),
        classes=list(labels),
        class_names=names,
        data=about.get("data") or ("imagenet" if outputs == len(imagenet_classes()) else "unknown"),
    )


def guess(weights: Mapping[str, HostArray], where: str) -> str:
    """The model that weights without a name are for.

    Raises
    ------
    ConfigError
        There are several, or none is known.
    """
    first = weights.get("features.0.weight")
    filters = first.shape[0] if first is not None and first.ndim == 4 else 0
    if filters == 64 or "classifier.1.weight" in weights:
        return "alexnet-torchvision"
    same = "alexnet or alexnet-caffe" if filters == 96 else "one of `tinyalex model`"
    raise ConfigError(
        f"{where}: the tensors do not tell which model they are for (first ones: "
        f"{', '.join(list(weights)[:3]) or 'none'})",
        f"--model with {same}",
    )


def _metadata(metadata: Mapping[str, str], path: Path) -> dict[str, Any]:
    """What our own export wrote into the header; empty for other files."""
    if METADATA not in metadata:
        return {}
    try:
        about = json.loads(metadata[METADATA])
        if not isinstance(about["model"], str) or not isinstance(about["classes"], list):
            raise ValueError("model or classes of another kind")
        about["mean"] = [float(number) for number in about["mean"]]
        about["recipe"] = Recipe.from_dict(about["recipe"])
    except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise CheckpointError(
            f"{path}: its header's {METADATA!r} cannot be read ({error})", "export it anew"
        ) from error
    return dict(about)


def _recipe(name: str, about: Mapping[str, Any]) -> Recipe:
    """The recipe that prepares images.

    Whatever saved the weights scales in training, so that nothing is left to do at test time:
    PyTorch, Caffe, and our own export.
    """
    recipe = about.get("recipe") or recipes.get(models.spec(name).recipe)
    if _side(recipe) > LARGEST_SIDE:
        raise CheckpointError(
            f"recipe {recipe.name}: images of {_side(recipe)} pixels, at most {LARGEST_SIDE}"
        )
    return replace(recipe, model=name, dropout="inverted")


def _side(recipe: Recipe) -> int:
    """Side of the network's input."""
    return recipe.crop or recipe.image_size


def _mean(
    recipe: Recipe, about: Mapping[str, Any], asked: str | None, channels: int, path: Path
) -> tuple[str, HostArray]:
    """What is subtracted: "image", "channel" or "none", and the mean, (C,) or (C, H, W)."""
    if asked is not None:
        of_caffe = path.suffix.lower() == ".caffemodel"
        subtracted = preprocessing.parse_mean(asked, channels)
        subtracted, note = preprocessing.in_rgb(subtracted, asked, of_caffe)
        if note:
            notice.tell(note)
        return "image" if subtracted.ndim == 3 else "channel", subtracted
    if about:
        if recipe.mean != "image":
            return recipe.mean, np.array(about["mean"], np.float32)
        beside = path.with_suffix(MEAN_SUFFIX)
        if not beside.is_file():
            raise CheckpointError(
                f"{path}: a mean image is subtracted, and {beside.name} beside it is missing",
                "copy both files, or --mean FILE",
            )
        return "image", preprocessing.parse_mean(str(beside), channels)
    if recipe.name not in preprocessing.PUBLISHED or channels != 3:
        raise ConfigError(
            f"{path}: what is subtracted from images of {recipe.model} is not known",
            "--mean with a number a channel, or a file",
        )
    return "channel", np.array(preprocessing.PUBLISHED[recipe.name], np.float32)


def _scale(recipe: Recipe, channels: int, path: Path) -> float | tuple[float, ...]:
    """The factor on pixels; for a network of one channel one, where R, G and B have their own."""
    if not isinstance(recipe.scale, tuple) or len(recipe.scale) in (1, channels):
        return recipe.scale
    scale = sum(recipe.scale) / len(recipe.scale)
    notice.tell(
        f"{path}: a network of {channels} channel: pixels are multiplied by {scale:.4g}, the mean "
        "of the factors for R, G and B; what it was trained with is not known"
    )
    return scale


def _channels(weights: Mapping[str, HostArray], default: int) -> int:
    """Input channels, from the first filters."""
    filters = [w for w in weights.values() if w.ndim == 4]
    return filters[0].shape[1] if filters and filters[0].shape[1] in (1, 3) else default


def _network(name: str, recipe: Recipe, channels: int) -> Container:
    """The model's layers, for their names and shapes."""
    return models.build(
        name,
        init=models.ZEROS,
        dropout=recipe.dropout,
        in_channels=channels,
        image_size=_side(recipe),
    )


def _wanted(
    network: Container, weights: Mapping[str, HostArray]
) -> tuple[dict[str, tuple[int, ...]], int]:
    """Shape of every tensor, and the number of outputs, which is the file's to choose."""
    shapes = {
        full: tuple(layer.params[key].shape) for full, layer, key in network.named_parameters()
    }
    last = [name for name, layer in network.named_layers() if isinstance(layer, Linear)][-1]
    rows, columns = shapes[f"{last}.weight"]
    found = weights.get(f"{last}.weight")
    if found is not None and found.ndim == 2 and len(found) >= 2:
        rows = len(found)
    return shapes | {f"{last}.weight": (rows, columns), f"{last}.bias": (rows,)}, rows
