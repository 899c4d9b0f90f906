"""Networks for the tests: PyTorch's, and narrow ones of ours."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tinyalex import data, models, recipes
from tinyalex.layers import Conv2d, Layer, Linear, LocalResponseNorm, MaxPool2d, ReLU, Sequential
from tinyalex.models import Model, ModelSpec, alexnet
from tinyalex.models.alexnet import with_classifier
from tinyalex.training import Run, RunConfig

Host = np.ndarray[Any, Any]
WHOLE = ("alexnet", "alexnet-code2012", "alexnet-star")
# Pixels of AlexNets whose layers do not need all of them; fc6 is then smaller.
SMALLER = {
    name: 67
    for name in models.names()
    if name not in WHOLE and models.spec(name).num_classes == 1000
}
LIVELY = {"*.weight": ("he_normal",), "*.bias": ("normal", 0.5)}


def torch_torchvision(torch: ModuleType, classes: int = 1000, hidden: int = 4096) -> Any:
    """torchvision's AlexNet (torchvision/models/alexnet.py), with its names."""
    nn = torch.nn
    features = nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
    )
    classifier = nn.Sequential(
        nn.Dropout(),
        nn.Linear(9216, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, classes),
    )
    return whole(torch, {"features": features, "avgpool": nn.AdaptiveAvgPool2d((6, 6))}, classifier)


def torch_paper(
    torch: ModuleType,
    classes: int = 1000,
    alpha: float = 5e-4,
    k: float = 2,
    width: int = 96,
    pixels: int = 36,
    hidden: int = 4096,
) -> Any:
    """The paper's layout, with fewer channels, smaller images or fewer hidden units if asked.

    PyTorch divides alpha by 5. docs/weights.md shows these layers.
    """
    nn = torch.nn
    norm = {"size": 5, "alpha": alpha, "beta": 0.75, "k": k}
    second, third = width * 8 // 3, width * 4
    features = nn.Sequential(
        nn.Conv2d(3, width, 11, stride=4),
        nn.ReLU(),
        nn.LocalResponseNorm(**norm),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(width, second, 5, padding=2, groups=2),
        nn.ReLU(),
        nn.LocalResponseNorm(**norm),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(second, third, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(third, third, 3, padding=1, groups=2),
        nn.ReLU(),
        nn.Conv2d(third, second, 3, padding=1, groups=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
    )
    classifier = nn.Sequential(
        nn.Linear(second * pixels, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(hidden, classes),
    )
    return whole(torch, {"features": features}, classifier)


def whole(torch: ModuleType, maps: dict[str, Any], classifier: Any) -> Any:
    """The parts under torchvision's names, with random weights, in test mode."""
    parts = {**maps, "flatten": torch.nn.Flatten(), "classifier": classifier}
    net = torch.nn.Sequential()
    for name, part in parts.items():
        net.add_module(name, part)
    generator = torch.Generator().manual_seed(1)
    for parameter in net.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 8
        torch.nn.init.normal_(parameter.data, std=(2 / fan_in) ** 0.5, generator=generator)
    return net.eval()


def logits_of(torch: ModuleType, net: Any, x: Host) -> Host:
    with torch.no_grad():
        return np.asarray(net(torch.from_numpy(x)).numpy())


def narrow_caffe(image: tuple[int, int, int], classes: int, dropout: str) -> Sequential:
    """`alexnet-caffe` with a quarter of the filters and 64 hidden units."""
    norm = {"alpha": 2e-5, "k": 1.0}
    layers: list[Layer] = [
        Conv2d(image[0], 24, 11, stride=4),
        ReLU(),
        LocalResponseNorm(**norm),
        MaxPool2d(3, stride=2),
        Conv2d(24, 64, 5, padding=2, groups=2),
        ReLU(),
        LocalResponseNorm(**norm),
        MaxPool2d(3, stride=2),
        Conv2d(64, 96, 3, padding=1),
        ReLU(),
        Conv2d(96, 96, 3, padding=1, groups=2),
        ReLU(),
        Conv2d(96, 64, 3, padding=1, groups=2),
        ReLU(),
        MaxPool2d(3, stride=2, ceil_mode=True),
    ]
    return with_classifier(layers, image, classes, dropout, hidden=64)


def make_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace `alexnet-caffe` by `narrow_caffe`, which is quick."""
    spec = models.spec("alexnet-caffe")
    narrow = ModelSpec(**{**vars(spec), "builder": narrow_caffe, "init": LIVELY})
    monkeypatch.setitem(models._SPECS, "alexnet-caffe", narrow)


def few_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AlexNets with fully connected layers have a 64th of their hidden units."""

    def linear(inputs: int, outputs: int) -> Linear:
        return Linear(*(n // 64 if n in (2048, 4096) else n for n in (inputs, outputs)))

    monkeypatch.setattr(alexnet, "Linear", linear)


def run_of(
    name: str, classes: int | None = None, side: int | None = None, dropout: str | None = None
) -> Run:
    """A run in memory with random weights, on NumPy; for smaller images if asked."""
    found = recipes.get(models.spec(name).recipe)
    found = found if side is None else replace(found, crop=side)
    found = found if dropout is None else replace(found, dropout=dropout)
    side = found.crop or found.image_size
    model: Model = models.build(name, classes, init=LIVELY, dropout=found.dropout, image_size=side)
    model.eval()
    C, H, W = model.input_shape
    mean = np.random.default_rng(3).uniform(90, 140, (C, H, W)).astype(np.float32)
    statistics = data.Statistics(
        mean, mean.mean((1, 2)), np.ones(C, np.float32), np.eye(C, dtype=np.float32)
    )
    labels = [f"class{i}" for i in range(model.num_classes)]
    config = RunConfig(model=name, recipe=found).resolved()
    config = config.with_facts(
        classes=labels, image_shape=[H, W, C], input_shape=[C, H, W], data_name="made up"
    )
    return Run(config.out, config, model, statistics, labels, model.backend)


def images(shape: tuple[int, ...], seed: int = 0, sigma: float = 50) -> Host:
    """Smooth random images around 0, in the range of pixels."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).cumsum(axis=-1).cumsum(axis=-2)
    x -= x.mean(axis=(-1, -2), keepdims=True)
    return (sigma * x / x.std()).astype(np.float32)


def assert_same_logits(expected: Host, got: Host, tolerance: float = 1e-4) -> None:
    """Compare on the scale of the largest logit, which must not be near zero."""
    largest = np.abs(expected).max()
    assert largest > 0.1 and np.ptp(expected, axis=1).min() > 0
    assert np.abs(expected - got).max() <= tolerance * largest


def column(numbers: tuple[float, ...]) -> Host:
    """A number for each channel of images."""
    return np.array(numbers).reshape(3, 1, 1)
