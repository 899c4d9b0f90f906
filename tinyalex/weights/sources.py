"""Open each kind of weights file: what it holds besides the weights, and which model it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinyalex import models, notice, recipes
from tinyalex.errors import CheckpointError, ConfigError, ShapeError
from tinyalex.layers import Container
from tinyalex.recipes import Recipe
from tinyalex.runs.fields import RECIPE
from tinyalex.typed import fields, list_of, maybe, number, parse_json, text
from tinyalex.weights import from_onnx, means, tensors
from tinyalex.weights.caffe import read_caffemodel
from tinyalex.weights.onnx_graph import open_graph
from tinyalex.weights.onnx_walk import Walk, same
from tinyalex.weights.tensors import HostArray

# Key in the header of our own .safetensors files. Their mean image is a second file.
METADATA = "tinyalex"
MEAN_SUFFIX = ".mean.npy"
MEAN = "tinyalex.mean"  # key in the metadata of our ONNX files: their mean image
MEAN_SHA256 = "mean_sha256"  # key of the second file's checksum
CAFFES = "alexnet-caffe"
RGB_WRITERS = ("pytorch", "tinyalex")  # programs whose exports take R, G, B
LARGEST_SIDE = 1024  # pixels
_NAMES = list_of(text(65_536), most=1 << 20)
_ABOUT = fields(
    {"model": text(1000), "classes": _NAMES, "mean": list_of(number(), most=3), "recipe": RECIPE},
    {"class_names": maybe(_NAMES), "data": maybe(text(65_536))},
)


@dataclass(frozen=True)
class Found:
    """The content of a weights file.

    Attributes
    ----------
    model : str
    recipe : Recipe
    network : Container
        The model's layers, for names and shapes; their weights are not the file's.
    weights : dict of str to float32 array
    about : dict
        The metadata of our own export; empty for other files.
    bgr : bool
        Whether the file's network takes B, G, R; ``weights`` are converted to R, G, B already.
    mean : float32 (C,) or (C, H, W), optional
        The mean that is stored in the file.
    """

    model: str
    recipe: Recipe
    network: Container
    weights: Mapping[str, HostArray]
    about: Mapping[str, Any] = field(default_factory=dict)
    bgr: bool = False
    mean: HostArray | None = None


def open_caffe(path: Path, model: str | None) -> Found:
    if model not in (None, CAFFES):
        raise ConfigError(f"{path}: a .caffemodel becomes {CAFFES!r} (got {model!r})")
    recipe = _recipe(path, CAFFES, {})
    network = _network(CAFFES, recipe, models.spec(CAFFES).input_shape[0])
    weights = read_caffemodel(path, network, CAFFES)
    return Found(CAFFES, recipe, network, weights, bgr=True)


def open_onnx(path: Path, model: str | None, colours: str | None) -> Found:
    graph = open_graph(path)
    about = _metadata(graph.properties, path)
    if model not in (None, about.get("model")):
        about = {}
    name = model or about.get("model") or from_onnx.guess(graph, models.names())
    recipe = _recipe(path, name, about, graph.side())
    C = from_onnx.first_channels(graph, models.spec(name).input_shape[0])
    walk, x, mean = Walk(graph, name), graph.input, None
    if about and recipe.mean == "image" and MEAN in graph.properties:
        mean = means.image_of_text(graph.properties[MEAN], C, str(path))
    if graph.pixels:
        x, mean, scale = from_onnx.read_pixels(walk)
        if not same(recipe.scale, scale):
            factors = tuple(scale.tolist())
            recipe = replace(recipe, scale=factors if len(factors) > 1 else factors[0])
    try:
        network = _network(name, recipe, C)
    except ShapeError as error:
        raise CheckpointError(
            f"{path}: {name} cannot take images of {side_of(recipe)} pixels: {error.message}",
            "--model with the model that it is",
        ) from error
    bgr = colours == "bgr"
    if colours is None and not about and name == CAFFES and graph.producer not in RGB_WRITERS:
        bgr = True
        notice.warn(
            f"{path}: Caffe's networks take B, G, R: the channels of the first filters are "
            "reversed to R, G, B (if this one was trained on R, G, B: --colours rgb)"
        )
    side = side_of(recipe)
    weights = from_onnx.read_layout(walk, x, network, (C, side, side), bgr)
    return Found(name, recipe, network, weights, about, bgr, mean)


def open_tensors(path: Path, model: str | None) -> Found:
    weights, metadata, notes = tensors.read_tensors(path)
    for note in notes:
        notice.warn(note)  # in quiet mode too: it tells which network was read
    about = _metadata(metadata, path)
    if model not in (None, about.get("model")):
        about = {}
    name = model or about.get("model") or guess(weights, str(path))
    recipe = _recipe(path, name, about)
    network = _network(name, recipe, channels_of(weights, models.spec(name).input_shape[0]))
    return Found(name, recipe, network, weights, about)


def guess(weights: Mapping[str, HostArray], where: str) -> str:
    """The name of the model that tensors without metadata are for.

    Raises
    ------
    ConfigError
        No model fits, or several do.
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
    """The metadata of our own export; empty for other files."""
    if METADATA not in metadata:
        return {}
    where = f"{path}: its header's {METADATA!r}"
    about = parse_json(metadata[METADATA], _ABOUT, where, CheckpointError, hint="export it again")
    try:
        return {**about, "recipe": Recipe.from_dict(about["recipe"])}
    except ConfigError as error:
        raise CheckpointError(
            f"{where} cannot be read ({error.message})", "export it again"
        ) from error


def _recipe(path: Path, name: str, about: Mapping[str, Any], side: int = 0) -> Recipe:
    """The recipe that prepares images, for images of ``side`` pixels if that is not 0.

    Its dropout is inverted: PyTorch and Caffe scale in training, and our own export multiplies the
    paper's factor into the weights.
    """
    recipe = about.get("recipe") or recipes.get(models.spec(name).recipe)
    if side not in (0, side_of(recipe)):
        recipe = replace(recipe, crop=side, image_size=max(side, recipe.image_size))
    if side_of(recipe) > LARGEST_SIDE:
        raise CheckpointError(
            f"{path}: images of {side_of(recipe)} pixels, at most {LARGEST_SIDE} are allowed",
            "a network that takes smaller images",
        )
    return replace(recipe, model=name, dropout="inverted")


def side_of(recipe: Recipe) -> int:
    """Side of the network's input in pixels."""
    return recipe.crop or recipe.image_size


def channels_of(weights: Mapping[str, HostArray], default: int) -> int:
    """Number of input channels, from the first filters."""
    filters = [w for w in weights.values() if w.ndim == 4]
    return filters[0].shape[1] if filters and filters[0].shape[1] in (1, 3) else default


def _network(name: str, recipe: Recipe, channels: int) -> Container:
    """The model's layers, for their names and shapes."""
    return models.build(
        name,
        init=models.ZEROS,
        dropout=recipe.dropout,
        in_channels=channels,
        image_size=side_of(recipe),
    )
