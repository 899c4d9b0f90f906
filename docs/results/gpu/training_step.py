"""Times training steps of the paper's net on a GPU, of this package or of PyTorch.

python docs/results/gpu/training_step.py tinyalex | torch

Random images and labels lie on the GPU. Three steps warm up; then five runs of several steps each,
the clock read after the GPU has finished; the median counts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

SIZES = ((128, 10), (1024, 3))  # images a batch, steps a run


def median_step(step: Callable[[], object], wait: Callable[[], None], steps: int) -> float:
    """Seconds a step."""
    for _ in range(3):
        step()
    wait()
    runs = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        wait()
        runs.append((time.perf_counter() - start) / steps)
    return statistics.median(runs)


def say(who: str, batch: int, seconds: float) -> None:
    print(f"{who}: {seconds * 1e3:.2f} ms, {batch / seconds:.0f} images/s", flush=True)


def ours(precision: str, batch: int, steps: int) -> None:
    from tinyalex import backends, models, training
    from tinyalex.layers import SoftmaxCrossEntropy

    backend = backends.get("cuda")
    backend.set_precision(precision)
    model = models.build("alexnet").to(backend)
    model.train()
    model.skip_input_gradient()
    optimizer, loss = training.SGD(model, lr=0.001), SoftmaxCrossEntropy()
    loss.to(backend)
    rng = np.random.default_rng(0)
    x = backend.asarray(rng.standard_normal((batch, 3, 227, 227), dtype=np.float32))
    labels = backend.asarray(rng.integers(0, 1000, batch))

    def step() -> None:
        loss.forward(model.forward(x), labels)
        model.backward(loss.backward())
        optimizer.step()

    say(
        f"tinyalex, {precision}, batch {batch}",
        batch,
        median_step(step, backend.synchronize, steps),
    )


def torch_peer(tf32: bool, channels_last: bool, batch: int, steps: int) -> None:
    import torch

    from tinyalex import models
    from tinyalex.check.bench.torch_net import translate

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    order = torch.channels_last if channels_last else torch.contiguous_format
    net = translate(models.build("alexnet")).cuda().to(memory_format=order)
    net.train()
    x = torch.randn(batch, 3, 227, 227, device="cuda").contiguous(memory_format=order)
    labels = torch.randint(0, 1000, (batch,), device="cuda")
    optimizer = torch.optim.SGD(
        net.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4, fused=True
    )

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    who = f"torch, {'tf32' if tf32 else 'float32'}, channels_last {channels_last}, batch {batch}"
    say(who, batch, median_step(step, torch.cuda.synchronize, steps))


if __name__ == "__main__":
    for size, repeats in SIZES:
        for fast in (False, True):
            if sys.argv[1:] == ["tinyalex"]:
                ours("tf32" if fast else "float32", size, repeats)
            else:
                for last in (False, True):
                    torch_peer(fast, last, size, repeats)
