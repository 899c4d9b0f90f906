"""AlexNet with large batches: Krizhevsky 2014, and LARS (You, Gitman, Ginsburg 2017).

    tinyalex train --data ILSVRC --recipe weird-trick --batch-size 512 --lr-scaling linear
    tinyalex train --data ILSVRC --recipe large-batch

With linear scaling, ``weird-trick`` has the learning rate of each of Krizhevsky's batch sizes: 0.01
for 128 up to 0.08 for 1024. In ``large-batch``, LARS, its trust coefficient, the weight decay and
the schedule are those of 32,768 images per batch. That batch itself was reached only with batch
normalisation, which this net has not; without it the authors name 8,192 (abstract).
"""

from __future__ import annotations

from dataclasses import replace

from tinyalex.recipes.imagenet import CAFFE, PAPER
from tinyalex.recipes.recipe import Recipe

_TRICK = "Krizhevsky 2014 (arXiv 1404.5997)"
_PARAMS = "cuda-convnet2, layers/layer-params-imagenet-1gpu.cfg"
_LAYERS = "cuda-convnet2, layers/layers-imagenet-1gpu.cfg"

# Layers of alexnet-torchvision: features 3, 6, 8 and 10 are conv2 to conv5, classifier 1 and 4 fc6
# and fc7.
_ONES = ["features.3.bias", "features.8.bias", "features.10.bias"]
_ONES += ["classifier.1.bias", "classifier.4.bias"]

WEIRD_TRICK = replace(
    PAPER,
    name="weird-trick",
    model="alexnet-torchvision",
    batch_size=1024,
    lr=0.08,
    multipliers=(("*.bias", 2.0, 0.0),),
    schedule={"kind": "steps", "epochs": (23, 45, 68), "factor": 250 ** (-1 / 3)},
    init={
        "*.weight": ("normal", 0.01),
        **{f"features.{i}.weight": ("normal", 0.03) for i in (6, 8, 10)},
        "*.bias": ("constant", 0.0),
        **dict.fromkeys(_ONES, ("constant", 1.0)),
    },
    crop=224,
    colour=None,
    dropout="paper",
    sources={
        "model": f"{_TRICK}, section 5: one tower. torchvision's layout of it has no normalisation "
        "and a softmax in place of his 1000 logistic units",
        "epochs": f"{_TRICK}, section 5: 90",
        "batch_size": f"{_TRICK}, table 1: 128 on one GPU to 1024 on eight. His (1024, 128), which "
        "updates the fully connected layers eight times per batch, is not built",
        "image_size": PAPER.sources["image_size"],
        "lr": f"{_TRICK}, section 4: multiplied by k with the batch size, from 0.01 for 128",
        "momentum": f"{_PARAMS}: momW, momB",
        "weight_decay": f"{_TRICK}, section 4: 0.0005 for every batch size",
        "multipliers": f"{_PARAMS}: epsB 0.02, twice epsW; biases have no weight decay",
        "schedule": f"{_TRICK}, section 5: times 250^(-1/3) at 25, 50 and 75 % of the training; "
        "here after whole epochs (the biases' other schedule is left out)",
        "init": f"{_LAYERS}: initW 0.03 in conv3 to conv5, else 0.01; initB 1 in conv2, 4, 5 and "
        "the hidden fc layers (fc8's -7 is for logistic units)",
        "crop": "torchvision's layout: 224, padded by 2 in conv1",
        "mirror": PAPER.sources["mirror"],
        "mean": PAPER.sources["mean"],
        "dropout": f"{_LAYERS}: dropout2; as in the paper, section 4.2",
    },
)

# The fork of Caffe of the authors of LARS.
_SOLVER = "nvcaffe, models/bvlc_alexnet/solver_8K.prototxt"
_WITH_BN = "nvcaffe, models/alexnet_bn"
_NET = "nvcaffe, models/bvlc_alexnet/train_val.prototxt"

LARGE_BATCH = replace(
    CAFFE,
    name="large-batch",
    epochs=100,
    batch_size=8192,
    lr=10.0,
    warmup=5.0,
    lars=0.001,
    multipliers=(),
    schedule={"kind": "polynomial", "power": 2.0},
    sources={
        **CAFFE.sources,
        "model": f"{_NET}: Caffe's bvlc_alexnet, without batch normalisation",
        "epochs": f"{_SOLVER}: max_iter 15600 of 8192 images = 100 epochs",
        "batch_size": f"{_SOLVER}; You et al. 2017, abstract: AlexNet up to 8K",
        "lr": f"{_SOLVER}: base_lr 10. {_WITH_BN}/solver_32k.prototxt has 32 for 32K with batch "
        "normalisation",
        "warmup": f"{_WITH_BN}/solver_16k.prototxt: rampup_interval, 5 epochs (there from 1, here "
        f"from 0; 10 epochs for 32K; off in {_SOLVER})",
        "lars": "You et al. 2017: 0.001 for AlexNet; "
        f"{_SOLVER}: larc_eta (there at most 1 times the "
        "learning rate; not in solver_32k)",
        "multipliers": f"{_NET}: no lr_mult and no decay_mult",
        "momentum": f"{_SOLVER}: momentum",
        "weight_decay": f"{_SOLVER}: weight_decay",
        "schedule": f"{_SOLVER}: poly, power 2 (there by step, here by epoch)",
        "init": f"{_NET}: weight_filler and bias_filler, as Caffe's",
    },
)

RECIPES: tuple[Recipe, ...] = (WEIRD_TRICK, LARGE_BATCH)
