"""AlexNet in miniature: the same kinds of layers in the same order, for handwritten digits."""

from __future__ import annotations

from tinyalex.layers import Conv2d, Layer, LocalResponseNorm, MaxPool2d, ReLU, Sequential
from tinyalex.models.alexnet import with_classifier


def tiny(image: tuple[int, int, int], num_classes: int, dropout: str) -> Sequential:
    """Five convolutions, three fully connected layers; 16x16 images become 8, 4 and 2 wide."""
    layers: list[Layer] = [
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
    return with_classifier(layers, image, num_classes, dropout, hidden=128)
