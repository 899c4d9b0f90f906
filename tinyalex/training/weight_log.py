"""Mean size of the weights and of their updates, as cuda-convnet2 printed them.

Their ratio shows layers that do not learn, or whose updates are too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinyalex.models import Model
from tinyalex.parallel import Part
from tinyalex.training.optimizer import SGD

Measured = Mapping[str, Mapping[str, float | None]]

# Usual range of the ratio; it is near 1e-3 in layers that learn at a high learning rate.
LOWEST, HIGHEST = 1e-6, 1e-1


def measure(optimizer: SGD) -> dict[str, dict[str, float | None]]:
    """Measure every parameter; the host waits for the device once.

    Returns
    -------
    dict of parameter name to dict
        ``w``: mean absolute value. ``dw``: mean absolute update in the last step (the velocity; 0
        before the first step and for frozen parameters). ``ratio``: dw / w, None if w is 0.
    """
    means = []
    for name, layer, key in optimizer.parameters:
        w, v = layer.params[key], optimizer.velocity.get(name)
        still = v is None or name in optimizer.frozen
        means.append(layer.xp.mean(layer.xp.abs(w)))
        means.append(layer.xp.mean(layer.xp.abs(layer.xp.zeros_like(w[:1]) if still else v)))
    _, layer, _ = optimizer.parameters[0]
    pairs = np.asarray(layer.backend.to_host(layer.xp.stack(means)), np.float64).reshape(-1, 2)
    return {
        name: _sizes(w, dw)
        for (name, _, _), (w, dw) in zip(optimizer.parameters, pairs, strict=True)
    }


def findings(measured: Measured, optimizer: SGD) -> list[str]:
    """Say which weights have a ratio out of range.

    Weight decay alone gives the ratio ``lr * decay / (1 - momentum)``, once the velocity is
    constant. A layer with less than twice that gets almost no gradient.
    """
    texts = []
    for name, values in measured.items():
        ratio = values["ratio"]
        if not name.endswith("weight") or name in optimizer.frozen:
            continue
        decay = _decay_alone(optimizer, name)
        if ratio is None:
            texts.append(f"{name} is all zeros")
        elif ratio < max(LOWEST, 2 * decay):
            why = f"weight decay alone makes {decay:.0e}" if decay > LOWEST else "no gradient"
            texts.append(f"{name} hardly moves (|dw|/|w| {ratio:.0e}; {why})")
        elif ratio > HIGHEST:
            texts.append(f"{name} moves too much (|dw|/|w| {ratio:.0e}, above {HIGHEST:g})")
    return texts


def table(measured: Measured) -> str:
    """The measurements as text, one line per parameter."""
    width = max(len(name) for name in measured)
    lines = [f"{'parameter':<{width}}  mean |w|  mean |dw|     ratio"]
    for name, values in measured.items():
        ratio = values["ratio"]
        shown = "-" if ratio is None else f"{ratio:.1e}"
        lines.append(f"{name:<{width}}  {values['w']:8.1e}  {values['dw']:9.1e}  {shown:>8}")
    return "\n".join(lines)


def explain_stall(warning: str, measured: Measured, optimizer: SGD) -> str:
    """Add the findings and their table to the warning of a stall."""
    texts = findings(measured, optimizer)
    says = "; ".join(texts) if texts else "every layer's |dw|/|w| is in the usual range"
    return f"{warning}.\nLayer by layer: {says}.\n{table(measured)}"


def _decay_alone(optimizer: SGD, name: str) -> float:
    lr_multiplier, decay_multiplier = optimizer.multipliers[name]
    lr = optimizer.first_lr if name in optimizer.steady else optimizer.lr
    per_step = lr * lr_multiplier * optimizer.weight_decay * decay_multiplier
    if optimizer.lars or optimizer.momentum >= 1:  # LARS: the ratio says nothing of the gradient
        return 0.0
    return per_step / (1 - optimizer.momentum)


def log_line(epoch: int, optimizer: SGD, model: Model) -> dict[str, Any]:
    """The record that metrics.jsonl gets once per epoch; all workers must call this."""
    measured = measure(optimizer)
    if isinstance(model, Part):
        parts = {name: np.array([[m["w"], m["dw"]]]) for name, m in measured.items()}
        measured = {name: _sizes(*means) for name, means in model.mean(parts).items()}
    return {"epoch": epoch, "parameters": measured}


def _sizes(w: float, dw: float) -> dict[str, float | None]:
    return {"w": float(w), "dw": float(dw), "ratio": float(dw / w) if w else None}
