"""AlexNet with half of the filters on images of 128 pixels: Imagenette on a CPU, in minutes."""

from __future__ import annotations

from tinyalex.recipes.recipe import Recipe

_OURS = "this project: chosen on a fifth of Imagenette's training images, held out"

MINI = Recipe(
    name="mini",
    model="alexnet-mini",
    epochs=50,
    batch_size=64,
    image_size=128,
    lr=0.01,
    weight_decay=2e-3,
    schedule={"kind": "steps", "epochs": (30, 42), "factor": 0.1},
    init={"*.weight": ("he_normal",), "*.bias": ("constant", 0.0)},
    crop=115,
    mirror=True,
    mean="image",
    scale=1 / 64,
    colour="std",
    colour_sigma=0.1,
    colour_scale=1 / 1.1,
    sources={
        "epochs": _OURS,
        "batch_size": f"{_OURS}; half of the paper's",
        "image_size": "half of the paper's 256",
        "lr": "paper, section 5",
        "momentum": "paper, section 5",
        "weight_decay": f"{_OURS}; four times the paper's",
        "schedule": f"{_OURS}; / 10 as in the paper, section 5",
        "init": "He et al. 2015, equation 10: so the small net needs no hand-set sigma",
        "crop": "random crops as in the paper, section 4.1; 115 gives maps of 55, 27, 13 and 6",
        "mirror": "paper, section 4.1",
        "mean": "paper, section 2",
        "scale": "this project: the pixels' standard deviation comes near 1",
        "colour": "authors' code: alpha times the standard deviation",
        "colour_sigma": "paper, section 4.1: 0.1",
        "colour_scale": "cuda-convnet2 convdata.py: training data / (1 + sigma) with colour noise",
        "dropout": "PyTorch Dropout",
    },
)

RECIPES = (MINI,)
