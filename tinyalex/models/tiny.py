"""AlexNet in miniature: the same kinds of layers in the same order, for handwritten digits."""

from __future__ import annotations

from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
)
from tinyalex.models.alexnet import flat_size


def tiny(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """Five convolutions, three fully connected layers; 16x16 images become 8, 4 and 2 wide."""
    features = Sequential(
        [
            Conv2d(image[0], 16, 5, padding=2),
            ReLU(inplace=True),
            LocalResponseNorm(),
            MaxPool2d(3, stride=2, ceil_mode=True),
            Conv2d(16, 32, 5, padding=2, groups=2),
            ReLU(inplace=True),
            LocalResponseNorm(),
            MaxPool2d(3, stride=2, ceil_mode=True),
            Conv2d(32, 48, 3, padding=1),
            ReLU(inplace=True),
            Conv2d(48, 48, 3, padding=1, groups=2),
            ReLU(inplace=True),
            Conv2d(48, 32, 3, padding=1, groups=2),
            ReLU(inplace=True),
            MaxPool2d(3, stride=2, ceil_mode=True),
        ]
    )
    classifier = Sequential(
        [
            Linear(flat_size(features, image), 128),
            ReLU(inplace=True),
            Dropout(0.5, dropout),
            Linear(128, 128),
            ReLU(inplace=True),
            Dropout(0.5, dropout),
            Linear(128, num_classes),
        ]
    )
    return Sequential({"features": features, "flatten": Flatten(), "classifier": classifier})
