"""Tensors from a file, by name; nothing in the file is ever executed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from tinyalex.errors import BackendError, CheckpointError

HostArray = np.ndarray[Any, Any]
Shapes = Mapping[str, tuple[int, ...]]

MOST_NUMBERS = 1 << 30  # in one file: seventeen AlexNets
FLOATS = {"F16", "F32", "F64"}  # safetensors' names
SHOWN = 3


def read_tensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str]]:
    """Read a .safetensors file, or a .pth file where PyTorch is installed.

    Returns
    -------
    tensors : dict of str to float32 array
    metadata : dict of str to str
        The safetensors file's own; empty for a .pth file.

    Raises
    ------
    CheckpointError
        The file is missing, damaged or absurdly large, or holds something else.
    BackendError
        A .pth file, and PyTorch is missing.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file", "check the path")
    if path.suffix.lower() in (".pth", ".pt"):
        return read_pth(path), {}
    return read_safetensors(path)


def read_safetensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str]]:
    """Read a .safetensors file; dtypes and sizes are checked before the first is read."""
    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            total = 0
            for name in names:
                part = file.get_slice(name)
                if part.get_dtype() not in FLOATS:
                    raise CheckpointError(
                        f"{path}: {name} must be float32, float16 or float64 "
                        f"(got {part.get_dtype()})",
                        "model.float() before saving",
                    )
                total += int(np.prod(part.get_shape(), dtype=np.int64))
            check_total(total, path)
            tensors = {name: as_float32(file.get_tensor(name)) for name in names}
            return tensors, dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not a whole safetensors file ({error})", "a fresh copy of the file"
        ) from error


def read_pth(path: Path) -> dict[str, HostArray]:
    """Read PyTorch's own format, by PyTorch, with ``weights_only``: tensors, never code."""
    try:
        import torch
    except ImportError as error:
        raise BackendError(
            f"{path}: PyTorch's .pth files are pickles, which PyTorch alone can read safely, and "
            "it is not installed",
            "pip install torch, or the same weights as .safetensors",
        ) from error
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zipfile's, pickle's, torch's and the file system's own
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{path}: PyTorch cannot read it as weights alone ({first})",
            "torch.save(model.state_dict(), FILE), or a fresh copy of the file",
        ) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not found:
        raise CheckpointError(
            f"{path}: must hold a state dict (got {type(found).__name__})",
            "torch.save(model.state_dict(), FILE)",
        )
    for name, value in found.items():
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            got = getattr(value, "dtype", type(value).__name__)
            raise CheckpointError(
                f"{path}: {name} must be a tensor of floats (got {got})",
                "torch.save(model.state_dict(), FILE)",
            )
    check_total(sum(value.numel() for value in found.values()), path)
    return {str(name): value.float().contiguous().numpy() for name, value in found.items()}


def check_total(numbers: int, path: Path) -> None:
    """Refuse files that hold far more than a network."""
    if numbers > MOST_NUMBERS:
        raise CheckpointError(
            f"{path}: holds {numbers:,} numbers, at most {MOST_NUMBERS:,} allowed"
        )


def as_float32(array: HostArray) -> HostArray:
    """The same numbers in float32; what is too large for it becomes infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)


def check_shapes(wanted: Shapes, got: Shapes, where: str, model: str) -> None:
    """Refuse tensors that are not exactly a model's.

    Raises
    ------
    CheckpointError
        One is missing, one too many, or one of another shape; the message names it.
    """
    problems = [
        *(f"{name} is missing, wanted {tuple(wanted[name])}" for name in wanted if name not in got),
        *(
            f"{name} {tuple(got[name])} is one too many, {model} has no such tensor"
            for name in got
            if name not in wanted
        ),
        *(
            f"{name} must be {tuple(wanted[name])} (got {tuple(got[name])})"
            for name in wanted
            if name in got and tuple(got[name]) != tuple(wanted[name])
        ),
    ]
    if problems:
        more = len(problems) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise CheckpointError(
            f"{where}: not the weights of {model}: {'; '.join(problems[:SHOWN])}{rest}",
            "the network that the weights were saved from, by --model",
        )


def check_finite(tensors: Mapping[str, HostArray], where: str) -> None:
    """Refuse NaN and infinity.

    Raises
    ------
    CheckpointError
        Names the tensor and how many of its numbers are not finite.
    """
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            bad = int(array.size - np.isfinite(array).sum())
            raise CheckpointError(
                f"{where}: {name} {array.shape} must be finite (got {bad:,} numbers that are NaN, "
                "infinite or too large for float32)",
                "an older or a fresh copy of the file",
            )
