"""Four ways to train AlexNet on ImageNet, with all their differences, each with its source.

Layer numbers are those of ``models.build("alexnet")``: features 0, 4, 8, 10 and 12 are conv1
to conv5; classifier 0, 3 and 6 are fc6 to fc8.
"""

from __future__ import annotations

from dataclasses import replace

from tinyalex.recipes.recipe import Recipe

_HIDDEN_BIASES = [f"features.{i}.bias" for i in (4, 10, 12)]
_HIDDEN_BIASES += ["classifier.0.bias", "classifier.3.bias"]
CONV3_TO_5 = [f"features.{i}.weight" for i in (8, 10, 12)]

_227 = "227 fits conv1 without padding (55 outputs), as 224 padded by (0, 3) does"

PAPER = Recipe(
    name="paper",
    model="alexnet",
    epochs=90,
    batch_size=128,
    image_size=256,
    lr=0.01,
    weight_decay=5e-4,
    schedule={"kind": "plateau", "factor": 0.1, "patience": 3, "drops": 3},
    init={
        "*.weight": ("normal", 0.01),
        "*.bias": ("constant", 0.0),
        **dict.fromkeys(_HIDDEN_BIASES, ("constant", 1.0)),
    },
    crop=227,
    mirror=True,
    mean="image",
    colour="eigenvalue",
    colour_sigma=0.1,
    dropout="paper",
    sources={
        "epochs": "paper, section 5: roughly 90 cycles",
        "batch_size": "paper, section 5",
        "image_size": "paper, section 2: shorter side 256, then the central 256x256",
        "lr": "paper, section 5: 0.01",
        "momentum": "paper, section 5",
        "weight_decay": "paper, section 5",
        "schedule": "paper, section 5: / 10 when the validation error stopped improving, three "
        "times before the end; patience 3 approximates the authors' manual choice",
        "init": "paper, section 5: N(0, 0.01); biases 1 in conv2, 4, 5 and the hidden fc layers",
        "crop": f"paper, section 4.1: random 224x224 of 256x256; {_227}",
        "mirror": "paper, section 4.1",
        "mean": "paper, section 2: the mean activity over the training set is subtracted",
        "colour": "paper, section 4.1: alpha times the eigenvalue (of pixels from 0 to 1)",
        "colour_sigma": "paper, section 4.1: 0.1",
        "dropout": "paper, section 4.2: outputs times 0.5 at test time",
    },
)

_NET145 = "AlexNet-Source-Code, layers/layer-params-145.cfg"
_LAYERS145 = "AlexNet-Source-Code, layers/layers-145.cfg"

CODE2012 = replace(
    PAPER,
    name="code2012",
    model="alexnet-code2012",
    epochs=91,
    multipliers=(("*.bias", 2.0, 0.0),),
    steady=("*.bias",),
    schedule={"kind": "steps", "epochs": (25, 51, 79), "factor": 0.1},
    init={**PAPER.init, **dict.fromkeys(CONV3_TO_5, ("normal", 0.03))},
    colour="std",
    colour_scale=1 / 1.1,
    colour_until=67,
    frozen=(("features.0.*", 72),),
    sources={
        **PAPER.sources,
        "model": f"{_LAYERS145}: the order of layers, a second normalisation after conv2; "
        "layer.py divides alpha by the window's size",
        "epochs": f"{_NET145}: killed at epoch 91",
        "lr": f"{_NET145}: epsW 0.01",
        "momentum": f"{_NET145}: momW and momB 0.9",
        "weight_decay": f"{_NET145}: wc 0.0005",
        "multipliers": f"{_NET145}: epsB 0.02, twice the weights' learning rate; biases have no "
        "weight decay",
        "steady": f"{_NET145}: epsB is still 0.02 at the end; only epsW was lowered",
        "schedule": f"{_NET145}: epsW to 0.001, 0.0001 and 0.00001 at epochs 25, 51 and 79 "
        "(conv1's already at 67, which is left out here)",
        "init": f"{_LAYERS145}: initW 0.03 in conv3 to conv5, else 0.01; initB 1 as in the paper",
        "colour": "cuda-convnet2 convdata.py: alpha times the standard deviation",
        "colour_sigma": f"{_NET145}: 0.1",
        "colour_scale": "cuda-convnet2 convdata.py: training data / (1 + sigma) with colour noise",
        "colour_until": f"{_NET145}: colour noise set to 0 at epoch 67",
        "frozen": f"{_NET145}: epsW of conv1 set to 0 at epoch 72, and its epsB",
    },
)

_SOLVER = "Caffe models/bvlc_alexnet/solver.prototxt"
_TRAIN_VAL = "Caffe models/bvlc_alexnet/train_val.prototxt"

CAFFE = Recipe(
    name="caffe",
    model="alexnet-caffe",
    epochs=90,
    batch_size=256,
    image_size=256,
    lr=0.01,
    weight_decay=5e-4,
    multipliers=(("*.bias", 2.0, 0.0),),
    schedule={"kind": "steps", "epochs": (20, 40, 60, 80), "factor": 0.1},
    init={
        "*.weight": ("normal", 0.01),
        "classifier.0.weight": ("normal", 0.005),
        "classifier.3.weight": ("normal", 0.005),
        "*.bias": ("constant", 0.0),
        **dict.fromkeys(_HIDDEN_BIASES, ("constant", 0.1)),
    },
    crop=227,
    mirror=True,
    mean="image",
    sources={
        "model": f"{_TRAIN_VAL}: LRN, alpha 1e-4 (lrn_layer.cpp divides by n), k 1",
        "epochs": f"{_SOLVER}: max_iter 450000 of 256 images = 90 epochs",
        "batch_size": f"{_TRAIN_VAL}: batch_size 256",
        "image_size": "Caffe examples/imagenet/create_imagenet.sh: 256x256; there the whole "
        "image is stretched, here its centre is cropped",
        "lr": f"{_SOLVER}: base_lr",
        "momentum": f"{_SOLVER}: momentum",
        "weight_decay": f"{_SOLVER}: weight_decay",
        "multipliers": f"{_TRAIN_VAL}: bias lr_mult 2, decay_mult 0",
        "schedule": f"{_SOLVER}: gamma 0.1, stepsize 100000 = 20 epochs",
        "init": f"{_TRAIN_VAL}: weight_filler and bias_filler",
        "crop": f"{_TRAIN_VAL}: crop_size",
        "mirror": f"{_TRAIN_VAL}: mirror",
        "mean": f"{_TRAIN_VAL}: mean_file",
        "dropout": "Caffe dropout_layer.cpp: divides by 1 - p in training",
    },
)

_TRAIN_PY = "torchvision references/classification/train.py"

TORCHVISION = Recipe(
    name="torchvision",
    model="alexnet-torchvision",
    epochs=90,
    batch_size=256,
    image_size=256,
    lr=0.01,
    weight_decay=1e-4,
    schedule={"kind": "steps", "epochs": (30, 60), "factor": 0.1},
    init={"*": ("kaiming_uniform",)},
    crop=224,
    mirror=True,
    mean="channel",
    scale=(1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)),
    sources={
        "epochs": f"{_TRAIN_PY}: --epochs 90",
        "batch_size": f"{_TRAIN_PY}: --batch-size 32 on each of 8 GPUs",
        "image_size": "torchvision references/classification/presets.py: 256 at test time",
        "lr": "torchvision references/classification/README.md: AlexNet uses --lr 1e-2",
        "momentum": f"{_TRAIN_PY}: --momentum 0.9",
        "weight_decay": f"{_TRAIN_PY}: --weight-decay 1e-4",
        "schedule": f"{_TRAIN_PY}: --lr-step-size 30, --lr-gamma 0.1",
        "init": "PyTorch Conv2d and Linear: reset_parameters",
        "crop": "torchvision references/classification/presets.py: 224; "
        "there of random size and shape, here a plain random crop",
        "mirror": "torchvision references/classification/presets.py",
        "mean": "torchvision references/classification/presets.py: a mean for each channel",
        "scale": "torchvision references/classification/presets.py: pixels / 255, "
        "divided by .229, .224 and .225",
        "dropout": "PyTorch Dropout",
    },
)

RECIPES = (PAPER, CODE2012, CAFFE, TORCHVISION)
