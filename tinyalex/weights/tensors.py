"""Tensors from a file, by name; nothing in the file is ever executed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import deserialize

from tinyalex.errors import BackendError, CheckpointError
from tinyalex.typed import open_tensors
from tinyalex.weights.state_dict import choose, state_dict_in

HostArray = np.ndarray[Any, Any]
Shapes = Mapping[str, tuple[int, ...]]

MOST_NUMBERS = 1 << 30  # in one file: seventeen AlexNets
PYTORCH = (".pth", ".pt", ".ckpt", ".pth.tar", ".pt.tar")
BRAIN = "BF16"
FLOATS = {"F16", "F32", "F64", BRAIN}  # safetensors' names
SHOWN = 3


def read_tensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str], list[str]]:
    """Read a .safetensors file, or one of PyTorch's own where PyTorch is installed.

    Returns
    -------
    tensors : dict of str to float32 array
        By the network's own names: what wrappers put before them is taken off.
    metadata : dict of str to str
        The safetensors file's own; empty for a file of PyTorch's.
    notes : list of str
        What was taken off and left aside.

    Raises
    ------
    CheckpointError
        The file is missing, damaged or absurdly large, or holds something else.
    BackendError
        A file of PyTorch's, and PyTorch is missing.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file", "check the path")
    if path.suffix.lower() == ".safetensors":
        return read_safetensors(path)
    tensors, notes = read_pth(path)
    return tensors, {}, notes


def read_safetensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str], list[str]]:
    """Read a .safetensors file; dtypes and sizes are checked before the first is read."""
    with open_tensors(path) as file:
        chosen = choose(list(file.keys()), str(path))
        total, kinds = 0, {}
        for name in chosen.old.values():
            part = file.get_slice(name)
            kinds[name] = part.get_dtype()
            if kinds[name] not in FLOATS:
                raise CheckpointError(
                    f"{path}: {name} must be float64, float32, float16 or bfloat16 "
                    f"(got {kinds[name]})",
                    "model.float() before saving",
                )
            total += math.prod(part.get_shape())
        check_total(total, path)
        halves = _bfloat16(path) if BRAIN in kinds.values() else {}
        tensors = {
            new: halves[old] if old in halves else as_float32(file.get_tensor(old))
            for new, old in chosen.old.items()
        }
        return tensors, dict(file.metadata() or {}), chosen.notes


def _bfloat16(path: Path) -> dict[str, HostArray]:
    """The tensors of a kind that NumPy does not have: the upper half of a float32 each."""
    parts: list[tuple[str, dict[str, Any]]] = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    return {
        name: (np.frombuffer(part["data"], "<u2").astype(np.uint32) << 16)
        .view(np.float32)
        .reshape(part["shape"])
        for name, part in parts
        if part["dtype"] == BRAIN
    }


def read_pth(path: Path) -> tuple[dict[str, HostArray], list[str]]:
    """Read PyTorch's own format, by PyTorch, with ``weights_only``: tensors, never code.

    Returns
    -------
    tensors, notes
        As in `read_tensors`.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendError(
            f"{path}: PyTorch's files ({', '.join(PYTORCH)}) are pickles, which PyTorch alone can "
            "read safely, and it is not installed",
            "pip install torch, or the same weights as .safetensors",
        ) from error
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zipfile's, pickle's, torch's and the file system's own
        raise CheckpointError(
            f"{path}: PyTorch cannot read it as weights alone: {plain_reason(error)}",
            "torch.save(model.state_dict(), FILE) where it was made, or a fresh copy of the file",
        ) from error

    def is_tensor(value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    state, notes = state_dict_in(found, is_tensor, str(path))
    chosen = choose([str(name) for name in state], str(path))
    taken = {new: state[old] for new, old in chosen.old.items()}
    for new, value in taken.items():
        floats = is_tensor(value) and value.is_floating_point()
        if not floats or value.layout is not torch.strided:
            got = getattr(value, "layout" if floats else "dtype", type(value).__name__)
            raise CheckpointError(
                f"{path}: {chosen.old[new]} must be a tensor of floats (got {got})",
                "torch.save(model.state_dict(), FILE)",
            )
        if value.is_meta or _bytes(value) > value.untyped_storage().nbytes():
            raise CheckpointError(
                f"{path}: {chosen.old[new]} {tuple(value.shape)} must have all its numbers in the "
                f"file (got a tensor {'without any' if value.is_meta else 'that repeats a few'})",
                "torch.save(model.state_dict(), FILE) of a model with its weights loaded",
            )
    check_total(sum(value.numel() for value in taken.values()), path)
    tensors = {new: value.detach().float().contiguous().numpy() for new, value in taken.items()}
    return tensors, [*notes, *chosen.notes]


def _bytes(tensor: Any) -> int:
    """Bytes of a tensor of PyTorch's, if each of its numbers lies in the file once."""
    return int(tensor.numel() * tensor.element_size())


def plain_reason(error: Exception) -> str:
    """Why PyTorch refuses a file, in one line without the terminal's colours or its advice.

    Its advice is to load the file as a program. The objects that it will not load are named.
    """
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(error))
    objects = list(dict.fromkeys(re.findall(r"(?:GLOBAL|global:?) ([\w.]+\.\w+)", text)))
    if objects:
        return f"it holds objects besides tensors ({', '.join(objects[:3])}), which could run code"
    first = (text.split("\n")[0].strip() or type(error).__name__)[:200]
    if first.startswith("Weights only load failed"):
        return "it holds something besides tensors, or is damaged"
    return "".join(c for c in first if c.isprintable())


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
