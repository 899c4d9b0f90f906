"""1 CNN*: first trained on a larger set of classes, then fine-tuned (paper, section 6.1).

    tinyalex train --data LARGER --recipe star --out runs/star
    tinyalex train --data ILSVRC --recipe star-finetune --init-from runs/star

The paper says only that the net has a sixth convolution over the last pooling layer, was trained
on the ImageNet Fall 2011 release (15 million images, 22,000 categories) and then fine-tuned on
ILSVRC-2012. The numbers of both trainings are those of the authors' net 146.
"""

from __future__ import annotations

from dataclasses import replace

from tinyalex.recipes.imagenet import CONV3_TO_5, PAPER
from tinyalex.recipes.recipe import Recipe

_FIRST = "AlexNet-Source-Code, layers/layer-params-146-2012-2011.cfg, 146-2011"
_THEN = "AlexNet-Source-Code, layers/layer-params-146-2012-2011.cfg"
_LAYERS = "AlexNet-Source-Code, layers/layers-146-2012-2011.cfg"

STAR = replace(
    PAPER,
    name="star",
    model="alexnet-star",
    epochs=8,
    schedule={"kind": "steps", "epochs": (6,), "factor": 0.1},
    init={
        **PAPER.init,
        **dict.fromkeys([*CONV3_TO_5, "features.15.weight"], ("normal", 0.03)),
        "features.15.bias": ("constant", 1.0),
    },
    sources={
        **PAPER.sources,
        "epochs": f"{_FIRST}: killed after 8.1 epochs of 20,000 categories; fewer classes need "
        "more epochs",
        "lr": f"{_FIRST}: 0.01 (there 0.001 in the convolutions, which came from an older net; "
        "here they start from initial weights)",
        "schedule": f"{_FIRST}: 0.001 from epoch 6 on",
        "init": f"{_LAYERS}: initW 0.03 in conv3 to conv6, else 0.01; initB 1 as in the paper "
        "and in conv6. The paper's sigma of 0.01 would weaken the signal in one more layer",
    },
)

STAR_FINETUNE = replace(
    STAR,
    name="star-finetune",
    epochs=54,
    lr=0.001,
    multipliers=(("features.0.*", 0.1, 1.0), ("classifier.6.*", 10.0, 1.0)),
    schedule={"kind": "steps", "epochs": (22, 42), "factor": 0.1},
    colour_until=38,
    frozen=(("features.0.*", 7),),
    sources={
        **STAR.sources,
        "epochs": f"{_THEN}: killed at epoch 54",
        "lr": f"{_THEN}: 0.001",
        "multipliers": f"{_THEN}: learning rate x 0.1 in conv1, x 10 in the new last layer (there "
        "until epoch 9, here to the end)",
        "schedule": f"{_THEN}: 0.0001 at epoch 22, 0.00001 at 42",
        "colour_until": f"{_THEN}: colour noise off at epoch 38",
        "frozen": f"{_THEN}: conv1's learning rate 0 from epoch 7 on",
        "init": f"{STAR.sources['init']}. Used for a new last layer; the other weights are the "
        "first training's",
    },
)

RECIPES: tuple[Recipe, ...] = (STAR, STAR_FINETUNE)
