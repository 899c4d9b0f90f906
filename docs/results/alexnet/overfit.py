"""Train `alexnet` on 64 real photographs until it knows them by heart; measure memory on the way.

    python docs/results/alexnet/overfit.py FOLDER [--steps 400] [--threads 2]

FOLDER holds a sub-folder of images for each class. The 64 images are evenly spaced over it, cut to
their central 227x227 pixels: no crops, no mirrors, no colour noise. All else is the network and the
recipe as they are: 1000 outputs, dropout, momentum, weight decay.
"""

import argparse
import resource
import time

import numpy as np

from tinyalex import backends, data, models, recipes, training
from tinyalex.layers import SoftmaxCrossEntropy


def peak_gib() -> float:
    """Largest resident memory of this process so far, in GiB (Linux counts it in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def some_images(folder: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spaced images of a folder: float32 (count, 3, 227, 227), and their labels."""
    split = data.load(folder, image_size=256).train
    chosen = np.linspace(0, len(split) - 1, count).astype(int)
    images = split.images(chosen)[:, 14:241, 14:241]
    x = images.transpose(0, 3, 1, 2).astype(np.float32)
    return x - x.mean(axis=0), split.labels[chosen]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--recipe", default="caffe")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lr", type=float, default=0.01)
    arguments = parser.parse_args()

    x, labels = some_images(arguments.folder, 64)
    print(f"64 images of {len(np.unique(labels))} classes, after loading {peak_gib():.2f} GiB")
    recipe = recipes.get(arguments.recipe)
    backend = backends.get("numpy", threads=arguments.threads)
    model = models.build("alexnet", seed=0, init=recipe.init, dropout=recipe.dropout)
    model.to(backend)
    model.skip_input_gradient()
    loss = SoftmaxCrossEntropy()
    optimizer = training.SGD(
        model, arguments.lr, recipe.momentum, recipe.weight_decay, recipe.multipliers
    )

    def step(x: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        began = time.perf_counter()
        now = float(loss(model.forward(x), labels))
        model.backward(loss.backward())
        optimizer.step()
        return now, time.perf_counter() - began

    twice = np.concatenate([x, x[:, :, :, ::-1]])  # a batch of 128
    start, seconds = step(twice, np.concatenate([labels, labels]))
    print(f"a step at batch 128: loss {start:.3f}, {seconds:.1f} s, peak {peak_gib():.2f} GiB")

    for i in range(1, arguments.steps + 1):
        now, seconds = step(x, labels)
        if i % 10 == 0:
            model.eval()
            wrong = int((model.forward(x).argmax(axis=1) != labels).sum())
            model.train()
            print(
                f"step {i:4d}  loss {now:.4f}  wrong {wrong:2d} of 64  {seconds:.1f} s", flush=True
            )
            if wrong == 0:
                print("training error 0")
                return
    raise SystemExit("the training error is not 0")


if __name__ == "__main__":
    main()
