"""The CIFAR-10 ladder of cuda-convnet's example layers, and the nets of the paper's figure 1.

In its files ``epsW`` is the learning rate of the weights, ``epsB`` that of the biases, ``wc`` the
weight decay (weights only), ``initW`` the sigma of the initial weights. Biases start at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinyalex.recipes.recipe import Recipe

# epsB is twice epsW in every file, and cuda-convnet's biases have no weight decay.
_BIASES = ("*.bias", 2.0, 0.0)

_METHOD = (
    "example-layers/layer-params-18pct.cfg: learning rate / 10 after 120 epochs, again after 10 "
    "more"
)
_THEN = "10 at a tenth of the learning rate, 10 at a hundredth; here on all data from the start"
_CROPS_METHOD = (
    "cuda-convnet wiki, Methodology (the 13 % net): 100 epochs on 4/5 of the data and 40 on all of "
    f"it, {_THEN}"
)
_LOCAL_METHOD = (
    "layer-params-conv-local-11pct.cfg: 350 epochs on 4/5 of the data and 150 on all of it, "
    f"{_THEN}"
)
_CROPS = (
    "cuda-convnet wiki, TrainingNet: random 24x24 translations (crop border 4) and horizontal flips"
)


def _sigmas(sigmas: Mapping[str, float]) -> dict[str, tuple[str, float]]:
    rules: dict[str, tuple[str, float]] = {"*.bias": ("constant", 0.0)}
    rules.update({f"{layer}.weight": ("normal", sigma) for layer, sigma in sigmas.items()})
    return rules


def _sources(file: str, **more: str) -> dict[str, str]:
    params = f"cuda-convnet example-layers/layer-params-{file}.cfg"
    layers = f"cuda-convnet example-layers/layers-{file}.cfg"
    return {
        "image_size": "CIFAR-10",
        "batch_size": "cuda-convnet: default of --mini (128)",
        "lr": f"{params}: epsW",
        "momentum": f"{params}: momW, momB",
        "weight_decay": f"{params}: wc",
        "multipliers": f"{params}: epsB = 2 epsW; wc; biases have no decay in cuda-convnet",
        "init": f"{layers}: initW",
        "mean": "cuda-convnet CIFAR data provider: subtracts the mean image",
        "scale": "cuda-convnet CIFAR data provider: pixels from 0 to 255",
        **more,
    }


def _recipe(
    name: str,
    epochs: int,
    drops: tuple[int, ...],
    sigmas: Mapping[str, float],
    sources: Mapping[str, str],
    **more: Any,
) -> Recipe:
    """A net of the ladder; its learning rate is divided by 10 after each of ``drops`` epochs."""
    numbers: dict[str, Any] = {"model": name, "weight_decay": 0.004} | more
    return Recipe(
        name=name,
        epochs=epochs,
        batch_size=128,
        image_size=32,
        lr=0.001,
        schedule={"kind": "steps", "epochs": drops, "factor": 0.1},
        init=_sigmas(sigmas),
        sources=sources,
        **numbers,
    )


_THREE_CONVS = {"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc10": 0.01}

CIFAR_80SEC = _recipe(
    "cifar-80sec",
    10,
    (8,),
    {"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc64": 0.1, "fc10": 0.1},
    _sources(
        "80sec",
        schedule="cuda-convnet example-layers/layer-params-80sec.cfg: learning rate / 10 after "
        "8 epochs",
        epochs="Caffe examples/cifar10/cifar10_quick_solver_lr1.prototxt (the same net): 8 + 2",
    ),
    multipliers=(("fc*.weight", 1.0, 0.03 / 0.004), _BIASES),
)

CIFAR_19PCT = _recipe(
    "cifar-19pct",
    140,
    (120, 130),
    _THREE_CONVS,
    _sources("19pct", epochs=f"{_METHOD} (the 19pct file states no schedule)", schedule=_METHOD),
    multipliers=(("fc10.weight", 1.0, 3 / 0.004), _BIASES),
)

CIFAR_19PCT_CROP = _recipe(
    "cifar-19pct-crop",
    160,
    (140, 150),
    _THREE_CONVS,
    _sources(
        "19pct",
        weight_decay="layer-params-19pct.cfg: set wc to 0 for translations, 14.2 %",
        crop=_CROPS,
        mirror=_CROPS,
        epochs=f"{_CROPS_METHOD} (the 19pct file states no schedule)",
        schedule=_CROPS_METHOD,
    ),
    model="cifar-19pct",
    weight_decay=0.0,
    multipliers=(_BIASES,),
    crop=24,
    mirror=True,
)

CIFAR_18PCT = _recipe(
    "cifar-18pct",
    140,
    (120, 130),
    _THREE_CONVS,
    _sources("18pct", epochs=_METHOD, schedule=_METHOD),
    multipliers=(("fc10.weight", 1.0, 1 / 0.004), _BIASES),
)


def _conv_local(name: str, file: str, epochs: int, method: str) -> Recipe:
    return _recipe(
        name,
        epochs,
        (epochs - 20, epochs - 10),
        {"conv1": 1e-4, "conv2": 0.01, "local3": 0.04, "local4": 0.04, "fc10": 0.01},
        _sources(file, crop=_CROPS, mirror=_CROPS, epochs=method, schedule=method),
        multipliers=(("conv*.weight", 1.0, 0.0), _BIASES),
        crop=24,
        mirror=True,
    )


CIFAR_13PCT = _conv_local("cifar-13pct", "conv-local-13pct", 160, _CROPS_METHOD)
CIFAR_11PCT = _conv_local("cifar-11pct", "conv-local-11pct", 520, _LOCAL_METHOD)


def _figure1(name: str) -> Recipe:
    ours = "this project: the paper states no number"
    return Recipe(
        name=name,
        model=name,
        epochs=40,
        batch_size=128,
        image_size=32,
        lr=0.001,
        multipliers=(_BIASES,),
        init=_sigmas(_THREE_CONVS),
        sources={
            "weight_decay": "paper, figure 1: no regularisation of any kind",
            "lr": "cuda-convnet example-layers: epsW; the paper chose a learning rate for each net "
            "of figure 1 and does not state it",
            "multipliers": "cuda-convnet example-layers: epsB = 2 epsW",
            "mean": "paper, section 2",
            "schedule": "paper, figure 1: constant learning rate, until 25 % training error",
            "momentum": "paper, section 5",
            "batch_size": "paper, section 5",
            "image_size": "CIFAR-10",
            "init": f"{ours}; as cuda-convnet example-layers/layers-19pct.cfg",
            "epochs": "paper, figure 1: its axis ends near 40 epochs",
        },
    )


_LADDER = (CIFAR_80SEC, CIFAR_19PCT, CIFAR_19PCT_CROP, CIFAR_18PCT, CIFAR_13PCT, CIFAR_11PCT)
RECIPES = (*_LADDER, _figure1("cifar-fig1-relu"), _figure1("cifar-fig1-tanh"))
