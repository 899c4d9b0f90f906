"""What is timed of PyTorch, with the settings of `torch_settings`.

In precision ``"bf16"`` the forward pass runs under autocast to bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from tinyalex import models
from tinyalex.check.bench.job import Job, Work
from tinyalex.check.bench.ours import LEARNING_RATE, noise, stored_images
from tinyalex.check.bench.torch_net import import_torch, tensor, translate
from tinyalex.check.bench.useful import step_flop


def prepare(job: Job) -> Any:
    """Import PyTorch and set its threads and precision; return the module."""
    torch = import_torch()
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    if job.device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = job.precision == "tf32"
        torch.backends.cudnn.allow_tf32 = job.precision == "tf32"
        torch.backends.cudnn.benchmark = True
    return torch


def work(job: Job) -> Work:
    """Make the work to time for a job with its settings."""
    prepare(job)
    makers: dict[str, Callable[[Job], Work]] = {"train": _train, "infer": _infer, "data": _data}
    return makers[job.task](job)


class Net:
    """The network and its random images, on the device and in the memory format of the job."""

    def __init__(self, job: Job) -> None:
        self.job, self.torch = job, import_torch()
        ours = models.build(job.model, image_size=job.image_size)
        x, labels = noise(job, ours)
        image = (1, *ours.input_shape)
        self.forward_flop, self.step_flop = ours.flops(image), step_flop(ours, image)
        self.module = translate(ours).to(job.device)
        self.x, self.labels = tensor(x, job.device), tensor(labels, job.device)
        self.format = self.torch.contiguous_format
        if job.settings.get("channels_last"):
            self.format = self.torch.channels_last
        self.module = self.module.to(memory_format=self.format)
        self.x = self.x.contiguous(memory_format=self.format)
        if job.settings.get("weights") == "bfloat16":
            self.module, self.x = self.module.bfloat16(), self.x.bfloat16()

    def compiled(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """A function in the job's mode of torch.compile."""
        mode = self.job.settings.get("compile", "off")
        if mode == "off":
            return function
        fast, begin = self.torch.compile(function, mode=mode), self.torch.compiler
        if self.job.device != "cuda":
            return fast  # type: ignore[no-any-return]

        def run() -> Any:
            begin.cudagraph_mark_step_begin()
            return fast()

        return run

    def autocast(self) -> AbstractContextManager[Any]:
        """Where PyTorch rounds to bfloat16 by its own rules, if the job is in bfloat16."""
        if self.job.precision != "bf16" or self.job.settings.get("weights") == "bfloat16":
            return nullcontext()
        context: AbstractContextManager[Any] = self.torch.autocast(
            self.job.device, self.torch.bfloat16
        )
        return context

    def synchronize(self) -> None:
        """Wait for the GPU, if there is one."""
        if self.job.device == "cuda":
            self.torch.cuda.synchronize()


def _train(job: Job) -> Work:
    net = Net(job)
    torch = net.torch
    net.module.train()
    optimizer = torch.optim.SGD(
        net.module.parameters(),
        lr=LEARNING_RATE,
        momentum=0.9,
        weight_decay=5e-4,
        fused=job.settings.get("fused", False),
    )

    def loss_of_batch() -> Any:
        return torch.nn.functional.cross_entropy(net.module(net.x), net.labels)

    forward = net.compiled(loss_of_batch)

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        with net.autocast():
            loss = forward()
        loss.backward()
        optimizer.step()

    return Work(run, job.batch_size, net.step_flop, net.synchronize)


def _infer(job: Job) -> Work:
    net = Net(job)
    net.module.eval()
    forward = net.compiled(lambda: net.module(net.x))

    def run() -> None:
        with net.torch.inference_mode(), net.autocast():
            forward()

    return Work(run, job.batch_size, net.forward_flop, net.synchronize)


def _data(job: Job) -> Work:
    torch = import_torch()
    stored, labels_host, mean_host = stored_images(job)
    # Channels first, as torchvision keeps decoded images.
    images = torch.from_numpy(np.ascontiguousarray(stored.transpose(0, 3, 1, 2)))
    labels, mean = torch.from_numpy(labels_host), torch.from_numpy(mean_host)
    crop, room = mean.shape[1], stored.shape[1] - mean.shape[1] + 1
    augment = _gather if job.settings.get("gather") else _one_by_one

    def run() -> None:
        for chosen in torch.randperm(len(images)).split(job.batch_size):
            n = len(chosen)
            tops, lefts = torch.randint(room, (n,)), torch.randint(room, (n,))
            mirrors = torch.rand(n) < 0.5
            x = augment(images[chosen], tops, lefts, mirrors, crop).sub_(mean)
            x.to(job.device), labels[chosen].to(job.device)

    wait = torch.cuda.synchronize if job.device == "cuda" else lambda: None
    return Work(run, len(images), wait=wait)


def _one_by_one(images: Any, tops: Any, lefts: Any, mirrors: Any, crop: int) -> Any:
    out = import_torch().empty(len(images), images.shape[1], crop, crop)
    draws = zip(tops.tolist(), lefts.tolist(), mirrors.tolist(), strict=True)
    for i, (top, left, mirror) in enumerate(draws):
        view = images[i, :, top : top + crop, left : left + crop]
        out[i].copy_(view.flip(2) if mirror else view)
    return out


def _gather(images: Any, tops: Any, lefts: Any, mirrors: Any, crop: int) -> Any:
    torch = import_torch()
    steps = torch.arange(crop)
    rows = tops[:, None] + steps
    columns = lefts[:, None] + torch.where(mirrors[:, None], crop - 1 - steps, steps)
    n = torch.arange(len(images))[:, None, None]
    crops = images[n, :, rows[:, :, None], columns[:, None, :]]  # (N, crop, crop, C)
    return crops.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)


def gpu_memory(job: Job) -> int | None:
    """Return the peak GPU memory of PyTorch's pool, in bytes; None on a CPU."""
    return int(import_torch().cuda.max_memory_reserved()) if job.device == "cuda" else None


def device(job: Job) -> str:
    """Return the name of PyTorch's device, for display."""
    return str(import_torch().cuda.get_device_name()) if job.device == "cuda" else "cpu"
