"""Time each layer in PyTorch alone, on noise of the shape of its input in the network."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from tinyalex import models
from tinyalex.check.bench.job import Job
from tinyalex.check.bench.peer import Net, prepare
from tinyalex.layers import Container

WARM_UP = 2


def measure(job: Job, passes: int) -> list[dict[str, Any]]:
    """Time forward and backward of every layer of a job's network.

    Returns
    -------
    list of dict
        ``name``, ``forward_ms`` and ``backward_ms`` (medians, for the whole batch).
    """
    torch = prepare(job)
    net = Net(job)
    net.module.train()
    network: Container = models.build(job.model, image_size=job.image_size)
    leaves = {name: net.module.get_submodule(name) for name, _ in network.named_layers()}
    shapes = _input_shapes(net, leaves)
    rows = []
    for name, leaf in leaves.items():
        shape, sees_image = shapes[name]
        x = torch.randn(shape, device=job.device)
        if len(shape) == 4:
            x = x.contiguous(memory_format=net.format)
        forward, backward = _times(net, leaf, x, sees_image, passes)
        rows.append({"name": name, "forward_ms": 1e3 * forward, "backward_ms": 1e3 * backward})
    return rows


def _input_shapes(net: Net, leaves: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], bool]]:
    """Run the network once; return each layer's input shape, and whether it is the image."""
    seen: dict[str, tuple[tuple[int, ...], bool]] = {}

    def hook(name: str) -> Any:
        def note(module: Any, inputs: Any) -> None:
            seen[name] = tuple(inputs[0].shape), inputs[0] is net.x

        return note

    handles = [leaf.register_forward_pre_hook(hook(name)) for name, leaf in leaves.items()]
    with net.torch.no_grad():
        net.module(net.x)
    for handle in handles:
        handle.remove()
    return seen


def _times(net: Net, leaf: Any, x: Any, sees_image: bool, passes: int) -> tuple[float, float]:
    """Return the median seconds of a forward and of a backward pass."""
    torch = net.torch
    wanted = [*leaf.parameters()]
    if not sees_image:
        wanted.append(x.requires_grad_())
    forwards, backwards = [], []
    for _ in range(WARM_UP + passes):
        # A copy, since the layer may overwrite it; the copy's backward pass costs nothing.
        copy = x if sees_image else x.clone(memory_format=torch.preserve_format)
        net.synchronize()
        start = time.perf_counter()
        y = leaf(copy)
        net.synchronize()
        middle = time.perf_counter()
        dy = torch.ones_like(y)
        net.synchronize()
        begin = time.perf_counter()
        torch.autograd.grad(y, wanted, dy)
        net.synchronize()
        backwards.append(time.perf_counter() - begin)
        forwards.append(middle - start)
    return median(forwards[WARM_UP:]), median(backwards[WARM_UP:])
