"""The CIFAR-10 ladder of cuda-convnet's example layers, and the nets of the paper's figure 1.

A file's ``epsW`` is the rate of the weights, ``epsB`` that of the biases, ``wc`` the weight
decay (weights only), ``initW`` the sigma of the initial weights. Biases start at 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinyalex.recipes.recipe import Recipe

# epsB is twice epsW in every file, and cuda-convnet's biases have no weight decay.
_BIASES = ("*.bias", 2.0, 0.0)

_METHOD = "example-layers/layer-params-18pct.cfg: rate / 10 after 120 epochs, again after 10 more"
_CROPS_METHOD = (
    "cuda-convnet wiki, Methodology (the 13 % net): 100 epochs on 4/5 of the data and 40 on all of "
    "it, 10 at a tenth of the rate, 10 at a hundredth; here all of the data from the start"
)
_CROPS = "cuda-convnet wiki, TrainingNet: random 24x24 translations (crop border 4) and mirrors"


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
        "scale": "cuda-convnet CIFAR data provider: pixels of 0 to 255",
        **more,
    }


CIFAR_80SEC = Recipe(
    name="cifar-80sec",
    model="cifar-80sec",
    epochs=10,
    batch_size=128,
    image_size=32,
    lr=0.001,
    weight_decay=0.004,
    multipliers=(("fc*.weight", 1.0, 0.03 / 0.004), _BIASES),
    schedule={"kind": "steps", "epochs": (8,), "factor": 0.1},
    init=_sigmas({"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc64": 0.1, "fc10": 0.1}),
    sources=_sources(
        "80sec",
        schedule="cuda-convnet example-layers/layer-params-80sec.cfg: rate / 10 after 8 epochs",
        epochs="Caffe examples/cifar10/cifar10_quick_solver_lr1.prototxt (the same net): 8 + 2",
    ),
)

CIFAR_19PCT = Recipe(
    name="cifar-19pct",
    model="cifar-19pct",
    epochs=140,
    batch_size=128,
    image_size=32,
    lr=0.001,
    weight_decay=0.004,
    multipliers=(("fc10.weight", 1.0, 3 / 0.004), _BIASES),
    schedule={"kind": "steps", "epochs": (120, 130), "factor": 0.1},
    init=_sigmas({"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc10": 0.01}),
    sources=_sources(
        "19pct", epochs=f"{_METHOD} (the 19pct file names no schedule)", schedule=_METHOD
    ),
)

CIFAR_19PCT_CROP = Recipe(
    name="cifar-19pct-crop",
    model="cifar-19pct",
    epochs=160,
    batch_size=128,
    image_size=32,
    lr=0.001,
    multipliers=(_BIASES,),
    schedule={"kind": "steps", "epochs": (140, 150), "factor": 0.1},
    init=CIFAR_19PCT.init,
    crop=24,
    mirror=True,
    sources=_sources(
        "19pct",
        weight_decay="layer-params-19pct.cfg: set wc to 0 for translations, 14.2 %",
        crop=_CROPS,
        mirror=_CROPS,
        epochs=f"{_CROPS_METHOD} (the 19pct file names no schedule)",
        schedule=_CROPS_METHOD,
    ),
)

CIFAR_18PCT = Recipe(
    name="cifar-18pct",
    model="cifar-18pct",
    epochs=140,
    batch_size=128,
    image_size=32,
    lr=0.001,
    weight_decay=0.004,
    multipliers=(("fc10.weight", 1.0, 1 / 0.004), _BIASES),
    schedule={"kind": "steps", "epochs": (120, 130), "factor": 0.1},
    init=_sigmas({"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc10": 0.01}),
    sources=_sources("18pct", epochs=_METHOD, schedule=_METHOD),
)

_LOCAL_METHOD = (
    "layer-params-conv-local-11pct.cfg: 350 epochs on 4/5 of the data and 150 on all of it, "
    "10 at a tenth of the rate, 10 at a hundredth; here all of the data from the start"
)


def _conv_local(name: str, file: str, epochs: int, method: str) -> Recipe:
    return Recipe(
        name=name,
        model=name,
        epochs=epochs,
        batch_size=128,
        image_size=32,
        lr=0.001,
        weight_decay=0.004,
        multipliers=(("conv*.weight", 1.0, 0.0), _BIASES),
        schedule={"kind": "steps", "epochs": (epochs - 20, epochs - 10), "factor": 0.1},
        init=_sigmas({"conv1": 1e-4, "conv2": 0.01, "local3": 0.04, "local4": 0.04, "fc10": 0.01}),
        crop=24,
        mirror=True,
        sources=_sources(file, crop=_CROPS, mirror=_CROPS, epochs=method, schedule=method),
    )


CIFAR_13PCT = _conv_local("cifar-13pct", "conv-local-13pct", 160, _CROPS_METHOD)
CIFAR_11PCT = _conv_local("cifar-11pct", "conv-local-11pct", 520, _LOCAL_METHOD)


def _figure1(name: str) -> Recipe:
    ours = "this project: the paper names no number"
    return Recipe(
        name=name,
        model=name,
        epochs=40,
        batch_size=128,
        image_size=32,
        lr=0.001,
        multipliers=(_BIASES,),
        init=_sigmas({"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc10": 0.01}),
        sources={
            "weight_decay": "paper, figure 1: no regularisation of any kind",
            "lr": "cuda-convnet example-layers: epsW; the paper chose a rate for each net of "
            "figure 1 and does not name it",
            "multipliers": "cuda-convnet example-layers: epsB = 2 epsW",
            "mean": "paper, section 2",
            "schedule": "paper, figure 1: constant, until 25 % training error",
            "momentum": "paper, section 5",
            "batch_size": "paper, section 5",
            "image_size": "CIFAR-10",
            "init": f"{ours}; as cuda-convnet example-layers/layers-19pct.cfg",
            "epochs": "paper, figure 1: its axis ends near 40 epochs",
        },
    )


CIFAR_FIG1_RELU = _figure1("cifar-fig1-relu")
CIFAR_FIG1_TANH = _figure1("cifar-fig1-tanh")

RECIPES = (
    CIFAR_80SEC,
    CIFAR_19PCT,
    CIFAR_19PCT_CROP,
    CIFAR_18PCT,
    CIFAR_13PCT,
    CIFAR_11PCT,
    CIFAR_FIG1_RELU,
    CIFAR_FIG1_TANH,
)
