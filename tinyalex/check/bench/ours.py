"""What is timed of tinyalex: its training step, its inference, its data loading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tinyalex import backends, models
from tinyalex.backends import Array, Backend
from tinyalex.backends.cuda import driver as cuda_driver
from tinyalex.check.bench.job import Job, Work, stored_side
from tinyalex.check.bench.useful import step_flop
from tinyalex.data.dataset import array_split
from tinyalex.data.loader import Loader
from tinyalex.layers import SoftmaxCrossEntropy
from tinyalex.training import SGD

BATCHES = 4  # per timed pass over the synthetic images
LEARNING_RATE = 1e-3  # small enough that nothing overflows in a few hundred steps
NOISE = 99


def work(job: Job) -> Work:
    """Make the work to time for a job."""
    backend = backend_of(job)
    makers: dict[str, Callable[[Job, Backend], Work]] = {
        "train": _train,
        "infer": _infer,
        "data": _data,
        "epoch": _epoch,
    }
    return makers[job.task](job, backend)


def backend_of(job: Job) -> Backend:
    """Return a job's backend, with the job's settings."""
    backend = backends.get(job.implementation, job.threads, job.precision, job.workspace_mb)
    backend.overlap = job.overlap
    return backend


def noise(job: Job, model: models.Model) -> tuple[np.ndarray, np.ndarray]:
    """Return random images float32 (N, C, H, W) and labels int64 (N,); the same for all."""
    rng = np.random.default_rng(NOISE)
    x = rng.standard_normal((job.batch_size, *model.input_shape), np.float32)
    return x, rng.integers(0, model.num_classes, job.batch_size)


class Step:
    """Training steps on the same random images ``x`` (N, C, H, W) and ``labels`` (N,)."""

    def __init__(self, job: Job, backend: Backend) -> None:
        self.backend = backend
        self.model = models.build(job.model, image_size=job.image_size)
        x, labels = noise(job, self.model)
        self.x: Array = backend.asarray(x)
        self.labels: Array = backend.asarray(labels)
        self.model.to(backend)
        self.model.train()
        self.model.skip_input_gradient()
        self.loss = SoftmaxCrossEntropy()
        self.loss.to(backend)
        self.optimizer = SGD(self.model, lr=LEARNING_RATE)

    def run(self) -> None:
        """Run forward, loss, backward and the optimizer; on a GPU they are only queued."""
        self.on(self.x, self.labels)

    def on(self, x: Array, labels: Array) -> None:
        """Run a step on a batch."""
        self.loss.forward(self.model.forward(x), labels)
        self.model.backward(self.loss.backward())
        self.optimizer.step()


def _train(job: Job, backend: Backend) -> Work:
    step = Step(job, backend)
    flop = step_flop(step.model, (1, *step.model.input_shape))
    return Work(step.run, job.batch_size, flop, backend.synchronize)


def _infer(job: Job, backend: Backend) -> Work:
    model = models.build(job.model, image_size=job.image_size)
    x = backend.asarray(noise(job, model)[0])
    model.to(backend)
    model.eval()
    flop = model.flops((1, *model.input_shape))
    return Work(lambda: model.forward(x), job.batch_size, flop, backend.synchronize)


def stored_images(job: Job) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images uint8 (N, S, S, C) and labels (N,) to load, and a mean float32 (C, H, W)."""
    C, H, W = models.spec(job.model).input_shape
    crop = job.image_size or H
    side, n = stored_side(crop), BATCHES * job.batch_size
    rng = np.random.default_rng(NOISE)
    images = rng.integers(0, 256, (n, side, side, C), dtype=np.uint8)
    mean = rng.random((C, crop, crop), np.float32) * 255
    return images, rng.integers(0, 10, n), mean


def loader_of(job: Job, backend: Backend) -> Loader:
    """Return a loader of synthetic training images: crops, horizontal flips, mean subtracted."""
    images, labels, mean = stored_images(job)
    split = array_split(images, labels, 10, "bench")
    return Loader(
        split, backend, job.batch_size, crop=mean.shape[1], mirror=True, mean=mean, training=True
    )


def _data(job: Job, backend: Backend) -> Work:
    return _epochs(loader_of(job, backend), lambda x, labels: None, backend)


def _epoch(job: Job, backend: Backend) -> Work:
    """Training steps on a loader's batches, as in a run."""
    step = Step(job, backend)
    flop = step_flop(step.model, (1, *step.model.input_shape))
    return replace(_epochs(loader_of(job, backend), step.on, backend), flop=flop)


def _epochs(loader: Loader, use: Callable[[Array, Array], None], backend: Backend) -> Work:
    epoch = 0

    def run() -> None:
        nonlocal epoch
        for x, labels in loader.epoch(epoch):
            use(x, labels)
        epoch += 1

    return Work(run, len(loader.split), wait=backend.synchronize)


def device(job: Job) -> str:
    """Return the name of a job's device, for display."""
    return cuda_driver.gpus()[0].name if job.implementation == "cuda" else "cpu"


def gpu_memory(job: Job) -> int | None:
    """Return the GPU memory that CuPy's pool has allocated, in bytes; None on a CPU."""
    return backend_of(job).memory_held()
