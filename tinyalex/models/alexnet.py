"""AlexNet: the paper's, Caffe's, torchvision's, a smaller one, and one with two towers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinyalex.backends import Array
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Towers,
)
from tinyalex.models.init import Rules


def alexnet(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """The paper's network (section 3.5, figure 2) on one device: the two GPUs are ``groups=2``."""
    return with_classifier(paper_layers(image[0]), image, num_classes, dropout)


def alexnet_caffe(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """The paper's network with the normalisation of Caffe's bvlc_alexnet.

    Caffe divides alpha by the 5 channels of a window and has k = 1
    (models/bvlc_alexnet/train_val.prototxt; src/caffe/layers/lrn_layer.cpp). It pools in ceil
    mode. On 227x227 pixels this makes no difference; on the ONNX model zoo's 224x224 it makes the
    last feature maps 6 wide again.
    """
    layers = paper_layers(image[0], alpha=1e-4 / 5, k=1.0)
    layers[-1] = MaxPool2d(3, stride=2, ceil_mode=True)
    return with_classifier(layers, image, num_classes, dropout)


def paper_layers(channels: int, alpha: float = 1e-4, k: float = 2.0) -> list[Layer]:
    """The paper's layers up to the last pooling: 227x227 pixels become 55, 27, 13 and 6 wide."""
    return [
        Conv2d(channels, 96, 11, stride=4),
        ReLU(inplace=True),
        LocalResponseNorm(alpha=alpha, k=k),
        MaxPool2d(3, stride=2),
        Conv2d(96, 256, 5, padding=2, groups=2),
        ReLU(inplace=True),
        LocalResponseNorm(alpha=alpha, k=k),
        MaxPool2d(3, stride=2),
        Conv2d(256, 384, 3, padding=1),
        ReLU(inplace=True),
        Conv2d(384, 384, 3, padding=1, groups=2),
        ReLU(inplace=True),
        Conv2d(384, 256, 3, padding=1, groups=2),
        ReLU(inplace=True),
        MaxPool2d(3, stride=2),
    ]


def with_classifier(
    layers: list[Layer],
    image: tuple[int, int, int],
    num_classes: int,
    dropout: str,
    hidden: int = 4096,
) -> Sequential:
    """Append fc6 to fc8: two hidden layers with dropout, and the classes."""
    features = Sequential(layers)
    fc = Sequential(
        [
            Linear(flat_size(features, image), hidden),
            ReLU(inplace=True),
            Dropout(0.5, dropout),
            Linear(hidden, hidden),
            ReLU(inplace=True),
            Dropout(0.5, dropout),
            Linear(hidden, num_classes),
        ]
    )
    return Sequential({"features": features, "flatten": Flatten(), "classifier": fc})


def alexnet_mini(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """AlexNet with half of the filters, for images of 128 pixels: a CPU trains it in minutes.

    The first convolution has 7x7 kernels and stride 2 where the paper's has 11x11 and stride 4,
    so a crop of 115 pixels gives the paper's feature map sizes: 55, 27, 13 and 6.
    """
    layers: list[Layer] = [
        Conv2d(image[0], 48, 7, stride=2),
        ReLU(inplace=True),
        LocalResponseNorm(),
        MaxPool2d(3, stride=2),
        Conv2d(48, 128, 5, padding=2, groups=2),
        ReLU(inplace=True),
        LocalResponseNorm(),
        MaxPool2d(3, stride=2),
        Conv2d(128, 192, 3, padding=1),
        ReLU(inplace=True),
        Conv2d(192, 192, 3, padding=1, groups=2),
        ReLU(inplace=True),
        Conv2d(192, 128, 3, padding=1, groups=2),
        ReLU(inplace=True),
        MaxPool2d(3, stride=2),
    ]
    return with_classifier(layers, image, num_classes, dropout, hidden=1024)


def alexnet_torchvision(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """The one-tower variant of "One weird trick" (Krizhevsky 2014), in torchvision's layout.

    torchvision's adaptive average pooling to 6x6 does nothing on 224x224 images and is left out.
    The parameters have torchvision's names and shapes.
    """
    features = Sequential(
        [
            Conv2d(image[0], 64, 11, stride=4, padding=2),
            ReLU(inplace=True),
            MaxPool2d(3, stride=2),
            Conv2d(64, 192, 5, padding=2),
            ReLU(inplace=True),
            MaxPool2d(3, stride=2),
            Conv2d(192, 384, 3, padding=1),
            ReLU(inplace=True),
            Conv2d(384, 256, 3, padding=1),
            ReLU(inplace=True),
            Conv2d(256, 256, 3, padding=1),
            ReLU(inplace=True),
            MaxPool2d(3, stride=2),
        ]
    )
    fc = Sequential(
        [
            Dropout(0.5, dropout),
            Linear(flat_size(features, image), 4096),
            ReLU(inplace=True),
            Dropout(0.5, dropout),
            Linear(4096, 4096),
            ReLU(inplace=True),
            Linear(4096, num_classes),
        ]
    )
    return Sequential({"features": features, "flatten": Flatten(), "classifier": fc})


def alexnet_two_tower(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """The paper's network as its two towers, one per GPU (figure 2).

    Each tower has half of the filters. A tower reads the other's channels where figure 2's lines
    cross: in the third convolution and in the fully connected layers. Normalisation sums over
    all channels of a layer, as section 3.3's formula does, so the towers exchange the two
    channels next to the border. Layers are named ``columns``: saved weights have these names.
    """
    channels = image[0]

    def towers(crossing: bool, left: list[Layer], right: list[Layer]) -> Towers:
        return Towers(Sequential(left), Sequential(right), crossing=crossing)

    def conv(into: int, out: int, kernel: int, **how: int) -> list[Layer]:
        return [Conv2d(into, out, kernel, **how), ReLU(inplace=True)]

    layers: dict[str, Layer] = {
        "columns1": towers(True, *(conv(channels, 48, 11, stride=4) for _ in range(2))),
        "norm1": LocalResponseNorm(),
        "pool1": MaxPool2d(3, stride=2),
        "columns2": towers(False, *(conv(48, 128, 5, padding=2) for _ in range(2))),
        "norm2": LocalResponseNorm(),
        "pool2": MaxPool2d(3, stride=2),
        "columns3": towers(True, *(conv(256, 192, 3, padding=1) for _ in range(2))),
        "columns4": towers(False, *(conv(192, 192, 3, padding=1) for _ in range(2))),
        "columns5": towers(False, *(conv(192, 128, 3, padding=1) for _ in range(2))),
        "pool5": MaxPool2d(3, stride=2),
        "flatten": Flatten(),
    }
    flat = flat_size(Sequential(layers), image)
    layers |= {
        "columns6": towers(True, *([Linear(flat, 2048), ReLU(inplace=True)] for _ in range(2))),
        "dropout6": Dropout(0.5, dropout),
        "columns7": towers(True, *([Linear(4096, 2048), ReLU(inplace=True)] for _ in range(2))),
        "dropout7": Dropout(0.5, dropout),
        "fc8": Linear(4096, num_classes),
    }
    return Sequential(layers)


# alexnet's layer -> the same layer of the two-tower net
_COLUMNS = {
    "features.0": "columns1",
    "features.4": "columns2",
    "features.8": "columns3",
    "features.10": "columns4",
    "features.12": "columns5",
    "classifier.0": "columns6",
    "classifier.3": "columns7",
}


def to_two_tower(state: Mapping[str, Array]) -> dict[str, np.ndarray]:
    """Split `alexnet`'s weights (a state dict) into those of `alexnet-two-tower`.

    The first half of the filters belongs to the left tower. No number changes.

    Examples
    --------
    >>> towers = to_two_tower({"features.0.bias": np.array([1, 2, 3, 4])})
    >>> [(name, bias.tolist()) for name, bias in towers.items()]
    [('columns1.left.0.bias', [1, 2]), ('columns1.right.0.bias', [3, 4])]
    """
    towers: dict[str, np.ndarray] = {}
    for name, array in state.items():
        layer, _, key = name.rpartition(".")
        if layer == "classifier.6":
            towers[f"fc8.{key}"] = np.array(array)
        else:
            left, right = np.split(np.asarray(array), 2)
            towers[f"{_COLUMNS[layer]}.left.0.{key}"] = left.copy()
            towers[f"{_COLUMNS[layer]}.right.0.{key}"] = right.copy()
    return towers


def two_tower_rules(rules: Rules) -> Rules:
    """`alexnet`'s initialisation rules, with the names of `alexnet-two-tower`'s layers."""
    renamed = {}
    for pattern, rule in rules.items():
        layer, _, key = pattern.rpartition(".")
        renamed[f"{_COLUMNS[layer]}.*.{key}" if layer in _COLUMNS else pattern] = rule
    return renamed


def flat_size(features: Sequential, image: tuple[int, int, int]) -> int:
    """Number of values per image that ``features`` gives."""
    return int(np.prod(features.output_shape((1, *image))[1:]))
