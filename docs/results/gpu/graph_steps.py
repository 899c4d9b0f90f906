"""Times training steps on a GPU with and without a CUDA graph, and compares the weights.

python docs/results/gpu/graph_steps.py [MODEL [IMAGES ...]]

Without arguments: alexnet, batches of 16, 64 and 128 images, in float32 and TF32. Random images and
labels lie on the GPU. Three steps warm up, of which the second is captured. *Queued*: the time
until the host has queued a step, the GPU being idle before. *Done*: the time of a step in a row of
ten. Both are medians of ten.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from hashlib import sha256

import numpy as np

from tinyalex import backends, models, notice, training
from tinyalex.backends import Backend
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Alone, Shards
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.training.gradients import BatchGradients

RUNS = STEPS = 10


def measure(backend: Backend, name: str, images: int, captured: int) -> tuple[float, float, str]:
    """Seconds until a step is queued, and until it is done; a digest of the weights after all."""
    model = models.build(name).to(backend)
    model.train()
    model.skip_input_gradient()
    optimizer, loss = training.SGD(model, lr=0.001), SoftmaxCrossEntropy()
    loss.to(backend)
    rng = np.random.default_rng(0)
    x = backend.asarray(rng.standard_normal((images, *model.input_shape), dtype=np.float32))
    batches = itertools.repeat((x, backend.asarray(rng.integers(0, model.num_classes, images))))
    gradients = BatchGradients(model, loss, Alone(), Shards(), captured)
    sums = ShardSums(backend, Alone(), Shards())

    def run(steps: int) -> tuple[float, float]:
        backend.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            gradients.compute(batches, images, sums)
            optimizer.step()
        queued = time.perf_counter()
        backend.synchronize()
        return (queued - start) / steps, (time.perf_counter() - start) / steps

    run(3)
    queued = statistics.median(run(1)[0] for _ in range(RUNS))
    done = statistics.median(run(STEPS)[1] for _ in range(RUNS))
    digest = sha256(b"".join(array.tobytes() for array in model.state_dict().values()))
    return queued, done, digest.hexdigest()


def main(name: str = "alexnet", *sizes: str) -> None:
    notice.listen(print)  # such as why there is no graph
    for precision in ("float32", "tf32"):
        backend = backends.get("cuda", precision=precision)
        for images in map(int, sizes or ("16", "64", "128")):
            digests = []
            for captured, how in ((0, "kernel by kernel"), (images, "as a CUDA graph")):
                queued, done, digest = measure(backend, name, images, captured)
                digests.append(digest)
                print(
                    f"{name}, {precision}, batch {images}, {how}: "
                    f"queued {queued * 1e3:.2f} ms, done {done * 1e3:.2f} ms",
                    flush=True,
                )
            print("the same bytes" if len(set(digests)) == 1 else "OTHER BYTES")


if __name__ == "__main__":
    main(*sys.argv[1:])
