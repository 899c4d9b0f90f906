"""The networks, each a list of layers, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tinyalex import recipes
from tinyalex.errors import ConfigError, unknown
from tinyalex.layers import Sequential, Tanh
from tinyalex.layers.base import skip_init
from tinyalex.models import alexnet, alexnet_authors, cifar
from tinyalex.models.alexnet import to_two_tower
from tinyalex.models.alexnet_without import alexnet_without
from tinyalex.models.init import ZEROS, Rules, initialise
from tinyalex.models.small import alexnet_small
from tinyalex.models.tiny import tiny

__all__ = ["ZEROS", "Model", "ModelSpec", "build", "initialise", "names", "spec", "to_two_tower"]

Builder = Callable[[tuple[int, int, int], int, str], Sequential]


@dataclass(frozen=True)
class ModelSpec:
    """Everything about a network that is known before it is built.

    Attributes
    ----------
    input_shape : (C, H, W) of one image
    num_classes : number of classes of the data that it was made for
    recipe : name of its default recipe
    init : rules of its initial weights, where they differ from the recipe's

    Examples
    --------
    >>> alexnet = spec("alexnet")
    >>> alexnet.input_shape, alexnet.num_classes, alexnet.recipe
    ((3, 227, 227), 1000, 'paper')
    """

    name: str
    description: str
    input_shape: tuple[int, int, int]
    num_classes: int
    recipe: str
    builder: Builder
    init: Rules | None = None


class Model(Sequential):
    """A network with its name, its number of classes and its input shape.

    Examples
    --------
    >>> model = build("tiny")
    >>> model.name, model.input_shape, model.forward(np.zeros((1, 1, 16, 16))).shape
    ('tiny', (1, 16, 16), (1, 10))
    """

    name: str
    num_classes: int
    input_shape: tuple[int, int, int]


# What is left out of AlexNet, large or small: a name, a description, options of its builder.
_WITHOUT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("no-norm", "no normalisation", {"norm": False}),
    ("no-overlap", "pooling does not overlap", {"overlap": False}),
    ("no-exchange", "no cross-GPU connections before the classifier", {"exchange": False}),
    ("no-dropout", "no dropout", {"drop": False}),
    ("tanh", "tanh in place of ReLU", {"activation": Tanh}),
    ("tanh-no-dropout", "tanh in place of ReLU, no dropout", {"activation": Tanh, "drop": False}),
)


def _with_ablations(whole: ModelSpec, builder: Callable[..., Sequential]) -> list[ModelSpec]:
    """A network and its ablations."""
    without = [
        replace(
            whole,
            name=f"{whole.name}-{name}",
            description=what,
            builder=partial(builder, **options),
        )
        for name, what, options in _WITHOUT
    ]
    return [whole, *without]


def _imagenet(
    name: str,
    description: str,
    recipe: str,
    builder: Builder,
    init: Rules | None = None,
    side: int = 227,
) -> ModelSpec:
    return ModelSpec(name, description, (3, side, side), 1000, recipe, builder, init)


def _cifar(name: str, description: str, builder: Builder, side: int = 32) -> ModelSpec:
    return ModelSpec(name, description, (3, side, side), 10, name, builder)


_PAPER = recipes.get("paper").init
_ALEXNET = _imagenet(
    "alexnet", "the paper's network; the two GPUs are groups=2", "paper", alexnet.alexnet
)
_SMALL = ModelSpec(
    "alexnet-small", "AlexNet's eight layers for CIFAR-10", (3, 28, 28), 10, "small", alexnet_small
)
_SPECS = {
    s.name: s
    for s in (
        *_with_ablations(_ALEXNET, alexnet_without),
        _imagenet(
            "alexnet-caffe",
            "the paper's with the normalisation of Caffe's bvlc_alexnet",
            "caffe",
            alexnet.alexnet_caffe,
            init=_PAPER,
        ),
        _imagenet(
            "alexnet-code2012",
            "the paper's network as in its authors' code: net 145",
            "code2012",
            alexnet_authors.alexnet_code2012,
        ),
        _imagenet(
            "alexnet-star",
            "1 CNN*: the paper's network and a sixth convolution",
            "star",
            alexnet_authors.alexnet_star,
        ),
        _imagenet(
            "alexnet-two-tower",
            "the paper's network written as its two towers",
            "paper",
            alexnet.alexnet_two_tower,
            init=alexnet.two_tower_rules(_PAPER),
        ),
        _imagenet(
            "alexnet-torchvision",
            "one tower, no normalisation: torchvision's layout",
            "torchvision",
            alexnet.alexnet_torchvision,
            side=224,
        ),
        ModelSpec(
            "alexnet-mini",
            "half of the filters, images of 128 pixels",
            (3, 115, 115),
            10,
            "mini",
            alexnet.alexnet_mini,
        ),
        *_with_ablations(_SMALL, alexnet_small),
        _cifar("cifar-80sec", "26 % error on CIFAR-10", cifar.cifar_80sec),
        _cifar("cifar-19pct", "19 % error on CIFAR-10", cifar.cifar_19pct),
        _cifar(
            "cifar-18pct", "18 % error on CIFAR-10, within-channel normalisation", cifar.cifar_18pct
        ),
        _cifar("cifar-13pct", "13 % error on CIFAR-10, unshared weights", cifar.cifar_13pct, 24),
        _cifar(
            "cifar-11pct",
            "11 % error on CIFAR-10, unshared weights, cross-channel norm",
            cifar.cifar_11pct,
            24,
        ),
        _cifar("cifar-fig1-relu", "figure 1's network with ReLU", cifar.cifar_fig1_relu),
        _cifar("cifar-fig1-tanh", "figure 1's network with tanh", cifar.cifar_fig1_tanh),
        ModelSpec("tiny", "AlexNet in miniature, for digits", (1, 16, 16), 10, "tiny", tiny),
    )
}


def names() -> list[str]:
    """Names of all networks.

    Examples
    --------
    >>> "alexnet" in names(), "tiny" in names()
    (True, True)
    """
    return list(_SPECS)


def spec(name: str) -> ModelSpec:
    """Find a network by its name; an unknown name raises ConfigError.

    Examples
    --------
    >>> spec("cifar-80sec").description
    '26 % error on CIFAR-10'
    """
    if name not in _SPECS:
        raise unknown("model", name, _SPECS)
    return _SPECS[name]


def build(
    name: str,
    num_classes: int | None = None,
    seed: int = 0,
    *,
    init: Rules | None = None,
    dropout: str | None = None,
    in_channels: int | None = None,
    image_size: int | None = None,
) -> Model:
    """Build a network with initial weights, on the NumPy backend.

    Parameters
    ----------
    name : str
        One of `names`.
    num_classes : int, optional
        Outputs of the last layer. Default: the classes of the data the network was made for.
    seed : int
        Seed of the initial weights and of the dropout masks.
    init : mapping, optional
        Initialisation rules (see `initialise`). Default: those of the network's recipe. Pass
        `ZEROS` if you set the weights yourself, or need the sizes only.
    dropout : "inverted" or "paper", optional
        See `tinyalex.layers.Dropout`. Default: the recipe's.
    in_channels, image_size : int, optional
        Images unlike those that the network was made for; the first fully connected layer adapts.

    Raises
    ------
    ConfigError
        The name is unknown or a number is not allowed.
    ShapeError
        The image is too small for the network.

    Examples
    --------
    >>> build("alexnet", init=ZEROS).count_parameters()
    60965224
    >>> build("tiny", num_classes=3).output_shape((8, 1, 16, 16))
    (8, 3)
    """
    s = spec(name)
    recipe = recipes.get(s.recipe)
    classes = s.num_classes if num_classes is None else num_classes
    if classes < 2:
        raise ConfigError(f"num_classes must be at least 2 (got {classes})")
    C, H, W = s.input_shape
    size = (image_size, image_size) if image_size is not None else (H, W)
    image = (in_channels if in_channels is not None else C, *size)
    with skip_init():
        model = Model(s.builder(image, classes, dropout or recipe.dropout).children)
    model.name, model.num_classes, model.input_shape = name, classes, image
    initialise(model, (s.init or recipe.init) if init is None else init, seed)
    return model
