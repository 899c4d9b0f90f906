"""The networks, each a list of layers, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    """What is known of a network before it is built.

    Attributes
    ----------
    input_shape : (C, H, W) of one image
    num_classes : classes of the data that it was made for
    recipe : name of the recipe that trains it if none is named
    init : rules of its initial weights where they are not the recipe's
    """

    name: str
    description: str
    input_shape: tuple[int, int, int]
    num_classes: int
    recipe: str
    builder: Builder
    init: Rules | None = None


class Model(Sequential):
    """A network that knows its name and what it takes."""

    name: str
    num_classes: int
    input_shape: tuple[int, int, int]


_IMAGENET, _IMAGENET_224, _MINI = (3, 227, 227), (3, 224, 224), (3, 115, 115)
_CIFAR, _CIFAR_CROP, _SMALL = (3, 32, 32), (3, 24, 24), (3, 28, 28)
# What is left out of AlexNet, large or small: a name, a description, options of its builder.
_WITHOUT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("no-norm", "no normalisation", {"norm": False}),
    ("no-overlap", "pooling does not overlap", {"overlap": False}),
    ("no-exchange", "the two columns meet at the end", {"exchange": False}),
    ("no-dropout", "no dropout", {"drop": False}),
    ("tanh", "tanh in place of ReLU", {"activation": Tanh}),
    ("tanh-no-dropout", "tanh in place of ReLU, no dropout", {"activation": Tanh, "drop": False}),
)
_SPECS = {
    s.name: s
    for s in (
        ModelSpec(
            "alexnet",
            "the paper's network; the two GPUs are groups=2",
            _IMAGENET,
            1000,
            "paper",
            alexnet.alexnet,
        ),
        *(
            ModelSpec(
                f"alexnet-{name}",
                f"the same: {what}",
                _IMAGENET,
                1000,
                "paper",
                partial(alexnet_without, **options),
            )
            for name, what, options in _WITHOUT
        ),
        ModelSpec(
            "alexnet-caffe",
            "the paper's with the normalisation of Caffe's bvlc_alexnet",
            _IMAGENET,
            1000,
            "caffe",
            alexnet.alexnet_caffe,
            init=recipes.get("paper").init,
        ),
        ModelSpec(
            "alexnet-code2012",
            "the paper's as its authors' program had it: net 145",
            _IMAGENET,
            1000,
            "code2012",
            alexnet_authors.alexnet_code2012,
        ),
        ModelSpec(
            "alexnet-star",
            "1 CNN*: the paper's network and a sixth convolution",
            _IMAGENET,
            1000,
            "star",
            alexnet_authors.alexnet_star,
        ),
        ModelSpec(
            "alexnet-two-tower",
            "the paper's network written as its two columns",
            _IMAGENET,
            1000,
            "paper",
            alexnet.alexnet_two_tower,
            init=alexnet.two_tower_rules(recipes.get("paper").init),
        ),
        ModelSpec(
            "alexnet-torchvision",
            "one column, no normalisation: torchvision's layout",
            _IMAGENET_224,
            1000,
            "torchvision",
            alexnet.alexnet_torchvision,
        ),
        ModelSpec(
            "alexnet-mini",
            "half of the filters, images of 128 pixels",
            _MINI,
            10,
            "mini",
            alexnet.alexnet_mini,
        ),
        ModelSpec(
            "alexnet-small",
            "its eight layers for CIFAR-10",
            _SMALL,
            10,
            "small",
            alexnet_small,
        ),
        *(
            ModelSpec(
                f"alexnet-small-{name}",
                f"the same: {what}",
                _SMALL,
                10,
                "small",
                partial(alexnet_small, **options),
            )
            for name, what, options in _WITHOUT
        ),
        ModelSpec(
            "cifar-80sec",
            "26 % on CIFAR-10",
            _CIFAR,
            10,
            "cifar-80sec",
            cifar.cifar_80sec,
        ),
        ModelSpec(
            "cifar-19pct",
            "19 % on CIFAR-10",
            _CIFAR,
            10,
            "cifar-19pct",
            cifar.cifar_19pct,
        ),
        ModelSpec(
            "cifar-18pct",
            "18 % on CIFAR-10, with same-map normalisation",
            _CIFAR,
            10,
            "cifar-18pct",
            cifar.cifar_18pct,
        ),
        ModelSpec(
            "cifar-13pct",
            "13 % on CIFAR-10, with unshared weights",
            _CIFAR_CROP,
            10,
            "cifar-13pct",
            cifar.cifar_13pct,
        ),
        ModelSpec(
            "cifar-11pct",
            "11 % on CIFAR-10, with unshared weights and cross-map normalisation",
            _CIFAR_CROP,
            10,
            "cifar-11pct",
            cifar.cifar_11pct,
        ),
        ModelSpec(
            "cifar-fig1-relu",
            "figure 1's network with ReLU",
            _CIFAR,
            10,
            "cifar-fig1-relu",
            cifar.cifar_fig1_relu,
        ),
        ModelSpec(
            "cifar-fig1-tanh",
            "figure 1's network with tanh",
            _CIFAR,
            10,
            "cifar-fig1-tanh",
            cifar.cifar_fig1_tanh,
        ),
        ModelSpec("tiny", "AlexNet in miniature, for digits", (1, 16, 16), 10, "tiny", tiny),
    )
}


def names() -> list[str]:
    """Names of all networks."""
    return list(_SPECS)


def spec(name: str) -> ModelSpec:
    """What is known of a network; an unknown name raises ConfigError."""
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
    """Build a network with fresh weights, on the NumPy backend.

    Parameters
    ----------
    name : str
        One of `names`.
    num_classes : int, optional
        Outputs of the last layer; by default those of the data the network was made for.
    seed : int
        Of the weights and of dropout's masks.
    init : mapping, optional
        Initialisation rules (see `initialise`); by default those of the network's recipe. `ZEROS`
        where the weights are about to be set, or only the sizes count.
    dropout : "inverted" or "paper", optional
        See `tinyalex.layers.Dropout`; by default the recipe's.
    in_channels, image_size : int, optional
        Other images than the network was made for; the first fully connected layer adapts.

    Raises
    ------
    ConfigError
        The name is unknown or a number is not allowed.
    ShapeError
        The image is too small for the network.
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
